"""Suggestions for the columns of a table with image paths and labels."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

SAMPLE = 40
"""Number of lines to try."""
ENOUGH = 0.9
"""A suggestion must find the images of at least this fraction of the lines."""
LABELS = ("label", "class", "category", "target", "species", "breed", "type", "kind", "diagnosis", "name")
"""Column names that are suggested as labels, the most likely first."""


def path_columns(lines: Sequence[Mapping[str, str]], images: Iterable[str]) -> dict[str, str]:
    """Columns with image paths: "file" if they are complete, else a template such as "train/{id}.png".

    `images` are paths with "/", relative to the table's folder.

    >>> path_columns([{"id": "7", "label": "cat"}], ["train/7.png"])
    {'id': 'train/{id}.png'}
    """
    if not lines:
        return {}
    names = set(images)
    by_name: dict[str, list[str]] = defaultdict(list)
    for image in names:
        base = image.rsplit("/", 1)[-1]
        for name in {base, base.rpartition(".")[0]}:
            by_name[name].append(image)
    sample = lines[:: max(1, len(lines) // SAMPLE)][:SAMPLE]
    columns = {
        column: _template(column, [line.get(column, "") for line in sample], names, by_name) for column in lines[0]
    }
    return {column: template for column, template in columns.items() if template}


def _template(column: str, values: list[str], known: set[str], by_name: Mapping[str, list[str]]) -> str | None:
    values = [value.replace("\\", "/") for value in values if value]
    if not values:
        return None
    for image in sorted(by_name.get(values[0].rsplit("/", 1)[-1], [])):
        before, found, after = image.rpartition(values[0])
        if not found or (before and not before.endswith("/")):
            continue
        if sum(f"{before}{value}{after}" in known for value in values) >= ENOUGH * len(values):
            return f"{before}{{{column}}}{after}" if before or after else column
    return None


def label_column(columns: Iterable[str], path: str) -> str | None:
    """The column that probably contains the labels: one with a common name, or the only other one."""
    others = [column for column in columns if column and column != path]
    usual = [column for name in LABELS for column in others if name in column.casefold()]
    return usual[0] if usual else others[0] if len(others) == 1 else None
