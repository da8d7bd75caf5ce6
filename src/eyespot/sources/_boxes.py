"""Detect the format of folders and files of images with boxes."""

from pathlib import Path

from ..errors import SourceError
from ._coco import is_coco, read_coco
from ._collection import Collection
from ._voc import annotation_files, read_voc
from ._walk import Tree
from ._yolo import label_files, read_yolo


def read_boxes(tree: Tree, root: Path) -> Collection | None:
    """The images of a folder with their boxes; None without annotations in a known format.

    Raises `SourceError` if there are annotations in several formats.
    """
    images, others = tree.all_images(), tree.all_others()
    voc, yolo = annotation_files(images, others), label_files(images, others)
    coco = [Path(other) for other in others if other.lower().endswith(".json") and is_coco(Path(other))]
    kinds = {"Pascal VOC": bool(voc), "YOLO": bool(yolo), "COCO": bool(coco)}
    names = [name for name, there in kinds.items() if there]
    if len(names) > 1:
        raise SourceError(
            f"{root}: holds boxes in {len(names)} formats ({', '.join(names)}); expected one. Move the others away, or "
            "give the COCO file itself."
        )
    if voc:
        return read_voc(root, images, others, voc)
    if yolo:
        return read_yolo(root, images, others, yolo)
    return read_coco(coco, root, images) if coco else None


def read_coco_file(file: Path) -> Collection:
    """The images that one COCO file names, below the file's folder or the one above it."""
    from ._walk import walk

    if not is_coco(file):
        raise SourceError(f"{file}: is not a COCO file; expected JSON with 'images', 'annotations' and 'categories'.")
    folder = file.parent.parent if file.parent.name == "annotations" else file.parent
    return read_coco([file], folder, walk(folder).tree.all_images(), root=file)
