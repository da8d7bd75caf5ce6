"""From an image file to numbers and back.

Training, predicting, evaluating, exporting and serving all call `read_pixels`, so that the same picture
becomes the same numbers everywhere. Shapes: N images, C channels, H height, W width.
"""

import io
import math
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from .decoding import (
    LOW,
    SUFFIXES,
    Picture,
    decode,
    has_frames,
    has_wide_colors,
    heic_is_readable,
    orientation,
    read_file,
    upright,
)
from .errors import ImageError
from .pixel_arrays import channels_last, is_tensor, to_numpy
from .value_range import LEAST_USED, Range, bounds_of, check_inside, check_range, choose_range, to_bytes

__all__ = [
    "FITS",
    "PAD_GRAY",
    "SUFFIXES",
    "Frame",
    "ImageProperties",
    "ImageSpec",
    "Picture",
    "draw_letter",
    "encode_png",
    "fit_pixels",
    "frame_of",
    "heic_is_readable",
    "identity_frame",
    "inspect",
    "is_deep",
    "is_gray",
    "load_image",
    "read_file",
    "read_levels",
    "read_native",
    "read_pixels",
    "read_size",
    "read_thumbnail",
    "write_animation",
    "write_png",
]

LUMA = (0.299, 0.587, 0.114)
"""How bright red, green and blue are, as in files of gray images (ITU-R BT.601)."""
FITS = ("crop", "stretch", "pad", "native")
LARGE, QUICK_LEVEL = 1 << 22, 2
"""Pixels above which PNG files are compressed quickly, and the level: the best one would take seconds."""
PAD_GRAY = 128
"""The brightness of the bars that "pad" adds: the middle of the range, so that they are neither black nor white."""
GRAY_MODES = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "I;16N", "F")


