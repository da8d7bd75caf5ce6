"""Quality flags: blurred, dark, bright, without contrast, screenshots, documents.

Each flag compares one number with a limit. The limit adapts to the collection: photos three robust standard deviations
from its median are unusual in it. It stays within fixed bounds, so that neither the best half of a collection of
night photos nor the least good ones of a good collection are flagged.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

DEVIATIONS = 3.0
MAD_TO_STD = 1.4826
"""The median absolute deviation times this is the standard deviation of a normal distribution."""

LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)
QUALITY = ("brightness", "highlights", "contrast", "sharpness", "paper", "ink", "repeated")
FLAT_CONTRAST = 4.0
"""Pixel differences below this (of 255) count as uniform."""
WHITE, COLORLESS, INK = 200, 30, 60


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A flag is set if `number` is below (or above) a limit between `lowest` and `highest`."""

    flag: str
    number: str
    below: bool
    lowest: float
    highest: float


LIMITS = (
    Limit(flag="dark", number="highlights", below=True, lowest=50, highest=100),
    Limit(flag="bright", number="brightness", below=False, lowest=205, highest=235),
    Limit(flag="low contrast", number="contrast", below=True, lowest=12, highest=25),
    Limit(flag="blurred", number="sharpness", below=True, lowest=6, highest=14),
)


def measure_quality(pixels: np.ndarray) -> dict[str, float]:
    """Compute the numbers for flags from uint8 pixels (H, W, 3).

    brightness: mean luminance, 0 to 255; highlights: its 99th percentile, so that a dark room with a bright window is
    not dark; contrast: the standard deviation; sharpness: the 99th percentile of the difference between a pixel and the
    mean of its 3x3 neighborhood, so that a sharp subject in front of a soft background counts as sharp; paper: fraction
    of light and colorless pixels; ink: fraction of dark pixels next to such ones; repeated: fraction of pixels that
    equal both their right and lower neighbor exactly.
    """
    gray = pixels.astype(np.float32) @ LUMINANCE
    # Channel by channel: a reduction over an axis of three takes many times as long.
    red, green, blue = np.moveaxis(pixels, 2, 0)
    spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    paper = (gray > WHITE) & (spread < COLORLESS)
    return {
        "brightness": float(gray.mean()),
        "highlights": float(np.percentile(gray, 99)),
        "contrast": float(gray.std()),
        "sharpness": _sharpness(gray),
        "paper": float(paper.mean()),
        "ink": float(((gray < WHITE - INK) & (spread < 2 * COLORLESS)).mean()),
        "repeated": _repeated(pixels),
    }


def _sharpness(gray: np.ndarray) -> float:
    if min(gray.shape) < 3:
        return 0.0
    rows = gray[:-2] + gray[1:-1] + gray[2:]
    mean = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9
    return float(np.percentile(np.abs(gray[1:-1, 1:-1] - mean), 99))


def _repeated(pixels: np.ndarray) -> float:
    if min(pixels.shape[:2]) < 2:
        return 1.0
    here = pixels[:-1, :-1]
    equal = (here == pixels[1:, :-1]) & (here == pixels[:-1, 1:])
    return float((equal[..., 0] & equal[..., 1] & equal[..., 2]).mean())


def limits_of(numbers: Mapping[str, np.ndarray]) -> dict[str, float]:
    """The limit of each flag for a collection, from the numbers (N,) of its photos."""
    limits = {}
    for limit in LIMITS:
        values = numbers[limit.number]
        middle = float(np.median(values)) if len(values) else 0.0
        deviation = MAD_TO_STD * float(np.median(np.abs(values - middle))) if len(values) else 0.0
        unusual = middle + (-1 if limit.below else 1) * DEVIATIONS * deviation
        limits[limit.flag] = min(limit.highest, max(limit.lowest, unusual))
    return limits


def flags_of(quality: Mapping[str, float], camera: str, limits: Mapping[str, float]) -> list[str]:
    """The flags of one photo."""
    if quality["contrast"] < FLAT_CONTRAST:
        return ["empty"]
    flags = [
        limit.flag
        for limit in LIMITS
        if (quality[limit.number] < limits[limit.flag]) == limit.below and quality[limit.number] != limits[limit.flag]
    ]
    if quality["paper"] > 0.6 and 0.01 < quality["ink"] < 0.35:
        return [*(flag for flag in flags if flag != "bright"), "document"]
    if not camera and quality["repeated"] > 0.5:
        flags.append("screenshot")
    return flags
