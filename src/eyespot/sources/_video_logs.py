"""Drives recorded as a video and a table: the steering by frame number or by time."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..errors import SourceError
from ._collection import Collection
from ._drive_logs import FRAMES, STEERING, check_steering
from ._driving import divided
from ._table import first_lines, name_part, renamed
from ._table_text import SUFFIXES, read_lines
from ._video_frames import extract_frames, frame_times, is_video
from ._walk import Tree
from .numbers import parse_number
from .source import Problem, Row

NUMBERS = ("frame", "frame_number", "frame_id", "frame_index")
"""Names of the column with the number of a frame, the first one 0."""
TIMES = ("time", "timestamp", "seconds", "t")
"""Names of the column with the time since the first frame in seconds."""
RATES_DIFFER = 1.05
"""Ratio of two frame rates from which they are different."""
EXPECTED = f"a column '{STEERING[0]}' (or {', '.join(STEERING[1:])}) and a column 'frame' or 'time'"

_Line = tuple[float, str, dict[str, str]]
"""A line that belongs to a frame: how far its time is from the frame's in seconds, its location and its values."""


@dataclass(kw_only=True)
class _Drive:
    """One video with its table: the rows by frame, and what cannot be used."""

    rows: dict[int, Row] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    lines: int = 0
    frames: int = 0


@dataclass(frozen=True, kw_only=True)
class _Columns:
    """The names of the columns of a table; `number` and `time` may be missing, but not both."""

    steering: str
    number: str | None
    time: str | None

    @property
    def place(self) -> str:
        return self.number or self.time or ""


def read_video_log(file: Path, columns: Mapping[str, str] | None = None) -> Collection | None:
    """The frames of a drive, given as its video or as its table; None for a table that belongs to no video."""
    if is_video(file):
        return _collected([(file, _table_of(file))], file, columns)
    if file.suffix.lower() not in SUFFIXES or "path" in (columns or {}):
        return None
    video = _video_of(file, columns)
    return None if video is None or _names_images(file) else _collected([(video, file)], file, columns)


def read_videos(tree: Tree, folder: Path) -> Collection | None:
    """The drives of a folder without images: each video is one, with a table of its name. None without videos."""
    videos = [folder / name for name in tree.others if is_video(name)]
    if not videos:
        return None
    return _collected([(video, _table_of(video)) for video in videos], folder, None)


def _tables_beside(file: Path) -> list[Path]:
    return sorted(each for each in file.parent.iterdir() if each.suffix.lower() in SUFFIXES and each.is_file())


def _table_of(video: Path) -> Path:
    """The table with the name of a video, or the only one beside the only video."""
    tables = _tables_beside(video)
    named = [table for table in tables if table.stem == video.stem]
    if named:
        return named[0]
    alone = sum(is_video(each) for each in video.parent.iterdir()) == 1
    if alone and len(tables) == 1:
        return tables[0]
    raise SourceError(
        f"{video}: has no table with the steering of its frames; put '{video.stem}.csv' beside it, with {EXPECTED}."
    )


def _video_of(table: Path, columns: Mapping[str, str] | None) -> Path | None:
    """The video with the name of a table; the only one beside a table that has the columns of a drive."""
    videos = sorted(each for each in table.parent.iterdir() if is_video(each) and each.is_file())
    named = [video for video in videos if video.stem == table.stem]
    if named:
        return named[0]
    return videos[0] if len(videos) == 1 and _columns_of(table, columns) else None


def _names_images(table: Path) -> bool:
    header = {name.casefold() for name in next(iter(first_lines(table, 1)), {})}
    return bool(header & set(FRAMES))


def _columns_of(table: Path, columns: Mapping[str, str] | None) -> _Columns | None:
    """The columns of the steering and of the frames; None if one of them is missing."""
    header = {name.casefold(): name for name in next(iter(first_lines(table, 1)), {})}
    chosen = columns or {}
    steering = chosen.get("number") or _first(header, (*STEERING, "number"))
    number = chosen.get("frame") or _first(header, NUMBERS)
    time = chosen.get("time") or _first(header, TIMES)
    return _Columns(steering=steering, number=number, time=time) if steering and (number or time) else None


def _first(header: Mapping[str, str], names: Iterable[str]) -> str | None:
    return next((header[name] for name in names if name in header), None)


