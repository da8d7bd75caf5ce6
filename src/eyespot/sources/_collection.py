"""The rows of a reader, before they are examined and split."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import overload

import numpy as np

from ..value_range import Range
from .source import Problem, Row


@dataclass(kw_only=True)
class Collection:
    """The result of a reader: all rows, and what was left out.

    `root` is the file or folder of the source (None in memory): earlier splits of
    its images are recorded under it. `left_out` counts the ignored images by location;
    `advice` is the remedy if too many cannot be used.
    `value_range` is that of arrays of more than 8 bits, which are scaled already.
    """

    name: str
    kind: str
    rows: Sequence[Row]
    root: Path | None = None
    value_range: Range | None = None
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    advice: str = ""


class ArrayRows(Sequence[Row]):
    """Rows whose images are in one array: created on demand, so that a million small images stay one array.

    `images` is uint8 (N, H, W, C), or a list of arrays (H, W, C) of different sizes; `chosen` (n,) are the indices of
    the rows among them; `values`, `paired` and `location` have one entry for each of the N images.
    """

    def __init__(
        self,
        images: np.ndarray | Sequence[np.ndarray],
        values: Sequence[dict[str, str]],
        location: Sequence[str],
        paired: np.ndarray | Sequence[np.ndarray] | None = None,
        chosen: np.ndarray | None = None,
    ) -> None:
        self.images = images
        self.values = values
        self.location = location
        self.paired = paired
        self.chosen = np.arange(len(images)) if chosen is None else chosen

    def __len__(self) -> int:
        return len(self.chosen)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> "ArrayRows": ...
    def __getitem__(self, place: int | slice) -> "Row | ArrayRows":
        if isinstance(place, slice):
            return self.take(np.arange(len(self))[place])
        return self._row(int(self.chosen[place]))

    def __iter__(self) -> Iterator[Row]:
        return map(self._row, self.chosen.tolist())

    def take(self, places: np.ndarray) -> "ArrayRows":
        """Select some of the rows; the images are shared, not copied."""
        return ArrayRows(self.images, self.values, self.location, self.paired, self.chosen[places])

    def _row(self, number: int) -> Row:
        paired = None if self.paired is None else self.paired[number]
        location = self.location[number]
        return Row(
            picture=self.images[number], name=location, values=self.values[number], location=location, paired=paired
        )


class Numbered(Sequence[str]):
    """The names "images 0", "images 1", ..., created on demand."""

    def __init__(self, name: str, length: int) -> None:
        self.name = name
        self.length = length

    def __len__(self) -> int:
        return self.length

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [f"{self.name} {number}" for number in range(self.length)[place]]
        return f"{self.name} {range(self.length)[place]}"


def take_rows(rows: Sequence[Row], places: np.ndarray) -> Sequence[Row]:
    """Select some of the rows, in the order of `places`."""
    if isinstance(rows, ArrayRows):
        return rows.take(places)
    return [rows[place] for place in places.tolist()]
