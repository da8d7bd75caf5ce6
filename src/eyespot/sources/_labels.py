"""Normalize the spelling of labels and tags and the cells of missing values; changes are reported."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from ..findings import counted
from ._collection import ArrayRows, Collection
from ._conventions import is_missing
from .source import Row
from .tags import GROUP_COLUMN, NONE, OPEN, split_tags, with_group_columns

SHOWN = 5
INVISIBLE = dict.fromkeys(
    (
        0xAD,
        0x61C,
        0xFEFF,
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        *range(0xFE00, 0xFE10),
    )
)
"""Invisible characters: soft hyphen, direction marks, joiners, variation selectors."""
FULL_WIDTH = {ord("\u3000"): " ", **{letter: letter - 0xFEE0 for letter in range(0xFF01, 0xFF5F)}}
"""Fullwidth forms of ASCII characters, as typed with East Asian keyboards."""
AROUND = "\"'`\u2018\u2019\u201c\u201d\u00ab\u00bb"
"""Quotes around a label, which some tables contain."""
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.0*)?")


def normalize(collection: Collection) -> None:
    """Normalize the labels and tags of a collection, and note the changes."""
    notes = collection.notes
    if collection.root is None or not collection.root.is_dir():  # a folder named "none" is a class of that name
        notes += _change_cells(collection, None, _missing)
    notes += _change_cells(collection, "label", unify)
    notes += _change_cells(collection, "number", _plain_numbers)
    notes += _change_cells(collection, "tags", _one_notation)
    notes += _fold_groups(collection)


def unify(counts: Mapping[str, int]) -> tuple[dict[str, str], list[str]]:
    """Unify labels that differ in case, spaces, hyphens, Unicode form or as 1 and 1.0; return the mapping and notes.

    The most frequent spelling is kept. Single letters keep their case.

    >>> unify({"cat": 3, "Cat": 1, "1.0": 2, "a": 1, "A": 1})[0]
    {'cat': 'cat', 'Cat': 'cat', '1.0': '1', 'a': 'a', 'A': 'A'}
    """
    groups: dict[str, Counter[str]] = {}
    for label, count in counts.items():
        groups.setdefault(_key(label), Counter())[label] += count
    changed, notes = {}, []
    for spellings in groups.values():
        best = _best(spellings)
        changed.update(dict.fromkeys(spellings, best))
        if len({_clean(label) for label in spellings}) > 1 or len(spellings) > 1:
            notes.append(f"{_listed(spellings)} are one label: '{best}'")
    numbers = [label for label, best in changed.items() if best != label and WHOLE_NUMBER.fullmatch(label)]
    if numbers and not notes:
        notes.append(f"whole numbers such as {numbers[0]} are read as {changed[numbers[0]]}")
    different = set(changed.values())
    cases = Counter(label.casefold() for label in different)
    if both := [label for label in different if cases[label.casefold()] > 1]:
        notes.append(f"single letters keep their case: {', '.join(sorted(both)[:SHOWN])} are different labels")
    return {label: changed[label] for label in counts}, notes


def _key(label: str) -> str:
    """A common key for all spellings of one label."""
    text = _clean(label)
    if WHOLE_NUMBER.fullmatch(text):
        return str(int(text.partition(".")[0]))
    text = text.strip(AROUND).rstrip(".,;:") or text
    if len(text) == 1:
        return text
    # A hyphen after a space and before a digit is a minus: "temp -1" is not "temp 1".
    return re.sub(r"(?<=[^\W_])(?![\s_]+-\d)[\s_-]+(?=[^\W_])", " ", text.casefold())


def _clean(label: str) -> str:
    """Normalize to NFC and usual width, remove invisible characters, and collapse white space."""
    return " ".join(unicodedata.normalize("NFC", label).translate(FULL_WIDTH).translate(INVISIBLE).split())


def _best(spellings: Counter[str]) -> str:
    """The most frequent spelling, cleaned; lower case wins ties. 1.0 and 01 become 1."""
    chosen = _clean(min(spellings, key=lambda label: (-spellings[label], label != label.lower(), label)))
    if not WHOLE_NUMBER.fullmatch(chosen):
        return chosen
    return chosen.partition(".")[0] if len(spellings) == 1 else str(int(chosen.partition(".")[0]))


def _listed(spellings: Counter[str]) -> str:
    return ", ".join(f"{label!r} ({count:,})" for label, count in spellings.most_common(SHOWN))


def _plain_numbers(counts: Mapping[str, int]) -> tuple[dict[str, str], list[str]]:
    """Convert numbers with a decimal comma or a typographic minus to Python's notation; and return notes.

    If every comma could also be a thousands separator (1,234), nothing is changed: the task rejects such numbers.
    """
    plain = {text: text.replace("\u2212", "-") for text in counts}
    notes = ["typographic minus signs are read as -"] if plain != {text: text for text in counts} else []
    commas = [text for text in plain.values() if "," in text]
    if commas and all(DECIMAL_COMMA.fullmatch(text) for text in commas) and not all(map(_may_be_thousands, commas)):
        notes.append(f"numbers such as {commas[0]} are read with a decimal comma")
        plain = {text: number.replace(",", ".") for text, number in plain.items()}
    return plain, notes


def _may_be_thousands(text: str) -> bool:
    return len(text.partition(",")[2]) == 3


def _missing(counts: Mapping[str, int]) -> tuple[dict[str, str], list[str]]:
    """Replace cells that mean a missing value by empty text."""
    missing = {text: "" for text in counts if text and is_missing(text)}
    number = sum(counts[text] for text in missing)
    listed = ", ".join(f"'{text}'" for text in list(missing)[:SHOWN])
    notes = [f"{counted(number, 'cell')} with {listed}: treated as empty"] if missing else []
    return {text: missing.get(text, text) for text in counts}, notes


def _one_notation(counts: Mapping[str, int]) -> tuple[dict[str, str], list[str]]:
    """Convert cells of tags to `a|b` with unified spelling; unknown tags keep their question mark."""
    cells, notes = split_tags(counts)
    names: Counter[str] = Counter()
    for text, tags in cells.items():
        for tag in tags:
            names[tag.removeprefix("?")] += counts[text]
    del names[""]  # of OPEN
    spelled, more = unify(names)

    def rewritten(tag: str) -> str:
        if tag == OPEN:
            return tag
        return ("?" if tag.startswith("?") else "") + spelled[tag.removeprefix("?")]

    changed = {text: "|".join(dict.fromkeys(map(rewritten, tags))) or NONE for text, tags in cells.items()}
    return changed, [*notes, *(note.replace("are one label", "are one tag") for note in more)]


def _fold_groups(collection: Collection) -> list[str]:
    """Convert columns with one tag of a group each to tags; return the notes."""
    names = sorted({name for each in _values(collection.rows) for name in each if name.startswith(GROUP_COLUMN)})
    if not names:
        return []
    notes = [note.replace("are one label", "are one tag") for name in names for note in _one_spelling(collection, name)]
    if isinstance(collection.rows, ArrayRows):
        places = [f"row {number}" for number in range(len(collection.rows))]
    else:
        places = [row.location for row in collection.rows]
    values = [dict(with_group_columns(*each)) for each in zip(_values(collection.rows), places, strict=True)]
    collection.rows = _with_values(collection.rows, values)
    return notes


def _one_spelling(collection: Collection, name: str) -> list[str]:
    return [f"column '{name}': {note}" for note in _change_cells(collection, name, unify)]


Rewrite = Callable[[Mapping[str, int]], tuple[dict[str, str], list[str]]]


def _change_cells(collection: Collection, column: str | None, rewrite: Rewrite) -> list[str]:
    """Rewrite the filled cells of one column (None: all except paths); return the notes."""
    values = _values(collection.rows)
    columns = [column] if column else sorted({name for each in values for name in each} - {"paired"})
    notes = []
    for name in columns:
        counts = Counter(text for each in values if (text := each.get(name)))
        changed, new_notes = rewrite(counts)
        notes += [f"column '{name}': {note}" for note in new_notes] if column is None or name == "tags" else new_notes
        if any(old != new for old, new in changed.items()):
            values = [{**each, name: changed[each[name]]} if each.get(name) else each for each in values]
            collection.rows = _with_values(collection.rows, values)
    return notes


def _values(rows: Sequence[Row]) -> list[dict[str, str]]:
    return list(rows.values) if isinstance(rows, ArrayRows) else [row.values for row in rows]


def _with_values(rows: Sequence[Row], values: Iterable[dict[str, str]]) -> Sequence[Row]:
    if isinstance(rows, ArrayRows):
        return ArrayRows(rows.images, list(values), rows.location, rows.paired, rows.chosen)
    return [_replaced(row, each) for row, each in zip(rows, values, strict=True)]


def _replaced(row: Row, values: dict[str, str]) -> Row:
    if row.values is values:
        return row
    return Row(picture=row.picture, name=row.name, values=values, location=row.location, paired=row.paired)
