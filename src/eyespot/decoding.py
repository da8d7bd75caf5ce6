"""Opening image files, and everything else that represents an image, as Pillow images, within limits.

Only formats that Pillow decodes itself are opened; for EPS, for example, it would run another program.
"""

import ctypes
import io
import logging
import sys
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError

from ._orientation import LOW, orientation, upright
from ._plain_files import without_metadata
from .errors import ImageError
from .file_formats import BY_SUFFIX, FORMATS, HEIF_SUFFIXES, OTHER_PROGRAM, UNREAD
from .pixel_arrays import as_image, is_tensor
from .value_range import Range

__all__ = [
    "LOW",
    "Picture",
    "decode",
    "has_frames",
    "has_wide_colors",
    "heic_is_readable",
    "orientation",
    "read_file",
    "upright",
]

Found = TypeVar("Found")

Picture = str | Path | bytes | np.ndarray
"""One image: a path, the bytes of a file, or a uint8 array (H, W, C) or (H, W)."""

MAX_PIXELS = 120_000_000
"""Images of more pixels are refused before decoding: a file of a few bytes may claim billions."""

MAX_BYTES = 1 << 29
"""Files of more bytes (512 MB) are refused before reading."""

FRAMES = ("GIF", "WEBP", "PNG", "TIFF", "AVIF")
"""Formats whose other frames are separate images; those of MPO and ICO are previews and other sizes."""

ORDERS = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}
OTHER_ORDER = {
    f"{mode};16{order}": f"{mode};16{other}" for mode in ("RGB", "RGBA", "RGBX") for order, other in ORDERS.items()
}
"""Raw modes of Pillow, which read the upper byte of each color, and those of the other byte order (lower byte)."""

# Larger images are refused and damaged ones are errors: Pillow's warnings would add nothing.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", module=r"PIL\.")
logging.getLogger("PIL").addHandler(logging.NullHandler())  # otherwise Python prints Pillow's errors


def decode(picture: Any, name: str, read: Callable[[Image.Image], Found], value_range: Range | None = None) -> Found:
    """Open an image and return the result of `read`; any error of a decoder becomes an `ImageError` with the name.

    A PNG or JPEG file that fails is tried again without its metadata: text, color profiles and damaged chunks are
    no reason to refuse its pixels. `value_range` scales arrays of more than 8 bits.
    """
    name = name or (str(picture) if isinstance(picture, str | Path) else "the image")
    try:
        return _read(_content(picture, name), name, read, value_range)
    except Exception as error:  # decoders raise errors of every kind
        bare = None if isinstance(error, ImageError) else without_metadata(_bytes_of(picture))
        if bare is not None:
            try:
                return _read(bare, name, read, value_range)
            except Exception:  # the first error describes the file better
                pass
        raise _explained(name, error) from error


def read_file(path: str | Path, name: str = "") -> bytes:
    """The bytes of an image file; raise `ImageError` if it is missing, empty or too large."""
    try:
        _checked_size(_file_size(Path(path)))
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise _explained(name or str(path), error) from error


@cache
def heic_is_readable() -> bool:
    """Whether HEIC files, which many phones write, can be read: this needs the package pillow-heif."""
    try:
        from pillow_heif import register_heif_opener  # pyright: ignore[reportMissingImports]
    except ImportError:
        return False
    register_heif_opener()
    return True


def has_frames(image: Image.Image) -> bool:
    """Whether an opened image has other frames or pages that are not used."""
    try:
        return image.format in FRAMES and bool(getattr(image, "is_animated", False))
    except Exception:  # data after the first frame may be damaged
        return False


def has_wide_colors(image: Image.Image) -> bool:
    """Whether an opened image has several channels of 16 bits: Pillow itself reads only the upper 8 bits.

    PNG and TIFF state it in the raw mode, such as "RGB;16B"; PPM states the maximum value.
    """
    if image.mode not in ("RGB", "RGBA", "LA"):
        return False
    modes = [each.args if isinstance(each.args, tuple) else (each.args,) for each in getattr(image, "tile", [])]
    if image.format == "PPM":
        return any(isinstance(args[-1], int) and args[-1] > 255 for args in modes)
    return image.format in ("PNG", "TIFF") and any(";16" in str(args[0]) for args in modes)


@cache
def _silence_libtiff() -> None:
    """Keep libtiff from printing to standard error: files that it cannot read become an `ImageError` anyway.

    Pillow has no option for this. The library in its wheels is found by its file name; if it is not, as on Windows, the
    lines are still printed.
    """
    folder = Path(Image.__file__).parent
    for file in [*folder.parent.glob("pillow.libs/libtiff*"), *folder.glob(".dylibs/libtiff*")]:
        try:
            library = ctypes.CDLL(str(file))
            for name in ("TIFFSetErrorHandler", "TIFFSetWarningHandler"):
                setter = getattr(library, name)
                setter.argtypes, setter.restype = [ctypes.c_void_p], ctypes.c_void_p
                setter(None)
        except (OSError, AttributeError):
            continue


def _content(picture: Any, name: str) -> Any:
    """Read a file object, and refuse files of unsupported formats."""
    if isinstance(picture, bytearray | memoryview):
        return bytes(picture)
    if hasattr(picture, "read") and not isinstance(picture, str | Path | bytes | np.ndarray | Image.Image):
        picture = _read_again(picture)
    suffix = Path(name).suffix.lower()
    if suffix in UNREAD and isinstance(picture, str | Path | bytes):
        raise ImageError(f"{name}: {UNREAD[suffix]}; {OTHER_PROGRAM}.")
    return picture


