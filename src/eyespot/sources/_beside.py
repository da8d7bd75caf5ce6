"""Tables in a folder whose subfolders are not labels: the user must choose; they are never ignored silently."""

import os
from pathlib import Path

from ..errors import SourceError
from ._layout import LAYOUTS, possible_layouts
from ._suggest import label_column, path_columns
from ._table import OTHER_TABLES, SAVE_AS, SUFFIXES, first_lines
from ._walk import Tree

TEXTS = (".txt", ".json")
"""Suffixes of tables and of many other files, which are distinguished by content."""
START, SAMPLE = 1 << 16, 20
"""Bytes of a text to search, and the number of image names to search for."""
MEANINGS = ("label", "tags", "number", "paired")


def require_no_table(tree: Tree, root: Path) -> None:
    """Raise `SourceError` with the right command if the folders provide no labels but a table could."""
    tables = [file for file in tree.all_others() if _may_be_a_table(Path(file), tree)]
    if not tables or _has_labels(tree):
        return
    raise SourceError(
        f"{root}: its folders give no labels, but it contains a table "
        f"({', '.join(os.path.relpath(file, root) for file in tables[:5])}). Either {_advice(tables, tree)}; "
        "or ignore the table: --layout unlabeled, in Python layout='unlabeled'."
    )


def _may_be_a_table(file: Path, tree: Tree) -> bool:
    """Whether a file is a table by its suffix, or a text that contains the name of one of the first images."""
    suffix = file.suffix.lower()
    if suffix not in TEXTS:
        return suffix in (*SUFFIXES, *OTHER_TABLES)
    try:
        with file.open("rb") as stream:
            start = stream.read(START).replace(b"\0", b"")  # UTF-16 has a zero next to each letter
    except OSError:
        return False
    return any(Path(image).stem.encode("utf-8", "surrogateescape") in start for image in tree.all_images()[:SAMPLE])


def _advice(tables: list[str], tree: Tree) -> str:
    commands = [command for file in tables if (command := _command(Path(file), tree))]
    if commands:
        return f"open the table: {commands[0]}"
    suffix = Path(tables[0]).suffix.lower()
    if suffix in (*OTHER_TABLES, *TEXTS):
        return f"{SAVE_AS}, with the columns path and label, and open that"
    return "open the table itself, if it names the images"


def _has_labels(tree: Tree) -> bool:
    names = possible_layouts(tree)
    labels = {values.get("label") for _, values in LAYOUTS[names[0]](tree).found} - {None}
    return len(labels) > 1


def _command(file: Path, tree: Tree) -> str | None:
    """The source and options that read a table, if one of its columns contains image paths below it."""
    lines = first_lines(file)
    inside = [os.path.relpath(image, file.parent).replace(os.sep, "/") for image in tree.all_images()]
    paths = path_columns(lines, [image for image in inside if not image.startswith("..")]) if lines else {}
    if not paths:
        return None
    column, path = next(iter(paths.items()))
    options = [] if path == "path" else [f"--column path={path}"]
    if not any(meaning in lines[0] for meaning in MEANINGS) and (label := label_column(lines[0], column)):
        options.append(f"--column label={label}")
    return " ".join([_quoted(str(file)), *options])


def _quoted(text: str) -> str:
    return f"'{text}'" if " " in text else text
