"""The orientation of images: the EXIF tag, and images rotated by it."""

import struct

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

LOW = "lower bytes"
"""The key in `Image.info` of the lower 8 bits of 16-bit colors, as an image; Pillow itself returns the upper ones."""
SAMPLE_FORMAT, BITS_PER_SAMPLE = 339, 258
UNSIGNED, SIGNED = 1, 2
"""Tags of TIFF files, and values of the first tag."""


def upright(image: Image.Image) -> Image.Image:
    """The image rotated by its orientation; no other metadata is read."""
    turned = _turned(image)
    if (low := image.info.get(LOW)) is not None:
        turned.info[LOW] = _turned(low)
    return turned


def _turned(image: Image.Image) -> Image.Image:
    method = _TRANSPOSED.get(orientation(image))
    if isinstance(image, TiffImageFile):
        # Pillow would rotate a TIFF itself while loading and rewrite its metadata, which fails if it is damaged.
        image.load_end = lambda: None
        image.load()
        image = _with_signs(image, Image.Image._new(image, image.im))  # the size as it is stored
    return image if method is None else image.transpose(method)


def _with_signs(tiff: TiffImageFile, image: Image.Image) -> Image.Image:
    """The image with the values of a TIFF file: Pillow reads -1 as 255, and 2^32 - 1 as -1.

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
"""The operation that corrects each value of the EXIF orientation tag."""


def orientation(image: Image.Image) -> int:
    """The orientation of the camera by the EXIF standard; 1 (upright) if it is missing or unreadable."""
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
    """The orientation in an EXIF block, read from the first directory only: other entries may be damaged."""
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
