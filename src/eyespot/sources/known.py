"""The known images of a run, identified by content, or by similarity if they were saved again.

Stored in the run folder, so that a model is never evaluated on its training images, even if files were added,
removed, moved or deleted since.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ._collection import ArrayRows, take_rows
from ._duplicates import projected
from ._examine import NEAR_LIMIT, examine
from ._split import TEST
from .cache_folder import load_numbers, save_numbers
from .source import Part, Row, Source

FILE = "images.npz"
LOOKS = 63
"""Number of features for comparing images."""

COPIED = 0.15
"""Maximum distance of a copy in another format: JPEG has 0.03 to 0.13, other photos 0.4 (see `duplicates`)."""
TYPICAL = 0.5
"""If all images are similar, the distance of a copy is below this fraction of the usual distance."""
CHUNK = 1024


@dataclass(frozen=True, kw_only=True)
class KnownImages:
    """Content `keys` (N,) and `sides` (N,) of a run's images, and the low frequencies `looks` (N, 63) of each, if any.

    Two images with a distance of at most `limit` are versions of the same image.
    """

    keys: np.ndarray
    sides: np.ndarray
    looks: np.ndarray
    limit: float

    @property
    def by_key(self) -> dict[int, int]:
        """The side of each image, by its key."""
        return dict(zip(self.keys.tolist(), self.sides.tolist(), strict=True))


def known_images(source: Source) -> KnownImages:
    """The record of a source's images for a run."""
    keys = np.concatenate([part.keys for part in source.parts])
    sides = np.concatenate([np.full(len(part), side) for side, part in enumerate(source.parts)])
    looks = _looks_of(source)
    return KnownImages(keys=keys, sides=sides, looks=looks, limit=_limit(looks))


def save_known(folder: Path, source: Source) -> None:
    """Save the record of its images in the run folder."""
    record = known_images(source)
    arrays = {"keys": record.keys, "sides": record.sides.astype(np.int8), "looks": record.looks.astype(np.float16)}
    save_numbers(folder / FILE, {**arrays, "limit": np.array(record.limit)})


def load_known(folder: Path) -> KnownImages | None:
    """Load the record of a run's images; None if the folder is not a run, or the file is damaged."""
    arrays = load_numbers(folder / FILE)
    if arrays.keys() != {"keys", "sides", "looks", "limit"}:
        return None
    return KnownImages(
        keys=arrays["keys"],
        sides=arrays["sides"].astype(np.int64),
        looks=arrays["looks"].astype(np.float32),
        limit=float(arrays["limit"]),
    )


def side_of(known: KnownImages, part: Part) -> np.ndarray:
    """The side (N,) that each image of a part had in the run; -1 for unknown images."""
    by_key = known.by_key
    sides = np.array([by_key.get(key, -1) for key in part.keys.tolist()], np.int64)
    new = np.flatnonzero(sides < 0)
    if len(new) and len(known.looks):
        sides[new] = _by_looks(known, _looks(take_rows(part.rows, new)))
    return sides


def without_trained(known: KnownImages | None, part: Part) -> tuple[Part, int]:
    """The images of a part that a run did not use for training or validation, and the number of the others."""
    if known is None or not len(part):
        return part, 0
    sides = side_of(known, part)
    kept = np.flatnonzero((sides < 0) | (sides == TEST))
    if len(kept) == len(part):
        return part, 0
    return part.take(kept), len(part) - len(kept)


def source_without_trained(known: KnownImages | None, source: Source) -> tuple[Source, int]:
    """A source without the images that a run used for training or validation, and the number of these."""
    untrained = {part.name: without_trained(known, part) for part in source.parts}
    parts = {name: part for name, (part, _) in untrained.items()}
    return replace(source, **parts), sum(count for _, count in untrained.values())


def _looks_of(source: Source) -> np.ndarray:
    """Low frequencies (N, 63) of all images; (0, 63) if the source is too large to compare all pairs."""
    if len(source) > NEAR_LIMIT:
        return np.empty((0, LOOKS), np.float32)
    if isinstance(source.train.rows, ArrayRows):
        return np.concatenate([_looks(part.rows) for part in source.parts])
    return _looks(source.rows, source.root)


def _looks(rows: Sequence[Row], root: Path | None = None) -> np.ndarray:
    """Low frequencies (N, 63) of each image; NaN for a uniform image."""
    if not len(rows):
        return np.empty((0, LOOKS), np.float32)
    thumbnails = examine(rows, root).thumbnails
    assert thumbnails is not None
    low, deviations = projected(thumbnails, np.arange(len(rows)))
    return np.where(deviations[:, None] > 0, low, np.nan)


def _by_looks(known: KnownImages, looks: np.ndarray) -> np.ndarray:
    """The side (N,) of the most similar known image if it is close enough to be a copy; else -1."""
    sides = np.full(len(looks), -1)
    for start in range(0, len(looks), CHUNK):
        nearest, distance = _nearest(looks[start : start + CHUNK], known.looks)
        is_copy = distance <= known.limit
        sides[start : start + CHUNK][is_copy] = known.sides[nearest[is_copy]]
    return sides


def _nearest(looks: np.ndarray, others: np.ndarray, skip: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Index (N,) of the nearest of `others` (M, 63), and its distance; index `skip` (N,) is excluded."""
    squared = np.square(looks).sum(1)[:, None] + np.square(others).sum(1)[None] - 2 * looks @ others.T
    squared = np.where(np.isnan(squared), np.inf, squared.clip(min=0))
    if skip is not None:
        squared[np.arange(len(looks)), skip] = np.inf
    nearest = squared.argmin(axis=1)
    return nearest, np.sqrt(squared[np.arange(len(looks)), nearest])


def _limit(looks: np.ndarray) -> float:
    """The maximum distance of a copy: smaller if the images of a source are similar."""
    if len(looks) < 2:
        return COPIED
    chosen = np.unique(np.linspace(0, len(looks) - 1, min(len(looks), CHUNK)).astype(np.int64))
    distances = _nearest(looks[chosen], looks, skip=chosen)[1]
    usual = float(np.median(distances[np.isfinite(distances)])) if np.isfinite(distances).any() else COPIED
    return min(COPIED, TYPICAL * usual)
