"""Drives: frames in temporal order, with the steering angle of each.

Neighboring frames hardly differ, so parts are whole drives, or contiguous segments of one drive with a gap
between them; never single frames.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..findings import counted
from ._collection import Collection
from ._split import TEST, TRAIN, VALIDATION, Shares
from ._table import read_table
from ._walk import Tree
from .source import PARTS, Row

RECORDED = "steering.csv"
"""The table that `eyespot drive --expert` writes."""
FEWEST_DRIVES = 4
"""If there are fewer drives, each one is divided into segments."""
GAP = 0.02
"""Fraction of a drive that is left out between two segments."""
GAP_NAME = "gap"


def read_drives(tree: Tree, root: Path) -> Collection | None:
    """The frames of a folder of drives; None if it contains no table of them."""
    if RECORDED not in tree.others:
        return None
    return divided(read_table(root / RECORDED), "drive", root)


def divided(collection: Collection, column: str, root: Path) -> Collection:
    """Assign the frames to parts, by drives or by segments; `column` is the drive of each frame, in temporal order.

    Existing parts are kept; validation frames are then a segment at the end of the training frames.
    """
    rows = list(collection.rows)
    if any(row.values.get("split") for row in rows):
        return _with(collection, _with_validation(rows), root, "")
    places: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        places.setdefault(row.values.get(column, ""), []).append(place)
    if len(places) >= FEWEST_DRIVES:
        for members, side in zip(places.values(), side_of_drives(list(places)).tolist(), strict=True):
            for place in members:
                rows[place].values["split"] = PARTS[side]
        return _with(collection, rows, root, f"{len(places):,} drives: each one is kept within one part")
    for members in places.values():
        _cut(rows, members, sides_of_stretches(len(members)))
    return _with(collection, rows, root, counted(len(places), "drive", "drives") + " cut into contiguous segments")


def _with_validation(rows: list[Row]) -> list[Row]:
    """The rows of a source with its own parts; missing validation or test frames are taken from a segment."""
    named = {row.values.get("split") for row in rows}
    if "train" not in named or {"validation", "test"} <= named:
        return rows
    if "test" not in named:
        for row in rows:
            row.values["split"] = "test" if row.values.get("split") == "validation" else row.values.get("split", "")
    train = [place for place, row in enumerate(rows) if row.values.get("split") == "train"]
    _cut(rows, train, sides_of_stretches(len(train), Shares(test=0.0)))
    return rows


def _cut(rows: list[Row], members: list[int], sides: np.ndarray) -> None:
    for place, side in zip(members, sides.tolist(), strict=True):
        rows[place].values["split"] = PARTS[side] if side >= 0 else GAP_NAME


def side_of_drives(names: Sequence[str], shares: Shares | None = None) -> np.ndarray:
    """The side (N,) of each drive: those with the smallest name hashes are for testing, the next for validation.

    >>> side_of_drives(["a", "b", "c", "d"]).tolist()
    [1, 0, 0, 2]
    """
    shares = shares or Shares()
    ranks = np.argsort(np.argsort([hashlib.blake2b(name.encode()).hexdigest() for name in names]))
    test, validation = max(1, round(shares.test * len(names))), max(1, round(shares.validation * len(names)))
    return np.select([ranks < test, ranks < test + validation], [TEST, VALIDATION], TRAIN)


def sides_of_stretches(count: int, shares: Shares | None = None) -> np.ndarray:
    """The side (N,) of each frame of one drive: training, then validation, then test; -1 in the gaps in between.

    >>> "".join("tve-"[side] for side in sides_of_stretches(20).tolist())
    'tttttttttttt-vvv-eee'
    """
    shares = shares or Shares()
    gap = max(1, round(GAP * count))
    test, validation = round(shares.test * count), round(shares.validation * count)
    sides = np.full(count, TRAIN)
    sides[count - test - validation :] = VALIDATION
    sides[count - test :] = TEST
    sides[max(count - test - validation - gap, 0) : count - test - validation] = -1
    if test:
        sides[count - test : count - test + gap] = -1
    return sides


def _with(collection: Collection, rows: list[Row], root: Path, note: str) -> Collection:
    kept = [row for row in rows if row.values.get("split") != GAP_NAME]
    collection.rows, collection.root, collection.kind = kept, root, "drives with steering angles"
    collection.name = root.name or str(root.resolve())
    collection.notes += [note] if note else []
    if left := len(rows) - len(kept):
        collection.left_out["between segments of a drive, because neighboring frames hardly differ"] = left
    return collection
