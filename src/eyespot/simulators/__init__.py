"""Closed-loop driving: simulators, a scripted expert, recordings of its drives, and autonomy."""

from ._car_racing import COLORS, CarRacing
from ._closed_loop import Drive, Kicks, autonomy, drive, expert, play, total
from ._correcting import record_corrections, recorded_tracks
from ._driver import steering_of
from ._film import Film, look
from ._measuring import Measured, measure
from ._page import write_drive_page
from ._recording import TABLE, record
from ._simulator import Course, Simulator
from ._tracks import parse_tracks

__all__ = [
    "COLORS",
    "TABLE",
    "CarRacing",
    "Course",
    "Drive",
    "Film",
    "Kicks",
    "Measured",
    "Simulator",
    "autonomy",
    "drive",
    "expert",
    "look",
    "measure",
    "parse_tracks",
    "play",
    "record",
    "record_corrections",
    "recorded_tracks",
    "steering_of",
    "total",
    "write_drive_page",
]
