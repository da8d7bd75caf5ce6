"""Metrics: distance to the true colors, and colorfulness.

Shapes: N images, H height, W width; pixels (N, 3, H, W) in [0, 1]; colors a and b of CIE Lab (N, 2, H, W).
"""

import torch
from torch import Tensor

FARTHEST = 150.0
"""Upper limit of the color error in the curve, in units of CIE Lab (Zhang et al. 2016)."""


def area_under_curve(errors: Tensor, weights: Tensor | None = None) -> Tensor:
    """Area under the curve of the fraction of pixels with an error below a threshold from 0 to 150, (N,) in [0, 1].

    `errors` (N, H, W) are distances in a and b, `weights` (N, H, W) are pixel weights. Averaged over all thresholds,
    the fraction of pixels below a threshold is one minus the mean error divided by 150.
    """
    weights = torch.ones_like(errors) if weights is None else weights
    return 1 - (errors.clamp(max=FARTHEST) * weights).sum((1, 2)) / weights.sum((1, 2)) / FARTHEST


def color_errors(ab: Tensor, true: Tensor) -> Tensor:
    """Distance of colors from the true ones: (N, H, W)."""
    return (ab - true).square().sum(1).sqrt()


def colorfulness(pixels: Tensor) -> Tensor:
    """Colorfulness of each image (N,), 0 for gray, above 80 for vivid images (Hasler and Suesstrunk 2003)."""
    red, green, blue = (255 * pixels).unbind(1)
    opponents = torch.stack([red - green, (red + green) / 2 - blue], dim=1)
    spread = opponents.var((2, 3), unbiased=False).sum(1).sqrt()
    return spread + 0.3 * opponents.mean((2, 3)).norm(dim=1)
