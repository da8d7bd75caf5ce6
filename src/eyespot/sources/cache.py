"""Decode every image once, at the input size of the network, and store it as bytes.

In memory if it fits, otherwise in a memory-mapped file of the cache folder. Shapes: N images,
H height, W width, C channels.
"""

import hashlib
import json
import os
import zlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import final

import numpy as np

from ..device import processes_here
from ..errors import ImageError, SourceError
from ..files import cache_folder
from ..images import ImageSpec, Picture, read_pixels, read_size
from ._collection import ArrayRows
from ._examine import in_threads
from .cache_folder import replacing
from .source import Part, Row

MAGIC = b"eyespot pixels 1"
HEADER = 4096
"""Size of the header: the magic, then the length and the checksum of what follows, as JSON."""

MEMORY_SHARE = 0.25
"""Maximum fraction of the machine's memory for decoded images; larger sets are stored in a file."""


class Images(ABC):
    """The decoded images of one part, as uint8."""

    @abstractmethod
    def __len__(self) -> int:
        """Number of images."""

    @abstractmethod
    def image(self, number: int) -> np.ndarray:
        """One image (H, W, C)."""

    @abstractmethod
    def take(self, numbers: np.ndarray | Sequence[int]) -> np.ndarray:
        """Several images of the same size (n, H, W, C), as a copy."""


@final
class EqualImages(Images):
    """Images of one size in one array `pixels` (M, H, W, C); `chosen` (N,) are their indices."""

    def __init__(self, pixels: np.ndarray, chosen: np.ndarray | None = None) -> None:
        self.pixels = pixels
        self.chosen = np.arange(len(pixels)) if chosen is None else chosen

    def __len__(self) -> int:
        return len(self.chosen)

    def image(self, number: int) -> np.ndarray:
        return self.pixels[self.chosen[number]]

    def take(self, numbers: np.ndarray | Sequence[int]) -> np.ndarray:
        return self.pixels[self.chosen[np.asarray(numbers, np.int64)]]


@final
class UnequalImages(Images):
    """Images of different sizes, concatenated in `pixels` (B,); `shapes` (N, 3) are H, W, C of each."""

    def __init__(self, pixels: np.ndarray, shapes: np.ndarray) -> None:
        self.pixels = pixels
        self.shapes = shapes
        self.ends = np.cumsum(shapes.astype(np.int64).prod(axis=1))

    def __len__(self) -> int:
        return len(self.shapes)

    def image(self, number: int) -> np.ndarray:
        height, width, channels = self.shapes[number].tolist()
        end = int(self.ends[number])
        return self.pixels[end - height * width * channels : end].reshape(height, width, channels)

    def take(self, numbers: np.ndarray | Sequence[int]) -> np.ndarray:
        images = [self.image(int(number)) for number in numbers]
        if len({image.shape for image in images}) > 1:
            raise SourceError(
                f"Images of the sizes {sorted({image.shape[:2] for image in images})} cannot form a batch; "
                "process them one by one, or decode them with fit 'crop' or 'stretch'."
            )
        return np.stack(images)


def decode(
    part: Part, spec: ImageSpec, paired: bool = False, workers: int | None = None, memory: int | None = None
) -> Images:
    """Decode the images of a part (or, with `paired`, their paired images) as specified by `spec`, in several threads.

    `memory` is the maximum number of bytes in memory (by default a quarter of the machine's; none in distributed
    training, where processes share a file); larger sets are stored in a file of the cache folder, which is reused as
    long as neither the images nor `spec` change. Raises `ImageError` for an image that has become unreadable.
    """
    if (ready := _as_it_is(part.rows, spec, paired)) is not None:
        return ready
    shapes = _shapes(part, spec, paired, workers)
    size = int(shapes.astype(np.int64).prod(axis=1).sum())
    if size <= (memory if memory is not None else _allowed_memory()):
        pixels = np.empty(size, np.uint8)
        _fill(pixels, part.rows, spec, paired, shapes, workers)
    else:
        pixels = _mapped(part, spec, paired, shapes, workers)
    if spec.fit == "native":
        return UnequalImages(pixels, shapes)
    return EqualImages(pixels.reshape(len(part), spec.height, spec.width, spec.channels))


def decode_once(part: Part, spec: ImageSpec, paired: bool = False) -> Images:
    """Like `decode`, but the last result is cached with the part and returned again."""
    key = _cache_key(part, spec, paired)
    if part.decoded.get(paired, ("",))[0] != key:
        part.decoded[paired] = key, decode(part, spec, paired)
    return part.decoded[paired][1]


def _allowed_memory() -> int:
    return 0 if processes_here() > 1 else int(MEMORY_SHARE * machine_memory())


