"""Boxes from COCO, YOLO and Pascal VOC files, in pixels, with clear errors for broken files."""

import json
from pathlib import Path

import numpy as np
import pytest

from eyespot.errors import SourceError
from eyespot.images import write_png
from eyespot.sources.check import check
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
        ({"start": "<"}, "is not valid XML"),
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


def write_table(root: Path, *lines: str, header: str = "path,label,x1,y1,x2,y2") -> Path:
    write_images(root)
    (root / "boxes.csv").write_text("\n".join([header, *lines]) + "\n")
    return root / "boxes.csv"


LINES = ("a.png,cat,4,6,12,16", "b.png,dog,0,0,10,5", "a.png,dog,20,10,36,18")


def test_the_lines_of_a_table_with_a_box_each_become_rows_with_their_boxes(tmp_path: Path):
    assert read(write_table(tmp_path, *LINES)) == BOXES
    other = write_table(tmp_path / "other", *LINES, header="path,label,xmin,ymin,xmax,ymax")
    assert read(other) == BOXES


def test_a_line_without_a_box_is_an_image_without_an_object(tmp_path: Path):
    file = write_table(tmp_path, LINES[0], LINES[2], "b.png,,,,,")
    assert read(file) == {**BOXES, "b.png": []}
    assert "1 image without an object: kept as background" in open_source(file).notes


def test_a_thousand_objects_in_one_image_and_a_single_class_are_read(tmp_path: Path):
    many = [f"a.png,cell,{n % 40},{n // 50},{n % 40 + 0.5},{n // 50 + 0.5 + n / 10000}" for n in range(1000)]
    found = read(write_table(tmp_path, *many, "b.png,cell,0,0,1,1"))
    assert len(found["a.png"]) == 1000 and {one["label"] for one in found["a.png"]} == {"cell"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("b.png,dog,10,0,2,5", "1 box without area"),
        ("b.png,dog,2,2,2,5", "1 box without area"),
        ("b.png,dog,nan,0,2,5", "1 box with sides that are not finite numbers"),
        ("b.png,dog,inf,0,2,5", "1 box with sides that are not finite numbers"),
        ("b.png,dog,50,0,60,5", "1 box outside the image"),
        ("a.png,dog,20,10,36,18", "1 box listed twice"),
    ],
)
def test_boxes_that_cannot_be_are_left_out_and_counted(line: str, reason: str, tmp_path: Path):
    notes = open_source(write_table(tmp_path, *LINES, line)).notes
    assert any(note.startswith(reason) for note in notes), notes


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("a.png,cat,left,6,12,16", "b.png,,,,,"), "line 2: the box is 'left, 6, 12, 16'"),
        (("a.png,cat,4,6,12,", "b.png,,,,,"), "line 2: the box is '4, 6, 12, '"),
        (("a.png,,4,6,12,16", "b.png,,,,,"), "line 2: the box has no label"),
        (("a.png,cat,0.1,0.3,0.3,0.8", "b.png,,,,,"), "between 0 and 1.*expected pixels"),
    ],
)
def test_wrong_lines_of_a_table_are_errors_with_their_place(lines: tuple[str, ...], message: str, tmp_path: Path):
    with pytest.raises(SourceError, match=message):
        open_source(write_table(tmp_path, *lines))


def test_lines_of_one_image_in_two_parts_are_an_error(tmp_path: Path):
    lines = ("a.png,cat,4,6,12,16,train", "b.png,dog,0,0,10,5,test", "a.png,dog,20,10,36,18,test")
    with pytest.raises(SourceError, match=r"differ in the column 'split': 'train' .*, 'test'"):
        open_source(write_table(tmp_path, *lines, header="path,label,x1,y1,x2,y2,split"))


def test_masks_and_crowds_of_coco_are_reported_and_their_boxes_used(tmp_path: Path):
    file = write_coco(tmp_path)
    document = json.loads(file.read_text())
    document["annotations"][0] |= {"segmentation": {"counts": [3, 4], "size": [20, 40]}, "iscrowd": 1}
    document["annotations"][1]["segmentation"] = [[20, 10, 36, 10, 36, 18]]
    file.write_text(json.dumps(document))
    notes = open_source(file).notes
    assert "2 objects have a mask: only the box is used" in notes
    assert "1 objects are crowds: the box is used like that of one object" in notes
    assert read(file) == BOXES


def test_annotations_without_images_and_images_without_annotations_are_reported(tmp_path: Path):
    write_voc(tmp_path)
    (tmp_path / "Annotations" / "b.xml").rename(tmp_path / "Annotations" / "lonely.xml")
    write_png(np.zeros((20, 40, 3), np.uint8), tmp_path / "JPEGImages" / "c.png")
    (tmp_path / "Annotations" / "c.xml").write_bytes((tmp_path / "Annotations" / "a.xml").read_bytes())
    source = open_source(tmp_path)
    assert any("1 annotation files have no image, such as lonely.xml" in note for note in source.notes)
    assert "left out: 1 without an annotation file" in source.describe()


def test_yolo_labels_without_images_are_reported(tmp_path: Path):
    root = write_yolo(tmp_path)
    labels = next(root.rglob("labels"))
    (labels / "lonely.txt").write_text("0 0.5 0.5 0.2 0.2\n")
    (labels / "about.txt").write_text("written by hand\n")
    assert "1 label files have no image, such as lonely.txt" in open_source(root).notes


def test_check_counts_objects_by_class_and_size_and_finds_an_image_in_two_parts(tmp_path: Path):
    large = np.random.default_rng(0).integers(0, 255, (120, 120, 3), dtype=np.uint8)
    for name in ("d.png", "e.png"):
        write_png(large, tmp_path / name)
    lines = ("d.png,cat,0,0,100,100,train", "d.png,dog,0,0,40,40,train", "e.png,dog,0,0,10,10,test")
    file = write_table(tmp_path, *(f"{line},train" for line in LINES), *lines, header="path,label,x1,y1,x2,y2,split")
    report = check(open_source(file))
    assert report.objects == {
        "cat": {"images": 2, "objects": 2, "small": 1, "medium": 0, "large": 1},
        "dog": {"images": 4, "objects": 4, "small": 3, "medium": 1, "large": 0},
    }
    assert [twins.names for twins in report.across_parts if twins.kind == "exact"] == [("d.png", "e.png")]


def test_the_lines_of_a_table_with_a_point_each_become_rows_with_their_points(tmp_path: Path):
    file = write_table(tmp_path, "a.png,4,6.5", "b.png,,", "a.png,20,10", header="path,x,y")
    rows = [row for part in open_source(file).parts for row in part.rows]
    assert {row.name: json.loads(row.values["points"]) for row in rows} == {"a.png": [[4, 6.5], [20, 10]], "b.png": []}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a.png,left,6", "line 2: the point is 'left, 6'"),
        ("a.png,4,", "line 2: the point is '4, '"),
        ("a.png,4,nan", "line 2: the point is .*two finite numbers"),
        ("a.png,0.5,0.25", r"all of x, y lie between 0 and 1.*expected pixels"),
    ],
)
def test_wrong_points_of_a_table_are_errors_with_their_place(line: str, message: str, tmp_path: Path):
    with pytest.raises(SourceError, match=message):
        open_source(write_table(tmp_path, line, "b.png,,", header="path,x,y"))
