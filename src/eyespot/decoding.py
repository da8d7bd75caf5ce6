"""From an image file, or anything else that stands for an image, to a Pillow image: formats, limits, orientation.

Only formats that Pillow decodes in its own code are opened; for EPS, for example, it would run another program.
"""

import ctypes
import io
import logging
import struct
import sys
import warnings
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from .errors import ImageError
from .pixel_arrays import as_image, is_tensor
from .value_range import Range

Found = TypeVar("Found")

Picture = str | Path | bytes | np.ndarray
"""What stands for one image: a path, the bytes of a file, or a uint8 array (H, W, C) or (H, W)."""

MAX_PIXELS = 120_000_000
"""An image of more pixels is refused before it is decoded: a file of a few bytes may claim billions."""

MAX_BYTES = 1 << 29
"""A file of more bytes (512 MB) is refused before it is read."""

# MPO files (several JPEGs in one) are opened by Pillow as JPEG files.
FORMATS: dict[str, tuple[str, ...]] = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".mpo"),
    "PNG": (".png", ".apng"),
    "WEBP": (".webp",),
    "AVIF": (".avif", ".avifs"),
    "JPEG2000": (".jp2", ".j2k", ".jpc", ".jpf", ".jpx", ".j2c"),
    "TIFF": (".tif", ".tiff"),
    "BMP": (".bmp",),
    "DIB": (".dib",),
    "GIF": (".gif",),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm", ".pfm"),
    "DDS": (".dds",),
    "ICO": (".ico",),
    "CUR": (".cur",),
    "ICNS": (".icns",),
    "SGI": (".sgi", ".rgb", ".rgba", ".bw"),
    "QOI": (".qoi",),
    "PSD": (".psd",),
    "SUN": (".ras",),
}
"""What is decoded, with the usual suffixes. The content decides, not the suffix."""

BY_SUFFIX: dict[str, tuple[str, ...]] = {
    "TGA": (".tga", ".icb", ".vda", ".vst"),
    "PCX": (".pcx",),
    "XBM": (".xbm",),
}
"""Formats whose files do not begin with an unmistakable mark: opened only under their own suffix."""

OTHER_PROGRAM = "convert it to PNG or JPEG with the program that made it"
HEIF_SUFFIXES = (".heic", ".heif")
UNREAD = {
    **dict.fromkeys((".eps", ".ps", ".svg", ".wmf", ".emf", ".ai"), "is a vector drawing, not pixels"),
    **dict.fromkeys(
        (".dng", ".nef", ".cr2", ".cr3", ".arw", ".orf", ".rw2", ".raf", ".pef", ".srw", ".raw"),
        "is a raw camera file",
    ),
    **dict.fromkeys((".dcm", ".dicom", ".fits", ".fit", ".nii", ".exr", ".hdr"), "is in an unsupported format"),
    **dict.fromkeys((".jxl", ".xcf", ".xpm", ".pcd", ".fli", ".flc", ".dcx"), "is in an unsupported format"),
}
"""Suffixes of image files that are not read, and the reason. Raw files begin like TIFF files and hold a preview."""

SUFFIXES = frozenset(
    [suffix for suffixes in (*FORMATS.values(), *BY_SUFFIX.values(), HEIF_SUFFIXES) for suffix in suffixes]
) | frozenset(UNREAD)
"""Suffixes of image files: each such file is read, or named as a problem."""

SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"II*\0", b"MM\0*", b"\0\0\0\x0cjP  ", b"qoif")
BRANDS = (b"avif", b"avis", b"heic", b"heix", b"hevc", b"mif1", b"msf1")
"""Kinds of ISO media files that are images; those of others, such as mp42, are videos."""
BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
"""Sizes of a header in a BMP file: its first two bytes, BM, may also begin a text."""

FRAMES = ("GIF", "WEBP", "PNG", "TIFF", "AVIF")
"""Formats whose further frames are images in their own right; those of MPO and ICO are previews and other sizes."""

SAMPLE_FORMAT, BITS_PER_SAMPLE = 339, 258
UNSIGNED, SIGNED = 1, 2
"""Tags of TIFF files, and values of the first."""

LOW = "lower bytes"
"""Where `Image.info` holds the lower 8 bits of colors of 16 bits, as an image; Pillow itself gives the upper ones."""

ORDERS = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}
OTHER_ORDER = {
    f"{mode};16{order}": f"{mode};16{other}" for mode in ("RGB", "RGBA", "RGBX") for order, other in ORDERS.items()
}
"""Raw modes of Pillow, which take the upper byte of each color, and those of the other order, which take the lower."""

# Larger images are refused, damaged ones are errors: Pillow's warnings would say nothing new.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", module=r"PIL\.")
logging.getLogger("PIL").addHandler(logging.NullHandler())  # otherwise Python prints Pillow's errors


