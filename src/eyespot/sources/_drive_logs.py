"""Drive recordings of other programs: CSV of the Udacity simulator, donkeycar tubs of versions 1 and 2.

Their steering values, from -1 (left) to 1 (right) as a fraction of the full lock, are kept.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import SourceError
from ._collection import Collection
from ._conventions import part_named
from ._driving import divided
from ._table import first_lines, read_table
from ._table_paths import Finder, NotFound
from ._table_text import SUFFIXES, decoded
from ._walk import Tree
from .source import Problem, Row

STEERING = ("steering", "angle", "steering_angle")
"""Names of the steering column in a log with a column "throttle"."""
FRAMES = ("center", "path", "image", "file")
"""Names of the column with the image of the center camera."""
IMAGE, ANGLE = "cam/image_array", "user/angle"
"""Keys of donkeycar's records."""
LARGEST = 1.0
Found = tuple[str, dict[str, str], str]
"""The path of an image as written, its annotations, and their location."""


def read_drive_log(file: Path, columns: Mapping[str, str] | None) -> Collection | None:
    """The frames of a table with steering and throttle; None for any other table."""
    if file.suffix.lower() not in SUFFIXES:
        return None
    header = list(next(iter(first_lines(file, 1)), {}))
    names = {name.casefold(): name for name in header}
    steering = next((names[name] for name in STEERING if name in names), None)
    if steering and "throttle" in names:
        frame = next((names[name] for name in FRAMES if name in names), None)
        chosen = {"number": steering, **({"path": frame} if frame else {}), **(columns or {})}
        return _finished(read_table(file, chosen), file, "steering" if "steering" in names else "angle")
    if columns is None and (lines := _headerless(file)):
        return _finished(_collected(_udacity(lines, file), file.parent, file), file, "the fourth field")
    return None


def read_tub(tree: Tree, folder: Path) -> Collection | None:
    """The frames of a donkeycar tub; None if the folder is not one."""
    catalogs = sorted((name for name in tree.others if re.fullmatch(r"catalog_[0-9]+\.catalog", name)), key=_number_in)
    records = sorted((name for name in tree.others if re.fullmatch(r"record_[0-9]+\.json", name)), key=_number_in)
    if "manifest.json" in tree.others and catalogs:
        found = _catalogs(folder, catalogs, _deleted(folder / "manifest.json"))
        return _finished(_collected(found, folder / "images", folder), folder, ANGLE)
    if records:
        found = (_record(_json(folder / name, name), name) for name in records)
        return _finished(_collected(found, folder, folder), folder, ANGLE)
    return None


def _finished(collection: Collection, root: Path, angle: str) -> Collection:
    """The collection with its parts, by the names of its folders or by drives."""
    check_steering(collection.rows, angle)
    rows = list(collection.rows)
    parts = [part_named(row.name.replace("\\", "/").split("/")[0]) for row in rows]
    if rows and all(parts) and not any(row.values.get("split") for row in rows):
        for row, part in zip(rows, parts, strict=True):
            row.values["split"] = part or ""
    divided(collection, "drive", root)
    collection.kind = "driving log" if root.is_file() else "donkeycar tub"
    return collection


def check_steering(rows: Iterable[Row], angle: str) -> None:
    """Raise `SourceError` for a number that is no share of the full lock; `angle` is the column's name."""
    for row in rows:
        try:
            number = float(row.values.get("number", "") or 0)
        except ValueError:
            continue  # reported by the task
        if abs(number) > LARGEST:
            raise SourceError(
                f"{row.location}: {angle} is {number:g}; expected a share of the full steering "
                "lock, from -1 to 1. If the log "
                "holds degrees, divide them by the angle at full lock."
            )


def _headerless(file: Path) -> list[list[str]]:
    """The lines of a log as written by the simulator: three images, then four numbers; none for another table."""
    try:
        lines = [line for line in csv.reader(io.StringIO(decoded(file)), skipinitialspace=True) if any(line)]
    except (csv.Error, SourceError):
        return []
    images = all(len(line) == 7 and all(re.search(r"\.(jpe?g|png)$", path) for path in line[:3]) for line in lines)
    return lines if images else []


def _udacity(lines: Iterable[list[str]], file: Path) -> Iterator[Found]:
    for number, line in enumerate(lines, start=1):
        yield line[0], {"number": line[3], "throttle": line[4]}, f"{file.name} line {number}"


def _catalogs(folder: Path, names: Iterable[str], deleted: set[int]) -> Iterator[Found]:
    for name in names:
        for number, text in enumerate(decoded(folder / name).splitlines(), start=1):
            where = f"{name} line {number}"
            record = _parsed(text, where) if text.strip() else {}
            if record and record.get("_index") not in deleted:
                yield _record(record, where)


def _record(record: dict[str, Any], where: str) -> Found:
    if not isinstance(record.get(IMAGE), str):
        raise SourceError(f"{where}: has no '{IMAGE}'; expected a donkeycar record with '{IMAGE}' and '{ANGLE}'.")
    angle, session = record.get(ANGLE), record.get("_session_id", "")
    return record[IMAGE], {"number": "" if angle is None else str(angle), "drive": str(session)}, where


def _deleted(manifest: Path) -> set[int]:
    """The records marked as deleted; the manifest has one JSON value per line."""
    for text in decoded(manifest).splitlines():
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) and isinstance(value.get("deleted_indexes"), list):
            return {index for index in value["deleted_indexes"] if isinstance(index, int)}
    return set()


def _json(file: Path, where: str) -> dict[str, Any]:
    return _parsed(decoded(file), where)


def _parsed(text: str, where: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{where}: is not valid JSON ({error}); repair or remove it.") from None
    if not isinstance(value, dict):
        raise SourceError(f"{where}: is not a record; expected a JSON object with '{IMAGE}' and '{ANGLE}'.")
    return value


def _collected(found: Iterable[Found], images: Path, root: Path) -> Collection:
    """Rows of the frames with existing images; the others are listed as problems."""
    finder, rows = Finder(images), []
    collection = Collection(name=root.name, kind="drives", rows=rows, root=root)
    for path, values, where in found:
        try:
            rows.append(Row(picture=finder.find(path), name=path, values=values, location=where))
        except NotFound as error:
            collection.problems.append(Problem(name=path, location=where, reason=str(error)))
    collection.notes.extend(f"{note} ({count:,})" for note, count in finder.notes.items() if note)
    return collection


def _number_in(name: str) -> int:
    return int(re.findall(r"[0-9]+", name)[0])
