"""Folders of drives: split by drive or by stretches, never by single frames."""

import csv
from pathlib import Path

import numpy as np
import pytest

from eyespot.errors import SourceError
from eyespot.images import write_png
from eyespot.sources import open_source
from eyespot.sources._driving import side_of_drives, sides_of_stretches


def write_drives(folder: Path, drives: int, frames: int, photo) -> Path:
    """As `eyespot drive --expert` writes them: neighboring frames are nearly the same."""
    rows = []
    for drive in range(drives):
        (folder / f"track-{drive}").mkdir(parents=True)
        for frame in range(frames):
            path = f"track-{drive}/{frame:05}.png"
            pixels = photo(drive).copy()
            pixels[:2, frame] = 255 - pixels[:2, frame]
            write_png(pixels, folder / path)
            rows.append({"path": path, "number": frame / 100, "drive": f"track-{drive}", "step": frame})
    with (folder / "steering.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder


def test_a_drive_lies_in_one_part_as_a_whole(tmp_path: Path, photo):
    source = open_source(write_drives(tmp_path / "drives", 6, 5, photo))
    drives = [{row.values["drive"] for row in part.rows} for part in source.parts]
    assert [len(names) for names in drives] == [4, 1, 1]
    assert len(set.union(*drives)) == 6
    assert [len(part) for part in source.parts] == [20, 5, 5]
    assert source.kind == "drives with steering angles"
    assert "6 drives: each lies in one part as a whole" in source.notes


def test_one_drive_is_cut_into_stretches_with_gaps(tmp_path: Path, photo):
    source = open_source(write_drives(tmp_path / "drives", 1, 40, photo))
    steps = [sorted(int(row.values["step"]) for row in part.rows) for part in source.parts]
    assert steps == [list(range(25)), list(range(26, 32)), list(range(33, 40))]
    assert any("cut into contiguous stretches" in note and "2 frames" in note for note in source.notes)


def test_the_sides_of_stretches_are_in_order_with_gaps():
    sides = sides_of_stretches(1000)
    changes = np.flatnonzero(np.diff(sides)) + 1
    assert sides[[0, *changes]].tolist() == [0, -1, 1, -1, 2]
    assert np.diff(changes).tolist() == [20, 150, 20]
    assert (sides == 2).sum() == 180


@pytest.mark.parametrize("count", [4, 10, 57])
def test_every_part_gets_a_drive(count: int):
    sides = side_of_drives([f"drive {number}" for number in range(count)])
    assert set(sides.tolist()) == {0, 1, 2}
    assert (sides == 0).sum() >= count / 2


def test_a_frame_without_a_number_is_left_out_and_many_are_an_error(tmp_path: Path, photo):
    folder = write_drives(tmp_path / "drives", 4, 3, photo)
    table = folder / "steering.csv"
    table.write_text(table.read_text().replace(".png,0.01,", ".png,,"))
    from eyespot.training.plan import with_answers

    with pytest.raises(SourceError, match="steering"):
        with_answers(open_source(folder), "regress")
