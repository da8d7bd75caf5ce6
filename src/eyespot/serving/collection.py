"""A photo collection on the page: its photos, search, and copies."""

import threading
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..images import encode_jpeg, read_scaled
from ..organizing import FIELDS, PROTOTYPES, TEMPLATE, Group, Organized, Query
from ._plan_review import PlanReview

LISTED_ERRORS = 100
CACHED_BYTES = 64 << 20
"""Size of the cache of decoded photos (64 MB)."""
PLACE_STEP = 50
"""Places are counted in squares of 1/50 degree (about 2 km)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CollectionResource:
    """The result of `organize` on a folder, for the page; photos are identified by number.

    Plans are written below `plans` and applied into `into`; without it, none can be applied.
    """

    found: Organized
    plans: Path
    into: Path | None = None
    _cached: OrderedDict[tuple[int, int], bytes] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _copies_lock: threading.Lock = field(default_factory=threading.Lock)

    @cached_property
    def review(self) -> PlanReview:
        """The plan that is reviewed on the page."""
        return PlanReview(self.found, self.plans, self.into)

    def describe(self) -> dict[str, Any]:
        """Counts of the whole collection: flags, events, months, places, unreadable files; and the possible queries."""
        found = self.found
        errors = [{"file": file, "reason": reason} for file, reason in found.errors.items()]
        return {
            "name": found.folder.resolve().name,
            "count": len(found.photos),
            "errors": errors[:LISTED_ERRORS],
            "errorCount": len(errors),
            "network": bool(found.network),
            "descriptions": found.descriptions is not None,
            "colors": list(PROTOTYPES),
            "flags": Counter(flag for flags in found.flags for flag in flags),
            "events": [_event(event) for event in found.events],
            "months": self._months,
            "places": self._places,
            "template": TEMPLATE,
            "fields": FIELDS,
            "apply": self.into is not None,
        }

    @cached_property
    def _months(self) -> list[dict[str, Any]]:
        """Photos in each month that has any, by time."""
        taken = self.found.photos.numbers("taken")
        dated = taken[~np.isnan(taken)].astype("datetime64[s]").astype("datetime64[M]")
        months, counts = np.unique(dated, return_counts=True)
        return [{"month": str(month), "count": int(count)} for month, count in zip(months, counts, strict=True)]

    @cached_property
    def _places(self) -> list[dict[str, Any]]:
        """Squares with photos: mean place, number of photos, and the first one."""
        places = np.stack([self.found.photos.numbers(name) for name in ("latitude", "longitude")], axis=1)
        known = np.flatnonzero(~np.isnan(places).any(axis=1))
        squares = np.floor(places[known] * PLACE_STEP).astype(np.int64)
        _, first, square, counts = np.unique(
            squares, axis=0, return_index=True, return_inverse=True, return_counts=True
        )
        sums = np.zeros((len(counts), 2))
        np.add.at(sums, square.ravel(), places[known])
        middles = sums / counts[:, None]
        return [
            {"latitude": middle[0], "longitude": middle[1], "count": int(count), "photo": int(known[photo])}
            for middle, count, photo in zip(middles.tolist(), counts, first, strict=True)
        ]

    def find(self, query: Query | None, flag: str | None, event: int | None) -> list[int]:
        """Numbers of the photos that meet all conditions: by score for a query, otherwise by time and name."""
        photos = self.found.photos
        if query is None:
            order = np.argsort(photos.numbers("taken"), kind="stable").tolist()  # unknown times (NaN) are last
        else:
            order = [match.photo for match in self.found.search(query, len(photos))]
        if flag is not None:
            order = [photo for photo in order if flag in self.found.flags[photo]]
        if event is not None:
            inside = set(self.found.events[event].photos)
            order = [photo for photo in order if photo in inside]
        return order

    def row(self, photo: int) -> dict[str, Any]:
        """The metadata of one photo."""
        row = self.found.photos.rows[photo]
        names = ("path", "size", "width", "height", "camera", "taken", "latitude", "longitude")
        return {"id": photo, **{name: row[name] for name in names}, "flags": self.found.flags[photo]}

    def picture(self, photo: int, side: int) -> bytes:
        """A photo as JPEG with sides of at most `side`; raise `ImageError` if it is no longer readable."""
        with self._lock:
            if (photo, side) in self._cached:
                self._cached.move_to_end((photo, side))
                return self._cached[photo, side]
        data = encode_jpeg(read_scaled(self.path(photo), side, self.found.photos.rows[photo]["path"]))
        with self._lock:
            self._cached[photo, side] = data
            while sum(map(len, self._cached.values())) > CACHED_BYTES:
                self._cached.popitem(last=False)
        return data

    def path(self, photo: int) -> Path:
        """The path of a photo: in the collection, or where the plan moved it."""
        own = self.found.folder / self.found.photos.rows[photo]["path"]
        return own if own.exists() else self.review.moved_to(photo) or own

    def copies(self) -> list[dict[str, Any]]:
        """Groups of copies; the first call for a large collection takes minutes."""
        with self._copies_lock:
            return [_group(group) for group in self.found.groups]


def _event(event: Any) -> dict[str, Any]:
    place = None if event.place is None else {"latitude": event.place[0], "longitude": event.place[1]}
    return {
        "name": event.name,
        "start": event.start.isoformat(),
        "end": event.end.isoformat(),
        "place": place,
        "count": len(event.photos),
        "photo": event.photos[0],
    }


def _group(group: Group) -> dict[str, Any]:
    others = [
        {"photo": pair.first if pair.second == group.best else pair.second, "evidence": pair.evidence}
        for pair in group.others
    ]
    return {"kind": group.kind, "best": group.best, "others": others}