def is_picture_file(path: str | Path) -> bool:
    """Tell whether a file is an image, by its suffix or, where that is not one of images, by its first bytes."""
    path = Path(path)
    if path.suffix.lower() in SUFFIXES:
        return True
    try:
        if not path.is_file():  # opening a pipe would wait for ever
            return False
        with path.open("rb") as file:
            return _begins_like_an_image(file.read(18))
    except (OSError, ValueError):
        return False


def _begins_like_an_image(head: bytes) -> bool:
    if head.startswith(b"BM"):
        return int.from_bytes(head[14:18], "little") in BMP_HEADERS
    return head.startswith(SIGNATURES) or head[8:12] == b"WEBP" or (head[4:8] == b"ftyp" and head[8:12] in BRANDS)


def decode(picture: Any, name: str, read: Callable[[Image.Image], Found], value_range: Range | None = None) -> Found:
    """Open an image and return what `read` makes of it; whatever a decoder raises becomes an `ImageError` naming it.

    A PNG or JPEG file that fails is tried again without its metadata: text, color profiles and damaged chunks beside
    the pixels are no reason to refuse them. `value_range` scales arrays of more than 8 bits.
    """
    name = name or (str(picture) if isinstance(picture, str | Path) else "the image")
    try:
        return _read(_content(picture, name), name, read, value_range)
    except Exception as error:  # decoders raise errors of every kind
        bare = None if isinstance(error, ImageError) else _without_metadata(picture)
        if bare is not None:
            try:
                return _read(bare, name, read, value_range)
            except Exception:  # the first error describes the file better
                pass
        raise _explained(name, error) from error


def read_file(path: str | Path, name: str = "") -> bytes:
    """The bytes of an image file; raises `ImageError` where there is no file, or one of too many bytes or none."""
    try:
        _checked_size(_file_size(Path(path)))
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise _explained(name or str(path), error) from error


@cache
def heic_is_readable() -> bool:
    """Tell whether HEIC files, which many telephones write, can be read: with the package pillow-heif they can."""
    try:
        from pillow_heif import register_heif_opener  # pyright: ignore[reportMissingImports]
    except ImportError:
        return False
    register_heif_opener()
    return True


def upright(image: Image.Image) -> Image.Image:
    """The image turned by its orientation alone; nothing else of its metadata is read."""
    turned = _turned(image)
    if (low := image.info.get(LOW)) is not None:
        turned.info[LOW] = _turned(low)
    return turned


def _turned(image: Image.Image) -> Image.Image:
    method = _TRANSPOSED.get(orientation(image))
    if isinstance(image, TiffImageFile):
        # Pillow would turn a TIFF itself while loading, and rewrite its metadata, which fails where that is damaged.
        image.load_end = lambda: None
        image.load()
        image = _with_signs(image, Image.Image._new(image, image.im))  # the size as it is stored
    return image if method is None else image.transpose(method)


def _with_signs(tiff: TiffImageFile, image: Image.Image) -> Image.Image:
    """The image with the values that a TIFF file holds: Pillow takes -1 for 255, and 2^32 - 1 for -1.

    Values from -128 to 127 become 0 to 255.
    """
    try:
        kind, bits = tiff.tag_v2.get(SAMPLE_FORMAT, (1,))[0], tiff.tag_v2.get(BITS_PER_SAMPLE, (1,))[0]
    except Exception:  # Pillow raises a dozen kinds of errors for damaged metadata
        return image
    if (image.mode, kind, bits) == ("L", SIGNED, 8):
        return image.point([value ^ 128 for value in range(256)])
    if (image.mode, kind, bits) == ("I", UNSIGNED, 32) and (values := np.asarray(image).view(np.uint32)).max() >> 31:
        return Image.fromarray(values.astype(np.float32))
    return image


