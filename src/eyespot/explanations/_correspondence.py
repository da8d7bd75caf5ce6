"""Correspondence: whether a layer represents the same part of different images in the same way.

Zeiler and Fergus 2014 (https://arxiv.org/abs/1311.2901), section 4.3: mask the same part in every image; if the layer
represents the correspondence, its features change in the same way. Shapes: N images, C channels, H height, W width.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from ..embeddings.layers import features_of
from ..errors import ExplanationError
from ..images import Picture
from ..model import Model
from ._explanation import Explanation, Panel

Box = tuple[int, int, int, int]
GRAY = 0.5
TRIES = 10
"""Number of random parts, with the sizes of the marked ones, for comparison."""


def correspondence(
    model: Model,
    pictures: Sequence[Picture],
    parts: Mapping[str, Sequence[Box]],
    *,
    layer: str | None = None,
    seed: int = 0,
) -> Explanation:
    """Score how consistently masking a part changes the features of a layer; lower means stronger correspondence.

    `parts` maps each name to one (top, left, bottom, right) per image, in pixels of the network input. The score is the
    mean, over all pairs of images, of the fraction of features whose changes differ in sign: Delta = mean H(sign(e_i),
    sign(e_j)), where e_i are the features of image i minus those of the masked image. Random parts of the same sizes
    are the baseline. Raises `ExplanationError` for invalid boxes.
    """
    if len(pictures) < 2:
        raise ExplanationError(f"{len(pictures)} image was given; a correspondence needs at least two.")
    pixels = torch.cat([model.read(picture) for picture in pictures])
    for name, boxes in parts.items():
        _check(name, boxes, pixels)
    name, whole = features_of(model, model.network_x(pixels), layer)
    scores = {part: _score(model, pixels, whole, boxes, layer) for part, boxes in parts.items()}
    generator = np.random.default_rng(seed)
    random = [
        _score(model, pixels, whole, _anywhere(boxes, pixels, generator), layer)
        for boxes in parts.values()
        for _ in range(TRIES)
    ]
    table = [{"part": part, "score": value} for part, value in scores.items()]
    rows = {**scores, "random parts": float(np.mean(random))}
    return Explanation(
        method="correspondence",
        task=model.task.name,
        answer="",
        of=f"{len(parts)} parts in {len(pictures)} images",
        layer=name,
        values={"scores": table, "random": {"mean": float(np.mean(random)), "std": float(np.std(random))}},
        notes=("A part whose score lies below that of random parts means the same to the layer in all images.",),
        panels=(_drawn(pixels, parts), _bars(rows)),
    )


def _check(name: str, boxes: Sequence[Box], pixels: Tensor) -> None:
    count, _, height, width = pixels.shape
    if len(boxes) != count:
        raise ExplanationError(f"The part '{name}' is marked in {len(boxes)} of {count} images; mark it in each.")
    for top, left, bottom, right in boxes:
        if not (0 <= top < bottom <= height and 0 <= left < right <= width):
            box = (top, left, bottom, right)
            raise ExplanationError(f"The part '{name}' at {box} does not fit an image of {width} x {height} pixels.")


def _score(model: Model, pixels: Tensor, whole: Tensor, boxes: Sequence[Box], layer: str | None) -> float:
    masked = pixels.clone()
    for image, (top, left, bottom, right) in zip(masked, boxes, strict=True):
        image[:, top:bottom, left:right] = GRAY
    _, features = features_of(model, model.network_x(masked), layer)
    signs = torch.sign(whole - features)
    pairs = torch.combinations(torch.arange(len(signs)))
    return float((signs[pairs[:, 0]] != signs[pairs[:, 1]]).float().mean())


def _anywhere(boxes: Sequence[Box], pixels: Tensor, generator: np.random.Generator) -> list[Box]:
    """Boxes of the same sizes at random positions."""
    height, width = pixels.shape[2:]
    moved = []
    for top, left, bottom, right in boxes:
        row, column = generator.integers(height - bottom + top + 1), generator.integers(width - right + left + 1)
        moved.append((int(row), int(column), int(row) + bottom - top, int(column) + right - left))
    return moved


def _drawn(pixels: Tensor, parts: Mapping[str, Sequence[Box]]) -> Panel:
    first = (pixels[0] * 255).round().byte().permute(1, 2, 0).numpy()
    return Panel(
        title=f"the parts in the first image: {', '.join(parts)}",
        kind="picture",
        values=first,
        boxes=tuple(boxes[0] for boxes in parts.values()),
    )


def _bars(rows: Mapping[str, float]) -> Panel:
    return Panel(
        title="how differently masking changes the features",
        kind="bars",
        values=list(rows.values()),
        names=tuple(rows),
        legend="share of signs that differ",
    )
