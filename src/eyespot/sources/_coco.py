"""Boxes in COCO's JSON files: `images`, `annotations` with [x, y, width, height], and `categories`."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import SourceError
from ._collection import Collection
from ._conventions import part_named
from ._objects import Objects, object_notes
from .source import Problem, Row

KEYS = ("images", "annotations", "categories")
LARGEST = 2**30
"""Maximum size of a file in bytes; that of COCO 2017 has 450 million."""
START = 4096


def is_coco(file: Path) -> bool:
    """Return whether a JSON file is one of COCO's: it has the three keys, or starts like one."""
    try:
        if file.stat().st_size > 64 * 2**20:
            with file.open("rb") as stream:
                return any(f'"{key}"'.encode() in stream.read(START) for key in ("info", *KEYS))
        document = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(document, dict) and all(key in document for key in KEYS)


def read_coco(files: Sequence[Path], folder: Path, images: Sequence[str], root: Path | None = None) -> Collection:
    """One row for each image in the files; several files are parts if their names indicate it.

    Images are found by their path below `folder`, or by their file name if it is unique.
    """
    rows: list[Row] = []
    collection = Collection(name=(root or folder).name, kind="COCO annotations", rows=rows, root=root or folder)
    places = _Places(images, folder)
    left_out, unused, empty = Counter[str](), Counter[str](), 0
    parts = {file: part_named(file.stem.removeprefix("instances_").removeprefix("_annotations.coco")) for file in files}
    parts = {file: part or part_named(file.parent.name) for file, part in parts.items()}
    with_parts = len(files) > 1 and all(parts.values())
    for file in files:
        for name, objects, where in _images(file):
            path = places.find(file.parent, name)
            if path is None:
                collection.problems.append(Problem(name=name, location=where, reason="there is no such file"))
                continue
            values = {"boxes": objects.text()} | ({"split": parts[file] or ""} if with_parts else {})
            left_out += objects.left_out
            unused += objects.unused
            empty += not objects.found
            rows.append(Row(picture=path, name=name, values=values, location=where))
    if without := len(images) - len({str(row.picture) for row in rows}):
        collection.left_out["not named in any annotation file"] = without
    collection.notes += object_notes(left_out, empty)
    collection.notes += [f"{count:,} objects {what}" for what, count in sorted(unused.items())]
    return collection


class _Places:
    """Finds images by their names in annotation files."""

    def __init__(self, images: Sequence[str], folder: Path) -> None:
        self.paths = {Path(image) for image in images}
        self.folder = folder
        names = Counter(path.name for path in self.paths)
        self.by_name = {path.name: path for path in self.paths if names[path.name] == 1}

    def find(self, beside: Path, name: str) -> str | None:
        """The path of an image; only files found below the folder are read."""
        for path in (beside / name, self.folder / name):
            if path in self.paths:
                return str(path)
        found = self.by_name.get(Path(name).name)
        return str(found) if found else None


def _images(file: Path) -> list[tuple[str, Objects, str]]:
    """Name, objects and location of each image of one file; raises `SourceError` for an invalid entry."""
    try:
        if file.stat().st_size > LARGEST:
            raise SourceError(f"{file}: has more than {LARGEST:,} bytes; split it.")
        document = json.loads(file.read_bytes())
        names = {entry["id"]: str(entry["name"]) for entry in document["categories"]}
        images = {entry["id"]: (str(entry["file_name"]), _size(entry), Objects()) for entry in document["images"]}
    except OSError as error:
        raise SourceError(f"{file}: cannot be read ({error.strerror}).") from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SourceError(f"{file}: is not a COCO file ({type(error).__name__}: {error}); export it again.") from None
    for number, entry in enumerate(document["annotations"]):
        _add(entry, names, images, f"{file} annotation {number + 1}")
    return [(name, objects, f"{file.name} image {key}") for key, (name, _, objects) in images.items()]


def _size(entry: dict[str, Any]) -> tuple[int, int] | None:
    height, width = entry.get("height"), entry.get("width")
    return (height, width) if isinstance(height, int) and isinstance(width, int) and height and width else None


def _add(entry: Any, names: dict[Any, str], images: dict[Any, Any], where: str) -> None:
    try:
        image, category = entry["image_id"], entry["category_id"]
        x, y, width, height = (float(side) for side in entry["bbox"])
    except (KeyError, TypeError, ValueError):
        raise SourceError(
            f"{where}: lacks image_id, category_id or a bbox of four numbers (x, y, width, height). Correct it."
        ) from None
    if category not in names:
        raise SourceError(f"{where}: its category {category} is not among the categories; add its name.")
    if image not in images:
        raise SourceError(f"{where}: its image {image} is not among the images; remove it or add the image.")
    _, size, objects = images[image]
    objects.add(names[category], [x, y, x + width, y + height], size)
    objects.unused["have a mask: only the box is used"] += bool(entry.get("segmentation"))
    objects.unused["are crowds: the box is used like that of one object"] += entry.get("iscrowd") == 1
