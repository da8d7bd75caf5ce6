"""Closed-loop driving: simulators, a scripted expert, recordings of its drives, and autonomy."""

from ._car_racing import COLORS, CarRacing
from ._closed_loop import Drive, Kicks, autonomy, drive, expert, play, total
from ._correcting import record_corrections, recorded_tracks
from ._driver import steering_of
from ._film import Film, look
from ._measuring import Measured, measure
from ._page import write_drive_page
from ._recording import TABLE, record
from ._replay import Replay, recordings
from ._saliency import saliency_test
from ._simulator import Course, Simulator
from ._sticker import Sticker, find_sticker, with_sticker
from ._tracks import parse_tracks
from ._viewpoint import VEHICLES, Vehicle, from_viewpoint, vehicle_named
from ._viewpoints import write_viewpoints

__all__ = [
    "COLORS",
    "TABLE",
    "VEHICLES",
    "CarRacing",
    "Course",
    "Drive",
    "Film",
    "Kicks",
    "Measured",
    "Replay",
    "Simulator",
    "Sticker",
    "Vehicle",
    "autonomy",
    "drive",
    "expert",
    "find_sticker",
    "from_viewpoint",
    "look",
    "measure",
    "parse_tracks",
    "play",
    "record",
    "record_corrections",
    "recorded_tracks",
    "recordings",
    "saliency_test",
    "steering_of",
    "total",
    "vehicle_named",
    "with_sticker",
    "write_drive_page",
    "write_viewpoints",
]
