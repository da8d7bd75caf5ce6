"""Distribution of the numbers of a source, such as steering angles."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .source import Row

BINS = 11
"""Odd, so that the middle bin contains straight ahead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The numbers of the images: their count, the fractions below, at and above 0, and a histogram.

    `edges` are the limits of the histogram's bins, one more than `counts`; `drives` is the number of different drives,
    0 if none are named.
    """

    count: int
    below_zero: float
    zero: float
    above_zero: float
    edges: list[float]
    counts: list[int]
    drives: int


def describe_numbers(rows: Iterable[Row]) -> Numbers | None:
    """The distribution of the column "number"; None without numbers. Invalid text is ignored."""
    numbers, drives = [], set()
    for row in rows:
        if math.isfinite(number := parse_number(row.values.get("number", ""))):
            numbers.append(number)
            drives.add(row.values.get("drive", ""))
    if not numbers:
        return None
    values = np.array(numbers)
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
    """Parse the number of a cell; NaN for other text."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _range(values: np.ndarray) -> tuple[float, float]:
    """The smallest and the largest number; symmetric around 0 if there are numbers on both sides of it."""
    low, high = float(values.min()), float(values.max())
    if low < 0 < high:
        return -max(-low, high), max(-low, high)
    return (low, high) if low < high else (low - 0.5, high + 0.5)
