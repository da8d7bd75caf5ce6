"""How close colors are to the true ones, and how colorful an image is.

Shapes: N images, H height, W width; pixels (N, 3, H, W) in [0, 1]; colors a and b of CIE Lab (N, 2, H, W).
"""

import torch
from torch import Tensor

FARTHEST = 150.0
"""The color error, in units of CIE Lab, up to which the curve is drawn (Zhang et al. 2016)."""


def area_under_curve(errors: Tensor, weights: Tensor | None = None) -> Tensor:
    """The area under the curve of the share of pixels whose error is below a threshold from 0 to 150, (N,) in [0, 1].

    `errors` (N, H, W) are distances in a and b, `weights` (N, H, W) say how much each pixel counts. Averaged over all
    thresholds, the share of pixels below a threshold is one minus the mean error as a part of 150.
    """
    weights = torch.ones_like(errors) if weights is None else weights
    return 1 - (errors.clamp(max=FARTHEST) * weights).sum((1, 2)) / weights.sum((1, 2)) / FARTHEST


def color_errors(ab: Tensor, true: Tensor) -> Tensor:
    """The distance of colors from the true ones: (N, H, W)."""
    return (ab - true).square().sum(1).sqrt()


def colorfulness(pixels: Tensor) -> Tensor:
    """The colorfulness of each image (N,), 0 for gray, above 80 for vivid ones (Hasler and Suesstrunk 2003)."""
    red, green, blue = (255 * pixels).unbind(1)
    opponents = torch.stack([red - green, (red + green) / 2 - blue], dim=1)
    spread = opponents.var((2, 3), unbiased=False).sum(1).sqrt()
    return spread + 0.3 * opponents.mean((2, 3)).norm(dim=1)
