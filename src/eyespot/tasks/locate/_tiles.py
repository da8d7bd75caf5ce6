"""Points of the tiles of a large image, joined to one answer."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.spatial import KDTree

from ..task import Tile
from ._points import as_array


def moved(tile: Tile) -> list[dict[str, Any]]:
    """The points in the core of a tile, in pixels of the whole image."""
    x1, y1, x2, y2 = tile.core
    points = [
        {"point": [entry["point"][0] + tile.left, entry["point"][1] + tile.top], "score": entry["score"]}
        for entry in tile.answer["points"]
    ]
    return [each for each in points if x1 <= each["point"][0] < x2 and y1 <= each["point"][1] < y2]


def joined(tiles: Sequence[list[dict[str, Any]]], distance: float) -> list[dict[str, Any]]:
    """All points by decreasing score; of two closer than `distance` in different tiles, the one with the larger score.

    An object on the border of two cores may be found a pixel to the left by one tile and a pixel to the right by the
    other one.
    """
    points = [point for tile in tiles for point in tile]
    tile_of = np.repeat(np.arange(len(tiles)), [len(tile) for tile in tiles])
    scores = np.array([point["score"] for point in points])
    dropped = np.zeros(len(points), bool)
    if points:
        pairs = KDTree(as_array([point["point"] for point in points])).query_pairs(distance, output_type="ndarray")
        for one, other in pairs[tile_of[pairs[:, 0]] != tile_of[pairs[:, 1]]]:
            if not dropped[one] and not dropped[other]:
                dropped[other if scores[one] >= scores[other] else one] = True
    order = np.argsort(-scores, kind="stable")
    return [points[place] for place in order if not dropped[place]]
