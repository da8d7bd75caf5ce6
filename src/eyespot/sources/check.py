"""The contents and problems of a source, before training."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..findings import to_json
from ._collection import ArrayRows
from ._duplicates import exact_pairs, near_pairs
from ._examine import NEAR_LIMIT, ImageStatistics, examine
from .numbers import Numbers, describe_numbers
from .source import Part, Problem, Row, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Twins:
    """Two identical (`kind` "exact") or similar ("near") images, with the part and the label of each."""

    kind: str
    names: tuple[str, str]
    parts: tuple[str, str]
    labels: tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """The result of `check`.

    `parts` and `classes` count images (`classes` by label, then by part); `balance` is the largest class divided by the
    smallest; `sizes` contains (height, width) of the smallest, the median and the largest image; `channels` counts
    images by number of channels. `across_parts` and `conflicts` list the `exact` and `near` duplicates that are in two
    parts or have two labels. `near_searched` is whether near duplicates were searched at all. `objects` counts boxes by
    class: "images" with one, and "objects" in total, of which "small" (below 32 x 32 pixels), "medium" and "large"
    (from 96 x 96 on), as in COCO. `numbers` describes the numbers of the images, such as steering angles; None without
    any.
    """

    name: str
    kind: str
    count: int
    parts: dict[str, int]
    classes: dict[str, dict[str, int]]
    balance: float | None
    sizes: dict[str, tuple[int, int]]
    channels: dict[int, int]
    problems: Sequence[Problem]
    exact: Sequence[Twins]
    near: Sequence[Twins]
    across_parts: Sequence[Twins]
    conflicts: Sequence[Twins]
    near_searched: bool
    objects: dict[str, dict[str, int]]
    numbers: Numbers | None
    notes: Sequence[str]

    def to_json(self) -> str:
        """Every value as one JSON document."""
        return to_json(self)


def check(source: Source) -> CheckReport:
    """Count the images of a source, and find unreadable, duplicate and contradictory ones.

    >>> from eyespot.sources import open_source
    >>> check(open_source("bundled:digits")).sizes["largest"]
    (8, 8)
    """
    near_searched = len(source) <= NEAR_LIMIT
    facts = _examined(source, near_searched)
    exact = _twins("exact", exact_pairs(facts.keys), source)
    near = _twins("near", near_pairs(facts), source)
    classes = _classes(source.parts)
    totals = [sum(counts.values()) for counts in classes.values()]
    return CheckReport(
        name=source.name,
        kind=source.kind,
        count=len(source),
        parts={part.name: len(part) for part in source.parts},
        classes=classes,
        balance=max(totals) / min(totals) if totals else None,
        sizes=_sizes(facts.sizes),
        channels=dict(sorted(Counter(facts.sizes[:, 2].tolist()).items())),
        problems=source.problems,
        exact=exact,
        near=near,
        across_parts=[twins for twins in (*exact, *near) if len(set(twins.parts)) > 1],
        conflicts=[twins for twins in (*exact, *near) if len(set(twins.labels)) > 1],
        near_searched=near_searched,
        objects=_count_objects(source.rows),
        numbers=describe_numbers(source.rows),
        notes=source.notes,
    )


def _examined(source: Source, near: bool) -> ImageStatistics:
    if not isinstance(source.train.rows, ArrayRows):
        return examine(source.rows, source.root, near)
    facts = [examine(part.rows, near=near) for part in source.parts]
    thumbnails = [each.thumbnails for each in facts if each.thumbnails is not None]
    return ImageStatistics(
        keys=np.concatenate([each.keys for each in facts]),
        sizes=np.concatenate([each.sizes for each in facts]),
        bounds=np.concatenate([each.bounds for each in facts]),
        frames=np.concatenate([each.frames for each in facts]),
        reduced=np.concatenate([each.reduced for each in facts]),
        thumbnails=np.concatenate(thumbnails) if len(thumbnails) == len(facts) else None,
        unreadable={},
    )


def _twins(kind: str, pairs: np.ndarray, source: Source) -> list[Twins]:
    places = [(part, number) for part in source.parts for number in range(len(part))] if len(pairs) else []
    twins = []
    for pair in pairs.tolist():
        (one, first), (two, second) = (places[each] for each in pair)
        rows = one.rows[first], two.rows[second]
        names, labels = (rows[0].name, rows[1].name), (_said(rows[0]), _said(rows[1]))
        twins.append(Twins(kind=kind, names=names, parts=(one.name, two.name), labels=labels))
    return twins


def _said(row: Row) -> str:
    """The annotation that should be equal for the same image."""
    return next((row.values[column] for column in ("label", "tags", "number") if row.values.get(column)), "")


def _classes(parts: Sequence[Part]) -> dict[str, dict[str, int]]:
    counts = {part.name: Counter(label for row in part.rows if (label := row.values.get("label"))) for part in parts}
    labels = sorted(set().union(*counts.values()))
    return {label: {part: labels_in_part[label] for part, labels_in_part in counts.items()} for label in labels}


SMALL, LARGE = 32**2, 96**2
"""Limits of the areas in pixels of small, medium and large objects."""


def _count_objects(rows: Iterable[Row]) -> dict[str, dict[str, int]]:
    """Objects by class and size; invalid boxes are ignored here, since training rejects them."""
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        try:
            boxes = [(entry["label"], [float(side) for side in entry["box"]]) for entry in _boxes(row)]
            sized = [(label, (x2 - x1) * (y2 - y1)) for label, (x1, y1, x2, y2) in boxes]
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
        for label, area in sized:
            size = "small" if area < SMALL else "medium" if area < LARGE else "large"
            counts.setdefault(str(label), Counter()).update(["objects", size])
        for label in {label for label, _ in sized}:
            counts[str(label)]["images"] += 1
    names = ("images", "objects", "small", "medium", "large")
    return {label: {name: counts[label][name] for name in names} for label in sorted(counts)}


def _boxes(row: Row) -> list[Mapping[str, Any]]:
    return json.loads(row.values["boxes"]) if row.values.get("boxes") else []


def _sizes(sizes: np.ndarray) -> dict[str, tuple[int, int]]:
    """(height, width) of the smallest, the median and the largest image by area."""
    if not len(sizes):
        return {}
    order = np.argsort(sizes[:, 0].astype(np.int64) * sizes[:, 1], kind="stable")
    chosen = {"smallest": order[0], "middle": order[len(order) // 2], "largest": order[-1]}
    return {name: (int(sizes[number, 0]), int(sizes[number, 1])) for name, number in chosen.items()}
