"""Recordings of the expert: images and a table with its steering for `eyespot train`."""

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ..files import write_whole, written
from ..images import write_png
from ._closed_loop import Drive, Kicks, drive
from ._driver import Driver
from ._simulator import Course

EVERY = 3
"""One in this many steps is recorded: neighboring frames hardly differ."""
TABLE = "steering.csv"


def record(
    course: Course,
    tracks: Sequence[int],
    out: Path,
    *,
    kicks: Kicks | None = None,
    driver: Driver | None = None,
    prefix: str = "",
    progress: Callable[[Drive], None] = lambda drive: None,
) -> list[Drive]:
    """Drive tracks with the expert, and write a folder of images for each and the table `steering.csv` to `out`.

    The number of an image is the expert's steering angle in rad, never including the disturbance of `kicks`, even if
    another `driver` drives. The course need not draw for the expert: only recorded images are drawn. `prefix` is the
    prefix of the folder names. Raise `RunError` if the files cannot be written.
    """
    rows: list[dict[str, object]] = []
    drives = []
    with written(out):
        for track in tracks:
            folder = out / f"{prefix}track-{track:05}"
            folder.mkdir(parents=True)
            camera = _Camera(course, folder, driver)
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
    """A driver that records every third image with the expert's steering; the expert drives by default."""

    def __init__(self, course: Course, folder: Path, driver: Driver | None) -> None:
        self.course = course
        self.folder = folder
        self.driver = driver
        self.steps = 0
        self.rows: list[dict[str, object]] = []

    def steer(self, pixels: np.ndarray) -> float:
        angle = self.course.expert_steering()
        if self.steps % EVERY == 0:
            file = write_png(self.course.picture(), self.folder / f"{self.steps:05}.png")
            path = f"{self.folder.name}/{file.name}"
            self.rows.append({"path": path, "number": f"{angle:.5f}", "drive": self.folder.name, "step": self.steps})
        self.steps += 1
        return angle if self.driver is None else self.driver(pixels)
