"""Simple image features that explain scores: brightness, colors, sharpness, position and size of detail, faces.

A network's scores cannot be explained from its weights. If simple features explain most of their variance, the scores
mostly depend on those.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import RunError
from ..faces import find_faces
from ..images import ImageSpec, Picture, read_pixels, read_size
from ..tasks.statistics import correlation_interval
from ._colors import lab

SIDE = 256
"""Longer side of the analyzed image in pixels."""
FEWEST = 30
FOLDS, TREES, SHUFFLES = 5, 50, 5
FEATURES = {
    "brightness": "mean lightness",
    "contrast": "deviation of the lightness",
    "saturation": "mean chroma",
    "warmth": "yellow rather than blue",
    "redness": "red rather than green",
    "sharpness": "fine detail: mean size of the second differences, compared with the contrast",
    "detail": "share of the image that has edges",
    "subject width": "how far the edges spread to the sides",
    "subject height": "how far the edges spread up and down",
    "off center": "distance of the middle of the edges from the middle of the image",
    "subject low": "how far below the middle the middle of the edges lies",
    "border": "share of the outermost pixels that have one color",
    "width to height": "shape of the image",
}


FACE_FEATURES = {
    "faces": "number of faces",
    "face area": "share of the image inside the boxes of its faces",
}
"""Features that need the networks of the extra `faces`."""


def plain_features(picture: Picture, what: str = "") -> dict[str, float]:
    """The numbers of `FEATURES` for an image; `what` names it in errors. Raises `ImageError` if it is invalid."""
    pixels = read_pixels(picture, ImageSpec(channels=3, height=SIDE, width=SIDE, fit="native"), what)
    ratio = pixels.shape[1] / pixels.shape[0]
    step = max(1, max(pixels.shape[:2]) // SIDE)
    if min(pixels.shape[:2]) > 2 * step:
        height, width = (size // step * step for size in pixels.shape[:2])
        blocks = pixels[:height, :width].reshape(height // step, step, width // step, step, 3)
        pixels = blocks.mean((1, 3))
    points = lab(pixels)
    light = points[..., 0]
    return {
        "brightness": float(light.mean()),
        "contrast": float(light.std()),
        "saturation": float(np.hypot(points[..., 1], points[..., 2]).mean()),
        "warmth": float(points[..., 2].mean()),
        "redness": float(points[..., 1].mean()),
        "sharpness": _sharpness(light),
        **_edges(light),
        "border": _border(points),
        "width to height": ratio,
    }


def face_features(picture: Picture, what: str = "") -> dict[str, float]:
    """The numbers of `FACE_FEATURES` for an image; raises `ImageError` if it is invalid.

    Raises `NetworkError` without the weights of the extra `faces`.
    """
    height, width, _ = read_size(picture, what)
    boxes = np.array([face.box for face in find_faces(picture, what)]).reshape(-1, 2, 2)
    sides = np.diff(boxes.clip(0, (width, height)), axis=1)[:, 0]
    return {"faces": float(len(boxes)), "face area": min(1.0, float(sides.prod(axis=1).sum()) / (width * height))}


def explain_scores(features: Sequence[Mapping[str, float]], scores: Sequence[float]) -> dict[str, Any]:
    """How well simple features predict the scores (N,) of images, and which ones, by decreasing importance.

    "explained" is the fraction of the variance that a random forest predicts on held-out images; "features" lists for
    each feature its rank correlation with the score, the 95 % interval of that, and its "importance": the decrease of
    "explained" if the feature is shuffled (Breiman 2001). Raises `RunError` for fewer than 30 images.
    """
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.model_selection import KFold

    if len(scores) < FEWEST:
        raise RunError(f"{len(scores)} images have a score; rules need {FEWEST} or more. Give more images.")
    names = list(features[0])
    x, y = np.array([[row[name] for name in names] for row in features]), np.asarray(scores, dtype=float)
    predicted, losses = np.empty(len(y)), []
    for fitted, held in KFold(FOLDS, shuffle=True, random_state=0).split(x):
        forest = RandomForestRegressor(TREES, min_samples_leaf=3, random_state=0).fit(x[fitted], y[fitted])
        predicted[held] = forest.predict(x[held])
        error = np.square(predicted[held] - y[held]).sum()
        losses.append(_errors_when_shuffled(forest, x[held], y[held]) - error)
    variance = float(y.var()) or 1.0
    shares = np.sum(losses, axis=0) / len(y) / variance
    found = []
    for place, name in enumerate(names):
        correlation, interval = correlation_interval(x[:, place], y)
        entry = {"feature": name, "importance": float(shares[place]), "correlation": correlation, "interval": interval}
        found.append(entry)
    explained = 1 - float(np.square(predicted - y).mean()) / variance
    return {"explained": max(0.0, explained), "features": sorted(found, key=lambda row: -row["importance"])}


def _errors_when_shuffled(forest: Any, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Sum of squared errors (F,) if one of the features of x (N, F) is shuffled, averaged over shuffles."""
    random, (count, features) = np.random.default_rng(0), x.shape
    shuffled = np.tile(x, (features, SHUFFLES, 1, 1))
    for feature in range(features):
        for turn in range(SHUFFLES):
            shuffled[feature, turn, :, feature] = random.permutation(x[:, feature])
    predicted = forest.predict(shuffled.reshape(-1, features)).reshape(features, SHUFFLES, count)
    return np.square(predicted - y).sum(2).mean(1)


def _sharpness(light: np.ndarray) -> float:
    if min(light.shape) < 3:
        return 0.0
    second = 4 * light[1:-1, 1:-1] - light[:-2, 1:-1] - light[2:, 1:-1] - light[1:-1, :-2] - light[1:-1, 2:]
    return float(np.abs(second).mean() / (light.std() + 1))


def _edges(light: np.ndarray) -> dict[str, float]:
    """Fraction, spread and center of the edges."""
    size = np.hypot(*np.gradient(light)) if min(light.shape) > 1 else np.zeros(light.shape)
    total = size.sum()
    y, x = np.mgrid[: light.shape[0], : light.shape[1]] / np.maximum(np.array(light.shape) - 1, 1)[:, None, None] - 0.5
    if not total:
        return {"detail": 0.0, "subject width": 0.0, "subject height": 0.0, "off center": 0.0, "subject low": 0.0}
    middle = [(size * axis).sum() / total for axis in (x, y)]
    spread = [np.sqrt((size * (axis - at) ** 2).sum() / total) for axis, at in zip((x, y), middle, strict=True)]
    return {
        "detail": float((size > 5).mean()),
        "subject width": float(spread[0]),
        "subject height": float(spread[1]),
        "off center": float(np.hypot(*middle)),
        "subject low": float(middle[1]),
    }


def _border(points: np.ndarray) -> float:
    edge = np.concatenate([points[0], points[-1], points[1:-1, 0], points[1:-1, -1]])
    return float((np.linalg.norm(edge - np.median(edge, axis=0), axis=1) < 3).mean())
