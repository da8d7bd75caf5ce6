"""Examine every image once: readability, content hash, size and thumbnail."""

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..errors import ImageError
from ..findings import printable
from ..images import ImageProperties, ImageSpec, Picture, inspect, read_file, read_pixels
from ..value_range import choose_range
from ._collection import ArrayRows
from ._file_statistics import NO_STAMP, load_statistics, save_statistics, stamps
from .source import Row

THUMBNAIL = ImageSpec(height=32, width=32, channels=3, fit="stretch")
NEAR_LIMIT = 30_000
"""Near duplicates are detected in sources of up to this many images; in larger ones only exact duplicates."""

CHUNK = 64
"""Images per work item of a thread: the queue contains ranges instead of images and stays small."""


@dataclass(frozen=True, kw_only=True)
class ImageStatistics:
    """Statistics of N images: `keys` (N,) uint64 from the content, `sizes` (N, 3) height, width, channels,
    `bounds` (N, 2) lowest and highest value of images of more than 8 bits (NaN for others), `frames` (N,) whether there
    are further frames, `reduced` (N,) whether only 8 of 16 bits of each color are read, `thumbnails` (N, 32, 32, 3)
    uint8 (or none at all, in a large source), and the reason for each unreadable one.
    """

    keys: np.ndarray
    sizes: np.ndarray
    bounds: np.ndarray
    frames: np.ndarray
    reduced: np.ndarray
    thumbnails: np.ndarray | None
    unreadable: dict[int, str]

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """All arrays with one entry per image, by name."""
        names = ("keys", "sizes", "bounds", "frames", "reduced")
        always = {name: getattr(self, name) for name in names}
        return always if self.thumbnails is None else {**always, "thumbnails": self.thumbnails}

    def take(self, places: np.ndarray) -> "ImageStatistics":
        """The statistics of some readable images."""
        thumbnails = None if self.thumbnails is None else self.thumbnails[places]
        return ImageStatistics(
            keys=self.keys[places],
            sizes=self.sizes[places],
            bounds=self.bounds[places],
            frames=self.frames[places],
            reduced=self.reduced[places],
            thumbnails=thumbnails,
            unreadable={},
        )


def content_key(data: bytes | np.ndarray) -> int:
    """The first 8 bytes of the content's BLAKE2b hash, as a number below 2^64."""
    raw = data if isinstance(data, bytes) else np.ascontiguousarray(data).data
    return int.from_bytes(hashlib.blake2b(raw, digest_size=8).digest(), "big")


def available_cores() -> int:
    """CPU cores available to this process."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_threads(work: Callable[[int], None], count: int, workers: int | None = None) -> None:
    """Run `work(0)` to `work(count - 1)` in several threads; Pillow releases Python's lock while decoding."""

    def work_on(numbers: range) -> None:
        for number in numbers:
            work(number)

    ranges = [range(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK)]
    with ThreadPoolExecutor(workers or available_cores()) as pool:
        for _ in pool.map(work_on, ranges):
            pass


def examine(rows: Sequence[Row], root: Path | None = None, near: bool = True) -> ImageStatistics:
    """Read every image of `rows` once; files below `root` that have not changed since the last time are not read again.

    Thumbnails are computed if `near` duplicates are to be detected.
    """
    count = len(rows)
    facts = ImageStatistics(
        keys=np.zeros(count, np.uint64),
        sizes=np.zeros((count, 3), np.int32),
        bounds=np.full((count, 2), np.nan),
        frames=np.zeros(count, bool),
        reduced=np.zeros(count, bool),
        thumbnails=np.zeros((count, 32, 32, 3), np.uint8) if near else None,
        unreadable={},
    )
    if isinstance(rows, ArrayRows) and isinstance(rows.images, np.ndarray):
        _examine_stack(rows.images, rows.chosen, facts)
        if rows.paired is not None:
            _examine_paired_arrays(rows, facts)
    else:
        _examine_files(rows, root, facts)
    return facts


def _examine_files(rows: Sequence[Row], root: Path | None, facts: ImageStatistics) -> None:
    marks = stamps(rows) if root else np.full(len(rows), NO_STAMP, np.uint64)
    unknown = (load_statistics(root, marks, facts.arrays) if root else np.arange(len(rows))).tolist()
    in_threads(lambda number: _examine_row(rows[unknown[number]], unknown[number], facts), len(unknown))
    marks[list(facts.unreadable)] = NO_STAMP
    if root and unknown:
        save_statistics(root, marks, facts.arrays)


