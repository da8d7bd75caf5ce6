"""Distance of an image from a model's images in the space of the model's features."""

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from ..embeddings.layers import features_of
from ..errors import EyespotError
from ..samples import to_batch
from .resources import ModelResource, spread

MOST = 200
"""Maximum number of images for the comparison."""
FEWEST = 20
"""Minimum number of images; fewer do not show the usual distances."""
NEIGHBORS = 5
LEVEL = 0.05
"""An image farther away than all but this fraction of the compared images is out of distribution."""
BATCH = 4

_compared: WeakKeyDictionary[ModelResource, np.ndarray] = WeakKeyDictionary()


def familiarity(shown: ModelResource, pixels: bytes) -> dict[str, Any]:
    """Compare uint8 pixels (C, H, W) with up to 200 of the model's held-out images (without a run: all its images).

    `distance` is the mean distance to the five nearest, of normalized features, `median` that between the images
    themselves, and `share` the fraction of images that are at least as far from the others: a conformal p-value. All
    values including `unfamiliar` are None with fewer than 20 images for the comparison.
    """
    if shown not in _compared:
        _compared[shown] = _features(shown)
    others = _compared[shown]
    counts = {"count": len(others), "heldOut": shown.held_out > 0}
    if len(others) < FEWEST:
        return {**counts, "distance": None, "median": None, "share": None, "unfamiliar": None}
    own = _unit(_feature(shown, to_batch(shown.array(pixels)[None])))
    distance, usual = distance_to(others, own[0]), distances_within(others)
    share = (1 + int((usual >= distance).sum())) / (1 + len(usual))
    return {
        **counts,
        "distance": distance,
        "median": float(np.median(usual)),
        "share": share,
        "unfamiliar": share <= LEVEL,
    }


def distance_to(others: np.ndarray, own: np.ndarray) -> float:
    """Mean distance of a vector (F,) to its five nearest of (N, F), excluding an identical one.

    >>> distance_to(np.array([[0.0, 1.0], [3.0, 1.0], [4.0, 1.0]]), np.array([0.0, 1.0]))
    3.5
    """
    distances = np.sort(np.linalg.norm(others - own, axis=1))
    return float(distances[int(distances[0] < 1e-6) :][:NEIGHBORS].mean())


def distances_within(others: np.ndarray) -> np.ndarray:
    """Mean distance of each of (N, F) to the five nearest others (N,)."""
    products = others @ others.T
    squares = np.diag(products)[:, None] + np.diag(products)[None] - 2 * products
    np.fill_diagonal(squares, np.inf)
    return np.sqrt(np.maximum(np.sort(squares, axis=1)[:, :NEIGHBORS], 0)).mean(axis=1)


def _features(shown: ModelResource) -> np.ndarray:
    """Normalized features (N, F) of the images for the comparison; unreadable ones are skipped."""
    rows = [shown.rows[place] for place in spread(shown.held_out or len(shown.rows), MOST)]
    images: list[np.ndarray] = []
    for row in rows:
        try:
            images.append(shown.array(shown.pixels(row.picture, row.name)))
        except EyespotError:
            continue
    features = [_feature(shown, to_batch(np.stack(images[i : i + BATCH]))) for i in range(0, len(images), BATCH)]
    return _unit(np.concatenate(features)) if features else np.empty((0, 0))


def _feature(shown: ModelResource, pixels: Tensor) -> np.ndarray:
    with torch.no_grad():
        return features_of(shown.model, shown.model.network_x(pixels), None)[1].double().numpy()


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
