"""Events end with a long pause or a long way."""

import numpy as np

from eyespot.organizing._events import find_events
from eyespot.organizing._index import Photos

HOUR = 3600.0
BERLIN, MUNICH, NOWHERE = (52.5, 13.4), (48.1, 11.6), (None, None)


def events(taken: list, places: list) -> list[tuple[str, tuple[int, ...]]]:
    rows = [
        {"taken": time, "latitude": place[0], "longitude": place[1]} for time, place in zip(taken, places, strict=True)
    ]
    nothing = np.empty((len(rows), 0), np.uint8)
    photos = Photos(rows=rows, thumbnails=nothing, colors=nothing, embeddings=nothing)
    return [(event.name, event.photos) for event in find_events(photos)]


def test_a_pause_of_more_than_six_hours_ends_an_event():
    found = events([0.0, 13 * HOUR, 6 * HOUR, None], [NOWHERE] * 4)
    assert found == [("1970-01-01", (0, 2)), ("1970-01-01 (2)", (1,))]


def test_a_long_way_ends_an_event_also_over_photos_without_a_place():
    found = events([0.0, HOUR, 2 * HOUR], [BERLIN, NOWHERE, MUNICH])
    assert [photos for _, photos in found] == [(0, 1), (2,)]


def test_photos_without_a_time_have_no_event():
    assert events([None, None], [BERLIN, MUNICH]) == []