@dataclass(frozen=True, kw_only=True)
class ImageSpec:
    """How a picture becomes what a network takes: its size, its colors and the scaling of its values.

    `fit` says what happens to a picture of another shape: "crop" scales its short side and cuts the middle out,
    "stretch" scales both sides, "pad" scales its long side and adds gray bars on both sides of the short one,
    "native" keeps its size (`height` and `width` are then the size of training crops).
    The network sees `(pixel / 255 - mean) / std`, with one mean and deviation a channel. `value_range` is what
    becomes 0 and 255 in images of more than 8 bits; without it their type decides (0 to 65,535, floats 0 to 1).
    """

    height: int
    width: int
    channels: int
    fit: str = "crop"
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    value_range: Range | None = None

    def __post_init__(self) -> None:
        if min(self.height, self.width) < 1 or max(self.height, self.width) > 8192:
            raise ImageError(f"Images of {self.height}x{self.width} pixels: each side must lie between 1 and 8192.")
        if self.channels not in (1, 3):
            raise ImageError(f"Images of {self.channels} channels: give 1 for gray or 3 for color.")
        if self.fit not in FITS:
            raise ImageError(f"fit is '{self.fit}'; expected one of {', '.join(FITS)}.")
        if self.value_range is not None:
            check_range(self.value_range)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one image as the network takes it."""
        return self.channels, self.height, self.width


@dataclass(frozen=True, kw_only=True, eq=False)
class Frame:
    """Where each pixel of an image went: the affine map from an original image to what a network takes, or N of them.

    Coordinates are continuous, x to the right from 0 to the width and y down from 0 to the height: pixel i covers
    [i, i + 1] and its center is at i + 0.5. `original` (..., 2) and `size` (..., 2) hold the height and width before
    and after; `matrix` (..., 2, 3), with N in front for N images, maps (x, y, 1) to (x, y).

    >>> frame = frame_of((40, 60), ImageSpec(height=20, width=20, channels=3))
    >>> frame.apply([30.0, 20.0]).tolist()
    [10.0, 10.0]
    >>> frame.inverse().apply([0.0, 0.0]).tolist()
    [10.0, 0.0]
    """

    original: np.ndarray
    size: np.ndarray
    matrix: np.ndarray

    def __getitem__(self, rows: Any) -> "Frame":
        """The frames of some of the N images, or of one."""
        return Frame(original=self.original[rows], size=self.size[rows], matrix=self.matrix[rows])

    @property
    def mirrors(self) -> np.ndarray:
        """Whether left and right change places (...,): the determinant is negative."""
        return np.linalg.det(self.matrix[..., :2]) < 0

    def then(self, after: "Frame") -> "Frame":
        """Apply this map, then `after`: both as one frame, N frames where one of the two has N."""
        linear = after.matrix[..., :2] @ self.matrix[..., :2]
        offset = after.matrix[..., :2] @ self.matrix[..., 2:] + after.matrix[..., 2:]
        sides = (*linear.shape[:-2], 2)
        return Frame(
            original=np.broadcast_to(self.original, sides),
            size=np.broadcast_to(after.size, sides),
            matrix=np.concatenate([linear, offset], axis=-1),
        )

    def inverse(self) -> "Frame":
        """The way back, from what a network takes to the original image."""
        linear = np.linalg.inv(self.matrix[..., :2])
        matrix = np.concatenate([linear, -linear @ self.matrix[..., 2:]], axis=-1)
        return Frame(original=self.size, size=self.original, matrix=matrix)

    def apply(self, points: Any) -> Any:
        """Points (..., 2) as x and y, arrays or tensors; for N frames (N, ..., 2). NaN stays NaN."""
        return _affine(points, self.matrix[..., :2], self.matrix[..., 2])

    def apply_boxes(self, boxes: Any) -> Any:
        """Boxes (..., 4) as x1, y1, x2, y2, arrays or tensors: upright boxes around the mapped ones. NaN stays NaN.

        For N frames, boxes are (N, ..., 4).
        """
        # Interval arithmetic: a positive factor takes the lower bound to the lower one, a negative one the upper bound.
        linear, offset = self.matrix[..., :2], self.matrix[..., 2]
        up, down = np.maximum(linear, 0), np.minimum(linear, 0)
        bounds = np.concatenate([np.concatenate([up, down], axis=-1), np.concatenate([down, up], axis=-1)], axis=-2)
        return _affine(boxes, bounds, np.concatenate([offset, offset], axis=-1))


def identity_frame(size: Any) -> Frame:
    """The frame of images that stay as they are; `size` (..., 2) holds height and width."""
    size = np.asarray(size)
    return Frame(original=size, size=size, matrix=np.broadcast_to(np.eye(2, 3), (*size.shape[:-1], 2, 3)))


def frame_of(size: Any, spec: ImageSpec) -> Frame:
    """The frame that `read_pixels` uses for images of height and width `size`, (2,) or (N, 2), upright.

    A JPEG file much larger than `spec` is decoded at a fraction of its size, which is rounded up: its pixels may lie up
    to half a pixel beside the frame.
    """
    original = np.asarray(size)[..., :2]
    if spec.fit == "native":
        return identity_frame(original)
    box, region = _placement(original, spec)
    scale = (region[..., 2:] - region[..., :2]) / (box[..., 2:] - box[..., :2])
    matrix = np.zeros((*original.shape[:-1], 2, 3))
    matrix[..., [0, 1], [0, 1]] = scale
    matrix[..., 2] = region[..., :2] - box[..., :2] * scale
    sides = np.broadcast_to([spec.height, spec.width], original.shape)
    return Frame(original=original, size=sides, matrix=matrix)


@dataclass(frozen=True, kw_only=True)
class ImageProperties:
    """What is known of one image without scaling it: its upright size and its kind.

    `bounds` are the lowest and highest value of an image of more than 8 bits, without its most extreme pixels;
    `frames` tells whether it has further frames or pages, which are not used; `reduced` whether it has colors of
    16 bits of which the upper 8 only are read.
    """

    height: int
    width: int
    channels: int
    bounds: Range | None = None
    frames: bool = False
    reduced: bool = False


def read_pixels(picture: Any, spec: ImageSpec, name: str = "") -> np.ndarray:
    """Read one image as uint8 numbers (H, W, C), turned upright, in the colors and the size of `spec`.

    `picture` is a path, the bytes of a file, an open file, a Pillow image, or an array or tensor (H, W), (H, W, C) or
    (C, H, W). Raises `ImageError`, which names the file (or `name`), where it is no readable image.

    >>> read_pixels(np.zeros((40, 60), np.uint8), ImageSpec(height=28, width=28, channels=3)).shape
    (28, 28, 3)
    """
    return decode(picture, name, lambda image: fit_pixels(load_image(image, spec), spec), spec.value_range)


def load_image(image: Image.Image, spec: ImageSpec) -> Image.Image:
    """The first half of `read_pixels`: decode an opened image, in the detail that `spec` needs, and turn it upright."""
    if spec.fit != "native":
        _draft(image, spec)
    turned = upright(image)
    turned.load()
    return turned


def fit_pixels(image: Image.Image, spec: ImageSpec) -> np.ndarray:
    """The second half of `read_pixels`: an upright image as uint8 (H, W, C) in the colors and size of `spec`."""
    return _pixels(_fitted(_colored(image, spec.channels, spec.value_range), spec))


def read_size(picture: Picture, name: str = "") -> tuple[int, int, int]:
    """Read only the size of one image: (height, width, channels), upright, with channels 1 or 3."""
    if isinstance(picture, np.ndarray) or is_tensor(picture):
        try:
            height, width, channels = channels_last(to_numpy(picture), is_tensor(picture)).shape
        except ImageError as error:
            raise ImageError(f"{name or 'the image'}: {error}") from error
        return height, width, 1 if channels == 1 else 3
    return decode(picture, name, _size)


def inspect(picture: Picture, name: str = "") -> ImageProperties:
    """Read the size of one image, the bounds of its values if they have more than 8 bits, and whether it has frames."""

    def look(image: Image.Image) -> ImageProperties:
        reduced = has_wide_colors(image) and LOW not in image.info
        height, width, channels = _size(image)
        frames = has_frames(image)
        bounds = bounds_of(_values(upright(image))) if _is_wide(image) else None
        return ImageProperties(
            height=height, width=width, channels=channels, bounds=bounds, frames=frames, reduced=reduced
        )

    return decode(picture, name, look)


def _size(image: Image.Image) -> tuple[int, int, int]:
    width, height = image.size
    if image.format != "TIFF" and orientation(image) in (5, 6, 7, 8):  # Pillow gives the size of a TIFF upright
        width, height = height, width
    return height, width, 1 if image.mode in GRAY_MODES else 3


def is_gray(picture: Picture, name: str = "", tolerance: int = 3) -> bool:
    """Tell whether a picture is gray, also where it is stored in color: its channels differ by `tolerance` at most."""
    if read_size(picture, name)[2] == 1:
        return True
    small = read_thumbnail(picture, 32, 3, name).astype(np.int16)
    return int(np.ptp(small, axis=2).max()) <= tolerance


def read_thumbnail(picture: Picture, side: int, channels: int, name: str = "") -> np.ndarray:
    """A picture stretched to uint8 (side, side, C); one of more than 8 bits is scaled by its own range."""
    spec = ImageSpec(height=side, width=side, channels=channels, fit="stretch", value_range=_own_range(picture, name))
    return read_pixels(picture, spec, name)


def read_scaled(picture: Picture, longest: int, name: str = "") -> np.ndarray:
    """A picture as uint8 (H, W, 3) with no side longer than `longest`; one of more than 8 bits by its own range."""
    height, width, _ = read_size(picture, name)
    scale = min(1.0, longest / max(height, width))
    height, width = (max(1, round(side * scale)) for side in (height, width))
    own = _own_range(picture, name)
    return read_pixels(picture, ImageSpec(height=height, width=width, channels=3, fit="stretch", value_range=own), name)


def read_native(picture: Picture, name: str = "") -> np.ndarray:
    """A picture at its own size in its own colors, uint8 (H, W, C); one of more than 8 bits by its own range."""
    channels, own = read_size(picture, name)[2], _own_range(picture, name)
    spec = ImageSpec(height=1, width=1, channels=channels, fit="native", value_range=own)
    return read_pixels(picture, spec, name)


def _own_range(picture: Picture, name: str) -> Range | None:
    bounds = inspect(picture, name).bounds
    return None if bounds is None else choose_range(np.array([bounds]))


def read_levels(picture: Any, spec: ImageSpec, name: str = "") -> np.ndarray:
    """Read like `read_pixels` at the picture's own size, but a file of more than 8 bits as uint16, 65,535 for white."""
    native = replace(spec, fit="native")

    def levels(image: Image.Image) -> np.ndarray:
        image = load_image(image, native)
        return _levels(image, spec) if _is_wide(image) else fit_pixels(image, native)

    return decode(picture, name, levels, spec.value_range)


