"""`attack` and `attack_many`: all attacks on a model, for one image or many.

Shapes: N images, C channels, H height, W width.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import AttackError, look_up
from ..images import Picture, encode_png
from ..model import Model
from ..networks.network import map_output
from ..tasks.criterion import Aim
from ._methods import ATTACKS, Method, choose
from ._quantization import rounded, to_bytes
from ._result import AttackResult, plain
from ._settings import Attempt, Settings
from ._victim import Victim

DEFAULT = "minimum-noise"
AT_ONCE = 100
"""Number of images per batch."""


def attack(
    model: Model,
    picture: Picture,
    by: str = DEFAULT,
    *,
    target: str | int | None = None,
    label: str | int | None = None,
    of: Any = None,
    change: float | None = None,
    pixels: int | None = None,
    size: float | None = None,
    steps: int | None = None,
    queries: int | None = None,
    seed: int | None = None,
) -> AttackResult:
    """Find the smallest change of one image that changes the answer of the model.

    `by` is a key of `ATTACKS`. `target` is the class to reach ("up" or "down" for a number); `label` the true class
    (default: the answer of the model); `of` the tag or position to attack; `change` the smallest change of a number
    that counts as a success, in its unit. `pixels`, `size`, `steps`, `queries` and `seed` are settings of the attack;
    an unused setting gives a warning. Raises `AttackError` for an unknown attack, a target equal to the label, and
    invalid numbers.

    `attack(model, "cat.jpg", by="one-pixel", target="dog").save("fooled.png")`
    """
    aim = Aim(target=target, of=of, change=change)
    settings = choose(by, pixels=pixels, size=size, steps=steps, queries=queries, seed=seed)
    truths = None if label is None else [_place(model, label, target)]
    return attack_many(model, [picture], by, truths=truths, aim=aim, settings=settings)[0]


def attack_many(
    model: Model,
    pictures: Sequence[Picture] | Tensor,
    by: str = DEFAULT,
    *,
    names: Sequence[str] | None = None,
    truths: Sequence[Any] | None = None,
    aim: Aim | None = None,
    settings: Settings | None = None,
) -> list[AttackResult]:
    """Attack several images as a batch, or pixels (N, C, H, W) in [0, 1]; misclassified ones are skipped.

    `truths` are the targets of the images; by default, the answers of the model count as correct. Raises
    `AttackError` for images of different sizes if the model does not resize them to one.

    `attack_many(model, ["cat.jpg", "dog.jpg"], by="pgd", settings=choose("pgd", size=0.1))`
    """
    names = names or _names(pictures)
    images = pictures if isinstance(pictures, Tensor) else _read(model, pictures, names)
    method = look_up("attack", by, ATTACKS, AttackError)
    settings = settings or choose(by)
    results: list[AttackResult] = []
    for start in range(0, len(images), AT_ONCE):
        rows = slice(start, start + AT_ONCE)
        part = truths[rows] if truths is not None else None
        results += _attack(model, rounded(images[rows]), by, method, names[rows], part, aim or Aim(), settings)
    return results


def _attack(
    model: Model,
    images: Tensor,
    by: str,
    method: Method,
    names: Sequence[str],
    truths: Sequence[Any] | None,
    aim: Aim,
    settings: Settings,
) -> list[AttackResult]:
    begun = time.perf_counter()
    with torch.no_grad():
        output = model.outputs(images)
    aimed = model.task.attack_criterion(aim, output, truths, method.farthest)
    chosen = torch.tensor([row for row, why in enumerate(aimed.skipped) if not why], dtype=torch.long)
    victim = Victim(model, aimed.criterion.only(chosen), len(chosen), double=method.double)
    attempt = method.run(victim, images[chosen], settings) if len(chosen) else Attempt(pixels=images[:0])
    seconds = (time.perf_counter() - begun) / max(1, len(chosen))
    places = {int(row): place for place, row in enumerate(chosen)}
    judge = _Judge(model, by, aim, victim, attempt, seconds)
    return [
        judge.found(names[row], images[row], _one(output, row), places[row])
        if row in places
        else judge.skipped(names[row], images[row], _one(output, row), aimed.skipped[row])
        for row in range(len(images))
    ]


@dataclass(frozen=True)
class _Judge:
    """Converts the outcome of an attack to results: each image is saved, read back and predicted again individually."""

    model: Model
    by: str
    aim: Aim
    victim: Victim
    attempt: Attempt
    seconds: float

    def found(self, name: str, image: Tensor, output: Any, place: int) -> AttackResult:
        original, fooled = to_bytes(image), to_bytes(self.attempt.pixels[place])
        with torch.no_grad():
            after = self.model.outputs(self.model.read(encode_png(fooled)))
        criterion, which = self.victim.criterion, torch.tensor([place])
        moved = criterion.moved(after, which)
        change = (fooled.astype(np.float64) - original) / 255
        return AttackResult(
            by=self.by,
            name=name,
            outcome="fooled" if criterion.fooled(after, which) else "resisted",
            target=self.aim.target,
            **self._answers(output, _one(after, 0)),
            distortion=float(np.sqrt(np.square(change).mean())),
            l2=float(np.sqrt(np.square(change).sum())),
            linf=float(np.abs(change).max()),
            pixels_changed=int((change != 0).any(2).sum()),
            moved=None if moved is None else float(moved),
            queries=int(self.victim.queries[place]),
            gradients=int(self.victim.gradients[place]),
            seconds=self.seconds,
            history=self.attempt.history[place] if self.attempt.history else [],
            original=original,
            fooled=fooled,
        )

    def skipped(self, name: str, image: Tensor, output: Any, reason: str) -> AttackResult:
        pixels = to_bytes(image)
        return AttackResult(
            by=self.by,
            name=name,
            outcome="skipped",
            reason=reason,
            target=self.aim.target,
            **self._answers(output, output),
            original=pixels,
            fooled=pixels,
        )

    def _answers(self, before: Tensor, after: Tensor) -> dict[str, Any]:
        """Both answers in the form of `AttackResult`, for two outputs without N."""
        task = self.model.task
        answers = [task.answer(output) for output in (before, after)]
        texts = [task.answer_text(answer) for answer in answers]
        sure = task.abstention(map_output(after, lambda one: one[None]))
        return {
            "before": plain(answers[0]),
            "after": plain(answers[1]),
            "before_text": texts[0],
            "after_text": texts[1],
            "abstains": sure is not None and bool(sure[1]),
        }


def _names(pictures: Sequence[Picture] | Tensor) -> list[str]:
    """Paths are used as names; other images are numbered, unless there is only one."""
    nameless = ["the image"] if len(pictures) == 1 else [f"image {place + 1}" for place in range(len(pictures))]
    pairs = zip(pictures, nameless, strict=True)
    return [str(picture) if isinstance(picture, str | Path) else name for picture, name in pairs]


def _read(model: Model, pictures: Sequence[Picture], names: Sequence[str]) -> Tensor:
    """Read images as one batch of pixels (N, C, H, W)."""
    images = [model.read(picture, name) for picture, name in zip(pictures, names, strict=True)]
    sizes = sorted({f"{image.shape[3]} x {image.shape[2]}" for image in images})
    if len(sizes) != 1:
        raise AttackError(f"Pictures of {len(sizes)} sizes ({', '.join(sizes)}) are attacked one by one.")
    return torch.cat(images)


def _place(model: Model, label: str | int, target: str | int | None) -> int:
    """Index of the correct class; raises `AttackError` if the task has no classes, or if it equals the target."""
    if not model.task.choices:
        raise AttackError(f"A label can be given for classify only; this model's task is {model.task.name}.")
    place = model.task.place(label)
    if target is not None and model.task.place(target) == place:
        raise AttackError(f"The target '{target}' is the label of the image; choose another class.")
    return place


def _one(output: Any, row: int) -> Any:
    """The output of one image, without N."""
    return map_output(output, lambda one: one[row])
