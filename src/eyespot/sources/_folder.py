"""Read a folder of images, and interpret its subfolders."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from ..images import SUFFIXES
from ._collection import Collection
from ._layout import choose_layout
from ._walk import Tree, Walk, walk
from .source import Row


def read_folder(root: Path, layout: str | None = None) -> Collection:
    """Collect the images below a folder; an empty one gives no rows. `layout` is a key of `layout.LAYOUTS`.

    Raises `SourceError` if the layout is ambiguous and none was chosen.
    """
    return collect(walk(root), root, layout)


def collect(walked: Walk, root: Path, layout: str | None = None) -> Collection:
    """Collect the images of a folder tree."""
    chosen = choose_layout(walked.tree, layout)
    start = len(str(root)) + 1
    return Collection(
        name=root.name or str(root.resolve()),
        kind=chosen.kind,
        rows=[Row(picture=file, name=file[start:], values=values, location=file) for file, values in chosen.found],
        root=root,
        notes=_notes(walked.tree, start),
        left_out=walked.left_out + Counter(chosen.left_out),
    )


def _notes(tree: Tree, start: int) -> list[str]:
    notes = [f"folder '{folder.path[start:]}' contains no image" for folder in _empty(tree) if folder is not tree]
    if read := _by_suffix(file for file in tree.all_images() if Path(file).suffix.lower() not in SUFFIXES):
        notes.append(f"image files with other suffixes are read, by their content: {read}")
    if others := _by_suffix(tree.all_others()):
        notes.append(f"files of other kinds are ignored: {others}")
    return notes


def _by_suffix(files: Iterable[str]) -> str:
    """Number of files by suffix, as in "3 without suffix, 12 .txt"; empty without files."""
    kinds = Counter(Path(file).suffix.lower() for file in files)
    return ", ".join(f"{count} {suffix or 'without suffix'}" for suffix, count in sorted(kinds.items()))


def _empty(tree: Tree) -> list[Tree]:
    """The topmost folders without an image."""
    return [tree] if not tree.total else [each for folder in tree.folders for each in _empty(folder)]
