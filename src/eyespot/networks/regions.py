"""Boxes that the locations of a map propose, and samples of maps inside of boxes: what two-stage detectors need.

Shapes: N images, C channels, h x w locations of a map, L boxes.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

TYPICAL = 3.0
"""Sides, in strides, of the boxes of an untrained network."""
LARGEST_LOG = 8.0
"""Limit of the log side, in strides: exp(8) strides exceed any image, and larger values would overflow in float16."""
PROPOSAL = 5
"""Numbers of a proposal: a logit of being an object, then those that `decode` takes."""


def centers(height: int, width: int, stride: int, like: Tensor) -> Tensor:
    """The centers (h, w, 2), x and y in pixels, of the cells of a map."""
    y = torch.arange(height, dtype=like.dtype, device=like.device) + 0.5
    x = torch.arange(width, dtype=like.dtype, device=like.device) + 0.5
    return stride * torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)


def decode(raw: Tensor, stride: int) -> Tensor:
    """Decode four numbers (N, 4, h, w) per location to boxes (N, h, w, 4) in pixels.

    The numbers are the offset of the box center from the cell center, in strides, and the logarithms of width and
    height relative to typical sides: this also represents boxes that are smaller than a cell and contain no cell
    center.
    """
    raw = raw.permute(0, 2, 3, 1)
    middle = centers(raw.shape[1], raw.shape[2], stride, raw) + stride * raw[..., :2]
    half = TYPICAL * stride * raw[..., 2:].clamp(max=LARGEST_LOG).exp() / 2
    return torch.cat([middle - half, middle + half], dim=-1)


def align_regions(maps: Tensor, boxes: Tensor, bins: int, stride: int) -> Tensor:
    """Samples (N, C, L, bins * bins), row by row, of maps (N, C, h, w) inside of boxes (N, L, 4) in pixels.

    RoI align (He et al. 2017, "Mask R-CNN", https://arxiv.org/abs/1703.06870) with one bilinear sample at the center of
    each of bins x bins parts of a box. Outside of the map, its border is repeated.
    """
    return F.grid_sample(maps, _samples(maps, boxes, bins, stride), padding_mode="border", align_corners=False)


def pool_by_position(maps: Tensor, boxes: Tensor, bins: int, stride: int) -> Tensor:
    """Numbers (N, C, L) of boxes (N, L, 4) from position-sensitive maps (N, bins * bins * C, h, w).

    Each of bins x bins parts of a box is sampled from C maps of its own, and the parts are averaged (Dai et al. 2016,
    "R-FCN", https://arxiv.org/abs/1605.06409).
    """
    parts = maps.unflatten(1, (bins * bins, -1)).flatten(0, 1)
    places = _samples(maps, boxes, bins, stride).transpose(1, 2).flatten(0, 1)[:, :, None]
    sampled = F.grid_sample(parts, places, padding_mode="border", align_corners=False)[..., 0]
    return sampled.unflatten(0, (len(maps), -1)).mean(1)


def _samples(maps: Tensor, boxes: Tensor, bins: int, stride: int) -> Tensor:
    """The centers (N, L, bins * bins, 2) of the parts of boxes, x and y from -1 to 1 across the maps."""
    fractions = (torch.arange(bins, dtype=boxes.dtype, device=boxes.device) + 0.5) / bins
    parts = torch.stack(torch.meshgrid(fractions, fractions, indexing="xy"), dim=-1).flatten(0, 1)
    low, sides = boxes[..., None, :2], (boxes[..., 2:] - boxes[..., :2])[..., None, :]
    extent = stride * boxes.new_tensor([maps.shape[3], maps.shape[2]])
    return 2 * (low + sides * parts) / extent - 1
