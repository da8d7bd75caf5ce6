"""Loss of score and offset maps.

The location whose cell contains a point has the target score 1. All other locations are negatives, with a lower
weight near a point (penalty-reduced focal loss; Law and Deng 2018, https://arxiv.org/abs/1808.01244; Zhou et al.
2019, https://arxiv.org/abs/1904.07850). Offsets are learned around each point, not only at its own location, so that
locations that share a point agree on its place.
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
AROUND = 0.1
"""Offsets are learned where the Gaussian is larger than this, and weighted by it."""


def location_loss(logits: Tensor, shifts: Tensor, target: Tensor, stride: int) -> Tensor:
    """Loss (N,) of logits (N, h, w) and offsets (N, 2, h, w) in strides for points (N, M, 2), padded with NaN."""
    height, width = logits.shape[1:]
    known = ~target.isnan().any(-1)
    images = [_image_targets(one[keep], height, width, stride) for one, keep in zip(target, known, strict=True)]
    heat, wanted = (torch.stack(parts) for parts in zip(*images, strict=True))
    score = logits.sigmoid()
    right = (1 - score) ** ALPHA * F.logsigmoid(logits)
    wrong = (1 - heat) ** BETA * score**ALPHA * F.logsigmoid(-logits)
    focal = -torch.where(heat == 1, right, wrong).flatten(1).sum(1)
    weight = torch.where(heat > AROUND, heat, 0.0)
    away = ((shifts - wanted).abs().sum(1) * weight).flatten(1).sum(1) / weight.flatten(1).sum(1).clamp(min=1)
    return focal / known.sum(1).clamp(min=1) + away


def _image_targets(points: Tensor, height: int, width: int, stride: int) -> tuple[Tensor, Tensor]:
    """The heat map (h, w), 1 at the location of each point (M, 2), and the offsets (2, h, w) to the nearest point."""
    heat, shifts = heat_map(points, height, width, stride)
    column, row = cells(points, height, width, stride).unbind(1)
    heat[row, column] = 1.0
    shifts[:, row, column] = (points / stride - torch.stack([column, row], dim=1) - 0.5).T
    return heat, shifts


def heat_map(points: Tensor, height: int, width: int, stride: int) -> tuple[Tensor, Tensor]:
    """Gaussians (h, w) from 0 to 1 around each point (M, 2), of which the largest counts, and the offsets (2, h, w).

    Offsets lead from the center of each location to the nearest point, in strides.
    """
    if not len(points):
        return points.new_zeros(height, width), points.new_zeros(2, height, width)
    columns = points[:, :1] / stride - torch.arange(width, device=points.device) - 0.5
    rows = points[:, 1:] / stride - torch.arange(height, device=points.device) - 0.5
    away, nearest = (rows.square()[:, :, None] + columns.square()[:, None, :]).min(0)
    row, column = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    shifts = torch.stack([columns[nearest, column.to(nearest)], rows[nearest, row.to(nearest)]])
    return (-away / (2 * SPREAD**2)).exp().clamp(max=0.999), shifts
