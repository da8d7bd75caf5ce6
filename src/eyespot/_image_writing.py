"""Writing images: PNG, JPEG, animated WebP, and letters as pixels. Shapes: H height, W width."""

import io
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

LARGE, QUICK_LEVEL = 1 << 22, 2
"""Pixels above which PNG files are compressed quickly, and the level: the best one would take seconds."""


def draw_letter(letter: str, size: int) -> np.ndarray:
    """The pixels that a letter of `size` pixels covers in the font of Pillow: booleans (1.5 size, width)."""
    font = ImageFont.load_default(size)
    canvas = Image.new("1", (max(1, round(font.getlength(letter))), 3 * size // 2))
    ImageDraw.Draw(canvas).text((0, 0), letter, fill=1, font=font)
    return np.asarray(canvas)


def write_png(pixels: np.ndarray, path: str | Path, text: Mapping[str, str] | None = None) -> Path:
    """Write uint8 or uint16 pixels (H, W), (H, W, 1) or (H, W, 3) to a PNG file, with `text` as its metadata."""
    path = Path(path)
    path.write_bytes(encode_png(pixels, text))
    return path


def write_animation(
    frames: Sequence[np.ndarray], path: str | Path, milliseconds: int, text: Mapping[str, str] | None = None
) -> Path:
    """Write uint8 images (H, W, 3) of one size as an animated WebP file, with a frame duration in milliseconds.

    `text` is its metadata: texts by the names of EXIF tags, such as "Software".
    """
    path = Path(path)
    first, *others = (Image.fromarray(frame) for frame in frames)
    exif = Image.Exif()
    for name, value in (text or {}).items():
        exif[ExifTags.Base[name]] = value
    settings = {"duration": milliseconds, "loop": 0, "quality": 70, "method": 0, "exif": exif}
    first.save(path, "WEBP", save_all=True, append_images=others, **settings)
    return path


def encode_png(pixels: np.ndarray, text: Mapping[str, str] | None = None) -> bytes:
    """Encode uint8 or uint16 pixels (H, W), (H, W, 1) or (H, W, 3) as PNG, with `text` as its metadata by keyword."""
    assert pixels.dtype in (np.uint8, np.uint16), pixels.dtype
    metadata = PngInfo()
    for keyword, value in (text or {}).items():
        metadata.add_text(keyword, value)
    if pixels.dtype == np.uint16 and pixels.ndim == 3 and pixels.shape[2] == 3:
        return _png_of_deep_colors(pixels, metadata)
    buffer = io.BytesIO()
    image = Image.fromarray(pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels)
    level = QUICK_LEVEL if image.width * image.height > LARGE else 6
    image.save(buffer, "PNG", pnginfo=metadata, compress_level=level)
    return buffer.getvalue()


def encode_image(pixels: np.ndarray, kind: str) -> bytes:
    """Encode uint8 pixels (H, W, 3) in a format by Pillow's name, such as "JPEG", with hardly any loss, or none."""
    buffer = io.BytesIO()
    options = {"JPEG": {"quality": 95}, "WEBP": {"lossless": True}}.get(kind, {})
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def encode_jpeg(pixels: np.ndarray, quality: int = 82) -> bytes:
    """Encode uint8 pixels (H, W, 3) as JPEG, for display."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _png_of_deep_colors(pixels: np.ndarray, metadata: PngInfo) -> bytes:
    """Encode 16-bit colors as PNG, which Pillow cannot do; each row begins with 0, for no filter."""
    height, width, _ = pixels.shape
    rows = np.ascontiguousarray(pixels, ">u2").view(np.uint8).reshape(height, -1)
    content = zlib.compress(np.pad(rows, ((0, 0), (1, 0))).tobytes(), QUICK_LEVEL)
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    notes = [(kind, data) for kind, data, *_ in metadata.chunks]
    parts = [(b"IHDR", header), *notes, (b"IDAT", content), (b"IEND", b"")]
    whole = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(whole)
