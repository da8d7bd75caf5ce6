"""Stain normalization of microscope images: images of different laboratories and scanners get similar colors.

The formulas are those of Macenko et al. 2009 (https://doi.org/10.1109/ISBI.2009.5193250) and Reinhard et al. 2001
(https://doi.org/10.1109/38.946629). Shapes: H height, W width, P pixels; images are uint8 (H, W, 3).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .errors import ImageError

METHODS = ("macenko", "reinhard")
WHITE = 240.0
"""Brightness of the empty slide."""
CLEAR = 0.15
"""Optical density up to which a pixel counts as empty."""
LEAST_STAINED = 100
"""Number of stained pixels that stains are estimated from, at least."""
EXTREME = 1.0
"""Percentile of angles and concentrations that is left out as extreme."""


@dataclass(frozen=True, kw_only=True)
class Stains:
    """Directions of hematoxylin and eosin in optical density (3, 2), unit columns, and their high concentrations."""

    directions: np.ndarray
    high: np.ndarray


STANDARD = Stains(
    directions=np.array([[0.5626, 0.2159], [0.7201, 0.8012], [0.4062, 0.5581]]), high=np.array([1.9705, 1.0308])
)
"""The reference of the authors' published code, used without a reference image."""


def normalizer(method: str, reference: np.ndarray | None) -> Callable[[np.ndarray], np.ndarray]:
    """A function that gives an image the colors of `reference`; raises `ImageError` where that is impossible.

    Macenko's method has a standard reference; Reinhard's needs an image.
    """
    if method == "macenko":
        goal = STANDARD if reference is None else find_stains(reference)
        return lambda image: macenko(image, goal)
    if reference is None:
        raise ImageError("The method reinhard needs a reference image, whose colors are taken over; give --reference.")
    moments = color_moments(reference)
    return lambda image: reinhard(image, moments)


def find_stains(image: np.ndarray) -> Stains:
    """The two stains of an image; raise `ImageError` if too little of it is stained.

    They are the extreme directions within the plane of the two largest principal components of optical density.
    """
    density = optical_density(image)
    stained = density[(density > CLEAR).all(axis=1)]
    if len(stained) < LEAST_STAINED:
        raise ImageError(f"only {len(stained):,} pixels are stained; expected at least {LEAST_STAINED}.")
    plane = np.linalg.eigh(np.cov(stained.T))[1][:, 1:]
    plane *= np.where(plane.sum(axis=0) < 0, -1, 1)
    along, across = (stained @ plane).T  # the second column is the largest component
    angles = np.arctan2(across, along)
    low, high = np.percentile(angles, [EXTREME, 100 - EXTREME])
    first, second = (plane @ np.array([np.cos(angle), np.sin(angle)]) for angle in (low, high))
    pair = (first, second) if first[0] > second[0] else (second, first)  # hematoxylin absorbs more red
    directions = np.stack(pair, axis=1)
    return Stains(directions=directions, high=_high(concentrations(density, directions)))


def macenko(image: np.ndarray, goal: Stains) -> np.ndarray:
    """An image with the stains and the high concentrations of `goal`."""
    own = find_stains(image)
    amounts = concentrations(optical_density(image), own.directions) * (goal.high / own.high)
    return _to_bytes(WHITE * np.exp(-amounts @ goal.directions.T), image)


def optical_density(image: np.ndarray) -> np.ndarray:
    """Optical density (P, 3) of an image."""
    return -np.log((image.reshape(-1, 3).astype(np.float64) + 1) / WHITE)


def concentrations(density: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Amounts (P, 2) of the stains with least squares."""
    return density @ np.linalg.pinv(directions).T


def _high(amounts: np.ndarray) -> np.ndarray:
    return np.maximum(np.percentile(amounts, 100 - EXTREME, axis=0), 1e-6)


TO_LMS = np.array([[0.3811, 0.5783, 0.0402], [0.1967, 0.7244, 0.0782], [0.0241, 0.1288, 0.8444]])
TO_LAB = np.diag([3**-0.5, 6**-0.5, 2**-0.5]) @ np.array([[1, 1, 1], [1, 1, -2], [1, -1, 0]])
"""The matrices of Reinhard et al.: RGB to cones, and logarithms of these to the decorrelated space l, alpha, beta."""


def color_moments(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation (3,) of an image in l, alpha and beta."""
    values = _to_lab(image)
    return values.mean(axis=0), np.maximum(values.std(axis=0), 1e-6)


def reinhard(image: np.ndarray, moments: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """An image with the given mean and standard deviation in l, alpha and beta."""
    values, (mean, spread) = _to_lab(image), color_moments(image)
    moved = (values - mean) / spread * moments[1] + moments[0]
    rgb = 10 ** (moved @ np.linalg.inv(TO_LAB).T) @ np.linalg.inv(TO_LMS).T
    return _to_bytes(rgb * 255 - 1, image)


def _to_lab(image: np.ndarray) -> np.ndarray:
    return np.log10((image.reshape(-1, 3) + 1.0) / 255 @ TO_LMS.T) @ TO_LAB.T


def _to_bytes(values: np.ndarray, image: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8).reshape(image.shape)