def _read_again(file: Any) -> bytes:
    """The rest of an open file, whose position does not change: its size and its pixels are read separately."""
    if not file.seekable():
        return file.read()
    place = file.tell()
    data = file.read()
    file.seek(place)
    return data


def _read(content: Any, name: str, read: Callable[[Image.Image], Found], value_range: Range | None) -> Found:
    with _open(content, name, value_range) as image:
        if image.width * image.height > MAX_PIXELS:
            size = f"{image.width} x {image.height}"
            tiles = " predict --tiles reads TIFF files of any size." if image.format == "TIFF" else ""
            raise ImageError(f"{name}: {size} pixels are more than the {MAX_PIXELS:,} allowed; scale it down.{tiles}")
        if image.format == "TIFF":
            _silence_libtiff()
        if isinstance(image, ImageFile.ImageFile) and (low := _lower_bytes(content, image)) is not None:
            image.info[LOW] = low
        return read(image)


def _lower_bytes(content: Any, image: ImageFile.ImageFile) -> Image.Image | None:
    """A file of 16-bit colors opened so that it returns their lower bytes; None if this is impossible."""
    if (
        not has_wide_colors(image)
        or image.format not in ("PNG", "TIFF")
        or any(_raw_mode(tile) not in OTHER_ORDER for tile in image.tile)
    ):
        return None
    low = Image.open(io.BytesIO(content if isinstance(content, bytes) else read_file(content)), formats=[image.format])
    low.tile = [tile._replace(args=_in_other_order(tile.args)) for tile in low.tile]
    return low


def _raw_mode(tile: Any) -> str:
    return str(tile.args[0] if isinstance(tile.args, tuple) else tile.args)


def _in_other_order(args: Any) -> Any:
    return (OTHER_ORDER[args[0]], *args[1:]) if isinstance(args, tuple) else OTHER_ORDER[args]


def _open(content: Any, name: str, value_range: Range | None) -> Image.Image:
    if isinstance(content, Image.Image):
        return content.copy()  # reading a JPEG at a reduced size would change the caller's image
    if not isinstance(content, str | Path | bytes):
        return _from_array(content, name, value_range)
    _checked_size(len(content) if isinstance(content, bytes) else _file_size(Path(content)))
    formats = [*FORMATS, *(["HEIF"] if heic_is_readable() else [])]
    formats += [kind for kind, suffixes in BY_SUFFIX.items() if name.lower().endswith(suffixes)]
    return Image.open(io.BytesIO(content) if isinstance(content, bytes) else Path(content), formats=formats)


def _from_array(given: Any, name: str, value_range: Range | None) -> Image.Image:
    if not (isinstance(given, np.ndarray | list | tuple) or is_tensor(given) or hasattr(given, "__array__")):
        raise ImageError(
            f"{name}: a {type(given).__name__} is not an image; expected a path, the bytes of a file, an open file, "
            "a Pillow image, a NumPy array or a torch tensor."
        )
    array = as_image(given, value_range)
    return Image.fromarray(array[..., 0] if array.shape[2] == 1 else array)


def _checked_size(size: int) -> None:
    if not 0 < size <= MAX_BYTES:
        raise OSError(f"{size:,} bytes, expected 1 to {MAX_BYTES:,}")


def _file_size(path: Path) -> int:
    if path.is_dir():
        raise IsADirectoryError
    if path.exists() and not path.is_file():
        raise OSError("a device")
    return path.stat().st_size


def _explained(name: str, error: Exception) -> ImageError:
    if isinstance(error, ImageError):
        return error if str(error).startswith(name) else ImageError(f"{name}: {error}")
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        tiles = " predict --tiles reads TIFF files of any size." if name.lower().endswith(FORMATS["TIFF"]) else ""
        return ImageError(f"{name}: has more than the {MAX_PIXELS:,} pixels allowed; scale it down.{tiles}")
    if isinstance(error, FileNotFoundError):
        return ImageError(f"{name}: there is no such file.")
    if isinstance(error, IsADirectoryError):
        return ImageError(f"{name}: is a folder; give image files, or a folder that contains some.")
    if isinstance(error, PermissionError):
        return ImageError(f"{name}: cannot be read ({error.strerror}).")
    if isinstance(error, UnidentifiedImageError):
        remedy = "replace it by a JPEG or PNG file"
        if name.lower().endswith(HEIF_SUFFIXES) and not heic_is_readable():
            remedy = "pip install pillow-heif"
        elif name.lower().endswith(FORMATS["TIFF"]):
            remedy = "save it as a gray TIFF of 8 to 32 bits, or in colors of 8 or 16 bits"
        return ImageError(f"{name}: is not an image that can be read; {remedy}.")
    return ImageError(f"{name}: is damaged or not an image ({error}); replace or remove it.")


def _bytes_of(picture: Any) -> bytes:
    """The bytes of a file, given as such or by its path; empty for anything else, and for unreadable files."""
    try:
        return picture if isinstance(picture, bytes) else read_file(picture) if isinstance(picture, str | Path) else b""
    except ImageError:
        return b""
