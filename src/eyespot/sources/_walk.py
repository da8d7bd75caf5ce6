"""All images below a folder, as a tree; ignored files are counted."""

import os
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ..file_formats import is_picture_file
from ._conventions import OWN_FOLDERS, is_system_name

IN_SYSTEM_FOLDERS = "in system folders, such as"
HIDDEN = "hidden"
OWN = "in folders written by eyespot"
LINKED = "behind links to folders that are read already"
CLOSED = "folders without read permission"


@dataclass
class Tree:
    """A folder: its own images in the order of their names, its subfolders, and the names of its other files."""

    path: str
    images: list[str] = field(default_factory=list)
    folders: list["Tree"] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The last component of its path."""
        return Path(self.path).name

    @cached_property
    def total(self) -> int:
        """Number of images in it and below."""
        return len(self.images) + sum(folder.total for folder in self.folders)

    @property
    def filled(self) -> list["Tree"]:
        """Its subfolders with images, in them or below."""
        return [folder for folder in self.folders if folder.total]

    def all_images(self) -> list[str]:
        """Its images and those below."""
        return self.images + [image for folder in self.folders for image in folder.all_images()]

    def all_others(self) -> list[str]:
        """The paths of other files in it and below."""
        own = [str(Path(self.path, name)) for name in self.others]
        return own + [file for folder in self.folders for file in folder.all_others()]


@dataclass
class Walk:
    """A tree, and the number of ignored images by reason."""

    tree: Tree
    left_out: Counter[str]


def walk(root: Path) -> Walk:
    """Read the names below a folder. Links to folders are followed unless their target is read anyway."""
    left_out: Counter[str] = Counter()
    real = os.path.realpath(root)
    return Walk(tree=_tree(str(root), real, (real,), left_out), left_out=left_out)


def _tree(path: str, root: str, above: tuple[str, ...], left_out: Counter[str]) -> Tree:
    tree = Tree(path)
    try:
        entries = sorted(os.scandir(path), key=lambda entry: entry.name)
    except PermissionError:
        left_out[CLOSED] += 1
        return tree
    for entry in entries:
        if entry.is_dir():
            if folder := _followed(entry, root, above, left_out):
                tree.folders.append(folder)
        elif is_system_name(entry.name):
            left_out[HIDDEN] += _is_image(entry.path)
        elif _is_image(entry.path):
            tree.images.append(entry.path)
        else:
            tree.others.append(entry.name)
    return tree


def _followed(entry: "os.DirEntry[str]", root: str, above: tuple[str, ...], left_out: Counter[str]) -> Tree | None:
    """The tree of a subfolder; None, with its images counted, if it is ignored."""
    if is_system_name(entry.name):
        left_out[f"{IN_SYSTEM_FOLDERS} {entry.name}"] += _count(entry.path)
    elif _is_own(entry.path):
        left_out[OWN] += _count(entry.path)
    else:
        real = os.path.realpath(entry.path) if entry.is_symlink() else f"{above[-1]}{os.sep}{entry.name}"
        if not entry.is_symlink() or not (_within(real, root) or any(_within(each, real) for each in above)):
            return _tree(entry.path, root, (*above, real), left_out)
        left_out[LINKED] += 1
    return None


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _is_image(path: str) -> bool:
    return is_picture_file(Path(path))


def _is_own(path: str) -> bool:
    return any(all(Path(path, name).is_file() for name in names) for names in OWN_FOLDERS)


def _count(path: str) -> int:
    return sum(_is_image(f"{place}{os.sep}{file}") for place, _, files in os.walk(path) for file in files)
