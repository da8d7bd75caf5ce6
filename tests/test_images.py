"""Every kind of picture file becomes the same numbers; what is no picture is named."""

import contextlib
import io
import struct
import warnings
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from eyespot import decoding, file_formats, images
from eyespot.errors import ImageError
from eyespot.images import ImageSpec, encode_png, inspect, is_gray, read_file, read_pixels, read_size, write_png

SPEC = ImageSpec(height=12, width=16, channels=3)
GRAY = ImageSpec(height=12, width=16, channels=1)
RAMP = (np.arange(12)[:, None] * 8 + np.arange(16)[None, :] * 6).astype(np.uint8)
COLOR = np.stack([RAMP, RAMP[::-1], RAMP[:, ::-1]], axis=2)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("BMP", {}),
        ("WEBP", {"lossless": True}),
    ],
)
def test_files_without_loss_give_the_numbers_that_were_saved(kind: str, options: dict[str, object]) -> None:
    np.testing.assert_array_equal(read_pixels(saved(Image.fromarray(COLOR), kind, **options), SPEC), COLOR)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "GIF"])
def test_files_with_loss_give_nearly_the_numbers_that_were_saved(kind: str) -> None:
    options = {} if kind == "GIF" else {"quality": 95}
    read = read_pixels(saved(Image.fromarray(COLOR), kind, **options), SPEC)
    assert np.abs(read.astype(int) - COLOR).mean() < 6


@pytest.mark.parametrize("mode", ["L", "LA", "I;16", "I", "F", "RGB"])
def test_every_way_to_store_grey_gives_the_same_numbers(mode: str) -> None:
    stored = {
        "I;16": Image.fromarray(RAMP.astype(np.uint16) * 257),
        "I": Image.fromarray(RAMP.astype(np.int32) * 257),
        "F": Image.fromarray(RAMP.astype(np.float32) / 255),
    }
    image = stored.get(mode) or Image.fromarray(RAMP).convert(mode)
    data = saved(image, "TIFF")
    np.testing.assert_array_equal(read_pixels(data, GRAY)[..., 0], RAMP)
    np.testing.assert_array_equal(read_pixels(data, SPEC), np.repeat(RAMP[..., None], 3, axis=2))


def test_a_16_bit_png_is_scaled_to_8_bits() -> None:
    data = saved(Image.fromarray(np.full((12, 16), 0x8080, np.uint16)), "PNG")
    assert set(read_pixels(data, GRAY).ravel()) == {0x80}


def test_a_dark_16_bit_picture_of_an_unknown_range_is_refused_and_read_by_a_known_one() -> None:
    data = saved(Image.fromarray(np.full((12, 16), 700, np.uint16)), "PNG")
    for dark in (data, np.full((12, 16), 700, np.uint16)):
        with pytest.raises(ImageError, match=r"values from 700 to 700.*value range"):
            read_pixels(dark, GRAY)
        assert read_pixels(dark, replace(GRAY, value_range=(0, 1023))).max() == 174
    black = saved(Image.fromarray(np.zeros((12, 16), np.uint16)), "PNG")
    assert read_pixels(black, GRAY).max() == 0


