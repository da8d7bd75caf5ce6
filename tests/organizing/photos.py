"""Small photos for tests: smooth random pictures that differ from each other, and files with EXIF data."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

DATETIME_ORIGINAL, MODEL, EXIF, GPS = 0x9003, 0x0110, 0x8769, 0x8825


def scene(seed: int, height: int = 48, width: int = 64) -> np.ndarray:
    """A picture of colored patches, uint8 (H, W, 3)."""
    small = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


def save(pixels: np.ndarray, file: Path, taken: str = "", place: tuple[float, float] | None = None) -> Path:
    """Write a picture; `taken` as in "2024:05:01 12:00:00", `place` in degrees."""
    image, exif = Image.fromarray(pixels), Image.Exif()
    if taken:
        exif[MODEL] = "Camera"
        exif.get_ifd(EXIF)[DATETIME_ORIGINAL] = taken
    if place is not None:
        signs = ("S" if place[0] < 0 else "N", "W" if place[1] < 0 else "E")
        angles = [(abs(angle), 0.0, 0.0) for angle in place]
        exif.get_ifd(GPS).update({1: signs[0], 2: angles[0], 3: signs[1], 4: angles[1]})
    file.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    image.save(buffer, {".jpg": "JPEG"}.get(file.suffix, "PNG"), exif=exif, quality=92)
    file.write_bytes(buffer.getvalue())
    return file