_TRANSPOSED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each value of the orientation tag of the EXIF standard."""


def orientation(image: Image.Image) -> int:
    """How the camera was held, by the EXIF standard; 1, upright, where it is not given or not readable."""
    block = image.info.get("exif")
    found = _orientation_tag(block) if isinstance(block, bytes) else None
    if found is None:
        try:
            entries = image.tag_v2 if isinstance(image, TiffImageFile) else image.getexif()
            found = entries.get(0x0112, 1)
        except Exception:  # Pillow raises a dozen kinds of errors for damaged EXIF data
            return 1
    return found if isinstance(found, int) and found in _TRANSPOSED else 1


def _orientation_tag(block: bytes) -> int | None:
    """The orientation in an EXIF block, read from the first directory alone: other entries may be damaged."""
    block = block.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    try:
        if order is None:
            return None
        (start,) = struct.unpack_from(order + "I", block, 4)
        (count,) = struct.unpack_from(order + "H", block, start)
        for place in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, _ = struct.unpack_from(order + "HHI", block, place)
            if tag == 0x0112:
                return struct.unpack_from(order + {1: "B", 4: "I"}.get(kind, "H"), block, place + 8)[0]
    except struct.error:
        pass
    return None


def has_frames(image: Image.Image) -> bool:
    """Tell whether an opened image has further frames or pages that are not used."""
    try:
        return image.format in FRAMES and bool(getattr(image, "is_animated", False))
    except Exception:  # what follows the first frame may be damaged
        return False


def has_wide_colors(image: Image.Image) -> bool:
    """Tell whether an opened image has several channels of 16 bits: Pillow itself reads the upper 8 bits of each.

    PNG and TIFF name it in the raw mode, such as "RGB;16B"; PPM gives the highest value.
    """
    if image.mode not in ("RGB", "RGBA", "LA"):
        return False
    modes = [each.args if isinstance(each.args, tuple) else (each.args,) for each in getattr(image, "tile", [])]
    if image.format == "PPM":
        return any(isinstance(args[-1], int) and args[-1] > 255 for args in modes)
    return image.format in ("PNG", "TIFF") and any(";16" in str(args[0]) for args in modes)


@cache
def _silence_libtiff() -> None:
    """Keep libtiff from printing lines on standard error: what it cannot read becomes an `ImageError` anyway.

    Pillow does not offer this. The library that its wheels bring along is found by its name; where it is not, as on
    Windows, the lines stay.
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
    """A file object is read, and a path of a format that is not read is refused."""
    if isinstance(picture, bytearray | memoryview):
        return bytes(picture)
    if hasattr(picture, "read") and not isinstance(picture, str | Path | bytes | np.ndarray | Image.Image):
        picture = _read_again(picture)
    suffix = Path(name).suffix.lower()
    if suffix in UNREAD and isinstance(picture, str | Path | bytes):
        raise ImageError(f"{name}: {UNREAD[suffix]}; {OTHER_PROGRAM}.")
    return picture


def _read_again(file: Any) -> bytes:
    """The rest of an open file, which stays where it was: its size and its pixels are read one after the other."""
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
            raise ImageError(f"{name}: {size} pixels are more than the {MAX_PIXELS:,} allowed; scale it down.")
        if image.format == "TIFF":
            _silence_libtiff()
        if isinstance(image, ImageFile.ImageFile) and (low := _lower_bytes(content, image)) is not None:
            image.info[LOW] = low
        return read(image)


def _lower_bytes(content: Any, image: ImageFile.ImageFile) -> Image.Image | None:
    """A file of wide colors opened so that their lower bytes take the place of the upper ones; None if it cannot be."""
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
        return content.copy()  # reading a JPEG at a smaller scale would change the caller's image
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
    if path.exists() and not path.is_file():
        raise OSError("a folder or a device")
    return path.stat().st_size


def _explained(name: str, error: Exception) -> ImageError:
    if isinstance(error, ImageError):
        return error if str(error).startswith(name) else ImageError(f"{name}: {error}")
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return ImageError(f"{name}: has more than the {MAX_PIXELS:,} pixels allowed; scale it down.")
    if isinstance(error, FileNotFoundError):
        return ImageError(f"{name}: there is no such file.")
    if isinstance(error, PermissionError | IsADirectoryError):
        return ImageError(f"{name}: cannot be read ({error.strerror}).")
    if isinstance(error, UnidentifiedImageError):
        remedy = "replace it by a JPEG or PNG file"
        if name.lower().endswith(HEIF_SUFFIXES) and not heic_is_readable():
            remedy = "pip install pillow-heif"
        elif name.lower().endswith(FORMATS["TIFF"]):
            remedy = "save it as a gray TIFF of 8 to 32 bits, or in colors of 8 or 16 bits"
        return ImageError(f"{name}: is not an image that can be read; {remedy}.")
    return ImageError(f"{name}: is damaged or not an image ({error}); replace or remove it.")


def _without_metadata(picture: Any) -> bytes | None:
    """A PNG or JPEG file without what is not needed for its pixels; None for anything else."""
    try:
        data = picture if isinstance(picture, bytes) else read_file(picture) if isinstance(picture, str | Path) else b""
    except ImageError:
        return None
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _plain_png(data)
    return _plain_jpeg(data) if data.startswith(b"\xff\xd8") else None


PNG_NEEDED = (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS")


def _plain_png(data: bytes) -> bytes:
    """A PNG with its pixels, palette, transparency and, where it is whole, its EXIF block."""
    kept, place = [data[:8]], 8
    while place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        kind, end = data[place + 4 : place + 8], place + 12 + length
        whole = kind == b"eXIf" and data[end - 4 : end] == struct.pack(">I", zlib.crc32(data[place + 4 : end - 4]))
        if kind in PNG_NEEDED or whole:
            kept.append(data[place:end])
        place = end
    return b"".join(kept)


def _plain_jpeg(data: bytes) -> bytes:
    """A JPEG without comments and application data other than JFIF, EXIF and Adobe's color transform."""
    kept, place = [data[:2]], 2
    while place + 4 <= len(data) and data[place] == 0xFF and data[place + 1] != 0xDA:
        marker, (length,) = data[place + 1], struct.unpack_from(">H", data, place + 2)
        if not (0xE2 <= marker <= 0xED or marker in (0xEF, 0xFE)):
            kept.append(data[place : place + 2 + length])
        place += 2 + length
    return b"".join([*kept, data[place:]])
