"""One door for everything: what is recognized, and what is said where nothing is."""

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from eyespot.errors import SourceError
from eyespot.images import encode_png
from eyespot.sources import from_arrays, open_source
from eyespot.sources.source import short_side


def test_a_source_is_given_back_as_it_is() -> None:
    source = from_arrays("mine", "made up", np.zeros((5, 4, 4), np.uint8), [{}] * 5)
    assert open_source(source) is source


def test_drawn_pictures_are_opened_by_name() -> None:
    assert open_source("synthetic:shapes").name == "synthetic:shapes"


def test_a_missing_path_names_the_nearest_and_what_there_could_be(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    with pytest.raises(SourceError, match=r"photo: there is no such file or folder\. Did you mean '.*photos'.*a table"):
        open_source(tmp_path / "photo")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("photos.zip", "unpack it first"),
        ("photos.tar.gz", "unpack it first"),
        ("cat.png", "is a single image; give the folder"),
        ("notes.docx", "is not recognized. Expected a folder"),
    ],
)
def test_files_that_are_no_source_say_what_to_do(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / name).write_bytes(encode_png(np.zeros((4, 4), np.uint8)))
    with pytest.raises(SourceError, match=message) as error:
        open_source(tmp_path / name)
    assert name in str(error.value)


def test_columns_are_for_tables_only(class_folder) -> None:
    with pytest.raises(SourceError, match="for a table only; this is a folder"):
        open_source(class_folder(cat=5, dog=5), columns={"path": "file"})


def test_what_was_recognized_is_told_in_one_line(class_folder) -> None:
    source = open_source(class_folder(cat=10, dog=10))
    expected = f"{len(source.train)} training, {len(source.validation)} validation, {len(source.test)} test"
    assert source.describe() == f"pets: a folder for each class, 20 images ({expected}), 2 classes (cat, dog)"


def test_real_folders_are_recognized(data: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(data / "hymenoptera" / "hymenoptera_160.zip").extractall(tmp_path)
    source = open_source(tmp_path)
    assert len(source.train) + len(source.validation) == 245 and len(source.test) == 153
    assert short_side(source) == 160 and not source.problems


def test_frames_of_a_drive_are_found_by_their_numbers(data: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(data / "driving_sim" / "frames_160x40.zip").extractall(tmp_path)
    shutil.copy(data / "driving_sim" / "driving_log.csv", tmp_path)
    columns = {"path": "center/{frame}.webp", "number": "steering"}
    source = open_source(tmp_path / "driving_log.csv", columns=columns)
    assert len(source) == 1351 - 23  # the gap between training and validation frames
    assert len(source.test) == 201 and "number" in source.columns
