"""Drives as a video and a table: frames by number or by time, split by stretches."""

import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from eyespot.errors import SourceError
from eyespot.images import ImageSpec, read_pixels
from eyespot.progress import listening
from eyespot.sources import open_source

av = pytest.importorskip("av", reason="PyAV, the extra video, is not installed")
RATE = 10


def write_video(file: Path, frames: int = 40, rate: int = RATE) -> Path:
    """A gray video that becomes brighter by 6 levels from frame to frame."""
    codec = "mpeg2video" if file.suffix == ".mpg" else "mpeg4"
    file.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(file), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 64, 48, "yuv420p", 4_000_000
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 6 * number, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file


def write_table(file: Path, header: str, lines: list[str]) -> Path:
    file.write_text("\n".join([header, *lines]) + "\n")
    return file


def numbered(frames: int) -> list[str]:
    return [f"{frame},{frame / 100}" for frame in range(frames)]


def brightness(row) -> float:
    return float(read_pixels(row.picture, ImageSpec(height=1, width=1, channels=1, fit="native")).mean())


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    """A video of 40 frames without a table."""
    return write_video(tmp_path / "drive.mp4")


def test_each_frame_gets_the_number_of_its_line(drive: Path):
    table = write_table(drive.with_suffix(".csv"), "frame,steering", numbered(40))
    source = open_source(table)
    assert source.kind == "video of a drive"
    for row in source.rows:
        frame = int(row.values["frame"])
        assert abs(brightness(row) - 6 * frame) < 3
        assert float(row.values["number"]) == frame / 100
        assert row.values["drive"] == "drive"
        assert row.name == f"drive.mp4 frame {frame}"
        assert row.location == f"drive.csv line {frame + 2}"


def test_a_video_is_cut_into_stretches_with_gaps(drive: Path):
    write_table(drive.with_suffix(".csv"), "frame,steering", numbered(40)[::-1])
    source = open_source(drive)  # by its video, with the lines in reverse order
    frames = [sorted(int(row.values["frame"]) for row in part.rows) for part in source.parts]
    assert frames == [list(range(25)), list(range(26, 32)), list(range(33, 40))]


def test_lines_by_time_go_to_the_nearest_frame(drive: Path):
    times = [place / 40 for place in range(160)]  # four lines for each frame
    table = write_table(drive.with_name("steering.csv"), "Time,Angle", [f"{time},{time / 10}" for time in times])
    source = open_source(table)
    for row in source.rows:
        assert abs(brightness(row) - 60 * float(row.values["number"]) * RATE) < 3
    assert source.left_out["lines for a frame that has one already"] == 120


def test_frames_without_a_line_are_counted(drive: Path):
    table = write_table(drive.with_suffix(".csv"), "frame,steering", numbered(40)[:30])
    source = open_source(table)
    assert source.left_out["frames without a line in the table"] == 10
    assert "drive.mp4 has 40 frames; their steering is the column 'steering' of drive.csv, by 'frame'" in source.notes


def test_a_folder_of_videos_is_split_by_video(tmp_path: Path):
    for number in range(4):
        video = write_video(tmp_path / f"{number}.mp4", frames=6)
        write_table(video.with_suffix(".csv"), "frame,steering", numbered(6))
    source = open_source(tmp_path)
    drives = [{row.values["drive"] for row in part.rows} for part in source.parts]
    assert source.kind == "videos of drives"
    assert sorted(len(names) for names in drives) == [1, 1, 2]
    assert len(set.union(*drives)) == 4


def test_columns_can_be_chosen(drive: Path):
    table = write_table(drive.with_suffix(".csv"), "n,wheel", numbered(40))
    source = open_source(table, columns={"frame": "n", "number": "wheel"})
    assert {row.values["number"] for row in source.rows} >= {"0.0", "0.39"}


def test_frames_are_decoded_once(drive: Path, monkeypatch: pytest.MonkeyPatch):
    table = write_table(drive.with_suffix(".csv"), "frame,steering", numbered(40))
    first = open_source(table)
    monkeypatch.setattr("eyespot.sources._video_frames._decoded", lambda *_: pytest.fail("decoded again"))
    assert [row.picture for row in open_source(table).rows] == [row.picture for row in first.rows]
    assert sorted(each.name for each in drive.parent.iterdir()) == ["drive.csv", "drive.mp4"]


def test_decoding_reports_its_progress(drive: Path):
    seen = []
    table = write_table(drive.with_suffix(".csv"), "frame,steering", numbered(40))
    with listening(lambda done, total: seen.append((done, total))):
        open_source(table)
    assert seen == [(done, 40) for done in range(1, 41)]


