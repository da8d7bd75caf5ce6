"""Points [x, y] in pixels: parsing, decoding of network outputs, and one-to-one matching.

Shapes: N images, M points, h x w locations of a map.
"""

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ...errors import SourceError, TaskError
from ...images import Frame
from ...sources.source import Row
from .._matches import Matches

EXPECTED = "expected JSON such as [[12.5, 40], [3, 8]]: x and y of each point in pixels"
OUTSIDE = 1.0
"""Tolerance in pixels beyond the image."""
MOST = 5000
"""Maximum number of points per image."""
NEARLY = 0.6
"""The smallest score of a location beside one with a higher score, relative to that, if both hold a point."""


def read_points(row: Row) -> list[list[float]]:
    """The points in a row's column `points`; raise `TaskError` for invalid text."""
    text = row.values.get("points", "")
    try:
        points = [[float(part) for part in point] for point in json.loads(text)]
    except (ValueError, TypeError, RecursionError):
        raise TaskError(f"{row.location}: points are '{text[:80]}'; {EXPECTED}. Correct it.") from None
    for point in points:
        if len(point) != 2 or not all(map(math.isfinite, point)):
            raise TaskError(f"{row.location}: a point is {point}; {EXPECTED}. Correct it.")
    return points


def check_inside(row: Row, points: Sequence[Sequence[float]], height: int, width: int) -> None:
    """Raise `SourceError` for a point more than a pixel outside its image: tools count from 0 or 1, and round."""
    for x, y in points:
        if not (-OUTSIDE <= x <= width + OUTSIDE and -OUTSIDE <= y <= height + OUTSIDE):
            raise SourceError(
                f"{row.location}: the point [{x:g}, {y:g}] lies outside the image {row.name}, which is {width} pixels "
                f"wide and {height} high. Correct it, or the columns of x and y."
            )


def cells(points: Tensor, height: int, width: int, stride: int) -> Tensor:
    """Column and row (M, 2) of the location whose cell contains each point (M, 2)."""
    last = torch.tensor([width - 1, height - 1], device=points.device)
    return torch.minimum((points / stride).floor().long().clamp(min=0), last)


def decode(output: Tensor, stride: int) -> Tensor:
    """Decode offsets from the location centers (N, 2, h, w), in strides, to points (N, h, w, 2) in pixels."""
    height, width = output.shape[2:]
    rows = torch.arange(height, dtype=output.dtype, device=output.device) + 0.5
    columns = torch.arange(width, dtype=output.dtype, device=output.device) + 0.5
    centers = torch.stack(torch.meshgrid(columns, rows, indexing="xy"), dim=-1)
    return stride * (centers + output.permute(0, 2, 3, 1))


def peaks(scores: Tensor, points: Tensor, least: float) -> tuple[Tensor, Tensor]:
    """Scores (M,) and points (M, 2) of local maxima of the score (h, w), by decreasing score."""
    return _chosen(scores, points, (scores == _largest_around(scores)) & (scores >= least))


def close_peaks(scores: Tensor, points: Tensor, least: float, stride: int) -> tuple[Tensor, Tensor]:
    """Same as `peaks`, and also the locations that hold their point (h, w, 2) themselves, and score nearly as high.

    Of objects closer together than three locations, only one has the largest score. Locations beside an object point
    to it, outside their own cell.
    """
    height, width = scores.shape
    centers = decode(points.new_zeros(1, 2, height, width), stride)[0]
    own = ((points - centers).abs() <= stride / 2).all(-1)
    largest = _largest_around(scores)
    candidates = (scores == largest) | (own & (scores >= NEARLY * largest))
    return _chosen(scores, points, candidates & (scores >= least))


def separated(scores: Tensor, points: Tensor, distance: float) -> tuple[Tensor, Tensor]:
    """The scores (K,) and points (K, 2) that are not closer than `distance` to one kept before, in their order."""
    array = points.numpy()
    kept: list[int] = []
    for place, point in enumerate(array):
        if not kept or np.hypot(*(array[kept] - point).T).min() >= distance:
            kept.append(place)
    return scores[kept], points[kept]


def _largest_around(scores: Tensor) -> Tensor:
    """The largest score of the 3 x 3 neighborhood of each location (h, w)."""
    return F.max_pool2d(scores[None], 3, stride=1, padding=1)[0]


def _chosen(scores: Tensor, points: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
    found, places = scores[chosen], points[chosen]
    order = found.argsort(descending=True, stable=True)[:MOST]
    return found[order], places[order]


def match(found: np.ndarray, scores: np.ndarray, truth: np.ndarray, radius: float) -> Matches:
    """Match predicted points (M, 2) one to one with true ones (T, 2), by decreasing score, each with the nearest left.

    A point is correct if an unmatched true point lies within `radius`.
    """
    order = np.argsort(-scores, kind="stable")
    matched = np.full(len(order), -1)
    away = np.linalg.norm(found[order][:, None] - truth[None], axis=2)
    for place in range(len(order)):
        if len(truth) and away[place].min() <= radius:
            matched[place] = away[place].argmin()
            away[:, matched[place]] = np.inf
    return Matches(scores=scores[order], right=matched >= 0, objects=len(truth), detections=order, matched=matched)


def closest_distances(points: np.ndarray) -> np.ndarray:
    """Distance (M,) from each point (M, 2) to its nearest neighbor; infinite if there is none."""
    away = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(away, np.inf)
    return away.min(1, initial=np.inf)


def as_array(points: Any) -> np.ndarray:
    """Convert points to an array (M, 2), which may be empty."""
    return np.array(points, float).reshape(-1, 2)


def listed(found: tuple[Tensor, Tensor], back: Frame | None) -> list[dict[str, Any]]:
    """Points as plain values, mapped to original pixels by `back`, if given."""
    scores, points = found
    return [
        {"point": point, "score": score} for score, point in zip(scores.tolist(), original(points, back), strict=True)
    ]


def original(points: Tensor, back: Frame | None) -> list[list[float]]:
    """Points (M, 2) mapped by `back`, clipped to the target image."""
    if back is None:
        return points.tolist()
    height, width = (float(side) for side in back.size)
    moved = back.apply(points.double())
    return torch.minimum(moved.clamp(min=0), moved.new_tensor([width, height])).tolist()


def original_area(output: Tensor, stride: int, back: Frame | None) -> float:
    """Area of the original image in pixels; without `back`, that of the network's input."""
    if back is None:
        return float(output.shape[2] * output.shape[3] * stride**2)
    return float(back.size[0] * back.size[1])


def density(count: int, area: float, pixel_size: float) -> dict[str, float]:
    """Points per square millimeter if the side of a pixel in micrometers is known, otherwise per million pixels.

    >>> density(3, 500_000, 0), density(3, 500_000, 0.5)
    ({'per_million_pixels': 6.0}, {'per_square_millimeter': 24.0})
    """
    if pixel_size:
        return {"per_square_millimeter": count / (area * pixel_size**2 / 1e6)}
    return {"per_million_pixels": count / area * 1e6}
