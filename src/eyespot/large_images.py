"""Answers for images that are too large for a network: overlapping tiles, whose answers the task joins.

Memory stays bounded: TIFF files are read region by region.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ._tiff_regions import TiffRegions
from .file_formats import FORMATS
from .images import frame_of, read_native, read_pixels
from .model import Model
from .samples import to_batch
from .tasks.task import Tile

OVERLAP = 0.25
"""Share of a tile's side by which neighbors overlap."""
AT_ONCE = 4
"""Tiles that are computed as one batch."""


def predict_large(model: Model, file: str | Path, progress: Callable[[int, int], None] | None = None) -> dict[str, Any]:
    """The answer for one image of any size, computed in tiles of the size of the training images.

    `progress` is called with the number of finished tiles and of all. Raises `TaskError` if the task cannot join
    answers, and `ImageError` for a file that cannot be read.
    """
    model.task.join_tiles([], (1, 1))  # fail early
    picture = _Regions(file)
    corners = list(tile_corners(picture.size, tile_size(model)))
    tiles: list[Tile] = []
    for start in range(0, len(corners), AT_ONCE):
        tiles += _answered(model, picture, corners[start : start + AT_ONCE])
        if progress is not None:
            progress(len(tiles), len(corners))
    return model.task.join_tiles(tiles, picture.size)


def tile_size(model: Model) -> tuple[int, int]:
    """Height and width of a tile in pixels of the image: the typical size of the training images."""
    height, width = model.made.get("typical_size") or (model.images.height, model.images.width)
    return int(height), int(width)


def tile_corners(size: tuple[int, int], tile: tuple[int, int]) -> Iterator[tuple[int, int, tuple[int, int, int, int]]]:
    """Top and left of every tile, and its core (x1, y1, x2, y2) in pixels of the image; cores cover the image once.

    >>> [left for _, left, _ in tile_corners((80, 200), (80, 80))]
    [0, 60, 120]
    """
    rows, columns = (list(_spans(side, part)) for side, part in zip(size, tile, strict=True))
    for top, (y1, y2) in rows:
        for left, (x1, x2) in columns:
            yield top, left, (x1, y1, x2, y2)


def _spans(side: int, tile: int) -> Iterator[tuple[int, tuple[int, int]]]:
    """Start of each tile along one side, and the part of the side that it answers for."""
    count = max(1, -(-(side - tile) // max(1, int(tile * (1 - OVERLAP)))) + 1)
    starts = [round(place * (side - tile) / max(1, count - 1)) for place in range(count)] if side > tile else [0]
    ends = [(start + after + tile) // 2 for start, after in pairwise(starts)] + [side]
    yield from zip(starts, zip([0, *ends], ends, strict=False), strict=True)


class _Regions:
    """One image, of which regions are read: a TIFF file piece by piece, others as a whole."""

    def __init__(self, file: str | Path) -> None:
        if str(file).lower().endswith(FORMATS["TIFF"]):
            self.tiff, self.whole = TiffRegions(file), np.empty((0, 0, 1), np.uint8)
            self.size = self.tiff.size
        else:
            self.tiff, self.whole = None, read_native(file)
            self.size = self.whole.shape[0], self.whole.shape[1]

    def read(self, top: int, left: int, tile: tuple[int, int]) -> np.ndarray:
        """A tile (H, W, C); it is extended by reflection where the image is smaller."""
        height, width = (min(each, side) for each, side in zip(tile, self.size, strict=True))
        if self.tiff is not None:
            pixels = self.tiff.read(top, left, height, width)
        else:
            pixels = self.whole[top : top + height, left : left + width]
        return np.pad(pixels, ((0, tile[0] - height), (0, tile[1] - width), (0, 0)), mode="symmetric")


@torch.no_grad()
def _answered(model: Model, picture: _Regions, corners: list[Any]) -> list[Tile]:
    size = tile_size(model)
    pixels = [read_pixels(picture.read(top, left, size), model.images) for top, left, _ in corners]
    outputs = model.answer_outputs(to_batch(np.stack(pixels)))
    frame = frame_of(size, model.images)
    return [
        Tile(answer=model.task.answer(output, frame), left=left, top=top, core=core)
        for output, (top, left, core) in zip(outputs, corners, strict=True)
    ]
