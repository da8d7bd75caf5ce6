"""Several rows for one image: tags are merged, contradictions refused."""

import os
from collections.abc import Sequence

from ._collection import ArrayRows, Collection
from .source import Problem, Row, is_file
from .tags import GROUP_COLUMN, NONE, contradicted_group

SINGLE = ("label", "number", "rating")
"""Columns that can have only one value per image."""


def join_rows(collection: Collection) -> None:
    """Join multiple rows of an image; contradictory ones become problems."""
    if isinstance(collection.rows, ArrayRows):
        return
    groups: dict[tuple[str, str], list[Row]] = {}
    for number, row in enumerate(collection.rows):
        groups.setdefault(_picture(row, number), []).append(row)
    if len(groups) == len(collection.rows):
        return
    kept: list[Row] = []
    repeated = joined = 0
    for rows in groups.values():
        if (column := _contradicted(rows)) is not None:
            collection.problems += [_problem(row, rows, column) for row in rows]
        elif len({row.values.get("tags", "") for row in rows}) > 1:
            kept.append(_with_all_tags(rows))
            joined += len(rows)
        else:
            different = {tuple(sorted(row.values.items())): row for row in reversed(rows)}
            kept += list(different.values())[::-1]
            repeated += len(rows) - len(different)
    collection.rows = kept
    if joined:
        collection.notes.append(f"repeated rows of an image, with their tags merged: {joined:,}")
    if repeated:
        collection.notes.append(f"duplicate rows, left out: {repeated:,}")


def _picture(row: Row, number: int) -> tuple[str, str]:
    if not is_file(row.picture):
        return str(number), ""
    return os.path.normpath(str(row.picture)), str(row.paired or "")


def _contradicted(rows: Sequence[Row]) -> str | None:
    """The column with different values in rows of one image, though it can have only one."""
    single = next((name for name in SINGLE if len({row.values.get(name, "") for row in rows} - {""}) > 1), None)
    group = contradicted_group(row.values.get("tags", "") for row in rows)
    return single or (GROUP_COLUMN + group if group else None)


def _problem(row: Row, rows: Sequence[Row], column: str) -> Problem:
    if column.startswith(GROUP_COLUMN):
        values = ", ".join(sorted({each.values["tags"] for each in rows}))
        reason = f"{row.name} has {len(rows)} rows with different tags of one group ({values}); keep one row"
        return Problem(name=row.name, location=row.location, reason=reason)
    values = ", ".join(sorted({each.values.get(column, "") for each in rows} - {""}))
    reason = (
        f"{row.name} has {len(rows)} rows with different values of '{column}' ({values}); keep one row, or, if an "
        f"image may have several, choose the column as tags: --column tags={column}, in Python "
        f"columns={{'tags': '{column}'}}"
    )
    return Problem(name=row.name, location=row.location, reason=reason)


def _with_all_tags(rows: Sequence[Row]) -> Row:
    tags = dict.fromkeys(tag for row in rows for tag in row.values.get("tags", "").split("|") if tag)
    text = "|".join(tag for tag in tags if tag != NONE) or NONE
    first = rows[0]
    values = {**first.values, "tags": text}
    return Row(picture=first.picture, name=first.name, values=values, location=first.location, paired=first.paired)
