"""Drives: frames in the order of time, with the steering angle of each.

Neighboring frames hardly differ, so that parts are whole drives, or contiguous stretches of one drive with a gap
between them; never single frames.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ._collection import Collection
from ._split import TEST, TRAIN, VALIDATION, Shares
from ._table import read_table
from ._walk import Tree
from .source import PARTS

RECORDED = "steering.csv"
"""The table that `eyespot drive --expert` writes."""
FEWEST_DRIVES = 4
"""With fewer drives, each one is cut into stretches."""
GAP = 0.02
"""Share of a drive that is left out between two stretches."""


def read_drives(tree: Tree, root: Path) -> Collection | None:
    """The frames of a folder of drives; None where there is no table of them."""
    if RECORDED not in tree.others:
        return None
    return divided(read_table(root / RECORDED), "drive", root)


def divided(collection: Collection, column: str, root: Path) -> Collection:
    """The frames with their parts, by drives or by stretches; `column` names the drive of each, in order of time."""
    rows = list(collection.rows)
    drives = [row.values.get(column, "") for row in rows]
    names = list(dict.fromkeys(drives))
    places = {name: np.flatnonzero([each == name for each in drives]) for name in names}
    if len(names) >= FEWEST_DRIVES:
        sides = side_of_drives(names)
        for name, side in zip(names, sides.tolist(), strict=True):
            for place in places[name].tolist():
                rows[place].values["split"] = PARTS[side]
        note = f"{len(names):,} drives: each lies in one part as a whole"
        return _with(collection, rows, root, note)
    left = 0
    for name in names:
        for place, side in zip(places[name].tolist(), sides_of_stretches(len(places[name])).tolist(), strict=True):
            rows[place].values["split"] = PARTS[side] if side >= 0 else ""
            left += side < 0
    kept = [row for row in rows if row.values["split"]]
    note = (
        f"{len(names):,} {'drive' if len(names) == 1 else 'drives'} cut into contiguous stretches, since neighboring "
        f"frames hardly differ; {left:,} frames between them are left out"
    )
    return _with(collection, kept, root, note)


def side_of_drives(names: Sequence[str], shares: Shares | None = None) -> np.ndarray:
    """The side (N,) of each drive: those whose names have the smallest hashes to test, the next to validate.

    >>> side_of_drives(["a", "b", "c", "d"]).tolist()
    [1, 0, 0, 2]
    """
    shares = shares or Shares()
    ranks = np.argsort(np.argsort([hashlib.blake2b(name.encode()).hexdigest() for name in names]))
    test, validation = max(1, round(shares.test * len(names))), max(1, round(shares.validation * len(names)))
    return np.select([ranks < test, ranks < test + validation], [TEST, VALIDATION], TRAIN)


def sides_of_stretches(count: int, shares: Shares | None = None) -> np.ndarray:
    """The side (N,) of each frame of one drive: training, then validation, then test; -1 in the gaps between.

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
    sides[count - test : count - test + gap] = -1
    return sides


def _with(collection: Collection, rows: list, root: Path, note: str) -> Collection:
    collection.rows, collection.root, collection.kind = rows, root, "drives with steering angles"
    collection.name = root.name or str(root.resolve())
    collection.notes.append(note)
    return collection
