"""From an image file to numbers and back.

Training, predicting, evaluating, exporting and serving all call `read_pixels`, so that the same picture
becomes the same numbers everywhere. Shapes: N images, C channels, H height, W width.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from ._frames import FITS, Frame, ImageSpec, frame_of, identity_frame, placement
from ._image_writing import draw_letter, encode_image, encode_jpeg, encode_png, write_animation, write_png
from .decoding import (
    LOW,
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
from .file_formats import SUFFIXES
from .pixel_arrays import channels_last, is_tensor, to_numpy
from .value_range import LEAST_USED, Range, bounds_of, check_inside, choose_range, to_bytes

__all__ = [
    "FITS",
    "PAD_GRAY",
    "SUFFIXES",
    "Frame",
    "ImageProperties",
    "ImageSpec",
    "Picture",
    "css_colors",
    "draw_letter",
    "encode_image",
    "encode_jpeg",
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
    "read_framed",
    "read_levels",
    "read_native",
    "read_pixels",
    "read_size",
    "read_thumbnail",
    "upright_size",
    "write_animation",
    "write_png",
]

LUMA = (0.299, 0.587, 0.114)
"""How bright red, green and blue are, as in files of gray images (ITU-R BT.601)."""
PAD_GRAY = 128
"""The brightness of the bars that "pad" adds: the middle of the range, so that they are neither black nor white."""
GRAY_MODES = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "I;16N", "F")


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


def read_framed(picture: Any, spec: ImageSpec, name: str = "", levels: bool = False) -> tuple[np.ndarray, Frame]:
    """The pixels of `read_pixels`, or of `read_levels`, and the frame that leads to them from the upright image.

    The file is decoded once: to read only the size of a PNG file, Pillow decodes its pixels too.
    """

    def framed(image: Image.Image) -> tuple[np.ndarray, Frame]:
        frame = frame_of(upright_size(image)[:2], spec)  # before the image is decoded at a reduced size
        return (_read_levels(image, spec) if levels else fit_pixels(load_image(image, spec), spec)), frame

    return decode(picture, name, framed, spec.value_range)


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
    return decode(picture, name, upright_size)


def inspect(picture: Picture, name: str = "") -> ImageProperties:
    """Read the size of one image, the bounds of its values if they have more than 8 bits, and whether it has frames."""

    def look(image: Image.Image) -> ImageProperties:
        reduced = has_wide_colors(image) and LOW not in image.info
        height, width, channels = upright_size(image)
        frames = has_frames(image)
        bounds = bounds_of(_values(upright(image))) if _is_wide(image) else None
        return ImageProperties(
            height=height, width=width, channels=channels, bounds=bounds, frames=frames, reduced=reduced
        )

    return decode(picture, name, look)


def upright_size(image: Image.Image) -> tuple[int, int, int]:
    """The size of an opened image: (height, width, channels), upright, with channels 1 or 3."""
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
    return decode(picture, name, lambda image: _read_levels(image, spec), spec.value_range)


def _read_levels(image: Image.Image, spec: ImageSpec) -> np.ndarray:
    native = replace(spec, fit="native")
    image = load_image(image, native)
    return _levels(image, spec) if _is_wide(image) else fit_pixels(image, native)


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
    box, region = placement(np.array([image.height, image.width]), spec)
    left, top, right, bottom = (int(side) for side in region)
    size = right - left, bottom - top
    scaled = image.resize(size, Image.Resampling.BILINEAR, box=tuple(box.tolist()), reducing_gap=3.0)
    if size == (spec.width, spec.height):
        return scaled
    padded = Image.new(image.mode, (spec.width, spec.height), PAD_GRAY if image.mode == "L" else (PAD_GRAY,) * 3)
    padded.paste(scaled, (left, top))
    return padded


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
