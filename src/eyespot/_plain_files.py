"""PNG and JPEG files without metadata, for files whose metadata is damaged."""

import struct
import zlib

PNG_NEEDED = (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS")


def without_metadata(data: bytes) -> bytes | None:
    """A PNG or JPEG file without everything that its pixels do not need; None for other files."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _plain_png(data)
    return _plain_jpeg(data) if data.startswith(b"\xff\xd8") else None


def _plain_png(data: bytes) -> bytes:
    """A PNG with its pixels, palette, transparency and, if it is intact, its EXIF block."""
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
