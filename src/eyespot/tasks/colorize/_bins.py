"""Colors as classes: the in-gamut cells of a grid over a and b (Zhang et al. 2016).

Shapes: N images, H height, W width, Q classes; colors (N, 2, H, W) in units of CIE Lab.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ...images import ImageSpec, read_pixels
from ...sources.source import Row
from ._lab import to_lab

GRID = 10
"""Distance between neighboring classes."""
REACH = 11
"""Classes range from -110 to 110 in a and b."""
WIDTH = 2 * REACH + 1
NEIGHBORS = 5
"""Number of classes that share the target of one color."""
SPREAD = 5.0
"""Standard deviation of a target over its neighbors, and of the smoothing of color frequencies."""
UNIFORM = 0.5
"""Fraction of a uniform distribution that is mixed with the frequencies before they are inverted."""
RAREST = 1e-5
"""Lower limit of the frequency of a class."""
WARM = (0.5, 0.866)
"""Direction of warm colors in a and b: between red and yellow."""
TILT = 0.1
"""Log-likelihood ratio at warmth 1 of two colors whose warmth differs by one unit of CIE Lab."""
MOST_ROWS, SIDE = 2000, 32
"""Maximum number of training images for counting frequencies, and their side in pixels."""


@cache
def centers() -> Tensor:
    """a and b of each class (Q, 2): the cells of the grid that contain sRGB colors, in a fixed order."""
    line = torch.linspace(0, 1, 52)
    cube = torch.cartesian_prod(line, line, line).T.reshape(1, 3, 1, -1)
    a, b = torch.round(to_lab(cube)[0, 1:, 0] / GRID).long() + REACH
    cells = torch.unique(a * WIDTH + b)
    return (torch.stack([cells // WIDTH, cells % WIDTH], dim=1) - REACH).float() * GRID


@cache
def _classes_of_cells() -> tuple[Tensor, Tensor]:
    """The class of each cell of the grid (25, 25), with a border: the nearest one, and its own one or -1."""
    line = torch.arange(-REACH - 1, REACH + 2).float() * GRID
    distances = torch.cdist(torch.cartesian_prod(line, line), centers())
    near, own = distances.argmin(1), torch.where(distances.amin(1) < 1, distances.argmin(1), -1)
    return near.view(WIDTH + 2, -1), own.view(WIDTH + 2, -1)


def _cells(ab: Tensor) -> tuple[Tensor, Tensor]:
    """Row and column of each color's cell in the tables of `_classes_of_cells`."""
    cells = (ab / GRID).round().long().clamp(-REACH, REACH) + REACH + 1
    return cells[:, 0], cells[:, 1]


def nearest(ab: Tensor) -> Tensor:
    """Index of each color's class: (N, H, W)."""
    return _classes_of_cells()[0].to(ab.device)[_cells(ab)]


def soft_targets(ab: Tensor) -> tuple[Tensor, Tensor]:
    """The five nearest classes of each color (N, 5, H, W), and their weights, which sum to 1 (N, 5, H, W).

    Only the color's cell and its eight neighbors are considered, so that there may be fewer at the edge of the gamut.
    """
    row, column = _cells(ab)
    own = _classes_of_cells()[1].to(ab.device)
    places = [own[row + down, column + right] for down in (-1, 0, 1) for right in (-1, 0, 1)]
    places[4] = nearest(ab)
    candidates = torch.stack(places, dim=1)
    known = centers().to(ab)[candidates].movedim(-1, 2)
    distances = (known - ab[:, None]).square().sum(2).masked_fill(candidates < 0, torch.inf)
    near, order = distances.topk(NEIGHBORS, dim=1, largest=False)
    return candidates.gather(1, order).clamp(min=0), torch.softmax(-near / (2 * SPREAD**2), dim=1)


def cross_entropy(output: Tensor, ab: Tensor) -> Tensor:
    """The cross-entropy of outputs (N, Q, H, W) with the soft targets of colors: (N,)."""
    places, shares = soft_targets(ab)
    return -(shares * F.log_softmax(output, dim=1).gather(1, places)).sum(1).mean((1, 2))


def annealed_mean(output: Tensor, temperature: float, warmth: float = 0.0) -> Tensor:
    """Mean color of the softmax of outputs (N, Q, H, W), sharpened by a temperature below 1: (N, 2, H, W).

    A `warmth` above 0 makes warm colors more likely, below 0 cold ones. It changes little where the network is
    confident.
    """
    tilt = warmth * TILT * (centers() @ torch.tensor(WARM))
    shares = torch.softmax(output / temperature + tilt.to(output)[:, None, None], dim=1)
    return F.conv2d(shares, centers().to(output).T[:, :, None, None])


def frequencies(rows: Sequence[Row]) -> tuple[float, ...]:
    """Frequency of each class among the pixels of at most 2,000 downscaled training images."""
    spec = ImageSpec(height=SIDE, width=SIDE, channels=3, fit="stretch")
    counts = torch.zeros(len(centers()))
    for row in rows[:: -(-len(rows) // MOST_ROWS)]:
        pixels = torch.from_numpy(np.array(read_pixels(row.picture, spec, row.location))).permute(2, 0, 1)[None]
        counts += torch.bincount(nearest(to_lab(pixels / 255)[:, 1:]).flatten(), minlength=len(counts))
    return tuple((counts / counts.sum()).tolist())


def rarity(shares: Sequence[float]) -> Tensor:
    """Weight of each class (Q,), with mean 1: the inverse of its smoothed frequency, mixed with a uniform one."""
    known = torch.tensor(shares, dtype=torch.float32)
    kernel = torch.softmax(-torch.cdist(centers(), centers()).square() / (2 * SPREAD**2), dim=1)
    smooth = (known @ kernel).clamp(min=RAREST)
    smooth = smooth / smooth.sum()
    weights = 1 / ((1 - UNIFORM) * smooth + UNIFORM / len(smooth))
    return weights / (weights * smooth).sum()
