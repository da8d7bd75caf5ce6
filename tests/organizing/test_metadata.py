"""When and where a photo was taken, and what counts as not known."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from eyespot.images import encode_png
from eyespot.organizing._embedding import CROP
from eyespot.organizing._metadata import read_metadata, time_in_name
from eyespot.organizing._photo import examine

from .photos import save, scene

NOW = datetime(2026, 1, 1)


def metadata_of(file: Path):
    with Image.open(file) as image:
        return read_metadata(image, file.name, NOW)


def test_time_place_and_camera_are_read(tmp_path):
    found = metadata_of(save(scene(0), tmp_path / "a.jpg", "2024:05:01 12:30:00", (-33.5, 151.25)))
    assert found.taken == datetime(2024, 5, 1, 12, 30)
    assert found.time_from == "exif"
    assert found.place == pytest.approx((-33.5, 151.25))
    assert found.camera == "Camera"


@pytest.mark.parametrize("taken", ["0000:00:00 00:00:00", "2031:01:01 00:00:00", "yesterday", "0001:01:01 00:00:00"])
def test_clocks_that_were_not_set_count_as_missing(tmp_path, taken):
    assert metadata_of(save(scene(0), tmp_path / "a.jpg", taken)).taken is None


def test_the_place_zero_zero_counts_as_missing(tmp_path):
    assert metadata_of(save(scene(0), tmp_path / "a.jpg", place=(0.0, 0.0))).place is None


def test_exif_goes_before_the_name(tmp_path):
    named = save(scene(0), tmp_path / "IMG_20200102_030405.jpg")
    assert metadata_of(named).time_from == "name"
    both = save(scene(0), tmp_path / "IMG_20200102_030405.jpg", "2024:05:01 12:30:00")
    assert metadata_of(both).taken == datetime(2024, 5, 1, 12, 30)


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("IMG-20240131-WA0003.jpg", datetime(2024, 1, 31)),
        ("Screenshot 2024-01-31 at 12.05.01.png", datetime(2024, 1, 31, 12, 5, 1)),
        ("PXL_20240131_120501123.jpg", datetime(2024, 1, 31, 12, 5, 1)),
        ("20241340_120501.jpg", None),
        ("DSC_0012.jpg", None),
        ("120240131.jpg", None),
    ],
)
def test_times_in_names(name, taken):
    assert time_in_name(name, NOW) == taken


def test_a_png_file_is_decoded_once(monkeypatch: pytest.MonkeyPatch):
    """Pillow decodes it to find EXIF data behind the pixels."""
    ended = []
    original = PngImageFile.load_end
    monkeypatch.setattr(PngImageFile, "load_end", lambda image: ended.append(1) or original(image))
    photo = examine(encode_png(np.zeros((20, 30, 3), np.uint8)), "a.png", CROP, NOW)
    assert (photo.height, photo.width) == (20, 30)
    assert ended == [1]
