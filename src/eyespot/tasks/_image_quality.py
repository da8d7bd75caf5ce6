"""Image quality: peak signal-to-noise ratio and structural similarity to reference images.

Shapes: N images, C channels, H height, W width; pixels in [0, 1].
"""

import math
from typing import Any

import torch
from torch import Tensor

SMALLEST_FOR_SSIM = 11
"""Window side of the structural similarity, in pixels."""
PERFECT = 100.0
"""Upper limit of the signal-to-noise ratio in dB; it would be infinite for identical images."""


def peak_ratio(pictures: Tensor, clean: Tensor) -> Tensor:
    """Peak signal-to-noise ratio, 10 log10(1 / mean squared error), per image (N,), in dB, at most 100."""
    error = (pictures - clean).square().mean((1, 2, 3))
    return -10 * torch.log10(error.clamp(min=10 ** (-PERFECT / 10)))


def structural_similarity(pictures: Tensor, clean: Tensor) -> Tensor:
    """SSIM (Wang et al. 2004) per image (N,), with a Gaussian window; NaN for images below 11 x 11 pixels."""
    if min(pictures.shape[2:]) < SMALLEST_FOR_SSIM:
        return torch.full((len(pictures),), math.nan)
    from torchmetrics.functional.image import structural_similarity_index_measure

    similarity: Any = structural_similarity_index_measure(pictures, clean, data_range=1.0, reduction="none")
    return similarity.reshape(len(pictures))
