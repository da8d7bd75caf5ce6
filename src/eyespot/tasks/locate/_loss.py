"""Loss of score and offset maps.

The location whose cell contains a point has the target score 1. All other locations are negatives, with a lower
weight near a point (penalty-reduced focal loss; Law and Deng 2018, https://arxiv.org/abs/1808.01244; Zhou et al.
2019, https://arxiv.org/abs/1904.07850).
Shapes: N images, M points, h x w locations.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from ._points import cells

ALPHA, BETA = 2.0, 4.0
"""Exponents of the focal loss and of the penalty reduction with distance, as in the papers."""
SPREAD = 1.0
"""Standard deviation of the Gaussian around a point, in strides."""


def location_loss(logits: Tensor, shifts: Tensor, target: Tensor, stride: int) -> Tensor:
    """Loss (N,) of logits (N, h, w) and offsets (N, 2, h, w) in strides for points (N, M, 2), padded with NaN."""
    height, width = logits.shape[1:]
    known = ~target.isnan().any(-1)
    image, number = known.nonzero(as_tuple=True)
    points = target[image, number]
    column, row = cells(points, height, width, stride).unbind(1)
    heat = torch.stack([heat_map(one[keep], height, width, stride) for one, keep in zip(target, known, strict=True)])
    heat[image, row, column] = 1.0
    score = logits.sigmoid()
    right = (1 - score) ** ALPHA * F.logsigmoid(logits)
    wrong = (1 - heat) ** BETA * score**ALPHA * F.logsigmoid(-logits)
    focal = -torch.where(heat == 1, right, wrong).flatten(1).sum(1)
    center = torch.stack([column, row], dim=1) + 0.5
    away = (shifts[image, :, row, column] - (points / stride - center)).abs().sum(1)
    far = away.new_zeros(len(target)).index_add(0, image, away)
    return (focal + far) / known.sum(1).clamp(min=1)


def heat_map(points: Tensor, height: int, width: int, stride: int) -> Tensor:
    """Gaussians (h, w) from 0 to 1 around each point (M, 2); overlapping ones are combined by their maximum."""
    if not len(points):
        return points.new_zeros(height, width)
    columns = (torch.arange(width, device=points.device) + 0.5 - points[:, :1] / stride).square()
    rows = (torch.arange(height, device=points.device) + 0.5 - points[:, 1:] / stride).square()
    away = (rows[:, :, None] + columns[:, None, :]).amin(0)
    return (-away / (2 * SPREAD**2)).exp().clamp(max=0.999)
