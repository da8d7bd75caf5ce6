"""Events of a collection: photos taken in sequence, without long pauses or long distances between them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from ._index import EPOCH, Photos

HOURS = 6.0
"""A longer pause ends an event: meals and naps are shorter, nights are longer."""
KILOMETERS = 30.0
"""A longer distance ends an event."""
EARTH_RADIUS = 6371.0


@dataclass(frozen=True, kw_only=True)
class Event:
    """The photos (index numbers, by time) of one event, named after its first day."""

    name: str
    start: datetime
    end: datetime
    place: tuple[float, float] | None
    photos: tuple[int, ...]


def find_events(photos: Photos) -> list[Event]:
    """The events of a collection by time; photos with unknown time belong to none."""
    taken = photos.numbers("taken")
    places = np.stack([photos.numbers("latitude"), photos.numbers("longitude")], axis=1)
    dated = np.flatnonzero(~np.isnan(taken))
    dated = dated[np.argsort(taken[dated], kind="stable")]
    parts: list[list[int]] = []
    last_place = np.full(2, np.nan)
    for rank, photo in enumerate(dated.tolist()):
        pause = np.inf if rank == 0 else taken[photo] - taken[dated[rank - 1]]
        way = distance(last_place, places[photo])
        if pause > 3600 * HOURS or way > KILOMETERS:  # an unknown distance (NaN) does not end an event
            parts.append([])
        parts[-1].append(photo)
        if not np.isnan(places[photo]).any():
            last_place = places[photo]
    return _named([_event(part, taken, places) for part in parts])


def _event(part: list[int], taken: np.ndarray, places: np.ndarray) -> Event:
    start, end = (EPOCH + timedelta(seconds=float(taken[photo])) for photo in (part[0], part[-1]))
    known = places[part][~np.isnan(places[part]).any(axis=1)]
    place = None
    if len(known):
        latitude, longitude = np.median(known, axis=0).tolist()
        place = latitude, longitude
    return Event(name=start.strftime("%Y-%m-%d"), start=start, end=end, place=place, photos=tuple(part))


def _named(events: list[Event]) -> list[Event]:
    """Number later events that start on the same day."""
    seen: dict[str, int] = {}
    named = []
    for event in events:
        seen[event.name] = count = seen.get(event.name, 0) + 1
        name = event.name if count == 1 else f"{event.name} ({count})"
        named.append(Event(name=name, start=event.start, end=event.end, place=event.place, photos=event.photos))
    return named


def distance(one: np.ndarray, two: np.ndarray) -> float:
    """Distance on the earth in kilometers between two places, given in degrees of latitude and longitude (haversine).

    >>> round(distance(np.array([0, 10]), np.array([0, 11])))  # a degree on the equator
    111
    """
    (latitude, longitude), (other_latitude, other_longitude) = np.radians(one), np.radians(two)
    half = np.sin((other_latitude - latitude) / 2) ** 2
    half += np.cos(latitude) * np.cos(other_latitude) * np.sin((other_longitude - longitude) / 2) ** 2
    return float(2 * EARTH_RADIUS * np.arcsin(np.sqrt(half)))
