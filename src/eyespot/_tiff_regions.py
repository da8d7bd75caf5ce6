"""Regions of TIFF files that are too large to be decoded as a whole, such as slides of a microscope.

A TIFF file stores its pixels in tiles or strips. Each one that a region touches is decoded alone, by Pillow, as a small
TIFF file in memory with the same compression.
"""

import io
import struct
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from .errors import ImageError

KEPT_BYTES = 256 << 20
"""Decoded tiles and strips that are kept, since neighboring regions share them."""
LARGEST_SEGMENT = 64_000_000
"""Pixels of one tile or strip, at most."""
WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, STRIPS, SAMPLES, ROWS, STRIP_BYTES = (
    256,
    257,
    258,
    259,
    262,
    273,
    277,
    278,
    279,
)
PLANAR, TILE_WIDTH, TILE_HEIGHT, TILES, TILE_BYTES, FORMAT, ORIENTATION = 284, 322, 323, 324, 325, 339, 274
KEPT_TAGS = (BITS, COMPRESSION, PHOTOMETRIC, 266, SAMPLES, PLANAR, 292, 293, 317, 320, 338, FORMAT, 347, 530, 531, 532)
"""Tags that decide how a tile is decoded: bits, compression and its options, colors, predictor, color map, tables."""
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 16: 8, 17: 8, 18: 8}
INTEGERS = {1: "B", 3: "H", 4: "I", 16: "Q", 18: "Q"}
"""Bytes of a value of each type, and the codes of whole numbers."""
MOST_VALUES = 20_000_000
"""Values of one tag, at most."""


