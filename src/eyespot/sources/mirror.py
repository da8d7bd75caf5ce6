"""Simple features of images and their mirror images, to test whether mirroring changes the answer.

Histograms of signed gradient directions in 4 x 4 cells (after Dalal and Triggs 2005), and colors in 8 x 8: they differ
for objects that face left or right, and hardly for objects at another position.
"""

import numpy as np

from ._collection import ArrayRows, take_rows
from ._examine import NEAR_LIMIT, examine
from .source import Source

LOOKED_AT = 1000
"""Maximum number of training images that are compared with their mirror images."""
CELLS, DIRECTIONS, COLORS = 4, 8, 8


def mirror_features(source: Source) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Indices (n,) of up to 1,000 training images, their features (n, D), and those of their mirror images (n, D)."""
    places = np.sort(np.argsort(source.train.keys, kind="stable")[:LOOKED_AT])
    thumbnails = _thumbnails(source, places).astype(np.float32)
    return places, _features(thumbnails), _features(thumbnails[:, :, ::-1])


def _thumbnails(source: Source, places: np.ndarray) -> np.ndarray:
    rows = source.train.rows
    if isinstance(rows, ArrayRows) or len(source) > NEAR_LIMIT:
        thumbnails = examine(take_rows(rows, places)).thumbnails
    else:  # all of them are available since the source was opened
        thumbnails = examine(source.rows, source.root).take(places).thumbnails
    assert thumbnails is not None
    return thumbnails


def _features(images: np.ndarray) -> np.ndarray:
    """(N, D) features of images (N, S, S, 3)."""
    gray = images.mean(axis=3)
    gray = (gray - gray.mean(axis=(1, 2), keepdims=True)) / (gray.std(axis=(1, 2), keepdims=True) + 1)
    down, across = np.gradient(gray, axis=(1, 2))
    size = np.hypot(down, across)
    direction = np.floor((np.arctan2(down, across) / (2 * np.pi) + 1 / (2 * DIRECTIONS)) * DIRECTIONS).astype(int)
    count, side = gray.shape[:2]
    cell = np.arange(side) * CELLS // side
    place = (cell[:, None] * CELLS + cell[None]) * DIRECTIONS
    histograms = np.zeros((count, CELLS * CELLS * DIRECTIONS), np.float32)
    numbers = np.broadcast_to(np.arange(count)[:, None, None], gray.shape)
    np.add.at(histograms, (numbers, place[None] + direction % DIRECTIONS), size)
    colors = (
        images.reshape(count, COLORS, side // COLORS, COLORS, side // COLORS, 3).mean(axis=(2, 4)).reshape(count, -1)
    )
    return np.hstack([histograms / (histograms.mean() + 1e-6), colors / 128 - 1])
