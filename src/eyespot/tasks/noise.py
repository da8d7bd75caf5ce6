"""Noise that depends only on a sample's key, and an estimate of the noise level of an image.

Shapes: N images, C channels, H height, W width; pixels in [0, 1].
"""

import numpy as np
import torch
from torch import Tensor


def gaussian_noise(keys: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Normal numbers (N, *shape) with mean 0 and standard deviation 1, from the key (N,) int64 of each sample.

    Philox (Salmon et al. 2011) is counter-based: the same key gives the same noise on every machine, in every batch and
    on every worker.
    """
    return torch.from_numpy(np.stack([one.standard_normal(shape, np.float32) for one in generators(keys)]))


def uniform_noise(keys: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Uniform numbers (N, *shape) in [0, 1), from the key (N,) int64 of each sample."""
    return torch.from_numpy(np.stack([one.random(shape, np.float32) for one in generators(keys)]))


def generators(keys: Tensor) -> list[np.random.Generator]:
    """A random generator for each sample, seeded by its key (N,) int64."""
    unsigned = keys.cpu().numpy().astype(np.int64).view(np.uint64).tolist()
    return [np.random.Generator(np.random.Philox(key=key)) for key in unsigned]


def noise_level(pictures: Tensor) -> Tensor:
    """Estimate the standard deviation of the noise in images (N, C, H, W): (N,), on the scale 0 to 255.

    The median absolute finest diagonal detail, divided by 0.6745 (Donoho and Johnstone 1994). It is exact for white
    noise on a flat image; fine texture counts as noise. Images narrower than 2 pixels give 0.
    """
    height, width = pictures.shape[2] // 2 * 2, pictures.shape[3] // 2 * 2
    if min(height, width) == 0:
        return torch.zeros(len(pictures))
    even = pictures[:, :, :height, :width].double()
    detail = even[:, :, ::2, ::2] - even[:, :, 1::2, ::2] - even[:, :, ::2, 1::2] + even[:, :, 1::2, 1::2]
    return detail.abs().flatten(1).median(1).values / 2 / 0.6745 * 255
