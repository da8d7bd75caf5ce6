"""Colors of the main subject of an image, without training: k-means in CIELAB space, and a name for each."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from ..errors import RunError, look_up
from ..images import ImageSpec, Picture, css_colors, read_pixels
from ._colors import PROTOTYPES, lab

CLUSTERS = 5
SIDE = 64
"""Longer side of the analyzed image in pixels."""
ALIKE = 12.0
"""Maximum CIELAB distance of background pixels; 2.3 is just noticeable."""
PLAIN_BORDER = 0.6
"""Minimum fraction of the border with one color for it to count as the background."""
SMALLEST_SUBJECT, SMALLEST_SHARE = 0.02, 0.05
"""Minimum fraction of the image for a subject, and of the subject for a color."""

LIGHTNESS = 0.6
"""Weight of a difference in lightness, which varies with shadow and light more than the name of a color."""
OF_OBJECTS: dict[str, tuple[tuple[int, int, int], ...]] = {
    "black": ((60, 60, 60),),
    "white": ((215, 218, 220),),
    "red": ((90, 30, 35),),
    "green": ((60, 70, 55), (150, 160, 120)),
    "blue": ((35, 40, 60), (70, 80, 110), (150, 170, 200)),
    "purple": ((70, 55, 80),),
    "brown": ((55, 40, 33), (80, 62, 52)),
}
"""Dull colors of leather, cloth and metal, whose names depend on their slight hue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectColor:
    """A color of the subject: its name, its mean as `#rrggbb`, and its share of the subject, from 0 to 1."""

    name: str
    code: str
    share: float


def subject_colors(picture: Picture, names: str = "basic", what: str = "") -> list[SubjectColor]:
    """The colors of the subject of an image, by decreasing share.

    `names` is "basic" (12 names) or "css" (the named colors of CSS); `what` is the name of the image in errors. If the
    border has one color, the connected region of that color is the background; else the center of the image has the
    largest weight. Raises `ImageError` for an unreadable image, and `RunError` for other names.
    """
    prototypes, labels = look_up("set of color names", names, {"basic": _basic, "css": _css}, RunError)()
    spec = ImageSpec(channels=3, height=SIDE, width=SIDE, fit="native")
    pixels = _small(read_pixels(picture, spec, what))
    points = lab(pixels)
    weights = _subject(points)
    chosen = weights.ravel() > 0
    points, colors, weights = points.reshape(-1, 3)[chosen], pixels.reshape(-1, 3)[chosen], weights.ravel()[chosen]
    groups = _clusters(points, weights)
    return _named(points, colors, weights / weights.sum(), groups, prototypes, labels)


def _small(pixels: np.ndarray) -> np.ndarray:
    """Nearest-neighbor downscaling to at most `SIDE` pixels per side: averaging would create new colors."""
    step = max(1, -(-max(pixels.shape[:2]) // SIDE))
    return pixels[step // 2 :: step, step // 2 :: step] if min(pixels.shape[:2]) > step else pixels


def _subject(points: np.ndarray) -> np.ndarray:
    """Weight of each pixel (H, W) as part of the subject."""
    from scipy.ndimage import binary_erosion, label

    border = np.concatenate([points[0], points[-1], points[1:-1, 0], points[1:-1, -1]])
    color = np.median(border, axis=0)
    if (np.linalg.norm(border - color, axis=1) <= ALIKE).mean() >= PLAIN_BORDER:
        alike, _ = label(np.linalg.norm(points - color, axis=2) <= ALIKE)  # pyright: ignore[reportGeneralTypeIssues]
        touching = np.unique(np.concatenate([alike[0], alike[-1], alike[:, 0], alike[:, -1]]))
        subject = ~np.isin(alike, touching[touching > 0])
        inside = binary_erosion(subject, border_value=1)  # edge pixels are mixed with the background
        for chosen in (inside, subject):
            if chosen.mean() >= SMALLEST_SUBJECT:
                return chosen.astype(float)
        return np.ones(points.shape[:2])
    y, x = (np.linspace(-1, 1, size) for size in points.shape[:2])
    return np.exp(-2 * (y[:, None] ** 2 + x[None] ** 2))


def _clusters(points: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Cluster number of each pixel."""
    from sklearn.cluster import KMeans

    count = min(CLUSTERS, len(np.unique(points.round(1), axis=0)))
    return KMeans(count, random_state=0).fit_predict(points, sample_weight=weights)


def _named(
    points: np.ndarray,
    colors: np.ndarray,
    weights: np.ndarray,
    groups: np.ndarray,
    prototypes: np.ndarray,
    labels: list[str],
) -> list[SubjectColor]:
    shares: dict[str, float] = {}
    sums: dict[str, Any] = {}
    for group in np.unique(groups):
        inside = groups == group
        center = np.average(points[inside], axis=0, weights=weights[inside])
        name = labels[int(np.square((prototypes - center) * (LIGHTNESS, 1, 1)).sum(1).argmin())]
        shares[name] = shares.get(name, 0) + float(weights[inside].sum())
        sums[name] = sums.get(name, 0) + (colors[inside] * weights[inside][:, None]).sum(0)
    found = [
        SubjectColor(name=name, code="#" + bytes(np.rint(sums[name] / share).astype(int).tolist()).hex(), share=share)
        for name, share in shares.items()
        if share >= SMALLEST_SHARE or share == max(shares.values())
    ]
    return sorted(found, key=lambda color: -color.share)


@cache
def _basic() -> tuple[np.ndarray, list[str]]:
    pairs = [(name, color) for known in (PROTOTYPES, OF_OBJECTS) for name, colors in known.items() for color in colors]
    return lab(np.array([color for _, color in pairs])), [name for name, _ in pairs]


@cache
def _css() -> tuple[np.ndarray, list[str]]:
    colors = css_colors()
    return lab(np.array(list(colors.values()))), list(colors)