def _examine_stack(images: np.ndarray, chosen: np.ndarray, facts: ImageStatistics) -> None:
    """Examine an array of images of one size (N, H, W, C): per image, Python code computes only its key."""
    facts.sizes[:] = *images.shape[1:3], 1 if images.shape[3] == 1 else 3
    for place, number in enumerate(chosen.tolist()):
        facts.keys[place] = content_key(images[number])
    if facts.thumbnails is not None:
        rows, columns = _averages(images.shape[1], THUMBNAIL.height), _averages(images.shape[2], THUMBNAIL.width)
        for start in range(0, len(chosen), CHUNK):
            colors = images[chosen[start : start + CHUNK]].transpose(0, 3, 1, 2)[:, :3].astype(np.float32)
            small = np.rint(rows @ colors @ columns.T).astype(np.uint8)
            facts.thumbnails[start : start + CHUNK] = small.transpose(0, 2, 3, 1)


def _averages(size: int, side: int) -> np.ndarray:
    """Matrix (side, size) that scales `size` pixels to `side` by area averaging."""
    edges = np.arange(side + 1) * (size / side)
    pixels = np.arange(size)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return (np.clip(overlap, 0, None) * (side / size)).astype(np.float32)


def _examine_row(row: Row, number: int, facts: ImageStatistics) -> None:
    try:
        data = load_bytes(row.picture, row.name)
        facts.keys[number] = content_key(data)
        found, thumbnail = _look(data, row.name)
        facts.sizes[number] = found.height, found.width, found.channels
        facts.bounds[number] = found.bounds or (np.nan, np.nan)
        facts.frames[number] = found.frames
        facts.reduced[number] = found.reduced
        if facts.thumbnails is not None:
            facts.thumbnails[number] = thumbnail
        if row.paired is not None:
            _examine_paired(row, found, facts.bounds[number])
            facts.keys[number] = _key_of_both(facts.keys[number], row)
    except ImageError as error:
        facts.unreadable[number] = str(error).removeprefix(f"{row.name}: ")


def _look(picture: Picture, name: str) -> tuple[ImageProperties, np.ndarray]:
    """Compute the statistics of one image, with a thumbnail in its own value range: the source's is not known yet."""
    found = inspect(picture, name)
    if found.bounds is None:
        return found, read_pixels(picture, THUMBNAIL, name)
    own = choose_range(np.array([found.bounds]))
    if own is None:
        raise ImageError(f"{name}: holds no finite value; replace or remove it.")
    return found, read_pixels(picture, replace(THUMBNAIL, value_range=own), name)


def _examine_paired(row: Row, found: ImageProperties, bounds: np.ndarray) -> None:
    """Read the paired image of a row, which must have the same size; `bounds` (2,) then cover both images."""
    assert row.paired is not None
    file = row.paired if isinstance(row.paired, str | Path) else f"of {row.name}"
    paired, _ = _look(row.paired, f"paired image {printable(str(file))}")
    if (paired.height, paired.width) != (found.height, found.width):
        raise ImageError(
            f"{row.name}: is {found.height} x {found.width} pixels (height x width), its paired image "
            f"{printable(str(file))} {paired.height} x {paired.width}; give both the same size."
        )
    if paired.bounds is not None:
        bounds[:] = np.fmin(bounds[0], paired.bounds[0]), np.fmax(bounds[1], paired.bounds[1])


def _examine_paired_arrays(rows: ArrayRows, facts: ImageStatistics) -> None:
    for place, row in enumerate(rows):
        assert isinstance(row.picture, np.ndarray) and isinstance(row.paired, np.ndarray)
        height, width = row.picture.shape[:2]
        if row.paired.shape[:2] != (height, width):
            facts.unreadable[place] = (
                f"is {height} x {width} pixels (height x width), its paired image {row.paired.shape[0]} x "
                f"{row.paired.shape[1]}; give both the same size."
            )
        facts.keys[place] = _key_of_both(facts.keys[place], row)


def _key_of_both(key: np.uint64, row: Row) -> int:
    """The key of a row with a paired image: replacing either image changes it."""
    assert row.paired is not None
    paired = content_key(load_bytes(row.paired, f"paired image of {row.name}"))
    return content_key(np.array([key, paired], np.uint64))


def load_bytes(picture: Picture, name: str) -> bytes | np.ndarray:
    """The content of an image: the bytes of its file, or its array."""
    return read_file(picture, name) if isinstance(picture, str | Path) else picture
