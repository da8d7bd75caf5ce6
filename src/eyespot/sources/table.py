"""A table that names pictures and says something of each: CSV, TSV or JSON lines."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PureWindowsPath

from ..errors import SourceError, unknown
from .collection import Collection
from .folder import PART_NAMES
from .source import Problem, Row

SUFFIXES = {".csv": ",", ".tsv": "\t", ".jsonl": "", ".ndjson": ""}
"""What a table's name ends with, and what separates its columns."""

COLUMNS = ("path", "label", "tags", "number", "paired", "group", "split")
"""The columns with a meaning; any other one is kept as it is."""

Line = tuple[str, dict[str, str]]
"""Where a line stands ("labels.csv line 3") and what it holds."""


def read_table(file: Path, columns: Mapping[str, str] | None = None) -> Collection:
    """Collect the pictures that a table names; their paths start from the table's own folder.

    `columns` says which column of the table has which meaning, where it is not called so already: `{"path": "file",
    "number": "steering"}`, or, for a path that must be put together, `{"path": "center/{frame}.webp"}`.
    """
    chosen = dict(columns or {})
    for meaning in chosen:
        if meaning not in COLUMNS:
            raise SourceError(unknown("column", meaning, COLUMNS))
    lines = _json_lines(file) if file.suffix.lower() in (".jsonl", ".ndjson") else _separated(file)
    collection = Collection(name=file.name, kind="table", rows=(rows := []), root=file)
    root = file.parent.resolve()
    for where, line in lines:
        values = _renamed(line, chosen, where)
        try:
            rows.append(_row(values, root, where))
        except FileNotFoundError as error:
            problem = Problem(name=str(error), location=where, reason=f"there is no file '{error}' in {file.parent}")
            collection.problems.append(problem)
    if not rows and not collection.problems:
        raise SourceError(f"{file}: has no line below its header; expected a line for each picture.")
    return collection


def _separated(file: Path) -> Iterator[Line]:
    separator = SUFFIXES[file.suffix.lower()]
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            header = stream.readline()
            stream.seek(0)
            if separator == "," and "," not in header and ";" in header:
                separator = ";"  # what spreadsheets write where the comma is the decimal point
            yield from _lines(csv.reader(stream, delimiter=separator, strict=True), file)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{file}: cannot be read as a table ({error}); save it as CSV in UTF-8.") from error


def _lines(reader: Iterator[list[str]], file: Path) -> Iterator[Line]:
    header = [name.strip() for name in next(reader, [])]
    if not any(header):
        raise SourceError(f"{file}: is empty; expected a header with the columns path and label, number or tags.")
    if twice := sorted({name for name in header if name and header.count(name) > 1}):
        raise SourceError(f"{file}: has several columns called {', '.join(twice)}; rename them.")
    number = 1
    for fields in reader:
        number += 1
        if not any(fields):
            continue
        if len(fields) != len(header):
            raise SourceError(
                f"{file} line {number}: has {len(fields)} fields, the header {len(header)}; "
                "put text that holds commas in quotes."
            )
        yield f"{file.name} line {number}", dict(zip(header, map(str.strip, fields), strict=True))


def _json_lines(file: Path) -> Iterator[Line]:
    try:
        with file.open(encoding="utf-8-sig") as stream:
            for number, text in enumerate(stream, 1):
                if text.strip():
                    yield f"{file.name} line {number}", _json_line(text, f"{file} line {number}")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{file}: cannot be read as JSON lines ({error}); save it in UTF-8.") from error


def _json_line(text: str, where: str) -> dict[str, str]:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{where}: is not JSON ({error}); expected one object on each line.") from error
    if not isinstance(line, dict):
        raise SourceError(f'{where}: is no object; expected {{"path": "cat.jpg", "label": "cat"}}.')
    return {name.strip(): _text(value, f"{where}, {name}") for name, value in line.items()}


def _text(value: object, where: str) -> str:
    if isinstance(value, list) and all(isinstance(each, str | int) for each in value):
        return "|".join(map(str, value))
    if value is None:
        return ""
    if isinstance(value, str | int | float):
        return str(value).strip()
    raise SourceError(f"{where}: is a {type(value).__name__}; expected text, a number or a list of tags.")


def _renamed(line: dict[str, str], chosen: dict[str, str], where: str) -> dict[str, str]:
    """Give each column its meaning; the columns that were chosen keep their own name too."""
    values = dict(line)
    for meaning, name in chosen.items():
        for part in re.findall(r"{(.*?)}", name) or [name]:
            if part not in line:
                raise SourceError(f"{where}: {unknown('column', part, line)}")
        values[meaning] = re.sub(r"{(.*?)}", lambda found: line[found[1]], name) if "{" in name else line[name]
    if "path" not in values:
        raise SourceError(
            f"{where}: there is no column 'path', only {', '.join(line)}; rename the column that names the pictures, "
            "or say which it is: --column path=NAME, in Python columns={'path': 'NAME'}."
        )
    return values


def _row(values: dict[str, str], root: Path, where: str) -> Row:
    path = values.pop("path")
    paired = values.get("paired")
    if part := values.get("split"):
        if part.lower() not in PART_NAMES:
            raise SourceError(f"{where}: {unknown('split', part, PART_NAMES)}")
        values["split"] = PART_NAMES[part.lower()]
    picture = _inside(path, root, where)
    other = _inside(paired, root, where) if paired else None
    return Row(picture=picture, name=path, values=values, location=where, paired=other)


def _inside(path: str, root: Path, where: str) -> str:
    """The file that a table means; it must lie in the table's own folder, also once links are followed."""
    pure = PureWindowsPath(path)  # knows both kinds of slash
    if not path or "\0" in path:
        raise SourceError(f"{where}: names no picture; give a path that starts from the table's folder.")
    if pure.anchor or ".." in pure.parts:
        raise SourceError(
            f"{where}: '{path}' is an absolute path or leads out of the table's folder; move the pictures."
        )
    file = Path(root, path)
    try:
        real = file.resolve()
        missing = not real.exists()
    except OSError as error:  # such as a name that is too long for any file
        raise FileNotFoundError(path) from error
    if not real.is_relative_to(root):
        raise SourceError(f"{where}: '{path}' is a link that leads out of the table's folder; copy the picture there.")
    if missing:
        raise FileNotFoundError(path)
    return str(file)
