"""When, where and with which camera a photo was taken: EXIF data, and times in file names from phones."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

DATETIME, MAKE, MODEL = 0x0132, 0x010F, 0x0110
EXIF_DIRECTORY, GPS_DIRECTORY = 0x8769, 0x8825
DATETIME_ORIGINAL, DATETIME_DIGITIZED = 0x9003, 0x9004
SOUTH_OR_NORTH, LATITUDE, WEST_OR_EAST, LONGITUDE = 1, 2, 3, 4

FIRST_YEAR = 1826
"""The earliest plausible year; cameras whose clock was never set write the year 0 or 1."""
IN_NAME = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)"
    r"(?:[-_. T]+(?:at )?([0-2]\d)[-_.:h]?([0-5]\d)[-_.:m]?([0-5]\d)(?:\d{3})?)?(?!\d)"
)


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """Metadata in a photo file; None for missing values.

    `taken` is the local time of the camera; `time_from` is "exif" or "name"; `place` is in degrees, north and east
    positive.
    """

    taken: datetime | None = None
    time_from: str = ""
    place: tuple[float, float] | None = None
    camera: str = ""


def read_metadata(image: Any, name: str, now: datetime) -> Metadata:
    """The metadata of an opened Pillow image; damaged entries count as missing.

    A time after `now` (by more than a day, for time zones) and the place 0, 0 are clocks and receivers that were not
    set: they count as missing, too.
    """
    try:
        entries = image.getexif()
        details, gps = dict(entries.get_ifd(EXIF_DIRECTORY)), dict(entries.get_ifd(GPS_DIRECTORY))
        entries = dict(entries)
    except Exception:  # Pillow raises a dozen kinds of errors for damaged EXIF data
        entries, details, gps = {}, {}, {}
    # DateTime is the modification time; it equals that of the photo only if no program has changed the file.
    values = (details.get(DATETIME_ORIGINAL), details.get(DATETIME_DIGITIZED), entries.get(DATETIME))
    times = [taken for value in values if (taken := _time(value, now)) is not None]
    named = time_in_name(name, now)
    return Metadata(
        taken=times[0] if times else named,
        time_from="exif" if times else "name" if named else "",
        place=_place(gps),
        camera=" ".join(dict.fromkeys(word for tag in (MAKE, MODEL) for word in _text(entries.get(tag)).split())),
    )


def time_in_name(name: str, now: datetime) -> datetime | None:
    """The time in names such as IMG_20240131_120501.jpg; None if there is none.

    >>> time_in_name("IMG_20240131_120501.jpg", datetime(2026, 1, 1))
    datetime.datetime(2024, 1, 31, 12, 5, 1)
    """
    match = IN_NAME.search(name)
    if match is None:
        return None
    try:
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
        return _plausible(datetime(year, month, day, hour, minute, second), now)
    except ValueError:
        return None


def _time(value: Any, now: datetime) -> datetime | None:
    try:
        return _plausible(datetime.strptime(_text(value)[:19], "%Y:%m:%d %H:%M:%S"), now)
    except ValueError:
        return None


def _plausible(taken: datetime, now: datetime) -> datetime | None:
    return taken if taken.year >= FIRST_YEAR and taken <= now + timedelta(days=1) else None


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    return value.replace("\0", " ").strip() if isinstance(value, str) else ""


def _place(gps: dict[int, Any]) -> tuple[float, float] | None:
    try:
        latitude = _degrees(gps[LATITUDE]) * (-1 if _text(gps.get(SOUTH_OR_NORTH)).upper() == "S" else 1)
        longitude = _degrees(gps[LONGITUDE]) * (-1 if _text(gps.get(WEST_OR_EAST)).upper() == "W" else 1)
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    inside = abs(latitude) <= 90 and abs(longitude) <= 180  # False for NaN
    return (latitude, longitude) if inside and (latitude, longitude) != (0, 0) else None


def _degrees(parts: Any) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    return degrees + minutes / 60 + seconds / 3600
