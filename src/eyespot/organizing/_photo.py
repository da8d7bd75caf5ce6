"""Read one photo once: all index data except its embedding."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from ..decoding import decode, orientation
from ..images import ImageSpec, fit_pixels, load_image, read_pixels, upright_size
from ._metadata import Metadata, read_metadata
from ._quality import measure_quality

REDUCED = 384
"""Shorter side of the analyzed image in pixels; smaller photos keep their size."""
LONGEST = 2048
THUMBNAIL, COLORS = 64, 16
"""Sides of the gray thumbnail, used for finding copies, and of the color one."""


@dataclass(frozen=True, kw_only=True)
class Photo:
    """Measurements of a photo.

    `content` is the 16-byte BLAKE2b hash of the file; `height` and `width` are upright; `thumbnail` (64, 64) and
    `colors` (16, 16, 3) are uint8, stretched to squares; `quality` contains the results of `measure_quality`; `crop`
    (224, 224, 3) is the network input.
    """

    content: bytes
    height: int
    width: int
    orientation: int
    metadata: Metadata
    thumbnail: np.ndarray
    colors: np.ndarray
    quality: dict[str, float]
    crop: np.ndarray


def content_hash(data: bytes) -> bytes:
    """16-byte hash of a file's content."""
    return hashlib.blake2b(data, digest_size=16).digest()


def examine(data: bytes, name: str, network_images: ImageSpec, now: datetime) -> Photo:
    """Measure one photo; raises `ImageError` if it cannot be read."""

    def look(image: Any) -> tuple[tuple[int, int, int], int, Metadata, np.ndarray]:
        # All at once: Pillow decodes a PNG file to find its EXIF data, which may stand behind the pixels.
        size, turned, metadata = upright_size(image), orientation(image), read_metadata(image, name, now)
        spec = _reduced(*size[:2])
        return size, turned, metadata, fit_pixels(load_image(image, spec), spec)

    (height, width, _), turned, metadata, reduced = decode(data, name, look)
    thumbnail = read_pixels(reduced, ImageSpec(height=THUMBNAIL, width=THUMBNAIL, channels=1, fit="stretch"))
    return Photo(
        content=content_hash(data),
        height=height,
        width=width,
        orientation=turned,
        metadata=metadata,
        thumbnail=thumbnail[..., 0],
        colors=read_pixels(reduced, ImageSpec(height=COLORS, width=COLORS, channels=3, fit="stretch")),
        quality=measure_quality(reduced),
        crop=read_pixels(reduced, network_images),
    )


def _reduced(height: int, width: int) -> ImageSpec:
    scale = min(1.0, REDUCED / min(height, width), LONGEST / max(height, width))
    sides = (max(1, round(side * scale)) for side in (height, width))
    return ImageSpec(height=next(sides), width=next(sides), channels=3, fit="stretch")
