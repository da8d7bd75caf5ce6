"""Cells with several tags: all separators become `a|b|c`, or `-` for none."""

import ast
import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from ..errors import SourceError
from ..findings import counted
from ._conventions import is_missing

NONE = "-"
"""A cell for none of the tags."""
OPEN = "?"
"""An entry that marks all further tags of a cell as unknown."""
GROUP_COLUMN = "tags:"
"""Columns with this prefix contain one tag of a group each: `tags:color` with `red` is the tag `color:red`."""
GROUPED = re.compile(r"([^\W\d][^:|]*):(?=[^\s/:])")
"""The group before the tag. Times (10:30), web addresses and titles with a colon and a space are plain tags."""
SEPARATORS = ("|", ";", ",", "\n", "\uff0c", "\u3001", "\uff1b", "\u060c")
"""Characters that separate tags in any cell: those of tables, a new line, and the commas of other scripts."""
SOFT_SEPARATORS = (" ", "/", "+", "&")
"""Characters that separate tags only if the words between them recur in other cells."""
YES, NO = ("1", "1.0", "true", "yes", "t", "y", "x"), ("0", "0.0", "false", "no", "f", "n", "")
UNKNOWN = ("-1", "-1.0", "?", "nan")
SHOWN = 3


def one_hot(meaning: str, cells: Mapping[str, str], where: str) -> str:
    """The tags (or the one label) whose columns contain 1; raises `SourceError` for cells other than 0, 1 and -1.

    >>> one_hot("tags", {"cat": "1", "dog": "0", "sofa": "1"}, "t.csv line 2")
    'cat|sofa'
    """
    for name, cell in cells.items():
        if cell.casefold() not in (*YES, *NO, *UNKNOWN):
            raise SourceError(
                f"{where}: column '{name}' holds '{cell}'; expected 1 (yes), 0 (no) or -1 (not known). If the "
                f"column contains one of several tags, it is a group: {GROUP_COLUMN}{name}={name}."
            )
    tags = [name for name, cell in cells.items() if cell.casefold() in YES]
    if meaning == "tags":
        unknown = [f"?{name}" for name, cell in cells.items() if cell.casefold() in UNKNOWN]
        return "|".join([*tags, *unknown]) or NONE
    if len(tags) != 1:
        raise SourceError(
            f"{where}: {len(tags)} of the columns {', '.join(cells)} hold 1; a {meaning} needs exactly one. "
            f"If an image may have several, choose the columns as tags: tags={','.join(cells)}.",
            argument="column",
        )
    return tags[0]


def group_of(tag: str) -> str:
    """The group of a tag; empty for a free tag.

    >>> group_of("color:red"), group_of("striped"), group_of("10:30")
    ('color', '', '')
    """
    match = GROUPED.match(tag)
    return match[1] if match else ""


def contradicted_group(cells: Iterable[str]) -> str:
    """A group for which the cells of one image name several tags; empty if there is none."""
    tag_by_group: dict[str, str] = {}
    for tag in (tag for cell in cells for tag in cell.split("|")):
        group = group_of(tag)
        if group and tag_by_group.setdefault(group, tag) != tag:
            return group
    return ""


def with_group_columns(values: Mapping[str, str], where: str) -> Mapping[str, str]:
    """The values of a row with columns `tags:GROUP` converted to tags `GROUP:TAG`; empty cells are unknown.

    Raises `SourceError` for a cell with several tags of its group.

    >>> with_group_columns({"tags": "striped", "tags:color": "red", "tags:size": ""}, "t.csv line 2")
    {'tags': 'striped|color:red'}
    """
    groups = {name: text for name, text in values.items() if name.startswith(GROUP_COLUMN)}
    if not groups:
        return values
    tags = [values["tags"] or OPEN] if "tags" in values else []
    for name, text in groups.items():
        if "|" in text:
            raise SourceError(
                f"{where}: column '{name}' holds '{text}'; expected one tag, as exactly one of a group applies. If "
                "several may apply, write them into the column tags."
            )
        tags += [f"{name.removeprefix(GROUP_COLUMN)}:{text.lstrip(':/ ')}"] if text else []
    kept = {name: text for name, text in values.items() if name not in groups and name != "tags"}
    if len(tags) > 1 and NONE in tags:
        tags.remove(NONE)
    return {**kept, "tags": "" if tags == [OPEN] else "|".join(tags)}


