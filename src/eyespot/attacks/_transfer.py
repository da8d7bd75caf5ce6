"""Transfer: how many images that fool model A also fool model B.

Szegedy et al. (2013), section 4.2, with random noise of the same size as a baseline.
Shapes: N images, C channels, H height, W width.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..errors import AttackError
from ..images import encode_png
from ..model import Model
from ..tasks.statistics import wilson_interval
from ._attacking import attack_many
from ._result import AttackResult
from ._settings import Settings

RANDOM = "random noise"
LARGEST_FACTOR, HALVINGS = 8.0, 14
"""Maximum factor of a change before clipping, and the number of bisection steps toward its target size."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """The error rate of a model on `count` images made for another one, with its Wilson interval."""

    made_for: str
    shown_to: str
    wrong: float
    interval: tuple[float, float]
    count: int
    distortion: float


def transfer(
    models: Mapping[str, Model],
    images: Sequence[np.ndarray],
    labels: Sequence[str],
    by: str,
    settings: Settings,
    magnified: float | None = None,
) -> list[Cell]:
    """The transfer matrix (generated for A, tested on B) for uint8 images (H, W, C); the last row is random noise.

    Only images that every model classifies correctly count. `magnified` rescales every change to this RMS (0 to 1), as
    the paper does with 0.1. Raises `AttackError` unless all models are classifiers, or if no image is left.
    """
    kept = [number for number in range(len(images)) if _all_right(models, images[number], labels[number])]
    if not kept:
        raise AttackError(
            "No image is classified correctly by every model, so nothing can be compared. Give more images."
        )
    chosen, truths = [images[number] for number in kept], [labels[number] for number in kept]
    rows = {name: _made_for(model, chosen, truths, by, settings) for name, model in models.items()}
    if magnified is not None:
        rows = {name: [_scaled(before, after, magnified) for before, after in row] for name, row in rows.items()}
    sizes = [_distortion(before, after) for row in rows.values() for before, after in row]
    rows[RANDOM] = [_noisy(image, float(np.mean(sizes)), number) for number, image in enumerate(chosen)]
    return [
        _cell(made_for, shown_to, model, row, truths)
        for made_for, row in rows.items()
        for shown_to, model in models.items()
    ]


Pair = tuple[np.ndarray, np.ndarray]


def _made_for(
    model: Model, images: Sequence[np.ndarray], labels: Sequence[str], by: str, settings: Settings
) -> list[Pair]:
    """Each image at the model's input size, before and after the attack."""
    batch = torch.cat([model.read(image) for image in images])
    truths = [model.task.place(label) for label in labels]
    results: list[AttackResult] = attack_many(model, batch, by, truths=truths, settings=settings)
    return [(one.original, one.fooled) for one in results]


def _all_right(models: Mapping[str, Model], image: np.ndarray, label: str) -> bool:
    for name, model in models.items():
        if not model.task.choices:
            raise AttackError(f"Transfer is between classifiers; the task of {name} is {model.task.name}.")
    return all(model.predict(image)["label"] == label for model in models.values())


def _cell(made_for: str, shown_to: str, model: Model, row: Sequence[Pair], labels: Sequence[str]) -> Cell:
    wrong = sum(
        model.predict(encode_png(after))["label"] != label for (_, after), label in zip(row, labels, strict=True)
    )
    return Cell(
        made_for=made_for,
        shown_to=shown_to,
        wrong=wrong / len(row),
        interval=wilson_interval(wrong, len(row)),
        count=len(row),
        distortion=float(np.mean([_distortion(before, after) for before, after in row])),
    )


def _distortion(before: np.ndarray, after: np.ndarray) -> float:
    """Root mean square of the change, on pixels from 0 to 1."""
    return float(np.sqrt(np.square((after.astype(np.float64) - before) / 255).mean()))


def _scaled(before: np.ndarray, after: np.ndarray, size: float) -> Pair:
    """Rescale a change to another root mean square, after rounding and within 0 to 255, by bisection."""
    change = after.astype(np.float64) - before
    change *= 255 * size / max(float(np.sqrt(np.square(change).mean())), 1e-9)
    low, high = 0.0, LARGEST_FACTOR
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        after = np.clip(np.rint(before + change * middle), 0, 255).astype(np.uint8)
        low, high = (middle, high) if _distortion(before, after) < size else (low, middle)
    return before, after


def _noisy(image: np.ndarray, size: float, seed: int) -> Pair:
    noise = np.random.default_rng(seed).normal(0, 255 * size, image.shape)
    return _scaled(image, image + noise, size)
