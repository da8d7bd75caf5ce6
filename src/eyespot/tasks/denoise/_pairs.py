"""Checks of pairs of a noisy image and its target: the same scene with different noise."""

import numpy as np
import torch
from torch import Tensor

from ...images import read_native, read_thumbnail
from ...sources.source import Row
from ..noise import noise_level

SIDE = 16
"""Side in pixels at which scenes are compared: small, so that noise is averaged out."""
LEAST_CORRELATION = 0.5
"""Minimum correlation of two images of one scene, unless noise dominates."""
LEAST_CONTRAST = 4.0
"""Below this standard deviation, on the scale 0 to 255, a small image has no content that could be compared."""
LEAST_NOISE = 3.0
"""Below this standard deviation, on the scale 0 to 255, noise cannot be distinguished from fine texture."""
TILE = 16
"""Side in pixels of the tiles of an image; noise is estimated in the flattest ones."""
SHARED = 0.5
"""Independent noise of two images adds up in their difference; a smaller fraction of it means shared noise."""


def pair_problem(row: Row, noisy_targets: bool) -> str:
    """Why a row with a paired image cannot be used, as text; empty if it can."""
    assert row.paired is not None
    first, second = (read_thumbnail(image, SIDE, 1, row.location).astype(float) for image in (row.picture, row.paired))
    if np.array_equal(first, second) and np.array_equal(
        read_native(row.picture, row.location), read_native(row.paired, row.location)
    ):
        return "is the same as its paired image, so that there is no noise to learn"
    if min(first.std(), second.std()) >= LEAST_CONTRAST:
        correlation = float(np.corrcoef(first.ravel(), second.ravel())[0, 1])
        if correlation < LEAST_CORRELATION:
            return f"shows another scene than its paired image (correlation {correlation:.2f}; expected above 0.5)"
    return _shared_noise(row) if noisy_targets else ""


def _shared_noise(row: Row) -> str:
    """Whether the noise of two noisy images is the same: the network would learn to keep it."""
    assert row.paired is not None
    first, second = (read_native(image, row.location).astype(np.float32) / 255 for image in (row.picture, row.paired))
    if first.shape != second.shape:
        return ""  # reported when the source is read
    one, other, between = (noise_level(_tiles(image)) for image in (first, second, first - second))
    flat = one.argsort()[: -(-len(one) // 4)]  # elsewhere texture counts as noise
    noise = torch.minimum(one, other)[flat].median()
    together = (one.square() + other.square()).sqrt()[flat].median()
    if noise < LEAST_NOISE or between[flat].median() >= SHARED * together:
        return ""
    return "has the same noise as its paired image, which a network would learn to keep; give two separate shots"


def _tiles(image: np.ndarray) -> Tensor:
    """The whole tiles of an image (H, W, C), as (N, C, h, w); a small image is one tile."""
    height, width, channels = image.shape
    down, right = min(TILE, height), min(TILE, width)
    pixels = torch.from_numpy(image[: height // down * down, : width // right * right])
    tiles = pixels.view(height // down, down, width // right, right, channels)
    return tiles.permute(0, 2, 4, 1, 3).flatten(0, 1)
