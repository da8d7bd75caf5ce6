"""Assignment of locations to objects, and the detection loss.

Assignment: a location is assigned to a box if its center lies inside the box and within 1.5 strides of the box's
center (center sampling, Tian et al. 2020, "FCOS", https://arxiv.org/abs/2006.09214); the location nearest to the
center is always assigned, so that no small object is left out. Of several boxes the smallest wins.

Loss: varifocal loss for the classes (Zhang et al. 2021, https://arxiv.org/abs/2008.13367), whose target is the IoU of
the predicted box, so that scores reflect the quality of the boxes; generalized IoU for the boxes, and the absolute
log ratios of their sides. Both are summed over the objects of an image, so that every object has the same weight; the
mean over its own objects would give a small platelet among thirty cells a thirtieth of the weight of a single cell.
Shapes: N images, K classes, M objects, h x w locations.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ...networks.regions import centers
from ._boxes import areas, generalized_overlaps, overlaps

RADIUS = 1.5
"""Radius around a box's center, in strides, in which locations are assigned to it."""
ALPHA, GAMMA = 0.75, 2.0
"""Weight and focusing exponent of the background: the values of the paper."""
BOX_WEIGHT = 2.0
SIDE_WEIGHT = 0.25
"""Weight of the errors of the sides; the gradient of the overlap is tiny for a box that is far too small."""

LEAST_OVERLAP = 0.5
"""Proposals that overlap an object by at least this are trained to answer for it."""
LEVEL_SIDE = 5.0
"""Objects with sides of at least twice as many strides belong to a coarser level than the finest."""


def assign(boxes: Tensor, height: int, width: int, stride: int) -> Tensor:
    """Index (h, w) of the box (of M, 4) that each location is assigned to; -1 for background."""
    if not len(boxes):
        return torch.full((height, width), -1, device=boxes.device)
    place = centers(height, width, stride, boxes)[None]
    middle = ((boxes[:, :2] + boxes[:, 2:]) / 2)[:, None, None]
    away = (place - middle).abs().amax(-1)
    low, high = boxes[:, None, None, :2], boxes[:, None, None, 2:]
    inside = ((place > low) & (place < high)).all(-1) & (away < RADIUS * stride)
    nearest = (place - middle).square().sum(-1).flatten(1).argmin(1)
    inside.flatten(1)[torch.arange(len(boxes)), nearest] = True
    cost = torch.where(inside, areas(boxes)[:, None, None], torch.inf)
    best, number = cost.min(0)
    return torch.where(best.isinf(), -1, number)


def detection_loss(logits: Tensor, boxes: Tensor, target: Tensor, stride: int) -> Tensor:
    """The loss (N,) of class logits (N, K, h, w) and boxes (N, h, w, 4) for objects (N, M, 5): box and class."""
    return _sums(logits, boxes, target, ~target.isnan().any(-1), stride)


def level_loss(logits: Sequence[Tensor], boxes: Sequence[Tensor], target: Tensor, strides: Sequence[int]) -> Tensor:
    """The loss (N,) of several levels, as in `detection_loss`; each object belongs to one level, by its size."""
    known = ~target.isnan().any(-1)
    sides = (target[..., 2:4] - target[..., :2]).prod(-1).sqrt()
    fitting = (sides / (LEVEL_SIDE * strides[0])).log2().floor().clamp(0, len(strides) - 1)  # NaN stays NaN
    total = logits[0].new_zeros(len(target))
    for number, stride in enumerate(strides):
        total = total + _sums(logits[number], boxes[number], target, known & (fitting == number), stride)
    return total


def region_loss(logits: Tensor, boxes: Tensor, proposals: Tensor, target: Tensor) -> Tensor:
    """The loss (N,) of class logits (N, K, L) and boxes (N, L, 4) of the second stage for objects (N, M, 5).

    A proposal (N, L, 4) belongs to the object that it overlaps most, if by at least half; the best one of each object
    always does.
    """
    return torch.stack([_image_loss(*one) for one in zip(logits, boxes, proposals, target, strict=True)])


def _image_loss(logits: Tensor, boxes: Tensor, proposals: Tensor, objects: Tensor) -> Tensor:
    objects = objects[~objects.isnan().any(1)]
    if not len(objects):
        return varifocal(logits, torch.zeros_like(logits)).sum()
    shared = overlaps(proposals.detach()[:, None], objects[None, :, :4])
    most, number = shared.max(1)
    number = torch.where(most >= LEAST_OVERLAP, number, -1)
    number[shared.argmax(0)] = torch.arange(len(objects), device=number.device)
    places = (number >= 0).nonzero()[:, 0]
    truth, found = objects[number[places]], boxes[places]
    quality = torch.zeros_like(logits)
    quality[truth[:, 4].long(), places] = overlaps(found.detach(), truth[:, :4]).to(quality)
    far = 1 - generalized_overlaps(found, truth[:, :4]) + SIDE_WEIGHT * _side_errors(found, truth[:, :4])
    return varifocal(logits, quality).sum() + BOX_WEIGHT * far.sum()


def _sums(logits: Tensor, boxes: Tensor, target: Tensor, known: Tensor, stride: int) -> Tensor:
    """The loss (N,) of one level, summed over its locations, for the `known` (N, M) of the objects."""
    height, width = logits.shape[2:]
    number = torch.stack([_assigned(*one, height, width, stride) for one in zip(target, known, strict=True)])
    image, row, column = (number >= 0).nonzero(as_tuple=True)
    truth = target[image, number[image, row, column]]
    found = boxes[image, row, column]
    quality = torch.zeros_like(logits)
    quality[image, truth[:, 4].long(), row, column] = overlaps(found.detach(), truth[:, :4]).to(quality)
    distance = 1 - generalized_overlaps(found, truth[:, :4]) + SIDE_WEIGHT * _side_errors(found, truth[:, :4])
    far = distance.new_zeros(len(target)).index_add(0, image, distance)
    return varifocal(logits, quality).flatten(1).sum(1) + BOX_WEIGHT * far


def _side_errors(found: Tensor, wanted: Tensor) -> Tensor:
    """Absolute log ratios (M,) of the widths and heights of boxes (M, 4), summed."""
    sides = [(boxes[:, 2:] - boxes[:, :2]).clamp(min=1e-3).log() for boxes in (found, wanted)]
    return (sides[0] - sides[1]).abs().sum(1)


def _assigned(objects: Tensor, known: Tensor, height: int, width: int, stride: int) -> Tensor:
    """Same as `assign`, for objects (M, 5) of which only the `known` ones count; indices are those of `objects`."""
    places = known.nonzero()[:, 0]
    number = assign(objects[places, :4], height, width, stride)
    return number if not len(places) else torch.where(number >= 0, places[number], -1)


def varifocal(logits: Tensor, quality: Tensor) -> Tensor:
    """Cross-entropy with the target `quality`, weighted by it; the background is weighted by its predicted score."""
    weight = torch.where(quality > 0, quality, ALPHA * logits.detach().sigmoid() ** GAMMA)
    entropy = F.binary_cross_entropy_with_logits(logits, quality, reduction="none")
    least = -(torch.xlogy(quality, quality) + torch.xlogy(1 - quality, 1 - quality))  # 0 for a perfect score
    return weight * (entropy - least)
