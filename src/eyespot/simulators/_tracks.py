"""Parsing of track numbers: "0-9", "3" or "0-4,10"."""

import re

from ..errors import SimulatorError

MOST = 10_000
"""Maximum number of tracks per command: a mistyped range would take days."""


def parse_tracks(text: str) -> list[int]:
    """The track numbers in the given order; raises `SimulatorError` for invalid text.

    >>> parse_tracks("0-3,10")
    [0, 1, 2, 3, 10]
    """
    tracks: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*([0-9]{1,9})(?:\s*-\s*([0-9]{1,9}))?\s*", part)
        if not match:
            raise SimulatorError(f"tracks are '{text}'; expected numbers such as 0-9 or 3,7.", argument="tracks")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise SimulatorError(
                f"tracks are '{text}', and {last} is below {first}; give the smaller one first.", argument="tracks"
            )
        if last - first + len(tracks) >= MOST:
            raise SimulatorError(f"tracks are '{text}', more than {MOST:,}; give fewer.", argument="tracks")
        tracks += range(first, last + 1)
    if len(set(tracks)) < len(tracks):
        raise SimulatorError(f"tracks are '{text}', and some are given twice; give each once.", argument="tracks")
    return tracks
