"""Tables of images with annotations: CSV, TSV or JSON lines."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import SourceError, unknown
from ..images import SUFFIXES as IMAGES
from ._collection import Collection
from ._conventions import PART_WORDS, part_named
from ._ratings import has_likes, image_lines, rate_by_likes
from ._suggest import path_columns
from ._table_boxes import box_columns, has_points, join_boxes, join_points
from ._table_paths import Finder, NotFound
from ._table_text import OTHER_TABLES, SAVE_AS, SUFFIXES, first_lines, is_json_table, read_lines
from .source import Problem, Row
from .tags import one_hot

__all__ = ["OTHER_TABLES", "SAVE_AS", "SUFFIXES", "first_lines", "is_json_table", "read_table"]


def read_table(file: Path, columns: Mapping[str, str] | None = None) -> Collection:
    """Collect the images of a table; paths are relative to the table's folder.

    `columns` maps the names that a task reads to columns: `{"path": "file", "number": "steering"}`. A value may be a
    template, `{"path": "center/{frame}.webp"}`, or a list of columns of 0 and 1 that are tags, `{"tags": "cat,dog"}`.
    Lines with one box or one point each are joined, see `_table_boxes.py`; likes and comparisons become ratings, see
    `_ratings.py`.
    """
    chosen = dict(columns or {})
    collection = Collection(name=file.name, kind="table", rows=(rows := []), root=file)
    finder = Finder(file.parent)
    lines, chosen, notes = image_lines(read_lines(file), chosen)
    collection.notes.extend(notes)
    for where, line in lines:
        values = renamed(line, chosen, where, file)
        try:
            rows.append(_row(values, finder, where))
        except NotFound as error:
            collection.problems.append(Problem(name=values["path"], location=where, reason=str(error)))
    if not rows and not collection.problems:
        raise SourceError(f"{file}: has no line below its header; expected one line per image.")
    if collection.problems and "path" not in chosen and _all_missing(collection):
        collection.advice = _path_advice(file)
    collection.notes.extend(f"{note} ({count:,})" for note, count in finder.notes.items() if note)
    if corners := box_columns(rows):
        collection.rows, notes = join_boxes(rows, corners)
        collection.notes.extend(notes)
    elif has_points(rows):
        collection.rows = join_points(rows)
    elif has_likes(rows):
        collection.rows, notes = rate_by_likes(rows)
        collection.notes.extend(notes)
    collection.notes.extend(_unused_parts(rows))
    return collection


def _unused_parts(rows: Sequence[Row]) -> list[str]:
    """Notes about columns that contain only names of parts but are not used as such."""
    if not rows or any("split" in row.values for row in rows[:1]):
        return []
    notes = []
    for name in rows[0].values:
        cells = {row.values.get(name, "") for row in rows}
        if len(cells) > 1 and all(part_named(text) for text in cells):
            names = ", ".join(sorted(cells))
            notes.append(
                f"column '{name}' contains parts ({names}) and is not used: to use it, add --column split={name}"
            )
    return notes


def _all_missing(collection: Collection) -> bool:
    return len(collection.problems) > len(collection.rows)


def renamed(line: dict[str, str], chosen: dict[str, str], where: str, file: Path) -> dict[str, str]:
    """Rename the columns to their meanings; chosen columns also keep their own names.

    Names are case-insensitive if this is unambiguous: "Label" is the column "label".
    """
    values = {lower if (lower := name.casefold()) not in line else name: text for name, text in line.items()}
    for meaning, name in chosen.items():
        values[meaning] = _composed(meaning, name, line, where)
    if "path" not in values:
        raise SourceError(
            f"{where}: there is no column 'path', only {', '.join(map(_visible, line))}; {_path_advice(file)}"
        )
    return values


def _composed(meaning: str, name: str, line: dict[str, str], where: str) -> str:
    """The cell of a line for a choice such as "file", "center/{frame}.webp" or "cat,dog"."""
    if name in line:
        return line[name]
    parts = re.findall(r"{(.*?)}", name) or [part.strip() for part in name.split(",")]
    for part in parts:
        if part not in line:
            raise SourceError(f"{where}: {unknown('column', part, line)}")
    if "{" in name:
        return re.sub(r"{(.*?)}", lambda found: line[found[1]], name)
    return one_hot(meaning, {part: line[part] for part in parts}, where)


def _row(values: dict[str, str], finder: Finder, where: str) -> Row:
    values = dict(values)
    path = values.pop("path")
    name_part(values, where)
    picture = finder.find(path)
    paired = finder.find(values["paired"]) if values.get("paired") else None
    return Row(picture=picture, name=path, values=values, location=where, paired=paired)


def name_part(values: dict[str, str], where: str) -> None:
    """Replace the cell of the column `split` by the name of its part; raises `SourceError` for an unknown one."""
    if part := values.get("split"):
        values["split"] = part_named(part) or ""
        if not values["split"]:
            raise SourceError(f"{where}: {unknown('split', part, PART_WORDS)}")


def _visible(name: str) -> str:
    return name if name.isprintable() else repr(name)


def _path_advice(file: Path) -> str:
    """Advice for a table without a column 'path', or with paths that are not found."""
    columns = path_columns(first_lines(file), _images_below(file.parent))
    if not columns:
        return (
            "rename the column with the image paths, or choose it: --column path=NAME, in Python "
            "columns={'path': 'NAME'}."
        )
    path = next(iter(columns.values()))
    return f"'{next(iter(columns))}' has them: --column path={path}, in Python columns={{'path': '{path}'}}."


def _images_below(folder: Path) -> list[str]:
    files = (Path(place, name) for place, _, names in os.walk(folder) for name in names)
    return [file.relative_to(folder).as_posix() for file in files if file.suffix.lower() in IMAGES]