def is_deep(picture: Any, name: str = "") -> bool:
    """Tell whether the file of a picture has more than 8 bits for each value; only its header is read."""
    return decode(picture, name, _is_wide)


def _levels(image: Image.Image, spec: ImageSpec) -> np.ndarray:
    """An image of more than 8 bits as uint16 (H, W, C), on white where it is transparent."""
    values = _values(image)
    low, high = _known_range(image, values, spec.value_range)
    shares = np.clip((np.nan_to_num(values, nan=low) - low) / (high - low), 0, 1)
    shares = shares[..., None] if shares.ndim == 2 else shares
    if image.mode == "RGBA":
        alpha = np.asarray(image)[..., 3:] / 255
        shares = shares * alpha + 1 - alpha
    if shares.shape[2] > spec.channels:
        shares = shares @ np.array(LUMA)[:, None]
    return np.rint(np.repeat(shares, spec.channels // shares.shape[2], axis=2) * 65535).astype(np.uint16)


def draw_letter(letter: str, size: int) -> np.ndarray:
    """Which pixels a letter of `size` pixels covers in the font of Pillow: booleans (1.5 size, its width)."""
    font = ImageFont.load_default(size)
    canvas = Image.new("1", (max(1, round(font.getlength(letter))), 3 * size // 2))
    ImageDraw.Draw(canvas).text((0, 0), letter, fill=1, font=font)
    return np.asarray(canvas)


def write_png(pixels: np.ndarray, path: str | Path, text: Mapping[str, str] | None = None) -> Path:
    """Write uint8 or uint16 numbers (H, W), (H, W, 1) or (H, W, 3) as a PNG file; `text` becomes its metadata."""
    path = Path(path)
    path.write_bytes(encode_png(pixels, text))
    return path


def write_animation(frames: Sequence[np.ndarray], path: str | Path, milliseconds: int) -> Path:
    """Write uint8 images (H, W, 3) of one size as an animated WebP file, each shown for so many milliseconds."""
    path = Path(path)
    first, *others = (Image.fromarray(frame) for frame in frames)
    first.save(path, "WEBP", save_all=True, append_images=others, duration=milliseconds, loop=0, quality=70, method=0)
    return path


def encode_png(pixels: np.ndarray, text: Mapping[str, str] | None = None) -> bytes:
    """Turn uint8 or uint16 numbers (H, W), (H, W, 1) or (H, W, 3) into the bytes of a PNG file, without loss.

    `text` is stored in the file's metadata by its keywords.
    """
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


def encode_jpeg(pixels: np.ndarray, quality: int = 82) -> bytes:
    """Turn uint8 numbers (H, W, 3) into the bytes of a JPEG file: smaller than PNG, with loss, to look at."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _png_of_deep_colors(pixels: np.ndarray, metadata: PngInfo) -> bytes:
    """Colors of 16 bits as a PNG file, which Pillow does not write: each row begins with 0, for no filter."""
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


def _draft(image: Image.Image, spec: ImageSpec) -> None:
    """Let the JPEG decoder skip detail that scaling down would throw away anyway (it keeps at least twice the size)."""
    side = 2 * max(spec.height, spec.width)
    image.draft(None, (side, side))


def _is_wide(image: Image.Image) -> bool:
    """Tell whether the values of an image have more than 8 bits."""
    return image.mode.startswith("I") or image.mode == "F" or LOW in image.info


def _values(image: Image.Image) -> np.ndarray:
    """The values of an image of more than 8 bits as float64 (H, W), or (H, W, 3) of colors, without transparency."""
    if (low := image.info.get(LOW)) is not None:
        return np.asarray(image)[..., :3] * 256.0 + np.asarray(low)[..., :3]
    with np.errstate(invalid="ignore"):  # NaN is dealt with later
        return np.asarray(image, np.float64)


def _colored(image: Image.Image, channels: int, value_range: Range | None) -> Image.Image:
    if _is_wide(image):
        image = _to_8_bits(image, value_range)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("L" if channels == 1 else "RGB")


def _to_8_bits(image: Image.Image, value_range: Range | None) -> Image.Image:
    """Scale values of more than 8 bits: one range for a source and its model, never that of the single image."""
    values = _values(image)
    scaled = to_bytes(values, _known_range(image, values, value_range))
    if image.mode == "RGBA":
        scaled = np.concatenate([scaled, np.asarray(image)[..., 3:]], axis=2)
    return Image.fromarray(scaled)


def _known_range(image: Image.Image, values: np.ndarray, value_range: Range | None) -> Range:
    """The range that is black to white: the one given, else that of the type; raises `ImageError` where none fits."""
    if value_range is None:
        value_range = (0.0, 1.0) if image.mode == "F" else (0.0, 65535.0)
        low, high = bounds_of(values)
        # Of 0 to 65,535, a camera of 12 bits uses a sixteenth: the image would be black.
        dark = image.mode != "F" and 0 < high < LEAST_USED * value_range[1]
        if low < value_range[0] or high > value_range[1] or dark:
            raise ImageError(
                f"holds values from {low:g} to {high:g}, and no value range is known for them; "
                "give ImageSpec(value_range=(LOW, HIGH)), or use a model trained on such images."
            )
    else:
        check_inside(values, value_range)
    return value_range


def _fitted(image: Image.Image, spec: ImageSpec) -> Image.Image:
    if spec.fit == "native" or image.size == (spec.width, spec.height):
        return image
    box, region = _placement(np.array([image.height, image.width]), spec)
    left, top, right, bottom = (int(side) for side in region)
    size = right - left, bottom - top
    scaled = image.resize(size, Image.Resampling.BILINEAR, box=tuple(box.tolist()), reducing_gap=3.0)
    if size == (spec.width, spec.height):
        return scaled
    padded = Image.new(image.mode, (spec.width, spec.height), PAD_GRAY if image.mode == "L" else (PAD_GRAY,) * 3)
    padded.paste(scaled, (left, top))
    return padded


def _placement(size: np.ndarray, spec: ImageSpec) -> tuple[np.ndarray, np.ndarray]:
    """Which part of images of height and width `size` (..., 2) is seen, and where in the result it lies.

    Both are (..., 4): left, top, right, bottom; the latter are whole numbers.
    """
    sides, wanted = size[..., ::-1].astype(float), np.array([spec.width, spec.height], float)
    region = np.concatenate([np.zeros_like(sides), np.broadcast_to(wanted, sides.shape)], axis=-1)
    if spec.fit == "crop":
        return _middle(sides, wanted * (sides / wanted).min(axis=-1, keepdims=True)), region
    if spec.fit == "pad":
        inside = np.clip(np.rint(sides * (wanted / sides).min(axis=-1, keepdims=True)), 1, wanted)
        begin = (wanted - inside) // 2
        region = np.concatenate([begin, begin + inside], axis=-1)
    return np.concatenate([np.zeros_like(sides), sides], axis=-1), region


def _middle(sides: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Where a part of `length`, in the middle of each side, begins and ends; 116 / 224 * 224 is more than 116."""
    begin = np.maximum(0.0, (sides - length) / 2)
    return np.concatenate([begin, np.minimum(sides, begin + length)], axis=-1)


def _affine(values: Any, linear: np.ndarray, offset: np.ndarray) -> Any:
    """linear @ value + offset for values (..., D); for N maps (N, D, D), values are (N, ..., D)."""
    if hasattr(values, "new_tensor"):  # a tensor of PyTorch, which this module does not import
        linear, offset = values.new_tensor(linear), values.new_tensor(offset)
    else:
        values = np.asarray(values, float)
    if linear.ndim == 2:
        return values @ linear.swapaxes(-1, -2) + offset
    flat = values.reshape(len(values), math.prod(values.shape[1:-1]), values.shape[-1])
    return (flat @ linear.swapaxes(-1, -2) + offset[:, None]).reshape(values.shape)


def _pixels(image: Image.Image) -> np.ndarray:
    array = np.asarray(image, dtype=np.uint8)
    return array[..., None] if array.ndim == 2 else array


def css_colors() -> dict[str, tuple[int, int, int]]:
    """The named colors of CSS: red, green and blue from 0 to 255.

    >>> css_colors()["crimson"]
    (220, 20, 60)
    """
    from PIL import ImageColor

    return {name: (color[0], color[1], color[2]) for name in ImageColor.colormap if (color := ImageColor.getrgb(name))}