def _collected(pairs: Sequence[tuple[Path, Path]], root: Path, chosen: Mapping[str, str] | None) -> Collection:
    collection = Collection(name=root.name, kind="", rows=(rows := []), root=root)
    skipped = unlabeled = 0
    for video, table in pairs:
        if not (columns := _columns_of(table, chosen)):
            names = ", ".join(next(iter(first_lines(table, 1)), {})) or "none"
            raise SourceError(
                f"{table}: belongs to {video.name} and has the columns {names}; expected {EXPECTED}. Choose others "
                "with --column number=NAME and --column frame=NAME or time=NAME, in Python columns={'number': 'NAME'}."
            )
        drive = _drive(video, table, columns, chosen or {})
        check_steering(drive.rows.values(), columns.steering)
        rows += [drive.rows[number] for number in sorted(drive.rows)]
        collection.problems += drive.problems
        skipped += drive.lines - len(drive.rows) - len(drive.problems)
        unlabeled += drive.frames - len(drive.rows)
        collection.notes.append(_described(video, table, columns, drive))
    collection.advice = "Frames are counted from 0; times are seconds since the first frame."
    divided(collection, "drive", root)
    collection.kind = "video of a drive" if len(pairs) == 1 else "videos of drives"
    collection.left_out.update({"lines for a frame that has one already": skipped} if skipped else {})
    collection.left_out.update({"frames without a line in the table": unlabeled} if unlabeled else {})
    return collection


def _drive(video: Path, table: Path, columns: _Columns, chosen: Mapping[str, str]) -> _Drive:
    times = frame_times(video)
    drive = _Drive(frames=len(times))
    nearest: dict[int, _Line] = {}
    renaming = {**chosen, "path": columns.place, "number": columns.steering}
    for where, line in read_lines(table):
        drive.lines += 1
        values = renamed(line, renaming, where, table)
        try:
            number, distance = _frame_of(values.pop("path"), columns, times, video)
        except ValueError as error:
            drive.problems.append(Problem(name=video.name, location=where, reason=str(error)))
            continue
        if number not in nearest or distance < nearest[number][0]:
            name_part(values, where)
            values["drive"] = values.get("drive") or video.stem
            nearest[number] = distance, where, values
    _require_same_rate(columns, nearest, times, video, table)
    _add_rows(drive, video, nearest)
    return drive


def _frame_of(text: str, columns: _Columns, times: np.ndarray, video: Path) -> tuple[int, float]:
    """The frame of a line and how far it is in seconds; raises `ValueError` with the reason if there is none."""
    value = parse_number(text)
    if not math.isfinite(value):
        raise ValueError(f"its {columns.place} is '{text}'; expected a number")
    if columns.number:
        if value not in range(len(times)):
            raise ValueError(f"its frame is {text}, but {video.name} has the frames 0 to {len(times) - 1}")
        return int(value), 0.0
    step = times[-1] / max(1, len(times) - 1)
    if not -step <= value <= times[-1] + step:
        raise ValueError(f"its time is {text} s, but the frames of {video.name} are at 0 to {times[-1]:g} s")
    after = min(int(np.searchsorted(times, value)), len(times) - 1)
    number = min((max(after - 1, 0), after), key=lambda each: abs(times[each] - value))
    return number, abs(float(times[number]) - value)


def _require_same_rate(
    columns: _Columns,
    lines: Mapping[int, _Line],
    times: np.ndarray,
    video: Path,
    table: Path,
) -> None:
    """Raise `SourceError` if a table has frame numbers and times, and they belong to another frame rate."""
    if not (columns.number and columns.time) or len(lines) < 2:
        return
    first, last = min(lines), max(lines)
    ends = [parse_number(lines[number][2].get(columns.time.casefold(), "")) for number in (first, last)]
    of_table, of_video = ends[1] - ends[0], times[last] - times[first]
    if of_table > 0 and max(of_table / of_video, of_video / of_table) > RATES_DIFFER:
        raise SourceError(
            f"{table}: has {(last - first) / of_table:.3g} frames per second by its columns '{columns.number}' and "
            f"'{columns.time}', but {video.name} {(last - first) / of_video:.3g}; remove the column that is wrong."
        )


def _add_rows(drive: _Drive, video: Path, lines: Mapping[int, _Line]) -> None:
    files = extract_frames(video, lines.keys())
    for number, (_, where, values) in lines.items():
        name = f"{video.name} frame {number}"
        if file := files.get(number):
            drive.rows[number] = Row(picture=file, name=name, values=values, location=where)
        else:
            drive.problems.append(Problem(name=name, location=where, reason=f"frame {number} cannot be decoded"))


def _described(video: Path, table: Path, columns: _Columns, drive: _Drive) -> str:
    return (
        f"{video.name} has {drive.frames:,} frames; their steering is the column '{columns.steering}' of {table.name}, "
        f"by '{columns.place}'"
    )