def png_of_16_bits(values: np.ndarray, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of 16 bits a channel, which Pillow does not write."""
    height, width, channels = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", width, height, 16, {3: 2, 4: 6, 2: 4}[channels], 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    packed = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def tiff_of(values: np.ndarray, order: str = "<", compression: int = 1, orientation: int = 1) -> bytes:
    """A TIFF file of any type of numbers, which Pillow does not write; compression 8 is Deflate."""
    height, width = values.shape[:2]
    channels, bits = values[0, 0].size, values.dtype.itemsize * 8
    data = values.astype(values.dtype.newbyteorder(order)).tobytes()
    data = zlib.compress(data) if compression == 8 else data
    kind = {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    end = 8 + len(data) + 2 + 12 * 11 + 4
    entries = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, channels, bits), (259, 3, 1, compression)]
    entries += [(262, 3, 1, 1 if channels == 1 else 2), (273, 4, 1, 8), (274, 3, 1, orientation), (277, 3, 1, channels)]
    entries += [(278, 4, 1, height), (279, 4, 1, len(data)), (339, 3, 1, kind)]
    more = struct.pack(f"{order}{channels}H", *[bits] * channels)
    packed = b""
    for tag, size, count, value in entries:
        number = (
            struct.pack(f"{order}I", end) if count > 1 else struct.pack(order + ("H2x" if size == 3 else "I"), value)
        )
        packed += struct.pack(f"{order}HHI", tag, size, count) + number
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8 + len(data))
    return head + data + struct.pack(f"{order}H", len(entries)) + packed + bytes(4) + more


DEEP = np.random.default_rng(1).integers(300, 700, (12, 16, 3)).astype(np.uint16)
SHOWN_DEEP = np.rint(DEEP * (255 / 1023)).astype(np.uint8)


@pytest.mark.parametrize(
    "data",
    [
        png_of_16_bits(DEEP),
        png_of_16_bits(np.dstack([DEEP, np.full((12, 16), 65535)])),
        tiff_of(DEEP),
        tiff_of(DEEP, order=">"),
        tiff_of(DEEP, compression=8),
        tiff_of(DEEP[::-1], orientation=4),
    ],
    ids=["png", "png with alpha", "tiff", "big-endian tiff", "deflated tiff", "turned tiff"],
)
def test_colors_of_16_bits_keep_all_of_them(data: bytes, tmp_path: Path) -> None:
    found = inspect(data)
    assert found.bounds is not None and 300 <= found.bounds[0] < found.bounds[1] < 700 and not found.reduced
    (tmp_path / "image").write_bytes(data)
    for picture in (data, tmp_path / "image"):
        np.testing.assert_array_equal(read_pixels(picture, replace(SPEC, value_range=(0, 1023))), SHOWN_DEEP)
    assert not is_gray(data)
    with pytest.raises(ImageError, match="no value range is known"):
        read_pixels(data, SPEC)


def test_transparent_colors_of_16_bits_become_white() -> None:
    data = png_of_16_bits(np.dstack([DEEP, np.zeros((12, 16))]))
    assert read_pixels(data, replace(SPEC, value_range=(0, 1023))).min() == 255


def test_signed_and_unsigned_values_of_a_tiff_are_told_apart() -> None:
    signed = tiff_of(np.array([[-128, -1], [0, 127]], np.int8))
    assert read_pixels(signed, replace(GRAY, height=2, width=2)).ravel().tolist() == [0, 127, 128, 255]
    large = tiff_of(np.array([[0, 2**31], [2**32 - 1, 2**30]], np.uint32))
    spec = replace(GRAY, height=2, width=2, value_range=(0, 2**32))
    assert read_pixels(large, spec).ravel().tolist() == [0, 128, 255, 64]
    assert inspect(large).bounds == (0, 2**32)


def test_a_real_picture_with_values_that_are_no_numbers_is_read() -> None:
    values = np.full((12, 16), 0.5, np.float32)
    values[0, 0] = np.nan
    read = read_pixels(saved(Image.fromarray(values), "TIFF"), GRAY)
    assert read[0, 0, 0] == 0 and read[1, 1, 0] == 128


def test_cmyk_is_turned_into_the_colors_that_it_prints() -> None:
    cmyk = Image.fromarray(COLOR).convert("CMYK")
    np.testing.assert_array_equal(read_pixels(saved(cmyk, "TIFF"), SPEC), COLOR)
    assert np.abs(read_pixels(saved(cmyk, "JPEG", quality=95), SPEC).astype(int) - COLOR).mean() < 4


def test_a_palette_is_looked_up() -> None:
    image = Image.fromarray(np.tile(np.array([[0, 1]], np.uint8), (12, 8)), "P")
    image.putpalette([255, 0, 0, 0, 0, 255])
    read = read_pixels(saved(image, "PNG"), SPEC)
    assert read[0, 0].tolist() == [255, 0, 0] and read[0, 1].tolist() == [0, 0, 255]


def test_what_is_transparent_becomes_white() -> None:
    half = np.zeros((12, 16, 4), np.uint8)
    half[:, 8:, 3] = 255
    read = read_pixels(saved(Image.fromarray(half), "PNG"), SPEC)
    assert read[0, 0].tolist() == [255, 255, 255] and read[0, 15].tolist() == [0, 0, 0]
    np.testing.assert_array_equal(read, read_pixels(half, SPEC))


def test_a_transparent_palette_color_becomes_white() -> None:
    image = Image.fromarray(np.zeros((12, 16), np.uint8), "P")
    image.putpalette([9, 9, 9])
    assert read_pixels(saved(image, "GIF", transparency=0), SPEC).min() == 255


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_upright(kind: str, orientation: int) -> None:
    upright = Image.fromarray(np.repeat(np.repeat(COLOR, 8, axis=0), 8, axis=1))
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Pillow's numbers of flips and turns that undo each orientation
    stored = upright.transpose(Image.Transpose(back[orientation])) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 100} if kind in ("JPEG", "WEBP") else {}
    data = saved(stored, kind, exif=exif, **options)
    native = ImageSpec(height=96, width=128, channels=3, fit="native")
    assert read_size(data) == (96, 128, 3)
    assert np.abs(read_pixels(data, native).astype(int) - np.asarray(upright)).mean() < 8


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_damaged_exif_data_does_not_make_a_picture_unreadable(kind: str) -> None:
    data = saved(Image.fromarray(COLOR), kind, exif=b"Exif\0\0nonsense")
    assert read_pixels(data, SPEC).shape == (12, 16, 3)
    assert read_size(data) == (12, 16, 3)


def test_the_first_frame_stands_for_an_animation() -> None:
    frames = [Image.new("RGB", (16, 12), color) for color in ("red", "blue")]
    for kind in ("GIF", "WEBP", "PNG", "TIFF"):
        data = saved(frames[0], kind, save_all=True, append_images=frames[1:])
        assert np.abs(read_pixels(data, SPEC)[0, 0].astype(int) - [255, 0, 0]).max() < 4, kind


def test_path_bytes_and_array_give_the_same_numbers(tmp_path: Path) -> None:
    path = write_png(COLOR, tmp_path / "a.png")
    spec = ImageSpec(height=5, width=7, channels=3)
    expected = read_pixels(COLOR, spec)
    for picture in (path, str(path), path.read_bytes(), encode_png(COLOR)):
        np.testing.assert_array_equal(read_pixels(picture, spec), expected)


def test_crop_cuts_the_middle_out_and_stretch_keeps_everything() -> None:
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 200
    assert read_pixels(wide, ImageSpec(height=10, width=10, channels=3)).min() == 200
    assert read_pixels(wide, ImageSpec(height=10, width=10, channels=3, fit="stretch")).min() == 0
    assert read_pixels(wide, ImageSpec(height=10, width=10, channels=3, fit="native")).shape == (10, 30, 3)


@given(rows=st.integers(1, 300), columns=st.integers(1, 300), side=st.sampled_from([28, 32, 112, 224]))
@example(rows=116, columns=120, side=224)  # 116 / 224 * 224 is rounded to more than 116
@example(rows=40, columns=29, side=28)
@settings(max_examples=60, deadline=None)
def test_a_picture_of_any_size_can_be_cropped_to_any_other(rows: int, columns: int, side: int) -> None:
    picture = np.full((rows, columns, 3), 7, np.uint8)
    found = read_pixels(picture, ImageSpec(height=side, width=side, channels=3))
    assert found.shape == (side, side, 3)
    assert (found == 7).all()


def test_scaling_a_jpeg_down_agrees_with_scaling_its_pixels_down() -> None:
    large = np.repeat(np.repeat(COLOR, 40, axis=0), 40, axis=1)
    data = saved(Image.fromarray(large), "JPEG", quality=95)
    spec = ImageSpec(height=24, width=32, channels=3)
    assert np.abs(read_pixels(data, spec).astype(int) - read_pixels(large, spec)).mean() < 3


def test_one_bright_pixel_of_many_is_not_lost_when_scaled_down() -> None:
    picture = np.zeros((100, 100), np.uint8)
    picture[::2] = 200
    spec = ImageSpec(height=10, width=10, channels=1)
    assert abs(int(read_pixels(picture, spec).mean()) - 100) < 3


@given(height=st.integers(1, 40), width=st.integers(1, 40), to=st.integers(1, 40), fit=st.sampled_from(images.FITS))
@settings(max_examples=60, deadline=None)
def test_every_size_fits(height: int, width: int, to: int, fit: str) -> None:
    picture = np.full((height, width, 3), 7, np.uint8)
    spec = ImageSpec(height=to, width=9, channels=1, fit=fit)
    shape = (height, width, 1) if fit == "native" else (to, 9, 1)
    assert read_pixels(picture, spec).shape == shape
    assert set(read_pixels(picture, spec).ravel()) - ({128} if fit == "pad" else set()) == {7}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF"])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.8])
def test_a_truncated_file_is_an_error_that_names_it(kind: str, share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = saved(Image.fromarray(noise), kind)
    for size in (4, 64):
        with pytest.raises(ImageError, match=r"cat\.jpg"):
            read_pixels(data[: int(len(data) * share)], ImageSpec(height=size, width=size, channels=3), "cat.jpg")


@given(data=st.binary(max_size=200), head=st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a"]))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_a_picture_or_an_image_error(data: bytes, head: bytes) -> None:
    with contextlib.suppress(ImageError):
        assert read_pixels(head + data, SPEC).shape == (SPEC.height, SPEC.width, SPEC.channels)


def test_a_text_file_is_no_picture(tmp_path: Path) -> None:
    path = tmp_path / "notes.jpg"
    path.write_text("not a picture")
    with pytest.raises(ImageError, match=r"notes\.jpg: is not an image"):
        read_pixels(path, SPEC)


@pytest.mark.parametrize(("width", "height"), [(40_000, 40_000), (11_000, 11_000), (60_000, 3_000)])
def test_a_picture_that_claims_too_many_pixels_is_refused_before_it_is_decoded(width: int, height: int) -> None:
    with pytest.raises(ImageError, match=r"bomb\.png: .*120,000,000.*scale it down"):
        read_pixels(png_that_claims(width, height), SPEC, "bomb.png")


def test_a_picture_of_100_million_pixels_is_no_reason_to_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_size(png_that_claims(10_000, 10_000)) == (10_000, 10_000, 3)


def test_a_file_of_too_many_bytes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "MAX_BYTES", 50)
    with pytest.raises(ImageError, match="expected 1 to 50"):
        read_pixels(encode_png(COLOR), SPEC)


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"nowhere\.png: there is no such file"):
        read_pixels(tmp_path / "nowhere.png", SPEC)
    with pytest.raises(ImageError, match="is a folder; give image files, or a folder"):
        read_pixels(tmp_path, SPEC)


@pytest.mark.parametrize("array", [np.full((4, 4), "a"), np.zeros((4, 5, 2), np.uint8), np.zeros((0, 4), np.uint8)])
def test_an_array_that_is_no_picture_is_refused(array: np.ndarray) -> None:
    with pytest.raises(ImageError, match="is not an image; expected uint8"):
        read_pixels(array, SPEC)


def test_the_bytes_of_a_file_are_read_within_bounds(tmp_path: Path) -> None:
    path = write_png(COLOR, tmp_path / "a.png")
    assert read_file(path) == encode_png(COLOR)
    (tmp_path / "empty.png").write_bytes(b"")
    for name, message in (("empty.png", "0 bytes"), ("nowhere.png", "there is no such file"), ("", "a folder")):
        with pytest.raises(ImageError, match=message):
            read_file(tmp_path / name)


def test_grey_is_recognized_in_color_files() -> None:
    assert is_gray(saved(Image.fromarray(RAMP).convert("RGB"), "JPEG"))
    assert not is_gray(COLOR)


@pytest.mark.parametrize("wrong", [{"height": 0}, {"width": 9000}, {"channels": 2}, {"fit": "squeeze"}])
def test_a_size_that_cannot_be_is_refused(wrong: dict[str, int | str]) -> None:
    with pytest.raises(ImageError):
        ImageSpec(**{"height": 8, "width": 8, "channels": 3, **wrong})  # pyright: ignore[reportArgumentType]


@pytest.mark.skipif(not images.heic_is_readable(), reason="needs pillow-heif")
def test_heic_is_read_where_its_reader_is_installed() -> None:
    assert read_pixels(saved(Image.fromarray(COLOR), "HEIF"), SPEC).shape == (12, 16, 3)


def test_png_keeps_every_number(tmp_path: Path) -> None:
    for array in (RAMP, RAMP[..., None], COLOR):
        read = read_pixels(write_png(array, tmp_path / "a.png"), SPEC if array is COLOR else GRAY)
        np.testing.assert_array_equal(read, array.reshape(12, 16, -1))


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [
        ("AVIF", ".avif"),
        ("JPEG2000", ".jp2"),
        ("JPEG", ".jfif"),
        ("MPO", ".mpo"),
        ("PPM", ".ppm"),
        ("TGA", ".tga"),
        ("DDS", ".dds"),
        ("ICO", ".ico"),
        ("PCX", ".pcx"),
        ("SGI", ".sgi"),
        ("QOI", ".qoi"),
        ("DIB", ".dib"),
    ],
)
def test_every_format_that_pillow_decodes_itself_is_read(kind: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    square = COLOR[:, :12].repeat(4, axis=0).repeat(4, axis=1)
    path.write_bytes(saved(Image.fromarray(square), kind, **({"sizes": [(48, 48)]} if kind == "ICO" else {})))
    read = read_pixels(path, ImageSpec(height=48, width=48, channels=3))
    assert np.abs(read.astype(int) - square).mean() < 8
    assert suffix in images.SUFFIXES and file_formats.is_picture_file(path)


@pytest.mark.parametrize("suffix", [".eps", ".svg", ".nef", ".dcm", ".jxl"])
def test_an_image_format_that_is_not_read_is_named(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(saved(Image.fromarray(COLOR), "TIFF"))  # raw files begin like TIFF files and hold a preview
    assert suffix in images.SUFFIXES
    with pytest.raises(ImageError, match=rf"a\{suffix}: is .*convert it to PNG or JPEG"):
        read_pixels(path, SPEC)
    with pytest.raises(ImageError, match=rf"a\{suffix}: is "):
        read_pixels(path.read_bytes(), SPEC, f"a{suffix}")


def test_postscript_is_never_run() -> None:
    with pytest.raises(ImageError, match="is not an image that can be read"):
        read_pixels(saved(Image.fromarray(COLOR), "EPS"), SPEC)


def test_a_file_without_suffix_is_known_by_its_content(tmp_path: Path) -> None:
    write_png(COLOR, tmp_path / "photo")
    (tmp_path / "LICENSE").write_text("Permission is hereby granted")
    assert file_formats.is_picture_file(tmp_path / "photo")
    assert not file_formats.is_picture_file(tmp_path / "LICENSE")
    assert not file_formats.is_picture_file(tmp_path / "missing")


def with_signed_gps(orientation: int) -> bytes:
    """An EXIF block whose GPS latitude is of a signed type, which Pillow cannot write again."""
    entries = struct.pack("<HHIHH", 0x112, 3, 1, orientation, 0) + struct.pack("<HHII", 0x8825, 4, 1, 38)
    gps = (
        struct.pack("<HHHI", 1, 2, 10, 3) + struct.pack("<I", 56) + bytes(4) + struct.pack("<6i", -33, 1, 51, 1, 30, 1)
    )
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, 2) + entries + bytes(4) + gps


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_malformed_metadata_of_a_turned_image_does_not_make_it_unreadable(kind: str, orientation: int) -> None:
    turned = {1: COLOR, 3: COLOR[::-1, ::-1], 6: np.rot90(COLOR, 1), 8: np.rot90(COLOR, -1)}[orientation]
    stored = Image.fromarray(np.ascontiguousarray(turned).repeat(8, axis=0).repeat(8, axis=1))
    data = saved(stored, kind, exif=with_signed_gps(orientation), **({} if kind == "PNG" else {"quality": 95}))
    read = read_pixels(data, ImageSpec(height=96, width=128, channels=3, fit="native"))
    assert read.shape == (96, 128, 3)
    assert np.abs(read.astype(int) - COLOR.repeat(8, axis=0).repeat(8, axis=1)).mean() < 8


def test_malformed_metadata_of_a_turned_tiff_does_not_make_it_unreadable() -> None:
    data = bytearray(saved(Image.fromarray(COLOR[:, :8]), "TIFF", tiffinfo={270: "a text", 274: 6}))
    place = data.index(struct.pack("<HHI", 270, 2, 7))
    data[place : place + 12] = struct.pack("<HHII", 34853, 4, 1, 10**6)  # a GPS directory beyond the end of the file
    read = read_pixels(bytes(data), ImageSpec(height=8, width=12, channels=3))
    np.testing.assert_array_equal(read, np.rot90(COLOR[:, :8], -1))


@given(place=st.integers(20, 61), value=st.integers(0, 255))
@settings(max_examples=100, deadline=None)
def test_no_byte_of_the_metadata_decides_whether_an_image_is_read(place: int, value: int) -> None:
    block = bytearray(with_signed_gps(6))
    block[place] = value
    assert read_pixels(saved(Image.fromarray(COLOR), "JPEG", exif=bytes(block)), SPEC).shape == (12, 16, 3)


def png_with(kind: bytes, data: bytes, checksum: int | None = None) -> bytes:
    whole = encode_png(COLOR)
    end = struct.pack(">I", zlib.crc32(kind + data) if checksum is None else checksum)
    return whole[:33] + struct.pack(">I", len(data)) + kind + data + end + whole[33:]


@pytest.mark.parametrize(
    "data",
    [
        png_with(b"zTXt", b"parameters\0\0" + zlib.compress(b"x" * 3_000_000)),
        png_with(b"iCCP", b"scanner\0\0" + zlib.compress(b"x" * 3_000_000)),
        png_with(b"tEXt", b"a\0b", checksum=1),
        png_with(b"pHYs", b"short"),
    ],
    ids=["long text", "large profile", "wrong checksum", "cut field"],
)
def test_what_is_stored_beside_the_pixels_of_a_png_does_not_make_it_unreadable(data: bytes) -> None:
    np.testing.assert_array_equal(read_pixels(data, SPEC), COLOR)
    assert read_size(data) == (12, 16, 3)


def test_a_damaged_color_profile_of_a_jpeg_does_not_make_it_unreadable() -> None:
    data = saved(Image.fromarray(COLOR), "JPEG", quality=95)
    segment = b"\xff\xe2" + struct.pack(">H", 16) + b"ICC_PROFILE\0\1\0"
    assert np.abs(read_pixels(data[:2] + segment + data[2:], SPEC).astype(int) - COLOR).mean() < 6


def test_a_damaged_tiff_prints_nothing_on_standard_error(tmp_path, capfd):
    path = tmp_path / "a.tif"
    Image.fromarray(np.arange(32 * 32, dtype=np.uint8).reshape(32, 32)).save(path, compression="tiff_lzw")
    data = bytearray(path.read_bytes())
    data[8:40] = bytes(255 - value for value in data[8:40])
    path.write_bytes(data)
    with contextlib.suppress(ImageError):
        read_pixels(path, ImageSpec(height=32, width=32, channels=1))
    assert capfd.readouterr().err == ""
