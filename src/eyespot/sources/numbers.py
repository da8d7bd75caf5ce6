"""How the numbers of a source are distributed, such as steering angles."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .source import Row

BINS = 11
"""An odd number: with angles to both sides, the middle one holds straight ahead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The numbers of the images: how many there are, the shares below 0, at 0 and above it, and a histogram.

    `edges` are the limits of the histogram's bins, one more than `counts`; `drives` counts the drives that frames
    belong to, 0 if none are named.
    """

    count: int
    below_zero: float
    zero: float
    above_zero: float
    edges: list[float]
    counts: list[int]
    drives: int


def describe_numbers(rows: Iterable[Row]) -> Numbers | None:
    """The distribution of the column "number"; None without numbers. Text that is no number is passed over."""
    found, drives = [], set()
    for row in rows:
        if math.isfinite(number := parse_number(row.values.get("number", ""))):
            found.append(number)
            drives.add(row.values.get("drive", ""))
    if not found:
        return None
    values = np.array(found)
    counts, edges = np.histogram(values, bins=BINS, range=_range(values))
    return Numbers(
        count=len(values),
        below_zero=float((values < 0).mean()),
        zero=float((values == 0).mean()),
        above_zero=float((values > 0).mean()),
        edges=edges.tolist(),
        counts=counts.tolist(),
        drives=len(drives - {""}),
    )


def parse_number(text: str) -> float:
    """The number of a cell; NaN for text that is no number."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _range(values: np.ndarray) -> tuple[float, float]:
    """From the smallest to the largest; symmetric around 0 if there are numbers on both sides of it."""
    low, high = float(values.min()), float(values.max())
    if low < 0 < high:
        return -max(-low, high), max(-low, high)
    return (low, high) if low < high else (low - 0.5, high + 0.5)
