"""What the expert sees and how it steers, as images and a table that `eyespot train` reads."""

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ..files import write_whole, written
from ..images import write_png
from ._closed_loop import Drive, Kicks, drive
from ._simulator import Course

EVERY = 3
"""Of so many steps one is recorded: neighbors hardly differ."""
TABLE = "steering.csv"


def record(
    course: Course,
    tracks: Sequence[int],
    out: Path,
    *,
    kicks: Kicks | None = None,
    progress: Callable[[Drive], None] = lambda drive: None,
) -> list[Drive]:
    """Let the expert drive tracks, and write into `out` a folder of images for each and the table `steering.csv`.

    The number of an image is the expert's steering angle in rad for what is seen, never the disturbance of `kicks`.
    The course need not draw: it is asked for the recorded images only.
    Raises `RunError` if the files cannot be written.
    """
    rows: list[dict[str, object]] = []
    drives = []
    with written(out):
        for track in tracks:
            folder = out / f"track-{track:05}"
            folder.mkdir(parents=True)
            camera = _Camera(course, folder)
            drives.append(drive(camera.steer, course, track, kicks=kicks))
            rows += camera.rows
            progress(drives[-1])
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, ["path", "number", "drive", "step"])
    table.writeheader()
    table.writerows(rows)
    write_whole(out / TABLE, text.getvalue().encode())
    return drives


class _Camera:
    """The expert as a driver that keeps every third image with its answer."""

    def __init__(self, course: Course, folder: Path) -> None:
        self.course = course
        self.folder = folder
        self.steps = 0
        self.rows: list[dict[str, object]] = []

    def steer(self, pixels: np.ndarray) -> float:
        angle = self.course.expert_steering()
        if self.steps % EVERY == 0:
            file = write_png(self.course.picture(), self.folder / f"{self.steps:05}.png")
            path = f"{self.folder.name}/{file.name}"
            self.rows.append({"path": path, "number": f"{angle:.5f}", "drive": self.folder.name, "step": self.steps})
        self.steps += 1
        return angle
