"""Tables with one box or point per line: the lines of one image become one row with the column `boxes` or `points`.

Columns: `label`, and x1, y1, x2, y2 or xmin, ymin, xmax, ymax; or x and y; in pixels. A line without numbers is an
image without an object.
"""

import json
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ..errors import ImageError, SourceError
from ..images import read_size
from ._objects import Objects, object_notes
from .source import Row

CORNERS = (("x1", "y1", "x2", "y2"), ("xmin", "ymin", "xmax", "ymax"))
POINT = ("x", "y")
ANSWERS = ("label", "tags", "number", "rating", "boxes", "points")
"""Columns of other tasks: a table with one of them has one line per image."""
SHARED = ("split", "group")
"""Columns that are kept, and must be equal in all lines of an image."""


def box_columns(rows: Sequence[Row]) -> tuple[str, ...]:
    """Names of the four columns with the sides of a box; empty if the table has none, or has `boxes`."""
    if not rows or "boxes" in rows[0].values:
        return ()
    return next((names for names in CORNERS if all(name in rows[0].values for name in names)), ())


def join_boxes(rows: Sequence[Row], corners: Sequence[str]) -> tuple[list[Row], list[str]]:
    """One row for each image, in the order of the first lines, and what was left out, one sentence each.

    Raises `SourceError` for an invalid line, and for boxes in fractions of the sides.
    """
    _check_unit(rows, corners)
    joined, left_out, empty = [], Counter[str](), 0
    for lines in _by_image(rows):
        objects = _objects(lines, corners)
        values = {"boxes": objects.text(), **_shared(lines)}
        left_out += objects.left_out
        empty += not objects.found
        first = lines[0]
        joined.append(Row(picture=first.picture, name=first.name, values=values, location=first.location))
    return joined, object_notes(left_out, empty)


def has_points(rows: Sequence[Row]) -> bool:
    """Whether a table has one point per line, and no column of another task."""
    names = rows[0].values if rows else {}
    return all(name in names for name in POINT) and not any(name in names for name in ANSWERS)


def join_points(rows: Sequence[Row]) -> list[Row]:
    """One row for each image, in the order of the first lines; raises `SourceError` for a line without two numbers."""
    _check_unit(rows, POINT)
    joined = []
    for lines in _by_image(rows):
        texts = [(row, [row.values[name].strip() for name in POINT]) for row in lines]
        points = [_finite(row, _numbers(row, each, POINT)) for row, each in texts if any(each)]
        values = {"points": json.dumps(points), **_shared(lines)}
        first = lines[0]
        joined.append(Row(picture=first.picture, name=first.name, values=values, location=first.location))
    return joined


def _finite(row: Row, point: list[float]) -> list[float]:
    if not all(map(math.isfinite, point)):
        raise SourceError(f"{row.location}: the point is {point}; expected two finite numbers. Correct it.")
    return point


def _by_image(rows: Sequence[Row]) -> list[list[Row]]:
    lines: dict[str, list[Row]] = {}
    for row in rows:
        lines.setdefault(str(row.picture), []).append(row)
    return list(lines.values())


def _objects(lines: Sequence[Row], corners: Sequence[str]) -> Objects:
    objects, size = Objects(), _size(lines[0])
    for row in lines:
        texts = [row.values.get(name, "").strip() for name in corners]
        if not any(texts):
            continue  # an image without an object
        label = row.values.get("label", "").strip()
        if not label:
            raise SourceError(f"{row.location}: the box has no label; expected a name in the column 'label'.")
        objects.add(label, _numbers(row, texts, corners), size)
    return objects


def _size(row: Row) -> tuple[int, int] | None:
    """Height and width of the image; None if it cannot be read, which is reported later."""
    if not isinstance(row.picture, str | Path):
        return None
    try:
        height, width, _ = read_size(row.picture, row.name)
    except ImageError:
        return None
    return height, width


def _numbers(row: Row, texts: Sequence[str], corners: Sequence[str]) -> list[float]:
    try:
        return [float(text) for text in texts]
    except ValueError:
        raise SourceError(
            f"{row.location}: the {'box' if len(corners) == 4 else 'point'} is '{', '.join(texts)[:60]}'; expected a "
            f"number in each of the columns {', '.join(corners)}, or in none for an image without an object."
        ) from None


def _check_unit(rows: Sequence[Row], corners: Sequence[str]) -> None:
    """Raise `SourceError` if all sides are between 0 and 1: then they are not pixels."""
    boxes = [[row.values.get(name, "").strip() for name in corners] for row in rows]
    boxes = [_numbers(row, texts, corners) for row, texts in zip(rows, boxes, strict=True) if any(texts)]
    if boxes and all(0 <= side <= 1 for box in boxes for side in box):
        raise SourceError(
            f"{rows[0].location}: all of {', '.join(corners)} lie between 0 and 1, such as {boxes[0]}; expected "
            "pixels. Multiply them by the width and height of the image."
        )


def _shared(lines: Sequence[Row]) -> dict[str, str]:
    found = {}
    for name in SHARED:
        values = {row.values[name]: row.location for row in lines if name in row.values}
        if len(values) > 1:
            places = ", ".join(f"'{value}' ({where})" for value, where in list(values.items())[:2])
            raise SourceError(f"{lines[0].name}: its lines differ in the column '{name}': {places}. Correct them.")
        found |= dict.fromkeys([name], next(iter(values))) if values else {}
    return found