def test_a_table_beside_another_video_stays_a_table(drive: Path, photo):
    from eyespot.images import write_png

    write_png(photo(0), drive.with_name("0.png"))
    write_png(photo(1), drive.with_name("1.png"))
    table = write_table(drive.with_name("labels.csv"), "path,number", ["0.png,1", "1.png,2"])
    assert open_source(table).kind == "table"


@pytest.mark.parametrize(
    ("header", "lines", "message"),
    [
        ("frame,steering", numbered(60), r"drive.csv line 42: its frame is 40, but drive.mp4 has the frames 0 to 39;"),
        ("frame,steering", [f"{each + 1},0" for each in range(40)][-3:], r"Frames are counted from 0"),
        (
            "time,steering",
            ["0,0", "4000,0"],
            r"line 3: its time is 4000 s, but the frames of drive.mp4 are at 0 to",
        ),
        ("time,steering", ["0,0", "0:01,0"], r"line 3: its time is '0:01'; expected a number"),
        ("frame,steering", ["0,0", "1.5,0"], r"line 3: its frame is 1.5"),
        ("frame,steering", ["0,0.5", "1,45"], r"drive.csv line 3: steering is 45; expected a share .* from -1 to 1"),
        ("frame,speed", numbered(40), r"drive.csv: belongs to drive.mp4 and has the columns frame, speed; expected a"),
        (
            "frame,time,steering",
            [f"{each},{each / 30},0" for each in range(40)],
            r"has 30 frames per second by its columns 'frame' and 'time', but drive.mp4 10; remove the column",
        ),
    ],
)
def test_a_table_that_does_not_fit_its_video_is_refused(drive: Path, header: str, lines: list[str], message: str):
    with pytest.raises(SourceError, match=message):
        open_source(write_table(drive.with_suffix(".csv"), header, lines))


def test_a_video_without_a_table_is_refused(drive: Path):
    with pytest.raises(SourceError, match=r"drive.mp4: has no table with the steering of its frames; put 'drive.csv'"):
        open_source(drive)
    with pytest.raises(SourceError, match="has no table"):
        open_source(drive.parent)


def test_a_file_that_is_no_video_is_refused(tmp_path: Path):
    (tmp_path / "drive.mp4").write_bytes(b"no video" * 100)
    table = write_table(tmp_path / "drive.csv", "frame,steering", numbered(4))
    with pytest.raises(SourceError, match=r"drive.mp4: cannot be decoded as a video .*; convert it to MP4"):
        open_source(table)


def test_a_video_of_a_phone_is_turned_upright(tmp_path: Path):
    """As many phones write it: stored lying, with a rotation by 90 degrees counterclockwise."""
    with av.open(str(tmp_path / "drive.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.set_display_rotation(90)
        pixels = np.zeros((48, 64, 3), np.uint8)
        pixels[:, 40:] = 255  # white on the right: above, after the rotation
        for number in range(9):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.roll(pixels, number, 0), format="rgb24")))
        container.mux(stream.encode())
    source = open_source(write_table(tmp_path / "drive.csv", "frame,steering", numbered(9)))
    upright = read_pixels(source.train.rows[0].picture, ImageSpec(height=1, width=1, channels=1, fit="native"))
    assert upright.shape == (64, 48, 1)
    assert upright[:20].mean() > 200
    assert upright[30:].mean() < 50


@pytest.mark.parametrize("name", ["drive.avi", "drive.mpg"])
def test_streams_without_times_are_counted(tmp_path: Path, name: str):
    video = write_video(tmp_path / name, rate=25)
    source = open_source(write_table(tmp_path / "drive.csv", "frame,steering", numbered(40)))
    assert len(source) == 38
    for row in source.rows:
        assert abs(brightness(row) - 6 * int(row.values["frame"])) < 3
    assert video.exists()


def test_frames_that_cannot_be_decoded_are_listed(drive: Path):
    data = bytearray(drive.read_bytes())
    start = data.index(b"mdat")
    for place in range(start + 4, data.index(b"moov") - 8):
        data[place] = 0
    drive.write_bytes(data)
    with pytest.raises(SourceError, match=r"drive.csv line 2: frame 0 cannot be decoded"):
        open_source(write_table(drive.with_suffix(".csv"), "frame,steering", numbered(40)))


def test_the_missing_extra_is_named(drive: Path, monkeypatch: pytest.MonkeyPatch):
    write_table(drive.with_suffix(".csv"), "frame,steering", numbered(40))
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(SourceError, match=r"needs the package 'av', .* pip install 'eyespot\[video\]'"):
        open_source(drive)
