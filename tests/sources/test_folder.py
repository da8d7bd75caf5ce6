"""Folders of pictures, with classes, with parts, or flat."""

import os
from pathlib import Path

import numpy as np
import pytest

from eyespot.errors import SourceError
from eyespot.images import encode_png
from eyespot.sources import open_source
from eyespot.sources._folder import read_folder


def test_a_folder_for_each_class_gives_its_name_as_the_label(class_folder) -> None:
    root = class_folder(cat=12, dog=13)
    collection = read_folder(root)
    assert collection.kind == "a folder for each class"
    assert [row.values["label"] for row in collection.rows] == ["cat"] * 12 + ["dog"] * 13
    assert collection.rows[0].name == "cat/000.png" and collection.rows[0].location == str(root / "cat" / "000.png")


def test_pictures_deeper_down_belong_to_the_class_above(class_folder) -> None:
    root = class_folder(cat=3, dog=3)
    (root / "cat" / "indoors").mkdir()
    (root / "cat" / "000.png").rename(root / "cat" / "indoors" / "000.png")
    assert [row.values["label"] for row in read_folder(root).rows] == ["cat"] * 3 + ["dog"] * 3


def test_parts_of_its_own_are_respected(class_folder) -> None:
    class_folder("pets/train", cat=6, dog=6)
    class_folder("pets/Validation", cat=2, dog=2)
    source = open_source(class_folder("pets/test", cat=3, dog=3).parent)
    assert source.kind == "a folder for each class, in 3 parts"
    assert [len(part) for part in source.parts] == [12, 4, 6]


def test_with_train_and_val_only_val_is_the_test_part_and_validation_is_cut_from_train(class_folder) -> None:
    class_folder("pets/train", cat=20, dog=20)
    source = open_source(class_folder("pets/val", cat=5, dog=5).parent)
    assert {row.name.split("/")[0] for row in source.test.rows} == {"val"} and len(source.test) == 10
    assert len(source.validation) >= 2 and len(source.train) + len(source.validation) == 40


def test_with_train_and_test_only_validation_is_cut_from_train(class_folder) -> None:
    class_folder("pets/train", cat=20, dog=20)
    source = open_source(class_folder("pets/test", cat=5, dog=5).parent)
    assert len(source.test) == 10 and len(source.validation) >= 2


def test_a_flat_folder_gives_pictures_without_labels(class_folder) -> None:
    source = open_source(class_folder(cat=20) / "cat")
    assert source.kind == "pictures" and source.columns == set()
    assert all(len(part) for part in source.parts)


def test_flat_folders_can_have_parts_too(class_folder) -> None:
    root = class_folder(train=20, test=5)
    source = open_source(root)
    assert source.kind == "pictures, in 2 parts" and source.columns == {"split"} and len(source.test) == 5


def test_what_is_hidden_or_no_picture_is_left_alone(class_folder) -> None:
    root = class_folder(cat=3, dog=3)
    (root / "cat" / ".hidden.png").write_bytes(b"")
    (root / ".git").mkdir()
    (root / "__MACOSX").mkdir()
    (root / "__MACOSX" / "x.png").write_bytes(b"")
    (root / "cat" / "notes.txt").write_text("meow")
    (root / "empty").mkdir()
    collection = read_folder(root)
    assert len(collection.rows) == 6
    assert "folder 'empty' contains no image" in collection.notes
    assert "files of other kinds are ignored: 1 .txt" in collection.notes


def test_pictures_beside_class_folders_are_left_out_and_counted(class_folder) -> None:
    root = class_folder(cat=3, dog=3)
    (root / "cover.png").write_bytes(encode_png(np.zeros((4, 4), np.uint8)))
    collection = read_folder(root)
    assert len(collection.rows) == 6
    assert collection.left_out == {"beside the class folders": 1}


def test_an_empty_folder_is_an_error_that_names_it_and_what_could_be_there(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match=r"empty: contains no image.*one folder per class.*\.csv.*IDX"):
        open_source(tmp_path / "empty")


@pytest.mark.parametrize(("name", "hint"), [("labels.csv", "open that file itself"), ("all.zip", "unpack it first")])
def test_a_folder_with_something_else_in_it_says_what_to_do(tmp_path: Path, name: str, hint: str) -> None:
    (tmp_path / name).write_text("x")
    with pytest.raises(SourceError, match=hint):
        open_source(tmp_path)


def test_unreadable_pictures_beyond_five_percent_are_an_error_that_names_each_kind(class_folder) -> None:
    root = class_folder(cat=10, dog=10)
    (root / "cat" / "text.jpg").write_text("not a picture")
    (root / "cat" / "nothing.jpg").write_bytes(b"")
    whole = (root / "dog" / "000.png").read_bytes()
    (root / "dog" / "half.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match=r"3 of 23 images.*nothing\.jpg.*text\.jpg.*half\.png"):
        open_source(root)


def test_up_to_five_percent_of_unreadable_pictures_are_left_out_and_listed(class_folder) -> None:
    root = class_folder(cat=15, dog=15)
    (root / "cat" / "text.jpg").write_text("not a picture")
    source = open_source(root)
    assert len(source) == 30 and [problem.name for problem in source.problems] == ["cat/text.jpg"]


def test_a_pipe_under_a_pictures_name_does_not_hang(class_folder) -> None:
    root = class_folder(cat=20, dog=20)
    os.mkfifo(root / "cat" / "pipe.jpg")
    (problem,) = open_source(root).problems
    assert problem.name == "cat/pipe.jpg" and "a device" in problem.reason


def test_nothing_of_the_users_is_changed(class_folder) -> None:
    root = class_folder(cat=10, dog=10)
    before = {path: (path.stat().st_mtime_ns, path.is_file() and path.read_bytes()) for path in root.rglob("*")}
    open_source(root)
    assert before == {path: (path.stat().st_mtime_ns, path.is_file() and path.read_bytes()) for path in root.rglob("*")}
