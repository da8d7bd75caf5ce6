"""The crop of an image that a model ranks highest: a global search over position, scale and shape.

Gradient search gets stuck or drifts (Karpathy 2015); three bounded parameters can be searched directly.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..errors import RunError
from ..images import ImageSpec, Picture, read_pixels
from ..model import Model
from ..samples import to_batch

Box = tuple[int, int, int, int]
"""x1, y1, x2, y2 in pixels of the upright image; x2 and y2 are exclusive."""

SCALES, POSITIONS = 5, 5
"""Number of sizes per shape, and of positions per size along each side, in the first round."""
BEST, ROUNDS = 4, 2
"""Number of crops that are refined, and of rounds; each round halves the step."""
BATCH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """The best crop, its score, the score of the whole image, and the number of evaluated crops."""

    box: Box
    score: float
    whole: float
    tried: int


def find_crop(
    model: Model,
    picture: Picture,
    shapes: Sequence[float] = (),
    smallest: float = 0.5,
    keep: Box | None = None,
    what: str = "",
) -> Crop:
    """Find the crop of an image with the highest `model.task.value`.

    `shapes` are widths divided by heights (default: the image's own); the sides of a crop are at least `smallest` times
    those of the largest crop of its shape; every crop contains `keep`; `what` is the name of the image in errors.
    Raises `ImageError` for an invalid image, and `RunError` if no crop satisfies the conditions.
    """
    pixels = read_pixels(picture, _native(model.images), what)
    height, width = pixels.shape[:2]
    _check(width, height, shapes, smallest, keep, what)
    limits = [_largest(width, height, shape) for shape in shapes or (width / height,)]
    scores: dict[Box, float] = {}

    def score(boxes: Iterable[Box]) -> None:
        fresh = [box for box in dict.fromkeys(boxes) if box not in scores and _holds(box, keep)]
        scores.update(zip(fresh, _scores(model, pixels, fresh), strict=True))

    whole = (0, 0, width, height)
    [before] = _scores(model, pixels, [whole])
    for limit in limits:
        score(_grid(width, height, limit, smallest, keep))
    if not scores:
        raise RunError(
            f"{what or 'The image'}: no crop of this shape and size holds what must stay inside.", argument="keep"
        )
    step = 1.0
    for _ in range(ROUNDS):
        step /= 2
        best = sorted(scores, key=lambda box: -scores[box])[:BEST]
        score(near for box in best for near in _near(box, width, height, smallest, limits, step))
    found = max(scores, key=lambda box: scores[box])
    return Crop(box=found, score=scores[found], whole=before, tried=len(scores))


def _native(images: ImageSpec) -> ImageSpec:
    from dataclasses import replace

    return replace(images, fit="native")


def _check(width: int, height: int, shapes: Sequence[float], smallest: float, keep: Box | None, what: str) -> None:
    where = what or "the image"
    if not 0 < smallest <= 1:
        raise RunError(f"the smallest size is {smallest}; expected a share above 0 and up to 1.", argument="min-size")
    if any(not 0.1 <= shape <= 10 for shape in shapes):
        raise RunError(f"a shape is {min(shapes):g} to {max(shapes):g}; expected 1:10 to 10:1.", argument="aspect")
    if keep is not None:
        x1, y1, x2, y2 = keep
        if not (0 <= x1 < x2 <= width and 0 <= y1 < y2 <= height):
            raise RunError(
                f"{where}: what must stay inside is {x1},{y1},{x2},{y2}; expected x1,y1,x2,y2 within {width} x "
                f"{height} pixels.",
                argument="keep",
            )


def _largest(width: int, height: int, shape: float) -> tuple[float, float]:
    """Width and height of the largest crop of a shape."""
    return (width, width / shape) if width / height < shape else (height * shape, height)


def _grid(width: int, height: int, limit: tuple[float, float], smallest: float, keep: Box | None) -> Iterable[Box]:
    for scale in np.linspace(1, smallest, SCALES):
        wide, high = (max(1, round(side * scale)) for side in limit)
        xs, ys = (
            _starts(width - wide, keep and (keep[2] - wide, keep[0])),
            _starts(height - high, keep and (keep[3] - high, keep[1])),
        )
        yield from ((x, y, x + wide, y + high) for x, y in itertools.product(xs, ys))


def _starts(room: int, allowed: tuple[int, int] | None) -> list[int]:
    """Evenly spaced start positions of crops along a side."""
    low, high = max(0, allowed[0] if allowed else 0), min(room, allowed[1] if allowed else room)
    return sorted({round(start) for start in np.linspace(low, high, POSITIONS)}) if low <= high else []


def _near(
    box: Box, width: int, height: int, smallest: float, limits: Sequence[tuple[float, float]], step: float
) -> Iterable[Box]:
    """Neighboring crops in position and scale, of the same shape."""
    x1, y1, x2, y2 = box
    limit = min(limits, key=lambda one: abs(one[0] / one[1] - (x2 - x1) / (y2 - y1)))
    scale = (x2 - x1) / limit[0]
    room = max(width - (x2 - x1), height - (y2 - y1), width // 10)
    for change, right, down in itertools.product((-1, 0, 1), repeat=3):
        new = float(np.clip(scale + change * step * (1 - smallest) / (SCALES - 1), smallest, 1))
        wide, high = (max(1, round(side * new)) for side in limit)
        x = round((x1 + x2 - wide) / 2 + right * step * room / (POSITIONS - 1))
        y = round((y1 + y2 - high) / 2 + down * step * room / (POSITIONS - 1))
        x, y = int(np.clip(x, 0, width - wide)), int(np.clip(y, 0, height - high))
        yield (x, y, x + wide, y + high)


def _holds(box: Box, keep: Box | None) -> bool:
    return keep is None or (box[0] <= keep[0] and box[1] <= keep[1] and box[2] >= keep[2] and box[3] >= keep[3])


@torch.no_grad()
def _scores(model: Model, pixels: np.ndarray, boxes: Sequence[Box]) -> list[float]:
    found: list[float] = []
    for start in range(0, len(boxes), BATCH):
        crops = [
            read_pixels(np.ascontiguousarray(pixels[y1:y2, x1:x2]), model.images)
            for x1, y1, x2, y2 in boxes[start : start + BATCH]
        ]
        if len({crop.shape for crop in crops}) == 1:
            found += model.task.value(model.outputs(to_batch(np.stack(crops)))).tolist()
        else:
            found += [float(model.task.value(model.outputs(to_batch(crop[None])))) for crop in crops]
    return found
