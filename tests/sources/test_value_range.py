"""Images of more than 8 bits share one value range: of the source, of the recipe and of the model."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eyespot.errors import ImageError, SourceError
from eyespot.images import ImageSpec, encode_png, read_pixels
from eyespot.sources import open_source
from eyespot.value_range import bounds_of, choose_range, parse_range, to_bytes

RAMP = np.tile(np.linspace(0, 1, 32, dtype=np.float32), (32, 1))


def folder_of(root: Path, *images: np.ndarray) -> Path:
    for number, values in enumerate(images):
        Image.fromarray(values).save(root / f"{number}.tif")
    return root


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ([(0, 1)], (0, 1)),
        ([(-0.7, 0.8)], (-1, 1)),
        ([(0, 1.3)], (0, 1.3)),  # 0 to 255 would leave one level
        ([(300, 700), (310, 790)], (0, 1023)),
        ([(0, 4000)], (0, 4095)),
        ([(100, 20000)], (0, 65535)),
        ([(1000, 1100)], (1000, 1100)),
        ([(0, 1e6)], (0, 1e6)),
        ([(7, 7)], (0, 255)),
        ([(np.nan, np.nan), (0, 1)], (0, 1)),
    ],
)
def test_the_rule_for_the_range_of_a_source(bounds: list[tuple[float, float]], expected: tuple[float, float]) -> None:
    assert choose_range(np.array(bounds, float)) == expected


def test_a_source_of_8_bits_has_no_value_range() -> None:
    assert choose_range(np.full((3, 2), np.nan)) is None


def test_single_pixels_infinities_and_nan_do_not_count() -> None:
    values = RAMP.copy()
    values[0, :4] = 1.01, np.inf, -np.inf, np.nan
    assert bounds_of(values) == (0, 1)
    assert to_bytes(np.array([-np.inf, 0.5, np.inf, np.nan]), (0, 1)).tolist() == [0, 128, 255, 0]


def test_one_range_holds_for_all_images_of_a_source_and_is_reported(tmp_path: Path) -> None:
    brighter = RAMP.copy()
    brighter[0, 0] = 1.01
    source = open_source(folder_of(tmp_path, *[RAMP] * 10, *[brighter] * 10, *[RAMP * 0.5] * 10))
    assert source.value_range == (0, 1)
    assert any("in 30 images, from 0" in note and "0 becomes black and 1 white" in note for note in source.notes)
    spec = ImageSpec(height=32, width=32, channels=1, value_range=source.value_range)
    whole, bright, dark = (read_pixels(tmp_path / f"{number}.tif", spec) for number in (0, 10, 20))
    np.testing.assert_array_equal(whole[1:], bright[1:])
    assert whole.max() == 255 and dark.max() == 128


def test_12_bits_in_16_keep_their_levels(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    images = [random.integers(300, 3000, (24, 24)).astype(np.uint16) for _ in range(20)]
    source = open_source(folder_of(tmp_path, *images))
    assert source.value_range == (0, 4095)
    spec = ImageSpec(height=24, width=24, channels=1, value_range=source.value_range)
    assert len(np.unique(read_pixels(tmp_path / "0.tif", spec))) > 100


def test_images_of_a_small_contrast_are_not_near_duplicates(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    images = [1000 + random.integers(0, 60, (48, 48)).astype(np.uint16) for _ in range(20)]
    source = open_source(folder_of(tmp_path, *images))
    assert all(len(part) for part in source.parts)
    assert (
        min(
            read_pixels(tmp_path / "0.tif", ImageSpec(height=48, width=48, channels=1, value_range=(1000, 1060))).std(
                axis=(0, 1)
            )
        )
        > 30
    )


def test_the_range_can_be_given(tmp_path: Path) -> None:
    folder_of(tmp_path, *[RAMP * 4095] * 20)
    source = open_source(tmp_path, value_range=(0, 8190))
    assert source.value_range == (0, 8190)
    with pytest.raises(ImageError, match="expected two finite numbers"):
        open_source(tmp_path, value_range=(5, 5))
    with pytest.raises(ImageError, match="expected LOW,HIGH"):
        parse_range("5")


def test_a_range_that_does_not_suit_most_images_is_reported(tmp_path: Path) -> None:
    folder_of(tmp_path, *[RAMP] * 19, RAMP * 100_000)
    note = next(note for note in open_source(tmp_path).notes if "becomes black" in note)
    assert "half of the images use less than 0.1% of it" in note


def test_an_image_beyond_the_range_is_an_error_that_names_it(tmp_path: Path) -> None:
    folder_of(tmp_path, RAMP * 4095, 1000 + 100 * RAMP)
    with pytest.raises(ImageError, match=r"0\.tif: holds values from 0 to 4095, and no value range is known"):
        read_pixels(tmp_path / "0.tif", ImageSpec(height=8, width=8, channels=1))
    spec = ImageSpec(height=8, width=8, channels=1, value_range=(0, 1))
    with pytest.raises(ImageError, match=r"1\.tif: holds values from 1000 to 1100, all beyond the value range 0 to 1"):
        read_pixels(tmp_path / "1.tif", spec)


def test_an_image_without_any_finite_value_is_left_out_and_named(tmp_path: Path) -> None:
    folder_of(tmp_path, *[RAMP] * 30, np.full((8, 8), np.nan, np.float32))
    source = open_source(tmp_path)
    assert [problem.name for problem in source.problems] == ["30.tif"]
    assert "no finite value" in source.problems[0].reason


def test_further_frames_are_counted(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (16, 12), color) for color in ("red", "blue")]
    for number in range(20):
        frames[0].save(tmp_path / f"{number}.gif", save_all=number < 3, append_images=frames[1:] if number < 3 else [])
    assert "files with several frames or pages (only the first is used): 3" in open_source(tmp_path).notes


def test_a_pair_of_unequal_size_is_left_out_naming_both_files(tmp_path: Path) -> None:
    random, rows = np.random.default_rng(0), ["path,paired"]
    for number in range(30):
        pixels = random.integers(0, 256, (32, 32, 3), dtype=np.uint8)
        (tmp_path / f"noisy{number}.png").write_bytes(encode_png(pixels))
        (tmp_path / f"clean{number}.png").write_bytes(encode_png(pixels[: 30 if number == 7 else 32]))
        rows.append(f"noisy{number}.png,clean{number}.png")
    (tmp_path / "t.csv").write_text("\n".join(rows))
    source = open_source(tmp_path / "t.csv")
    assert len(source) == 29
    assert source.problems[0].name == "noisy7.png"
    assert "32 x 32" in source.problems[0].reason and "clean7.png 30 x 32" in source.problems[0].reason


def test_a_name_that_is_not_utf_8_is_left_out_with_escapes(tmp_path: Path) -> None:
    for number in range(30):
        pixels = np.random.default_rng(number).integers(0, 256, (12, 12, 3), dtype=np.uint8)
        (tmp_path / f"{number}.png").write_bytes(encode_png(pixels))
    (tmp_path / "3.png").rename(tmp_path / os.fsdecode(b"caf\xe9.png"))
    [problem] = open_source(tmp_path).problems
    assert problem.name == "caf\\xe9.png"
    assert (problem.name + problem.location + problem.reason).encode()


def test_arrays_of_a_source_are_scaled_when_it_is_opened() -> None:
    source = open_source((np.random.default_rng(0).random((40, 8, 8)) * 3000, np.arange(40) % 2))
    with pytest.raises(SourceError, match="already scaled"):
        open_source(source, value_range=(0, 9))


@pytest.mark.parametrize(("suffix", "noted"), [("ppm", True), ("png", False)])
def test_colors_of_16_bits_are_counted_in_a_note(tmp_path: Path, suffix: str, noted: bool) -> None:
    for number in range(20):
        path = tmp_path / "ab"[number % 2] / f"{number}.{suffix}"
        path.parent.mkdir(exist_ok=True)
        random = np.random.default_rng(number)
        if noted:
            values = random.integers(0, 65536, (8, 8, 3), dtype=np.uint16)
            path.write_bytes(b"P6 8 8 65535\n" + values.astype(">u2").tobytes())
        else:
            Image.fromarray(random.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(path)
    notes = open_source(tmp_path).notes
    assert any(note.startswith("20 files with colors of 16 bits") for note in notes) == noted


def test_images_of_which_nothing_is_left_are_counted(tmp_path: Path) -> None:
    sixteen = [(np.arange(144).reshape(12, 12) * 400).astype(np.uint16) + number for number in range(30)]
    ones = [np.random.default_rng(number).random((12, 12)).astype(np.float32) for number in range(2)]
    source = open_source(folder_of(tmp_path, *sixteen, *ones))
    assert any("2 of them use less than 0.4% of it" in note for note in source.notes)
