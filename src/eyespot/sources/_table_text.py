"""Read the lines of a table in any common form: separators, encodings, quotes, JSON."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

from ..errors import SourceError

SUFFIXES = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".txt": "\t", ".jsonl": "", ".ndjson": ""}
"""Suffixes of tables with their usual separators."""

OTHER_TABLES = {
    **dict.fromkeys((".xlsx", ".xlsm", ".xls", ".ods", ".numbers"), "is a workbook"),
    **dict.fromkeys((".parquet", ".feather", ".arrow", ".pkl", ".pickle", ".rds", ".mat", ".h5"), "is no text"),
    **dict.fromkeys((".sqlite", ".db", ".sav", ".dta"), "is no text"),
}
"""Unsupported files that often contain tables, with their descriptions."""
SAVE_AS = "save the table as CSV in UTF-8"

SEPARATORS = (",", ";", "\t", "|")
KNOWN = {"path", "label", "tags", "number", "paired", "group", "split", "filename", "file", "image", "id", "class"}
"""Common column names: a separator that yields them is correct."""

LONGEST_CELL = 1 << 27
SHOWN = 60
"""Characters of a header shown in an error."""
TRIED = 50
"""Number of lines for detecting the separator."""

Line = tuple[str, dict[str, str]]
"""The location of a line ("labels.csv line 3") and its fields."""


def read_lines(file: Path) -> Iterator[Line]:
    """All lines of a table below its header; raises `SourceError` if it is not a table."""
    text = decoded(file)
    if file.suffix.lower() in (".jsonl", ".ndjson", ".json"):
        return _json_list(text, file) if text.lstrip().startswith("[") else _json_lines(text, file)
    return _separated(text, file)


def is_json_table(file: Path) -> bool:
    """Return whether a JSON file is a list: of objects, one for each image."""
    try:
        with file.open("rb") as stream:
            return stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"["
    except OSError:
        return False


def first_lines(file: Path, count: int = 1000) -> list[dict[str, str]]:
    """The first lines of a table; empty if it cannot be read as one."""
    try:
        return [line for _, (_, line) in zip(range(count), read_lines(file), strict=False)]
    except SourceError:
        return []


def decoded(file: Path) -> str:
    """The text of a file in UTF-8 or UTF-16 (written by spreadsheets); raises `SourceError` for other encodings."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise SourceError(f"{file}: cannot be read ({error.strerror}).") from error
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise SourceError(f"{file}: is a workbook or an archive, not text; {SAVE_AS}.")
    if data[:512].lstrip().lower().startswith((b"<html", b"<!doctype", b"<?xml", b"<table")):
        raise SourceError(f"{file}: is a web page or XML, not a table; {SAVE_AS}.")
    try:
        return data.decode(_encoding(data))
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise SourceError(f"{file} line {line}: is not valid {error.encoding.upper()}; save it in UTF-8.") from error


def _encoding(data: bytes) -> str:
    if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return "utf-32"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if data[1:2] == b"\0" and data[3:4] == b"\0":
        return "utf-16-le"
    return "utf-16-be" if data[:1] == b"\0" and data[2:3] == b"\0" else "utf-8-sig"


def _separated(text: str, file: Path) -> Iterator[Line]:
    whole = text.lstrip("\r\n")
    start, separator = text[: len(text) - len(whole)].count("\n"), ""
    head, _, rest = (text := whole).partition("\n")
    if head.strip().lower().startswith("sep=") and len(head.strip()) == 5:  # written by Excel
        start, separator, text = start + 1, head.strip()[-1], rest
    separator = separator or _separator(text, SUFFIXES.get(file.suffix.lower(), ","))
    try:
        yield from _lines(_reader(text, separator), file, start + 1)
    except csv.Error as error:
        raise SourceError(
            f"{file}: cannot be read as a table ({error}); check that quotation marks come in pairs."
        ) from error


def _reader(text: str, separator: str) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST_CELL)
    lines = io.StringIO(text, newline="")
    return csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=separator != "\t")


def _separator(text: str, usual: str) -> str:
    """The separator that divides the first lines into equally many fields, and the header into known names."""
    header = text.lstrip().partition("\n")[0]

    def fitness(separator: str) -> tuple[int, int, bool]:
        names = {name.strip(' "\r').casefold() for name in header.split(separator)}
        return len(names & KNOWN), _fields(text, separator), separator == usual

    best = max((each for each in SEPARATORS if each in header), key=fitness, default=usual)
    return best if fitness(best) > fitness(usual) else usual


def _fields(text: str, separator: str) -> int:
    """Number of fields in each of the first lines with a separator; 0 if they differ."""
    try:
        counts = [len(row) for _, row in zip(range(TRIED), _reader(text, separator), strict=False) if any(row)]
    except csv.Error:
        return 0
    return counts[0] if counts and len(set(counts)) == 1 else 0


def _lines(reader: Iterator[list[str]], file: Path, number: int) -> Iterator[Line]:
    header = _header(next(reader, []), file)
    for fields in reader:
        number += 1
        if not any(fields):
            continue
        if len(fields) > len(header) and not any(fields[len(header) :]):
            fields = fields[: len(header)]
        if len(fields) != len(header):
            raise SourceError(
                f"{file} line {number}: has {len(fields)} fields, the header {len(header)}; {_remedy(header, number)}"
            )
        yield f"{file.name} line {number}", dict(zip(header, map(str.strip, fields), strict=True))


def _remedy(header: list[str], number: int) -> str:
    if len(header) == 1 and number <= TRIED:
        return f"its first line is '{header[0][:SHOWN]}': remove the lines above the header."
    return "put text with commas in quotation marks."


def _header(fields: list[str], file: Path) -> list[str]:
    header = [name.strip() for name in fields]
    while len(header) > 1 and not header[-1]:
        header.pop()
    if not any(header):
        raise SourceError(f"{file}: is empty; expected a header with the columns path and label, number or tags.")
    if twice := sorted({name for name in header if name and header.count(name) > 1}):
        raise SourceError(f"{file}: has several columns called {', '.join(twice)}; rename them.")
    if (file.parent / header[0].replace("\\", "/")).is_file():
        raise SourceError(
            f"{file}: has no header: its first line contains an image path ('{header[0]}'). Add "
            "a header line such as path,label."
        )
    return header


def _json_lines(text: str, file: Path) -> Iterator[Line]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield f"{file.name} line {number}", _json_line(line, f"{file} line {number}")


def _json_list(text: str, file: Path) -> Iterator[Line]:
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError) as error:
        if file.suffix.lower() != ".json":
            yield from _json_lines(text, file)
            return
        raise SourceError(f"{file}: is not JSON ({error}); expected a list of objects.") from error
    for number, entry in enumerate(entries, 1):
        yield f"{file.name} entry {number}", _cells(entry, f"{file} entry {number}")


def _json_line(text: str, where: str) -> dict[str, str]:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{where}: is not JSON ({error}); expected one object on each line.") from error
    return _cells(line, where)


def _cells(line: object, where: str) -> dict[str, str]:
    if not isinstance(line, dict):
        raise SourceError(f'{where}: is not an object; expected {{"path": "cat.jpg", "label": "cat"}}.')
    return {str(name).strip(): _text(value) for name, value in line.items()}


def _text(value: object) -> str:
    """A JSON value as a cell: text and numbers as they are, lists and objects as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list | dict | bool):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
