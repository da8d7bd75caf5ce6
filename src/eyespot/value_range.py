"""The value range of 16-bit, 32-bit and float images: which values become black and white.

One range holds for a whole source and for the model trained on it. Scaling each image by its own extremes would make
brightness meaningless, and one hot pixel would turn an image black.
"""

from collections.abc import Sequence

import numpy as np

from .errors import ImageError

Range = tuple[float, float]

IGNORED = 0.001
"""This share of the pixels of an image, at each end, does not count: hot and dead pixels."""

COMMON: tuple[Range, ...] = ((0, 1), (-1, 1), (0, 255), (0, 1023), (0, 4095), (0, 16383), (0, 65535))
"""Ranges that cameras and programs use: normalized values, and 8, 10, 12, 14 and 16 bits."""

LOST = 1 / 255
"""An image that uses less of the range than this has one or two levels left."""
LEAST_USED = 1 / 8
"""A common range of which the values use less than this is not taken: too few of the 256 levels would be left."""


def bounds_of(values: np.ndarray) -> Range:
    """Lowest and highest value of one image without infinities, NaN and the most extreme pixels; NaN if none is left.

    >>> bounds_of(np.array([[0.0, 0.5], [1.0, np.inf]]))
    (0.0, 1.0)
    """
    finite = values[np.isfinite(values)]
    if not finite.size:
        return np.nan, np.nan
    # At least one pixel at each end, so that a single brighter one never counts; tiny images have none to spare.
    ignored = int(np.ceil(IGNORED * finite.size)) if finite.size >= 16 else 0
    ends = np.partition(finite, (ignored, finite.size - 1 - ignored))
    return float(ends[ignored]), float(ends[finite.size - 1 - ignored])


def choose_range(bounds: np.ndarray) -> Range | None:
    """The range of a source from the bounds (N, 2) of its images; NaN marks images of 8 bits. None if all are.

    The rule: the smallest common range that holds the bounds of every image, if they use an eighth of it; otherwise
    from the lowest to the highest bound. A common range stays the same when images are added.

    >>> choose_range(np.array([[300, 700], [310, 790]]))
    (0.0, 1023.0)
    >>> choose_range(np.array([[1000, 1100]]))
    (1000.0, 1100.0)
    """
    known = bounds[np.isfinite(bounds).all(axis=1)]
    if not len(known):
        return None
    low, high = float(known[:, 0].min()), float(known[:, 1].max())
    for start, end in COMMON:
        if start <= low and high <= end:
            if high - low >= LEAST_USED * (end - start) or low == high:
                return float(start), float(end)
            break
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def describe_range(chosen: Range, bounds: np.ndarray) -> str:
    """The note about the value range of a source: which one, why, and how to change it."""
    known = bounds[np.isfinite(bounds).all(axis=1)]
    found = f"16-bit, 32-bit or float values in {len(known):,} image{'s' * (len(known) != 1)}"
    if len(known):
        found += f", from {known[:, 0].min():g} to {known[:, 1].max():g}"
    used = (known[:, 1] - known[:, 0]) / (chosen[1] - chosen[0])
    half = np.median(used) if len(known) else 1.0
    little = ""
    if half < LEAST_USED:
        little = f"; half of the images use less than {max(half, 0.001):.1%} of it, so little of them is left"
    elif lost := int((used < LOST).sum()):
        little = f"; {lost:,} of them use less than {LOST:.1%} of it, so nothing of these is left"
    return (
        f"{found}: {chosen[0]:g} becomes black and {chosen[1]:g} white in every image{little} "
        "(set it with --range LOW,HIGH, in Python value_range=(LOW, HIGH))"
    )


def to_bytes(values: np.ndarray, value_range: Range) -> np.ndarray:
    """Scale values to uint8; what lies beyond the range is clipped, NaN becomes black.

    >>> to_bytes(np.array([0.0, 0.5, 1.0, np.inf, np.nan]), (0, 1)).tolist()
    [0, 128, 255, 255, 0]
    """
    low, high = value_range
    scaled = (np.asarray(values, np.float64) - low) * (255 / (high - low))
    return np.rint(np.clip(np.nan_to_num(scaled, nan=0.0, posinf=255.0, neginf=0.0), 0, 255)).astype(np.uint8)


def check_inside(values: np.ndarray, value_range: Range) -> None:
    """Raise `ImageError` where all of an image lies beyond the range: it would be all black or all white."""
    low, high = bounds_of(np.asarray(values, np.float64).ravel())
    if low > value_range[1] or high < value_range[0]:
        raise ImageError(
            f"holds values from {low:g} to {high:g}, all beyond the value range {value_range[0]:g} to "
            f"{value_range[1]:g}; give an image of the same kind as those of the source."
        )


def check_range(value_range: Sequence[float]) -> Range:
    """The range as two finite numbers, the lower one first; raises `ImageError` for anything else."""
    try:
        low, high = (float(value) for value in value_range)
    except (TypeError, ValueError) as error:
        raise ImageError(f"value range is {value_range!r}; expected two numbers, such as (0, 4095).") from error
    if not (np.isfinite([low, high]).all() and low < high):
        raise ImageError(f"value range is {low:g} to {high:g}; expected two finite numbers, the lower one first.")
    return low, high


def parse_range(text: str) -> Range:
    """Read "LOW,HIGH", such as "0,4095"; raises `ImageError` for anything else.

    >>> parse_range("0,4095")
    (0.0, 4095.0)
    """
    parts = text.split(",")
    try:
        return check_range([float(part) for part in parts])
    except ValueError as error:
        if isinstance(error, ImageError) and len(parts) == 2:
            raise
        raise ImageError(f"range is '{text}'; expected LOW,HIGH, such as 0,4095.") from error