def machine_memory() -> int:
    """Bytes of memory of this machine (8 GB if unknown)."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return 8 << 30


def _as_it_is(rows: Sequence[Row], spec: ImageSpec, paired: bool) -> Images | None:
    """Images that are an array of the right shape already: shared, not copied."""
    if not isinstance(rows, ArrayRows):
        return None
    stack = rows.paired if paired else rows.images
    if not isinstance(stack, np.ndarray) or stack.shape[3] != spec.channels:
        return None
    if spec.fit != "native" and stack.shape[1:3] != (spec.height, spec.width):
        return None
    return EqualImages(stack, rows.chosen)


def _picture(row: Row, paired: bool) -> Picture:
    if not paired:
        return row.picture
    if row.paired is None:
        raise SourceError(f"{row.location}: has no paired image; fill the column 'paired' for every row.")
    return row.paired


def _shapes(part: Part, spec: ImageSpec, paired: bool, workers: int | None) -> np.ndarray:
    """(N, 3): height, width and channels of each decoded image."""
    shapes = np.empty((len(part), 3), np.int32)
    shapes[:] = spec.height, spec.width, spec.channels

    def measure(number: int) -> None:
        row = part.rows[number]
        shapes[number, :2] = read_size(_picture(row, paired), row.name)[:2]

    if spec.fit == "native" and paired:
        in_threads(measure, len(part), workers)
    elif spec.fit == "native":
        shapes[:, :2] = part.sizes[:, :2]
    return shapes


def _fill(
    pixels: np.ndarray, rows: Sequence[Row], spec: ImageSpec, paired: bool, shapes: np.ndarray, workers: int | None
) -> None:
    """Decode each image to its position in `pixels` (B,); at most one image per thread is in memory."""
    ends = np.cumsum(shapes.astype(np.int64).prod(axis=1))

    def put(number: int) -> None:
        row = rows[number]
        image = read_pixels(_picture(row, paired), spec, row.name)
        if image.shape != tuple(shapes[number].tolist()):
            raise ImageError(f"{row.name}: changed while it was read; start again.")
        pixels[ends[number] - image.size : ends[number]] = image.ravel()

    in_threads(put, len(rows), workers)


def _mapped(part: Part, spec: ImageSpec, paired: bool, shapes: np.ndarray, workers: int | None) -> np.ndarray:
    size = int(shapes.astype(np.int64).prod(axis=1).sum())
    file = cache_folder() / "pixels" / f"{_cache_key(part, spec, paired)}.pixels"
    if not _is_whole(file, size):
        with replacing(file) as partial:
            _make_room(partial, HEADER + size)
            pixels = np.memmap(partial, np.uint8, "r+", offset=HEADER, shape=(size,))
            _fill(pixels, part.rows, spec, paired, shapes, workers)
            pixels.flush()
            _write_header(partial, size, _checksum(pixels))
    return np.memmap(file, np.uint8, "r", offset=HEADER, shape=(size,))


def _make_room(file: Path, size: int) -> None:
    """Allocate the disk space now: a full disk while writing to a mapping would kill the process."""
    with file.open("r+b") as stream:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(stream.fileno(), 0, size)
        else:
            stream.truncate(size)


def _cache_key(part: Part, spec: ImageSpec, paired: bool) -> str:
    """A key that depends on the content of the images, their order, and how they are decoded."""
    how = {key: value for key, value in asdict(spec).items() if key not in ("mean", "std")}
    hashed = hashlib.blake2b(json.dumps([how, paired]).encode(), digest_size=16)
    hashed.update(np.ascontiguousarray(part.keys).data)
    return hashed.hexdigest()


def _checksum(pixels: np.ndarray) -> int:
    total = 0
    for start in range(0, len(pixels), 1 << 24):
        total = zlib.crc32(pixels[start : start + (1 << 24)].data, total)
    return total


def _write_header(file: Path, size: int, checksum: int) -> None:
    with file.open("r+b") as stream:
        stream.write(MAGIC + json.dumps({"size": size, "checksum": checksum}).encode().ljust(HEADER - len(MAGIC)))


def _is_whole(file: Path, size: int) -> bool:
    """Return whether a cache file exists and is undamaged; otherwise it is created again."""
    try:
        with file.open("rb") as stream:
            head = stream.read(HEADER)
        header = json.loads(head[len(MAGIC) :])
        if not head.startswith(MAGIC) or header["size"] != size or file.stat().st_size != HEADER + size:
            return False
        return header["checksum"] == _checksum(np.memmap(file, np.uint8, "r", offset=HEADER, shape=(size,)))
    except (OSError, ValueError, KeyError, TypeError):
        return False
