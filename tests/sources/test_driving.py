"""Folders of drives: split by drive or by stretches, never by single frames."""

import csv
import json
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
    assert "6 drives: each one is kept within one part" in source.notes


def test_one_drive_is_cut_into_stretches_with_gaps(tmp_path: Path, photo):
    source = open_source(write_drives(tmp_path / "drives", 1, 40, photo))
    steps = [sorted(int(row.values["step"]) for row in part.rows) for part in source.parts]
    assert steps == [list(range(25)), list(range(26, 32)), list(range(33, 40))]
    assert "1 drive cut into contiguous segments" in source.notes
    assert list(source.left_out.values()) == [2]


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


def write_frames(folder: Path, names: list[str], photo) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for seed, name in enumerate(names):
        write_png(photo(seed), folder / name)


def test_a_log_of_the_udacity_simulator_is_read_with_and_without_header(tmp_path: Path, photo):
    names = [f"center_{frame:03}.png" for frame in range(40)]
    write_frames(tmp_path / "IMG", names, photo)
    lines = [
        f"C:\\Users\\me\\IMG\\{name}, C:\\l.png, C:\\r.png, {-frame / 40}, 0.5, 0, 9.1"
        for frame, name in enumerate(names)
    ]
    for header in ([], ["center,left,right,steering,throttle,brake,speed"]):
        log = tmp_path / "driving_log.csv"
        log.write_text("\n".join(header + lines))
        source = open_source(log)
        assert source.kind == "driving log"
        assert [len(part) for part in source.parts] == [25, 6, 7]
        assert [float(row.values["number"]) for row in source.test.rows] == [-frame / 40 for frame in range(33, 40)]
        assert sum(source.left_out.values()) == 2


def test_a_log_that_names_its_parts_keeps_them_and_validates_on_a_stretch(tmp_path: Path, photo):
    names = [f"{frame:03}.png" for frame in range(50)]
    write_frames(tmp_path, names, photo)
    lines = [f"{name},{'train' if frame < 40 else 'val'},0.1,0.5" for frame, name in enumerate(names)]
    (tmp_path / "log.csv").write_text("\n".join(["frame,split,steering,throttle", *lines]))
    source = open_source(tmp_path / "log.csv", columns={"path": "frame"})
    found = [sorted(int(row.name[:3]) for row in part.rows) for part in source.parts]
    assert found == [list(range(33)), list(range(34, 40)), list(range(40, 50))]


def test_degrees_in_a_log_are_refused_with_their_range(tmp_path: Path, photo):
    write_frames(tmp_path, ["0.png", "1.png"], photo)
    (tmp_path / "log.csv").write_text("path,angle,throttle\n0.png,0.5,1\n1.png,-12.5,1\n")
    with pytest.raises(SourceError, match=r"log.csv line 3: angle is -12.5; expected .* from -1 to 1"):
        open_source(tmp_path / "log.csv")


def test_a_table_without_throttle_stays_a_table(tmp_path: Path, photo):
    write_frames(tmp_path, ["0.png", "1.png"], photo)
    (tmp_path / "t.csv").write_text("path,angle\n0.png,90\n1.png,-12.5\n")
    assert open_source(tmp_path / "t.csv").kind == "table"


def record(frame: int, name: str, session: str = "") -> dict:
    return {
        "_index": frame,
        "_session_id": session,
        "cam/image_array": name,
        "user/angle": frame / 100,
        "user/throttle": 0.2,
    }


def test_a_tub_of_version_2_is_split_by_session_without_deleted_records(tmp_path: Path, photo):
    names = [f"{frame}_cam_image_array_.png" for frame in range(20)]
    write_frames(tmp_path / "images", names, photo)
    for catalog in range(2):
        frames = range(10 * catalog, 10 * catalog + 10)
        lines = [json.dumps(record(frame, names[frame], f"session {frame // 4}")) for frame in frames]
        (tmp_path / f"catalog_{catalog}.catalog").write_text("\n".join(lines) + "\n")
    (tmp_path / "manifest.json").write_text(
        '["cam/image_array"]\n["image_array"]\n{}\n{"created_at": 1}\n'
        '{"paths": ["catalog_0.catalog"], "current_index": 20, "deleted_indexes": [3, 17]}\n'
    )
    source = open_source(tmp_path)
    assert source.kind == "donkeycar tub"
    assert len(source) == 18
    sessions = [{row.values["drive"] for row in part.rows} for part in source.parts]
    assert [len(names) for names in sessions] == [3, 1, 1]
    assert {row.name: row.values["number"] for row in source.rows}[names[7]] == "0.07"


def test_a_tub_of_version_1_is_one_drive_in_the_order_of_its_records(tmp_path: Path, photo):
    names = [f"{frame}_cam.png" for frame in range(20)]
    write_frames(tmp_path, names, photo)
    for frame, name in enumerate(names):
        (tmp_path / f"record_{frame}.json").write_text(json.dumps(record(frame, name)))
    source = open_source(tmp_path)
    assert [float(row.values["number"]) for row in source.test.rows] == [0.17, 0.18, 0.19]


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "record_1.json: is not valid JSON"), ("{}", "has no 'cam/image_array'"), ("[]", "is not a record")],
)
def test_a_damaged_record_is_named(tmp_path: Path, photo, text: str, message: str):
    write_frames(tmp_path, ["a.png"], photo)
    (tmp_path / "record_1.json").write_text(text)
    with pytest.raises(SourceError, match=message):
        open_source(tmp_path)
