"""Anchors: boxes of fixed sizes at each location, which a detector chooses among and corrects, and their loss.

As in SSD (Liu et al. 2016, "SSD: Single Shot MultiBox Detector", https://arxiv.org/abs/1512.02325): cross-entropy over
the classes and the background, with the hardest negatives only, and smooth L1 of the offsets.
Shapes: N images, K classes, M objects, L anchors of all levels together.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from ...networks.regions import centers
from ._boxes import overlaps

ASPECTS = ((1.0, 1.0), (1.0, 2.0), (1.0, 0.5), (2**0.5, 1.0))
"""Scale and aspect ratio (width by height) of the anchors of a location; the last lies between two levels."""
SIDE = 3.0
"""Sides of the square anchors, in strides."""
LEAST_OVERLAP = 0.5
"""Anchors that overlap an object by at least this are trained to find it; the best one of each object always is."""
VARIANCES = (0.1, 0.1, 0.2, 0.2)
"""Offsets are divided by these, so that all four numbers are of similar size (Huang et al. 2017: 10, 10, 5, 5)."""
NEGATIVES = 3
"""Background anchors per assigned anchor in the loss, those with the largest loss."""
LARGEST_LOG = 4.0


def anchors_of(height: int, width: int, stride: int, like: Tensor) -> Tensor:
    """The anchors (h * w * A, 4) of one level: center x, center y, width, height, in pixels."""
    middle = centers(height, width, stride, like).flatten(0, 1)
    sides = [(SIDE * stride * scale * ratio**0.5, SIDE * stride * scale / ratio**0.5) for scale, ratio in ASPECTS]
    shapes = middle.new_tensor(sides)
    return torch.cat([middle[:, None].expand(-1, len(ASPECTS), -1), shapes.expand(len(middle), -1, -1)], -1).flatten(
        0, 1
    )


def corners(anchors: Tensor) -> Tensor:
    """Anchors (L, 4) as x1, y1, x2, y2."""
    return torch.cat([anchors[:, :2] - anchors[:, 2:] / 2, anchors[:, :2] + anchors[:, 2:] / 2], dim=1)


def decode_anchors(offsets: Tensor, anchors: Tensor) -> Tensor:
    """Boxes (N, L, 4) of offsets (N, L, 4) from the anchors (L, 4)."""
    scaled = offsets * offsets.new_tensor(VARIANCES)
    middle = anchors[:, :2] + scaled[..., :2] * anchors[:, 2:]
    half = anchors[:, 2:] * scaled[..., 2:].clamp(max=LARGEST_LOG).exp() / 2
    return torch.cat([middle - half, middle + half], dim=-1)


def encode_anchors(boxes: Tensor, anchors: Tensor) -> Tensor:
    """The offsets (L, 4) of boxes (L, 4), the inverse of `decode_anchors`."""
    middle, sides = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]).clamp(min=1e-3)
    offsets = torch.cat([(middle - anchors[:, :2]) / anchors[:, 2:], (sides / anchors[:, 2:]).log()], dim=1)
    return offsets / offsets.new_tensor(VARIANCES)


def match_anchors(anchors: Tensor, boxes: Tensor) -> Tensor:
    """Index (L,) of the object (of M, 4) that each anchor is trained to find; -1 for background."""
    if not len(boxes):
        return torch.full((len(anchors),), -1, device=anchors.device)
    shared = overlaps(corners(anchors)[:, None], boxes[None])
    best, number = shared.max(1)
    number = torch.where(best >= LEAST_OVERLAP, number, -1)
    number[shared.argmax(0)] = torch.arange(len(boxes), device=number.device)
    return number


def multibox_loss(scores: Tensor, offsets: Tensor, anchors: Tensor, target: Tensor) -> Tensor:
    """The loss (N,) of scores (N, L, 1 + K), background first, and offsets (N, L, 4) for objects (N, M, 5)."""
    return torch.stack([_image_loss(*one, anchors) for one in zip(scores, offsets, target, strict=True)])


def _image_loss(scores: Tensor, offsets: Tensor, objects: Tensor, anchors: Tensor) -> Tensor:
    objects = objects[~objects.isnan().any(1)]
    number = match_anchors(anchors, objects[:, :4])
    found = number >= 0
    label = torch.zeros_like(number)
    label[found] = objects[number[found], 4].long() + 1
    entropy = F.cross_entropy(scores, label, reduction="none")
    count = int(found.sum())
    negatives = entropy[~found]
    hardest = negatives.topk(min(len(negatives), NEGATIVES * max(count, 1))).values
    wanted = encode_anchors(objects[number[found], :4], anchors[found])
    distance = F.smooth_l1_loss(offsets[found], wanted, reduction="sum")
    return entropy[found].sum() + hardest.sum() + distance
