"""Boxes [x1, y1, x2, y2], their encoding in network outputs, overlap and non-maximum suppression.

Shapes: N images, K classes, M boxes, L = h x w locations of a map.
"""

import numpy as np
import torch
from torch import Tensor

from ...networks.regions import TYPICAL, centers

CANDIDATES = 1000
"""Maximum number of boxes of an image in non-maximum suppression, whose cost is quadratic."""


def areas(boxes: Tensor) -> Tensor:
    """Areas (...,) of boxes (..., 4); 0 if a side is negative."""
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(-1)


def overlaps(one: Tensor, other: Tensor) -> Tensor:
    """Intersection over union (...,) of boxes (..., 4), elementwise; 0 if both are empty.

    >>> overlaps(torch.tensor([0.0, 0.0, 2.0, 2.0]), torch.tensor([1.0, 0.0, 3.0, 2.0])).item()
    0.3333333432674408
    """
    low, high = torch.maximum(one[..., :2], other[..., :2]), torch.minimum(one[..., 2:], other[..., 2:])
    common = (high - low).clamp(min=0).prod(-1)
    return common / (areas(one) + areas(other) - common).clamp(min=1e-9)


def generalized_overlaps(one: Tensor, other: Tensor) -> Tensor:
    """Generalized IoU (...,) from -1 to 1 (Rezatofighi et al. 2019), which has a gradient for disjoint boxes too.

    The IoU minus the fraction of the smallest enclosing box that belongs to neither.
    """
    low, high = torch.maximum(one[..., :2], other[..., :2]), torch.minimum(one[..., 2:], other[..., 2:])
    common = (high - low).clamp(min=0).prod(-1)
    union = areas(one) + areas(other) - common
    corner, far = torch.minimum(one[..., :2], other[..., :2]), torch.maximum(one[..., 2:], other[..., 2:])
    hull = (far - corner).prod(-1).clamp(min=1e-9)
    return common / union.clamp(min=1e-9) - (hull - union) / hull


def encode(boxes: Tensor, stride: int) -> Tensor:
    """Encode boxes (N, h, w, 4) as numbers (N, 4, h, w), the inverse of `decode`."""
    middle, sides = (boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]
    shift = middle / stride - centers(boxes.shape[1], boxes.shape[2], stride, boxes) / stride
    return torch.cat([shift, (sides / (TYPICAL * stride)).clamp(min=1e-6).log()], dim=-1).permute(0, 3, 1, 2)


def suppress(boxes: Tensor, scores: Tensor, limit: float) -> Tensor:
    """Non-maximum suppression within one class: indices of the remaining boxes (M, 4), by decreasing score.

    A box is removed if a remaining one with a higher score overlaps it by more than `limit`.
    """
    order = scores.argsort(descending=True, stable=True)
    chosen = boxes[order]
    beaten = (overlaps(chosen[:, None], chosen[None]) > limit).triu(1).cpu().numpy()
    alive = np.ones(len(order), bool)
    for place in range(len(order)):  # in numpy: torch takes ten times as long for each small step
        if alive[place]:
            alive &= ~beaten[place]
    return order[torch.from_numpy(alive).to(order.device)]


def select(
    scores: Tensor, boxes: Tensor, least: float, limit: float, most: int, candidates: int = CANDIDATES
) -> tuple[Tensor, Tensor, Tensor]:
    """The detections of one image: scores (M,), classes (M,) and boxes (M, 4) by decreasing score, at most `most`.

    `scores` (K, L) and `boxes` (L, 4) are those of all locations, of which the `candidates` best are considered. Each
    class is suppressed separately: objects of different classes may overlap.
    """
    numbers, places = (scores >= least).nonzero(as_tuple=True)
    order = scores[numbers, places].argsort(descending=True, stable=True)[:candidates]
    numbers, places = numbers[order], places[order]
    kept = torch.zeros(len(order), dtype=torch.bool, device=order.device)
    for number in numbers.unique():
        mine = (numbers == number).nonzero()[:, 0]
        kept[mine[suppress(boxes[places[mine]], scores[number, places[mine]], limit)]] = True
    numbers, places = numbers[kept][:most], places[kept][:most]
    return scores[numbers, places], numbers, boxes[places]