class TiffRegions:
    """The first image of a TIFF file (classic or BigTIFF), of which any region can be read: uint8, gray or RGB.

    Raise `ImageError` for another file, for more than 8 bits and for separate color planes. `size` is (height, width).
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            with self.path.open("rb") as file:
                self.order, self.tags = _first_directory(file)
        except OSError as error:
            raise ImageError(f"{path}: cannot be read ({error.strerror}).") from error
        except (struct.error, KeyError, ValueError, MemoryError) as error:
            raise ImageError(f"{path}: is not a TIFF file that can be read in regions.") from error
        self.kept: OrderedDict[int, np.ndarray] = OrderedDict()
        self.size = self._one(HEIGHT), self._one(WIDTH)
        tiled = TILES in self.tags
        self.segment = (
            (self._one(TILE_HEIGHT), self._one(TILE_WIDTH))
            if tiled
            else (min(self._one(ROWS, self.size[0]), self.size[0]), self.size[1])
        )
        self.offsets, self.lengths = (
            self._all(tag) for tag in ((TILES, TILE_BYTES) if tiled else (STRIPS, STRIP_BYTES))
        )
        self._check()

    def read(self, top: int, left: int, height: int, width: int) -> np.ndarray:
        """The pixels (height, width, 1 or 3) of a region inside the image."""
        (rows, columns), across = self.segment, -(-self.size[1] // self.segment[1])
        region: np.ndarray | None = None
        for row in range(top // rows, -(-(top + height) // rows)):
            for column in range(left // columns, -(-(left + width) // columns)):
                pixels = self._decoded(row * across + column, row)
                if region is None:
                    region = np.zeros((height, width, pixels.shape[2]), np.uint8)
                y, x = row * rows - top, column * columns - left
                part = pixels[max(0, -y) : height - y, max(0, -x) : width - x]
                region[max(0, y) : max(0, y) + part.shape[0], max(0, x) : max(0, x) + part.shape[1]] = part
        assert region is not None
        return region

    def _check(self) -> None:
        bits, planar = set(self._all(BITS, (8,))), self._one(PLANAR, 1)
        if bits != {8} or (planar != 1 and self._one(SAMPLES, 1) > 1) or self._one(FORMAT, 1) != 1:
            raise ImageError(f"{self.path}: regions are read of gray or RGB files of 8 bits; convert it.")
        if self._one(ORIENTATION, 1) != 1:
            raise ImageError(f"{self.path}: is stored turned or mirrored, which is not read in regions; turn it.")
        segments = -(-self.size[0] // self.segment[0]) * -(-self.size[1] // self.segment[1])
        if min(*self.size, *self.segment) < 1 or len(self.offsets) < segments or len(self.lengths) < segments:
            raise ImageError(f"{self.path}: its table of tiles is damaged; replace the file.")
        if self.segment[0] * self.segment[1] > LARGEST_SEGMENT:
            raise ImageError(
                f"{self.path}: stores {self.segment[0]} x {self.segment[1]} pixels in one piece; save it in tiles, for "
                "example with vips tiffsave --tile."
            )

    def _one(self, tag: int, default: int | None = None) -> int:
        values = self._all(tag, None if default is None else (default,))
        return int(values[0])

    def _all(self, tag: int, default: tuple[int, ...] | None = None) -> Any:
        if tag not in self.tags:
            if default is None:
                raise ImageError(f"{self.path}: is damaged: the tag {tag} is missing; replace the file.")
            return default
        kind, raw = self.tags[tag]
        if kind not in INTEGERS or not raw:
            raise ImageError(f"{self.path}: is damaged: the tag {tag} is no whole number; replace the file.")
        return struct.unpack(f"{self.order}{len(raw) // SIZES[kind]}{INTEGERS[kind]}", raw)

    def _decoded(self, number: int, row: int) -> np.ndarray:
        if number in self.kept:
            self.kept.move_to_end(number)
            return self.kept[number]
        rows = self.segment[0] if TILES in self.tags else min(self.segment[0], self.size[0] - row * self.segment[0])
        with self.path.open("rb") as file:
            file.seek(self.offsets[number])
            data = file.read(self.lengths[number])
        try:
            with Image.open(io.BytesIO(self._small_file(data, rows)), formats=["TIFF"]) as image:
                pixels = np.asarray(image.convert("L" if image.mode in ("1", "L", "LA") else "RGB"))
        except Exception as error:  # decoders raise errors of every kind
            raise ImageError(f"{self.path}: tile {number} is damaged ({error}); replace the file.") from error
        self.kept[number] = pixels[..., None] if pixels.ndim == 2 else pixels
        while len(self.kept) > 1 and sum(each.nbytes for each in self.kept.values()) > KEPT_BYTES:
            self.kept.popitem(last=False)
        return self.kept[number]

    def _small_file(self, data: bytes, rows: int) -> bytes:
        """A classic TIFF file with one strip: the data of one tile or strip of `rows` rows."""
        tags = {tag: self.tags[tag] for tag in KEPT_TAGS if tag in self.tags}
        for tag, value in (
            (WIDTH, self.segment[1]),
            (HEIGHT, rows),
            (ROWS, rows),
            (STRIP_BYTES, len(data)),
            (STRIPS, 0),
        ):
            tags[tag] = 4, struct.pack(f"{self.order}I", value)
        end = 8 + 2 + 12 * len(tags) + 4
        entries, extra = b"", b""
        tags[STRIPS] = 4, struct.pack(f"{self.order}I", end + sum(len(raw) for _, raw in tags.values() if len(raw) > 4))
        for tag, (kind, raw) in sorted(tags.items()):
            count = len(raw) // SIZES[kind]
            entries += struct.pack(f"{self.order}HHI", tag, kind, count)
            entries += raw.ljust(4, b"\0") if len(raw) <= 4 else struct.pack(f"{self.order}I", end + len(extra))
            extra += raw if len(raw) > 4 else b""
        mark = b"II*\0" if self.order == "<" else b"MM\0*"
        header = mark + struct.pack(f"{self.order}I", 8) + struct.pack(f"{self.order}H", len(tags))
        return header + entries + struct.pack(f"{self.order}I", 0) + extra + data


def _first_directory(file: Any) -> tuple[str, dict[int, tuple[int, bytes]]]:
    """Byte order, and type and raw values of each tag of the first image."""
    mark = file.read(4)
    order = {b"II": "<", b"MM": ">"}[mark[:2]]
    big = {42: False, 43: True}[struct.unpack(f"{order}H", mark[2:])[0]]
    counted, place, entry = ("Q", "Q", 20) if big else ("H", "I", 12)
    inline = struct.calcsize(place)
    if big:
        file.read(4)
    file.seek(struct.unpack(f"{order}{place}", file.read(inline))[0])
    (count,) = struct.unpack(f"{order}{counted}", file.read(struct.calcsize(counted)))
    table = file.read(entry * min(count, 10_000))
    tags = {}
    for start in range(0, len(table), entry):
        tag, kind, number = struct.unpack(f"{order}HH{place}", table[start : start + 4 + inline])
        if kind not in SIZES or number > MOST_VALUES:
            continue
        length = number * SIZES[kind]
        raw = table[start + 4 + inline : start + entry]
        if length > inline:
            file.seek(struct.unpack(f"{order}{place}", raw)[0])
            raw = file.read(length)
        tags[tag] = kind, raw[:length]
    return order, tags
