"""Boxes from COCO, YOLO and Pascal VOC files, in pixels, with clear errors for broken files."""

import json
from pathlib import Path

import numpy as np
import pytest

from eyespot.errors import SourceError
from eyespot.images import write_png
from eyespot.sources.open import open_source

BOXES = {
    "a.png": [{"label": "cat", "box": [4.0, 6.0, 12.0, 16.0]}, {"label": "dog", "box": [20.0, 10.0, 36.0, 18.0]}],
    "b.png": [{"label": "dog", "box": [0.0, 0.0, 10.0, 5.0]}],
}
"""Two images of 20 rows and 40 columns with three boxes."""


def write_images(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(BOXES):
        write_png(np.full((20, 40, 3), 60 + 90 * number, np.uint8), folder / name)


def read(path: Path) -> dict[str, list[dict]]:
    """The objects of all parts by the name of the image."""
    rows = [row for part in open_source(path).parts for row in part.rows]
    return {Path(row.name).name: json.loads(row.values["boxes"]) for row in rows}


def write_coco(root: Path, category: int = 7) -> Path:
    write_images(root)
    numbers = {"cat": category, "dog": 9}
    annotations = [
        {"id": 1, "image_id": 1, "category_id": numbers["cat"], "bbox": [4, 6, 8, 10]},
        {"id": 2, "image_id": 1, "category_id": numbers["dog"], "bbox": [20, 10, 16, 8]},
        {"id": 3, "image_id": 2, "category_id": numbers["dog"], "bbox": [0, 0, 10, 5]},
    ]
    images = [{"id": n, "file_name": f, "height": 20, "width": 40} for n, f in enumerate(BOXES, start=1)]
    categories = [{"id": 7, "name": "cat"}, {"id": 9, "name": "dog"}]
    file = root / "annotations.json"
    file.write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    return file


def write_yolo(root: Path, line: str = "0 0.2 0.55 0.2 0.5") -> Path:
    write_images(root / "images")
    (root / "labels").mkdir()
    (root / "labels" / "a.txt").write_text(f"{line}\n1 0.7 0.7 0.4 0.4\n")
    (root / "labels" / "b.txt").write_text("1 0.125 0.125 0.25 0.25\n")
    (root / "data.yaml").write_text("nc: 2\nnames: [cat, dog]\n")
    return root


def write_voc(root: Path, start: str = "", xmin: str = "4") -> Path:
    write_images(root / "JPEGImages")
    (root / "Annotations").mkdir()
    for name, objects in BOXES.items():
        entries = "".join(voc_object(each["label"], each["box"], xmin) for each in objects)
        size = "<size><width>40</width><height>20</height><depth>3</depth></size>"
        text = f"{start}<annotation><filename>{name}</filename>{size}{entries}</annotation>"
        (root / "Annotations" / name.replace("png", "xml")).write_text(text)
    return root


def voc_object(label: str, box: list[float], xmin: str) -> str:
    sides = dict(zip(("xmin", "ymin", "xmax", "ymax"), map(str, box), strict=True))
    if label == "cat":
        sides["xmin"] = xmin
    corners = "".join(f"<{name}>{side}</{name}>" for name, side in sides.items())
    return f"<object><name>{label}</name><bndbox>{corners}</bndbox></object>"


@pytest.mark.parametrize("write", [write_coco, write_yolo, write_voc])
def test_boxes_come_back_in_pixels(write, tmp_path: Path):
    write(tmp_path)
    assert read(tmp_path) == BOXES


def test_a_coco_file_is_opened_by_its_own_path(tmp_path: Path):
    assert read(write_coco(tmp_path)) == BOXES


def test_a_coco_category_without_a_name_is_an_error(tmp_path: Path):
    with pytest.raises(SourceError, match="category 3 is not among the categories"):
        open_source(write_coco(tmp_path, category=3))


def test_a_broken_coco_file_is_an_error(tmp_path: Path):
    file = write_coco(tmp_path)
    file.write_text(file.read_text()[:-20])
    with pytest.raises(SourceError):
        open_source(file)


def test_a_missing_coco_file_is_an_error(tmp_path: Path):
    with pytest.raises(SourceError, match="there is no such file"):
        open_source(tmp_path / "annotations.json")


def test_an_image_that_coco_names_and_that_is_missing_is_an_error(tmp_path: Path):
    file = write_coco(tmp_path)
    (tmp_path / "b.png").unlink()
    with pytest.raises(SourceError, match=r"1 of 2 images cannot be used.*there is no such file"):
        open_source(file)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("5 0.2 0.55 0.2 0.5", "the class 5 has no name"),
        ("0 4 6 12 16", "are pixels; expected shares"),
    ],
)
def test_a_wrong_yolo_line_is_an_error(line: str, message: str, tmp_path: Path):
    with pytest.raises(SourceError, match=message):
        open_source(write_yolo(tmp_path, line))


def test_yolo_without_names_is_an_error(tmp_path: Path):
    (write_yolo(tmp_path) / "data.yaml").unlink()
    with pytest.raises(SourceError, match="the classes have no names"):
        open_source(tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start": '<!DOCTYPE a [<!ENTITY b "c">]>'}, "declares a document type"),
        ({"start": "<"}, "is no valid XML"),
        ({"xmin": "left"}, "lacks a number"),
    ],
)
def test_a_wrong_voc_file_is_reported(options: dict[str, str], message: str, tmp_path: Path):
    """The image is listed as a problem; where none can be read, the source cannot be opened."""
    write_voc(tmp_path, **options)
    try:
        reasons = [problem.reason for problem in open_source(tmp_path).problems]
    except SourceError as error:
        reasons = [str(error)]
    assert any(message in reason for reason in reasons), reasons
