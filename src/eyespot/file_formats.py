"""The formats of image files: which are read, which are refused and why, and how they are recognized."""

from pathlib import Path

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
"""The formats that are decoded, with their usual suffixes. The content decides, not the suffix."""

BY_SUFFIX: dict[str, tuple[str, ...]] = {
    "TGA": (".tga", ".icb", ".vda", ".vst"),
    "PCX": (".pcx",),
    "XBM": (".xbm",),
}
"""Formats without a distinctive signature: opened only under their own suffix."""

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
"""Suffixes of image files that are not read, and the reason. Raw files start like TIFF files and contain a preview."""

SUFFIXES = frozenset(
    [suffix for suffixes in (*FORMATS.values(), *BY_SUFFIX.values(), HEIF_SUFFIXES) for suffix in suffixes]
) | frozenset(UNREAD)
"""Suffixes of image files: each such file is read, or listed as a problem."""

SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"II*\0", b"MM\0*", b"\0\0\0\x0cjP  ", b"qoif")
BRANDS = (b"avif", b"avis", b"heic", b"heix", b"hevc", b"mif1", b"msf1")
"""Brands of ISO media files that are images; others, such as mp42, are videos."""
BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
"""Header sizes of BMP files: their first two bytes, BM, may also start a text."""


def is_picture_file(path: str | Path) -> bool:
    """Whether a file is an image, by its suffix, or by its first bytes if the suffix is not one of images."""
    path = Path(path)
    if path.suffix.lower() in SUFFIXES:
        return True
    try:
        if not path.is_file():  # opening a pipe would block
            return False
        with path.open("rb") as file:
            return _begins_like_an_image(file.read(18))
    except (OSError, ValueError):
        return False


def _begins_like_an_image(head: bytes) -> bool:
    if head.startswith(b"BM"):
        return int.from_bytes(head[14:18], "little") in BMP_HEADERS
    return head.startswith(SIGNATURES) or head[8:12] == b"WEBP" or (head[4:8] == b"ftyp" and head[8:12] in BRANDS)