def split_tags(cells: Iterable[str]) -> tuple[dict[str, list[str]], list[str]]:
    """The tags in each distinct cell that is not empty, and notes on how they were separated.

    >>> split_tags(["red big", "blue big", "red blue"])[0]["red blue"]
    ['red', 'blue']
    """
    texts = list(dict.fromkeys(cells))
    lists = {text: tags for text in texts if (tags := _listed(text)) is not None}
    plain = [text for text in texts if text not in lists and text != NONE]
    cut, notes = _cutter(plain)
    tags = {**lists, **{text: cut(text) for text in plain}, NONE: []}
    if lists:
        notes.insert(0, f"tags are read from lists such as {next(iter(lists))}")
    return {text: [tag for tag in tags[text] if tag == OPEN or not is_missing(tag)] for text in texts}, notes


def _cutter(texts: list[str]) -> tuple[Callable[[str], list[str]], list[str]]:
    """How cells that are not lists are divided into tags, and notes about it."""
    separators = [each for each in SEPARATORS if any(each in text for text in texts)]
    if separators:
        pattern = "|".join(map(re.escape, separators))
        notes = [f"tags are separated by {' and '.join(map(repr, separators))}"] if separators != ["|"] else []
        return lambda text: _stripped(re.split(pattern, text)), notes
    for separator in SOFT_SEPARATORS:
        if _words_come_back(texts, separator):
            name = "spaces" if separator == " " else repr(separator)
            return partial(_cut, separator), [f"tags are separated by {name}"]
    spaced = [text for text in texts if " " in text]
    examples = ", ".join(f"'{text}'" for text in spaced[:SHOWN])
    notes = [f"{counted(len(spaced), 'tag')} with spaces, kept whole: {examples}"] if spaced else []
    return lambda text: [text], notes


def _cut(separator: str, text: str) -> list[str]:
    return _stripped(text.split(separator))


def _words_come_back(texts: list[str], separator: str) -> bool:
    """Return whether cells divided by a separator share most of their words, as lists of tags do."""
    several = [pieces for text in texts if len(pieces := _stripped(text.split(separator))) > 1]
    if not several:
        return False
    words = {word for text in texts for word in _stripped(text.split(separator))}
    return len(words) < len(texts) or all(_comes_back(word, texts, separator) for pieces in several for word in pieces)


def _comes_back(word: str, texts: list[str], separator: str) -> bool:
    return sum(word in _stripped(text.split(separator)) for text in texts) > 1


def _listed(text: str) -> list[str] | None:
    """The entries of a list, or the keys of an object that are 1 or true, in the notation of Python, JSON or NumPy.

    None for other text; raises `SourceError` for an object with other values.
    """
    if not re.fullmatch(r"\[.*\]|\(.*\)|\{.*\}", text, re.DOTALL):
        return None
    if re.search(r"""['"]\s+['"]""", text):  # NumPy writes no commas
        return _stripped(re.findall(r"""['"](.*?)['"]""", text))
    value = _evaluated(text)
    if value is None and ":" not in text:
        return _stripped(text[1:-1].split(","))
    if text.startswith("{") and not isinstance(value, set):
        return _chosen_keys(text, value)
    if text.startswith("(") and isinstance(value, str):
        return [value]
    return _stripped(map(str, value)) if isinstance(value, list | tuple | set) else None


def _evaluated(text: str) -> Any:
    """Parse a value in JSON's or Python's notation; None if it is neither."""
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
    return None


def _chosen_keys(text: str, value: Any) -> list[str]:
    """The keys of an object such as {"cat": 1, "dog": 0} with the value 1; raises `SourceError` for other values."""
    cells = {str(key): str(cell).casefold() for key, cell in value.items()} if isinstance(value, dict) else None
    if cells is None or any(cell not in (*YES, *NO) for cell in cells.values()):
        raise SourceError(
            f"The tags are {text[:80]}; expected a list such as cat|dog, or an object whose values are 1 and 0."
        )
    return _stripped(key for key, cell in cells.items() if cell in YES)


def _stripped(pieces: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(piece for each in pieces if (piece := each.strip())))
