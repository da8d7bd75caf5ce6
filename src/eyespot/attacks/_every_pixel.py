"""Exhaustive search with one pixel: every position with the corner colors and a grid of others.

Shapes: C channels, H height, W width, K colors.
"""

from itertools import product

import torch
from torch import Tensor

from ._black_box import Search, run_searches
from ._pixel_search import corners
from ._settings import Attempt, Settings
from ._victim import Changes, Victim

BLOCK = 4096
LEVELS = {1: 18, 3: 4}
"""Levels of each channel in the grid, at intervals of 16 or 85."""


def every_pixel(victim: Victim, images: Tensor, settings: Settings) -> Attempt:
    """Every position with corner colors, then with a grid, to measure what a search misses. For small images.

    A color image of 32 x 32 needs 65,536 queries if it resists, a gray image of 28 x 28 needs 14,112.
    """
    return run_searches(victim, images, lambda number: exhaust(images[number]), settings.queries)


def grid(channels: int) -> Tensor:
    """The colors (K, C): the corners first, then the other colors of the grid."""
    levels = torch.linspace(0, 255, LEVELS[channels]).round().tolist()
    extreme = corners(channels)
    others = [color for color in product(levels, repeat=channels) if not set(color) <= {0.0, 255.0}]
    return torch.cat([extreme, torch.tensor(others)])


def exhaust(image: Tensor) -> Search:
    """All positions, one color after the other, for one image (C, H, W)."""
    places = _places(image)
    colors = grid(len(image))
    number = torch.arange(len(colors)).repeat_interleave(len(places))
    for start in range(0, len(number), BLOCK):
        part = torch.arange(start, min(start + BLOCK, len(number)))
        yield Changes(places=places[part % len(places), None], colors=colors[number[part], None])


def _places(image: Tensor) -> Tensor:
    height, width = image.shape[1:]
    return torch.cartesian_prod(torch.arange(height), torch.arange(width))
