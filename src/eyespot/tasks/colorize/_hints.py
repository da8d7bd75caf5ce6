"""User-defined colors of some pixels, propagated over the image by what the network sees as alike.

Shapes: N images, K hints, H height, W width; colors a and b and the lightness L in units of CIE Lab.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ...errors import TaskError
from ..task import Hint
from ._lab import to_lab

SIDE = 128
"""Longer side in pixels at which hints are propagated; the result is upscaled like the network's colors."""
NEAR = 0.3
"""Standard deviation of the spatial Gaussian, as a fraction of the image's longer side."""
ALIKE = 15.0
"""Standard deviation of the Gaussian over differences in lightness."""
SAME = 5.0
"""That over distances between the network's colors: what it takes for the same thing gets the same hint."""
DOUBT = 0.1
"""Weight of the network's own color, which dominates where no hint is close and similar."""


def with_hints(ab: Tensor, pixels: Tensor, hints: Sequence[Hint]) -> Tensor:
    """Colors (1, 2, H', W') of an image `pixels` (1, 3, H, W) in [0, 1], corrected by hints.

    Each hint defines the difference between its color and the network's; every pixel gets a weighted mean of these
    differences, with weights by distance, and by the difference in lightness and in the network's colors. Raise
    `TaskError` for a hint outside the image.
    """
    height, width = pixels.shape[2:]
    scale = min(1.0, SIDE / max(height, width))
    sides = max(1, round(height * scale)), max(1, round(width * scale))
    lightness = to_lab(F.adaptive_avg_pool2d(pixels, sides))[0, 0]
    ab = F.interpolate(ab, sides, mode="bilinear")
    rows, columns = _places(hints, (height, width), sides)
    hint_colors = to_lab(torch.tensor([hint.color for hint in hints]).to(pixels).T[None, :, :, None] / 255)[0, 1:, :, 0]
    difference = hint_colors - ab[0, :, rows, columns]
    weights = _weights(lightness, ab[0], rows, columns)
    spread = torch.einsum("khw,ck->chw", weights, difference) / (weights.sum(0) + DOUBT)
    return ab + spread[None]


def _places(hints: Sequence[Hint], original: tuple[int, int], sides: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Rows and columns (K,) of the hints at the size at which they are propagated."""
    for hint in hints:
        if not (0 <= hint.row < original[0] and 0 <= hint.column < original[1]):
            raise TaskError(
                f"there is a hint at row {hint.row}, column {hint.column}, but the image has {original[0]} rows and "
                f"{original[1]} columns, counted from 0; correct it."
            )
    rows = torch.tensor([hint.row * sides[0] // original[0] for hint in hints])
    return rows, torch.tensor([hint.column * sides[1] // original[1] for hint in hints])


def _weights(lightness: Tensor, ab: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Weight of each hint at each pixel: (K, H, W)."""
    height, width = lightness.shape
    down = torch.arange(height)[None, :, None] - rows[:, None, None]
    right = torch.arange(width)[None, None, :] - columns[:, None, None]
    distance = (down.square() + right.square()) / max(height, width) ** 2
    unlike = (lightness - lightness[rows, columns][:, None, None]).square()
    other = (ab[:, None] - ab[:, rows, columns][:, :, None, None]).square().sum(0)
    return torch.exp(-distance / (2 * NEAR**2) - unlike / (2 * ALIKE**2) - other / (2 * SAME**2))
