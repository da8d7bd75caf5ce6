"""Adversarial patch: a square with any content; few pixels with unlimited changes.

Brown et al., "Adversarial Patch" (2017); Karmon et al., "LaVAN: Localized and Visible Adversarial Noise" (2018).
Here it is optimized for one image and one position. Shapes: N images, C channels, H height, W width.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from ._quantization import SURE, rounded
from ._settings import Attempt, Settings, seed_of
from ._victim import Victim


def patch(victim: Victim, images: Tensor, settings: Settings) -> Attempt:
    """A square of at most `pixels` pixels where the gradient is largest; its content by many signed gradient steps."""
    side = min(math.isqrt(settings.pixels), *images.shape[2:])
    rows = torch.arange(len(images))
    inside = _largest_square(victim.slopes(images, rows)[1].abs().sum(1), side)[:, None]
    noise = torch.stack([_noise(image, settings.seed) for image in images])
    current = torch.where(inside, noise, images)
    best, lowest = images.clone(), torch.full((len(images),), torch.inf)
    step = max(2.5 / settings.steps, 1 / 255)
    for _ in range(settings.steps):
        rows = (lowest >= -SURE).nonzero()[:, 0]
        if len(rows) == 0:
            break
        tried = torch.where(inside[rows], rounded(current[rows]), images[rows])
        margin, slope = victim.slopes(tried, rows)
        better = margin < lowest[rows]
        best[rows[better]], lowest[rows[better]] = tried[better], margin[better].to(lowest)
        moved = (current[rows] - step * slope.sign().to(images)).clamp(0, 1)
        current[rows] = torch.where(inside[rows], moved, images[rows])
    return Attempt(pixels=best)


def _largest_square(values: Tensor, side: int) -> Tensor:
    """For each of N maps (N, H, W), the mask of the square with the largest sum."""
    sums = F.avg_pool2d(values[:, None], side, stride=1)[:, 0]
    row, column = (sums.flatten(1).argmax(1) // sums.shape[2], sums.flatten(1).argmax(1) % sums.shape[2])
    down = torch.arange(values.shape[1]) - row[:, None]
    across = torch.arange(values.shape[2]) - column[:, None]
    return ((down >= 0) & (down < side))[:, :, None] & ((across >= 0) & (across < side))[:, None]


def _noise(image: Tensor, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed_of(image, seed))
    return torch.rand(image.shape, generator=generator).to(image)
