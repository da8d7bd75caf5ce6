"""Noise that follows from a sample's key alone, and an estimate of the noise in a picture.

Shapes: N images, C channels, H height, W width; pixels in [0, 1].
"""

import numpy as np
import torch
from torch import Tensor


def gaussian_noise(keys: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Normal numbers (N, *shape) of mean 0 and deviation 1, drawn for each sample from its own key (N,) int64.

    Philox (Salmon et al. 2011) is a generator that only counts: the same key gives the same noise on every machine,
    in every batch, on every worker.
    """
    return torch.from_numpy(np.stack([one.standard_normal(shape, np.float32) for one in generators(keys)]))


def uniform_noise(keys: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Numbers (N, *shape) from 0 to 1, all as likely, drawn for each sample from its own key (N,) int64."""
    return torch.from_numpy(np.stack([one.random(shape, np.float32) for one in generators(keys)]))


def generators(keys: Tensor) -> list[np.random.Generator]:
    """A generator for each sample, which follows from its own key (N,) int64 alone."""
    unsigned = keys.cpu().numpy().astype(np.int64).view(np.uint64).tolist()
    return [np.random.Generator(np.random.Philox(key=key)) for key in unsigned]


def noise_level(pictures: Tensor) -> Tensor:
    """Estimate the deviation of the noise in pictures (N, C, H, W): (N,), on the scale 0 to 255.

    The median size of the finest diagonal detail, divided by 0.6745 (Donoho and Johnstone 1994). It is exact for white
    noise on a flat picture; fine texture counts as noise. Pictures narrower than 2 pixels give 0.
    """
    height, width = pictures.shape[2] // 2 * 2, pictures.shape[3] // 2 * 2
    if min(height, width) == 0:
        return torch.zeros(len(pictures))
    even = pictures[:, :, :height, :width].double()
    detail = even[:, :, ::2, ::2] - even[:, :, 1::2, ::2] - even[:, :, ::2, 1::2] + even[:, :, 1::2, 1::2]
    return detail.abs().flatten(1).median(1).values / 2 / 0.6745 * 255
