"""A folder of pictures: with a folder for each class, with `train/ val/ test/` above them, or just pictures."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..decoding import is_picture_file
from .collection import Collection
from .source import Row

PART_NAMES = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
"""Names of folders (and entries of a `split` column) that stand for a part of the images."""


@dataclass
class Reading:
    """What has been found so far under one folder."""

    root: Path
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    others: dict[str, int] = field(default_factory=dict)
    classes: bool = False


def read_folder(root: Path) -> Collection:
    """Collect the pictures under a folder; an empty one gives no rows."""
    reading = Reading(root)
    parts = part_folders(root)
    if parts:
        for folder, part in parts:
            _read_classes(reading, folder, {"split": part})
    else:
        _read_classes(reading, root, {})
    if reading.others:
        kinds = ", ".join(f"{count} {suffix or 'without suffix'}" for suffix, count in sorted(reading.others.items()))
        reading.notes.append(f"files of other kinds are left alone: {kinds}")
    kind = "a folder for each class" if reading.classes else "pictures"
    return Collection(
        name=root.name or str(root.resolve()),
        kind=f"{kind}, in {len(parts)} parts" if parts else kind,
        rows=reading.rows,
        root=root,
        notes=reading.notes,
    )


def part_folders(root: Path) -> list[tuple[Path, str]]:
    """The folders `train/`, `val/`, `test/` in a folder, with the part that each stands for; none without `train/`."""
    found = [
        (folder, PART_NAMES[folder.name.lower()]) for folder in _folders(root) if folder.name.lower() in PART_NAMES
    ]
    return found if "train" in (part for _, part in found) else []


def _read_classes(reading: Reading, folder: Path, values: dict[str, str]) -> None:
    classes = _folders(folder)
    filled = 0
    for each in classes:
        files = _pictures(reading, each)
        filled += bool(files)
        if not files:
            reading.notes.append(f"folder '{each.relative_to(reading.root)}' holds no picture")
        _add(reading, files, {"label": each.name, **values})
    loose = _pictures(reading, folder, deep=False)
    if filled and loose:
        reading.notes.append(f"{len(loose)} pictures beside the class folders are left out ({loose[0]}, ...)")
    elif loose:
        _add(reading, loose, values)
    reading.classes |= filled > 0


def _add(reading: Reading, files: Sequence[str], values: dict[str, str]) -> None:
    start = len(str(reading.root)) + 1
    reading.rows += [Row(picture=file, name=file[start:], values=values, location=file) for file in files]


def _folders(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.is_dir() and not _hidden(each.name))


def _pictures(reading: Reading, folder: Path, deep: bool = True) -> list[str]:
    """Every picture file in a folder (and below), in the order of their names."""
    found: list[str] = []
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(each for each in folders if deep and not _hidden(each))
        for file in sorted(files):
            suffix = Path(file).suffix.lower()
            if not _hidden(file) and is_picture_file(Path(place, file)):
                found.append(str(Path(place, file)))
            elif not _hidden(file):
                reading.others[suffix] = reading.others.get(suffix, 0) + 1
    return found


def _hidden(name: str) -> bool:
    return name.startswith(".") or name in ("__MACOSX", "Thumbs.db", "desktop.ini")
