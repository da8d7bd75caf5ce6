"""Boxes in the XML files of Pascal VOC: one file for each image, and lists of names for the parts.

Folders: JPEGImages/, Annotations/ and, if parts are given, ImageSets/Main/{train,val,test}.txt; or an XML file next to
each image. Files with a document type declaration are rejected: entities could make them read other files or grow
without limit.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from ..errors import SourceError
from ._collection import Collection
from ._conventions import part_named
from ._objects import Objects, object_notes
from .source import Problem, Row

LARGEST = 16 * 2**20
"""Maximum size of an annotation file in bytes."""


def annotation_files(images: Sequence[str], others: Sequence[str]) -> dict[str, str]:
    """The annotation file of each image that has one, by image path; empty if the XML files are not VOC's."""
    files = [Path(other) for other in others if other.lower().endswith(".xml")]
    beside = {(file.parent, file.stem): str(file) for file in files}
    apart = {(file.parent.parent, file.stem): str(file) for file in files if file.parent.name.lower() == "annotations"}
    result = {}
    for image in images:
        path = Path(image)
        if file := beside.get((path.parent, path.stem)) or apart.get((path.parent.parent, path.stem)):
            result[image] = file
    return result if result and _is_voc(Path(next(iter(result.values())))) else {}


def read_voc(root: Path, images: Sequence[str], others: Sequence[str], files: dict[str, str]) -> Collection:
    """One row for each image with an annotation file; images without one are left out."""
    collection = Collection(name=root.name or str(root.resolve()), kind="Pascal VOC annotations", rows=[], root=root)
    rows, left_out, empty = [], Counter[str](), 0
    parts = _parts(others)
    for image, file in files.items():
        try:
            objects = _objects(Path(file))
        except SourceError as error:
            collection.problems.append(Problem(name=image, location=file, reason=str(error).removeprefix(f"{file}: ")))
            continue
        values = {"boxes": objects.text()}
        if parts:
            values["split"] = parts.get(Path(image).stem, "")
        left_out += objects.left_out
        empty += not objects.found
        rows.append(Row(picture=image, name=str(Path(image).relative_to(root)), values=values, location=file))
    if parts and (unlisted := [row for row in rows if not row.values["split"]]):
        collection.left_out["not in any list of ImageSets/Main"] = len(unlisted)
        rows = [row for row in rows if row.values["split"]]
    if without := len(images) - len(files):
        collection.left_out["without an annotation file"] += without
    collection.rows = rows
    collection.notes += object_notes(left_out, empty)
    used = set(files.values())
    if lonely := [other for other in others if other.lower().endswith(".xml") and other not in used]:
        collection.notes.append(f"{len(lonely):,} annotation files have no image, such as {Path(lonely[0]).name}")
    return collection


def _is_voc(file: Path) -> bool:
    try:
        return _root(file).tag == "annotation"
    except SourceError:
        return True  # reported when it is read


def _root(file: Path) -> ElementTree.Element:
    """The root of an XML file; raises `SourceError` if it is too large, declares entities or is not XML."""
    try:
        if file.stat().st_size > LARGEST:
            raise SourceError(f"{file}: has more than {LARGEST:,} bytes; expected an annotation file of Pascal VOC.")
        data = file.read_bytes()
        if b"<!DOCTYPE" in data or b"<!ENTITY" in data or b"\x00" in data:
            raise SourceError(f"{file}: declares a document type or is not UTF-8; remove the declaration.")
        return ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise SourceError(f"{file}: is not valid XML ({error}); repair or remove it.") from None
    except OSError as error:
        raise SourceError(f"{file}: cannot be read ({error.strerror}).") from None


def _objects(file: Path) -> Objects:
    root, objects = _root(file), Objects()
    size = _size(root)
    for entry in root.iter("object"):
        box, label = entry.find("bndbox"), (entry.findtext("name") or "").strip()
        if box is None or not label:
            raise SourceError(f"{file}: an object has no name or no bndbox; expected both.")
        try:
            sides = [float(box.findtext(name) or "") for name in ("xmin", "ymin", "xmax", "ymax")]
        except ValueError:
            raise SourceError(f"{file}: the bndbox of '{label}' lacks a number; expected xmin to ymax.") from None
        objects.add(label, sides, size)
    return objects


def _size(root: ElementTree.Element) -> tuple[int, int] | None:
    """Height and width stated in the file; None if they are missing or 0, as written by some tools."""
    texts = root.findtext("size/height") or "", root.findtext("size/width") or ""
    if not all(text.strip().isdecimal() and int(text) for text in texts):
        return None
    return int(texts[0]), int(texts[1])


def _parts(others: Sequence[str]) -> dict[str, str]:
    """The part of each image by its file name, from ImageSets/Main; empty if there are no lists."""
    parts: dict[str, str] = {}
    for other in others:
        file = Path(other)
        part = part_named(file.stem) if file.suffix == ".txt" and file.parent.name == "Main" else None
        if part:
            parts |= {line.split()[0]: part for line in file.read_text(errors="replace").splitlines() if line.strip()}
    return parts
