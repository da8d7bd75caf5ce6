"""Search a collection by example, words, color, time and place, or several of them together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import SourceError, look_up
from ..images import read_pixels
from ..pretrained import IMAGENET_CLASSES
from ._colors import PROTOTYPES
from ._embedding import Embedder
from ._events import distance
from ._index import EPOCH, Photos
from ._words import classes_of

NEAR_KILOMETERS = 20.0
LEAST = 0.005
"""Minimum score of a match; lower ones have none of the color or classes."""


@dataclass(frozen=True, kw_only=True)
class Query:
    """Search conditions, all of which must be met.

    `like` is a reference image, or with `region` x1, y1, x2, y2 that part of it, in pixels of the upright image;
    `words` are names of ImageNet classes, synonyms or broader terms, `color` a basic color name, `after` and `before`
    limit the time (photos with unknown time are excluded), `near` is latitude and longitude.
    """

    like: Any = None
    region: tuple[int, int, int, int] | None = None
    words: Sequence[str] = ()
    color: str | None = None
    after: datetime | None = None
    before: datetime | None = None
    near: tuple[float, float] | None = None
    kilometers: float = NEAR_KILOMETERS


@dataclass(frozen=True, kw_only=True)
class Match:
    """A photo (index number), its score from 0 to 1, and the score of each condition that has one."""

    photo: int
    score: float
    parts: dict[str, float]


def search(
    photos: Photos,
    query: Query,
    embedder: Embedder,
    count: int = 20,
    described: Mapping[str, np.ndarray] | None = None,
) -> list[Match]:
    """The best matching photos, by decreasing score.

    `described` are further scores (N,) from 0 to 1, by their names.

    Time and place filter; example, words and color have scores from 0 to 1 (cosine, probability of the classes,
    fraction of the pixels), which are multiplied; a score near 0 is no match. Raises `SourceError` for an empty query,
    for unknown words and colors, and if a network is required but not installed.
    """
    given = (query.like, query.color, query.after, query.before, query.near)
    if not query.words and not described and all(value is None for value in given):
        raise SourceError("Nothing to search for: give an example image, words, a color, a time or a place.")
    if query.region is not None and query.like is None:
        raise SourceError("A region was given, but no example image; give both.")
    chosen = np.flatnonzero(_selected(photos, query))
    parts = {**_scores(photos, query, embedder), **(described or {})}
    score = np.prod([np.ones(len(photos)), *parts.values()], axis=0)[chosen]
    return [
        Match(
            photo=int(chosen[place]),
            score=float(score[place]),
            parts={name: float(values[chosen[place]]) for name, values in parts.items()},
        )
        for place in np.argsort(-score, kind="stable")[:count]
        if score[place] >= LEAST
    ]


def _selected(photos: Photos, query: Query) -> np.ndarray:
    keep = np.ones(len(photos), bool)
    if query.after is not None:  # NaN, an unknown time, compares as False
        keep &= photos.numbers("taken") >= (query.after - EPOCH).total_seconds()
    if query.before is not None:
        keep &= photos.numbers("taken") < (query.before - EPOCH).total_seconds()
    if query.near is not None:
        places = np.stack([photos.numbers("latitude"), photos.numbers("longitude")], axis=1)
        keep &= np.array([distance(np.array(query.near), place) <= query.kilometers for place in places], bool)
    return keep


def _scores(photos: Photos, query: Query, embedder: Embedder) -> dict[str, np.ndarray]:
    """The scores (N,) of each condition that has one."""
    parts: dict[str, np.ndarray] = {}
    if (query.like is not None or query.words) and not embedder.name:
        raise SourceError(
            "Searching by example or words needs the trained network: pip install 'eyespot[pretrained]', then index "
            "the collection again."
        )
    if query.like is not None:
        name = str(query.like) if isinstance(query.like, str | Path) else "the example"
        [example] = embedder.embed(_example(query, embedder, name)[None])
        parts["like"] = np.clip(photos.unit @ (example / np.linalg.norm(example)), 0, 1)
    if query.words:
        names = IMAGENET_CLASSES.read_text().splitlines()
        classes = {word: classes_of(word, names) for word in query.words}
        probabilities = embedder.probabilities(photos.embeddings)
        parts |= {word: probabilities[:, numbers].sum(axis=1) for word, numbers in classes.items()}
    if query.color is not None:
        look_up("color", query.color, PROTOTYPES, SourceError)
        parts["color"] = photos.color_shares[:, list(PROTOTYPES).index(query.color)]
    return parts


def _example(query: Query, embedder: Embedder, name: str) -> np.ndarray:
    """The example, or its region, at the input size of the network."""
    if query.region is None:
        return read_pixels(query.like, embedder.images, name)
    whole = read_pixels(query.like, replace(embedder.images, fit="native"), name)
    (height, width), (x1, y1, x2, y2) = whole.shape[:2], query.region
    if not (0 <= x1 < x2 <= width and 0 <= y1 < y2 <= height):
        raise SourceError(
            f"{name}: the region is {x1},{y1},{x2},{y2}; expected x1,y1,x2,y2 within {width} x {height} pixels.",
            argument="region",
        )
    return read_pixels(np.ascontiguousarray(whole[y1:y2, x1:x2]), embedder.images, name)
