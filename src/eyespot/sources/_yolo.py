"""Boxes in YOLO's text files: one file for each image, with lines "class x y width height" relative to its size.

Folders: images/ and labels/ with the same names (and parts in or above them), and a data.yaml or classes.txt with the
names of the classes.
"""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ..errors import EyespotError, SourceError
from ..images import read_size
from ._collection import Collection
from ._conventions import part_named
from ._objects import Objects, object_notes
from .source import Problem, Row

NAMES = ("classes.txt", "obj.names", "labels.txt")
LINE = re.compile(r"\s*[0-9]{1,6}(\s+[-+.0-9eE]+){4,}\s*")


def label_files(images: Sequence[str], others: Sequence[str]) -> dict[str, str | None]:
    """The label file of each image, None if it has none; empty if the text files are not YOLO's."""
    there = {other for other in others if other.lower().endswith(".txt") and Path(other).name not in NAMES}
    found = {image: next((file for file in _candidates(Path(image)) if file in there), None) for image in images}
    known = [file for file in found.values() if file]
    return found if known and all(_is_yolo(Path(file)) for file in known[:5]) else {}


def _candidates(image: Path) -> list[str]:
    """Possible label files of an image: next to it, or with "labels" instead of "images" in its path."""
    name = f"{image.stem}.txt"
    apart = [
        Path(*("labels" if place == at else part for place, part in enumerate(image.parent.parts)), name)
        for at, part in enumerate(image.parent.parts)
        if part.lower() == "images"
    ]
    return [str(image.with_name(name)), *(str(path) for path in reversed(apart))]


def _is_yolo(file: Path) -> bool:
    try:
        text = file.read_text(errors="replace")
    except OSError:
        return False
    lines = [line for line in text.splitlines() if line.strip()]
    return bool(LINE.fullmatch(lines[0])) if lines else True


def read_yolo(root: Path, images: Sequence[str], others: Sequence[str], files: dict[str, str | None]) -> Collection:
    """One row for each image; one without a label file has no object."""
    rows: list[Row] = []
    collection = Collection(name=root.name or str(root.resolve()), kind="YOLO annotations", rows=rows, root=root)
    names = _class_names(root, others)
    left_out, empty = Counter[str](), 0
    for image, file in files.items():
        path = Path(image)
        try:
            objects = _objects(Path(file), path, names) if file else Objects()
        except SourceError:
            raise
        except EyespotError as error:  # the image cannot be read
            collection.problems.append(Problem(name=image, location=image, reason=str(error)))
            continue
        values = {"boxes": objects.text()}
        left_out += objects.left_out
        empty += not objects.found
        rows.append(Row(picture=image, name=str(path.relative_to(root)), values=values, location=file or image))
    parts = [_part(Path(str(row.picture)), root) for row in rows]
    if all(parts):
        for row, part in zip(rows, parts, strict=True):
            row.values["split"] = part or ""
    collection.notes += [*object_notes(left_out, empty), *_lonely(others, {file for file in files.values() if file})]
    return collection


def _lonely(others: Sequence[str], used: set[str]) -> list[str]:
    """A note about label files without an image, in the folders of the others."""
    folders = {Path(file).parent for file in used}
    texts = [Path(other) for other in others if other.lower().endswith(".txt") and other not in used]
    lonely = [text for text in texts if text.parent in folders and text.name not in NAMES and _is_yolo(text)]
    return [f"{len(lonely):,} label files have no image, such as {lonely[0].name}"] if lonely else []


def _part(image: Path, root: Path) -> str | None:
    folders = image.parent.relative_to(root).parts
    return next((part for folder in folders if (part := part_named(folder))), None)


def _objects(file: Path, image: Path, names: dict[int, str]) -> Objects:
    height, width, _ = read_size(image, str(image))
    objects = Objects()
    for number, line in enumerate(file.read_text(errors="replace").splitlines(), start=1):
        if not line.strip():
            continue
        where = f"{file} line {number}"
        if not LINE.fullmatch(line):
            raise SourceError(f"{where}: is '{line[:40]}'; expected a class number, then x, y, width, height.")
        kind, *numbers = line.split()
        if int(kind) not in names:
            raise SourceError(
                f"{where}: the class {kind} has no name; expected data.yaml or classes.txt with a name for it."
            )
        objects.add(names[int(kind)], _box(numbers, where, height, width), (height, width))
    return objects


def _box(texts: Sequence[str], where: str, height: int, width: int) -> list[float]:
    """Corners in pixels from relative center and size, or around a polygon of more than two points."""
    try:
        numbers = [float(text) for text in texts]
    except ValueError:
        raise SourceError(f"{where}: '{' '.join(texts)[:40]}' are not all numbers. Correct it.") from None
    if len(numbers) >= 6 and len(numbers) % 2 == 0:
        across, down = numbers[::2], numbers[1::2]
        x1, y1, x2, y2 = min(across), min(down), max(across), max(down)
    else:
        x, y, wide, high = numbers[:4]
        x1, y1, x2, y2 = x - wide / 2, y - high / 2, x + wide / 2, y + high / 2
    if max(abs(number) for number in numbers[:4]) > 2:
        raise SourceError(f"{where}: {' '.join(texts)[:40]} are pixels; expected shares of the sides from 0 to 1.")
    return [x1 * width, y1 * height, x2 * width, y2 * height]


def _class_names(root: Path, others: Sequence[str]) -> dict[int, str]:
    """Class names by number, from data.yaml or a file with one name per line."""
    files = {Path(other).name.lower(): Path(other) for other in sorted(others, reverse=True)}
    for name, file in files.items():
        if name.endswith((".yaml", ".yml")) and (names := read_names(file.read_text(errors="replace"))):
            return names
    for name in NAMES:
        if name in files:
            lines = files[name].read_text(errors="replace").splitlines()
            return {number: line.strip() for number, line in enumerate(lines) if line.strip()}
    raise SourceError(
        f"{root}: the classes have no names; expected a data.yaml with 'names', or a classes.txt with a name a line."
    )


def read_names(text: str) -> dict[int, str]:
    r"""Parse the list or mapping `names` of a data.yaml: "[a, b]", "- a" below it, or "0: a" below it.

    >>> read_names("nc: 2\nnames: ['red cell', b]"), read_names("names:\n  0: a\n  1: b  # second\n")
    ({0: 'red cell', 1: 'b'}, {0: 'a', 1: 'b'})
    """
    lines = [re.sub(r"(^|\s)#.*$", "", line).rstrip() for line in text.splitlines()]
    start = next((place for place, line in enumerate(lines) if re.match(r"names\s*:", line)), None)
    if start is None:
        return {}
    rest = lines[start].split(":", 1)[1].strip()
    if rest.startswith(("[", "{")):
        joined = " ".join([rest, *lines[start + 1 :]])
        closing = joined.find("]" if rest[0] == "[" else "}")
        entries = re.findall(r"'[^']*'|\"[^\"]*\"|[^,]+", joined[1:closing])
    else:
        entries = []
        for line in lines[start + 1 :]:
            if line and not line.startswith((" ", "-")):
                break
            entries += [line.strip().removeprefix("-").strip()] if line.strip() else []
    return _numbered([entry.strip() for entry in entries if entry.strip()])


def _numbered(entries: Sequence[str]) -> dict[int, str]:
    names = {}
    for place, entry in enumerate(entries):
        numbered = re.fullmatch(r"([0-9]{1,6})\s*:\s*(.+)", entry)
        number, name = (int(numbered[1]), numbered[2]) if numbered else (place, entry)
        names[number] = name.strip().strip("'\"")
    return names
