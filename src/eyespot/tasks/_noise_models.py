"""Ways in which a clean image becomes a noisy one, each following from a sample's key alone.

Shapes: N images, C channels, H height, W width; pixels in [0, 1]. Nothing is clipped: noise would lose its mean.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from .noise import gaussian_noise, generators, uniform_noise


class NoiseSettings(Protocol):
    """How strong the noise is; `sigma_from` is None where all images get noise of the same deviation."""

    @property
    def sigma(self) -> float: ...
    @property
    def sigma_from(self) -> float | None: ...
    @property
    def peak(self) -> float: ...
    @property
    def share(self) -> float: ...


Noisy = tuple[Tensor, Tensor | None]
"""Noisy images, and which of their pixels are known (N, 1, H, W), None where all are."""


def gaussian(clean: Tensor, keys: Tensor, settings: NoiseSettings) -> Noisy:
    """Gaussian noise of deviation `sigma` on the scale 0 to 255, or of one between `sigma_from` and it."""
    sigma = torch.full((len(clean), 1, 1, 1), settings.sigma).to(clean)
    if settings.sigma_from is not None:
        share = uniform_noise(changed(keys, 2), (1, 1, 1)).to(clean)
        sigma = settings.sigma_from + share * (settings.sigma - settings.sigma_from)
    return clean + gaussian_noise(keys, tuple(clean.shape[1:])).to(clean) * (sigma / 255), None


def poisson(clean: Tensor, keys: Tensor, settings: NoiseSettings) -> Noisy:
    """Counted light: full brightness is `peak` counts on average."""
    means = (clean.clamp(min=0) * settings.peak).cpu().numpy()
    counts = [one.poisson(mean).astype(np.float32) for one, mean in zip(generators(keys), means, strict=True)]
    return torch.from_numpy(np.stack(counts)).to(clean) / settings.peak, None


def bernoulli(clean: Tensor, keys: Tensor, settings: NoiseSettings) -> Noisy:
    """A `share` of the pixels is lost, and black."""
    known = uniform_noise(keys, (1, *clean.shape[2:])).to(clean) >= settings.share
    return clean * known, known


def impulse(clean: Tensor, keys: Tensor, settings: NoiseSettings) -> Noisy:
    """A `share` of the pixels has a random color instead of its own."""
    drawn = uniform_noise(keys, (clean.shape[1] + 1, *clean.shape[2:])).to(clean)
    return torch.where(drawn[:, :1] < settings.share, drawn[:, 1:], clean), None


NOISES: dict[str, Callable[[Tensor, Tensor, NoiseSettings], Noisy]] = {
    "gaussian": gaussian,
    "poisson": poisson,
    "bernoulli": bernoulli,
    "impulse": impulse,
}


def changed(keys: Tensor, number: int) -> Tensor:
    """Other keys (N,) for an independent drawing of the same samples."""
    return keys * 6364136223846793005 + number
