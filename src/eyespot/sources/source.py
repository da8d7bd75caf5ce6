"""The data structures of a source: rows (images with annotations) in three parts; files are never changed."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import SourceError, look_up
from ..findings import counted
from ..images import Picture
from ..value_range import Range
from ._layout import classes_in

PARTS = ("train", "validation", "test")
LISTED = 10
"""Maximum number of names in a message; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One image with its annotations as text, which a task converts to a target.

    `values` may contain "label", "tags" (`a|b|c`), "number", "paired" (path of a paired image), "group" and "split",
    and any other column of a table. `location` is the location for messages ("labels.csv line 3").
    """

    picture: Picture = field(repr=False)
    name: str
    values: dict[str, str]
    location: str
    paired: Picture | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One image that was left out, with the reason."""

    name: str
    location: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """Some rows of a source: training, validation or test images.

    `keys` (one uint64 per row) depend on the content of each image: all randomness of a sample, such as its noise,
    derives from its key and is the same on every machine. `sizes` (N, 3) are height, width (upright) and channels (1 or
    3) of each image as examined.
    """

    name: str
    rows: Sequence[Row] = field(repr=False)
    keys: np.ndarray = field(repr=False)
    sizes: np.ndarray = field(repr=False)
    decoded: dict[bool, tuple[str, Any]] = field(default_factory=dict, repr=False, compare=False)
    """The decoded images of the last call, and their settings: see `cache.decode_once`."""

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, places: np.ndarray, name: str = "") -> "Part":
        """Select some of the rows, in the order of `places`, with a new name or the part's."""
        from ._collection import take_rows  # which imports this module

        return Part(
            name=name or self.name,
            rows=take_rows(self.rows, places),
            keys=self.keys[places],
            sizes=self.sizes[places],
        )


def join_parts(parts: Sequence[Part], name: str) -> Part:
    """Concatenate the rows of several parts to one part."""
    return Part(
        name=name,
        rows=[row for part in parts for row in part.rows],
        keys=np.concatenate([part.keys for part in parts]),
        sizes=np.concatenate([part.sizes for part in parts]),
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class Source:
    """Your images with their labels or other targets, split into training, validation and test parts.

    The network is trained on `train`; every choice (temperature, thresholds, epoch, settings) is made on `validation`;
    `test` is used once, for the report. `problems` lists the images that cannot be used; `left_out` counts the files
    that were ignored, by location. `leaked` has the keys of held-out images that are near duplicates of training
    images. `root` is the file or folder of the source, if any. `value_range` is the range that is mapped to black and
    white for images of more than 8 bits, otherwise None.
    """

    name: str
    kind: str
    train: Part
    validation: Part
    test: Part
    problems: Sequence[Problem] = ()
    notes: Sequence[str] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    leaked: frozenset[int] = frozenset()
    root: Path | None = None
    value_range: Range | None = None

    def __len__(self) -> int:
        return len(self.train) + len(self.validation) + len(self.test)

    def __repr__(self) -> str:
        return f"<Source {self.describe()}>"  # without its rows: there may be millions

    @property
    def parts(self) -> tuple[Part, Part, Part]:
        """The training, validation and test parts."""
        return self.train, self.validation, self.test

    @property
    def rows(self) -> list[Row]:
        """All rows: training, then validation, then test."""
        return [*self.train.rows, *self.validation.rows, *self.test.rows]

    @property
    def columns(self) -> set[str]:
        """Names of the columns that are filled in at least one row."""
        return {column for part in self.parts for row in part.rows for column, text in row.values.items() if text}

    def describe(self) -> str:
        """Summary in one line: how the source was read, and how many images were left out and why."""
        classes = "".join(f", {text}" for text in classes_in(row.values for row in self.rows))
        counts = {**self.left_out, "that cannot be used" if self.left_out else "": len(self.problems)}
        reasons = "; ".join(f"{count:,} {reason}".strip() for reason, count in counts.items() if count)
        return (
            f"{self.name}: {self.kind}, {counted(len(self), 'image')} "
            f"({len(self.train)} training, {len(self.validation)} validation, {len(self.test)} test){classes}"
            + (f"; left out: {reasons}" if reasons else "")
        )

    def require_classes(self) -> None:
        """Raise `SourceError` unless there are two or more classes with two or more images each."""
        counts = Counter(row.values["label"] for row in self.rows if row.values.get("label"))
        if len(counts) < 2:
            raise SourceError(
                f"{self.name}: has {len(counts)} class ({', '.join(counts) or 'no label'}); classification needs "
                "at least two: a folder for each class, or a table with a column 'label'."
            )
        if lonely := [label for label, count in counts.items() if count == 1]:
            where = {row.values.get("label"): row.location for row in self.rows}
            listed = ", ".join(f"'{label}' ({where[label]})" for label in lonely[:LISTED])
            more = f" and {len(lonely) - LISTED:,} more" if len(lonely) > LISTED else ""
            if not more and len(lonely) == 1:
                label = lonely[0]
                raise SourceError(
                    f"{self.name}: class '{label}' has only one image ({where[label]}); add images to it or remove it."
                )
            raise SourceError(
                f"{self.name}: {len(lonely):,} classes have only one image: {listed}{more}; "
                "add images to them or remove them."
            )


def without_single_classes(source: Source) -> tuple[Source, list[str]]:
    """The source without classes that have a single image, and the names of these classes."""
    counts = Counter(row.values.get("label") for row in source.rows)
    singles, parts = [], {}
    for part in source.parts:
        alone = np.array(
            [counts[label] == 1 if (label := row.values.get("label")) else False for row in part.rows], bool
        )
        singles += [part.rows[place].name for place in np.flatnonzero(alone).tolist()]
        parts[part.name] = part.take(np.flatnonzero(~alone)) if alone.any() else part
    return replace(source, **parts), singles


def short_side(source: Source) -> float:
    """Median shorter side of the training images, in pixels."""
    return float(np.median(source.train.sizes[:, :2].min(axis=1)))


def is_file(picture: Picture) -> bool:
    """Return whether an image is a path (and not bytes or an array)."""
    return isinstance(picture, str | Path)


def part_of(source: Source, name: str) -> Part:
    """One part of a source by its name, or "all" of it; raises `SourceError` for an unknown name or an empty part."""
    whole = join_parts(source.parts, "all")
    part = look_up("part", name, {**{part.name: part for part in source.parts}, "all": whole}, SourceError)
    if not len(part):
        raise SourceError(f"{source.name}: its part '{name}' is empty; choose another part, or 'all'.")
    return part


def fingerprint(source: Source) -> str:
    """A short text that changes if images are added, changed or moved to another part."""
    digest = hashlib.blake2b(digest_size=8)
    for part in source.parts:
        digest.update(np.sort(part.keys).tobytes() + part.name.encode())
    return digest.hexdigest()


def answers_fingerprint(source: Source, columns: Sequence[str]) -> str:
    """A short text that changes if a target changes: in one of a task's `columns`, or a paired image."""
    read = (*columns, "paired")
    digest = hashlib.blake2b(digest_size=8)
    for part in source.parts:
        for place in np.argsort(part.keys, kind="stable").tolist():
            values = part.rows[place].values
            digest.update("\0".join(values.get(column, "") for column in read).encode() + b"\1")
    return digest.hexdigest()
