"""Stain normalization: known mixtures of two stains, colors of a reference, and the command."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eyespot.cli._app import run
from eyespot.errors import ImageError
from eyespot.stain import STANDARD, WHITE, color_moments, find_stains, macenko, normalizer, reinhard

RANDOM = np.random.default_rng(0)
PURPLE = np.array([[0.65, 0.25], [0.70, 0.90], [0.29, 0.35]])


def stained(directions: np.ndarray, scale: float = 1.0, side: int = 60) -> np.ndarray:
    """An image of pure hematoxylin, pure eosin and mixtures of both."""
    amounts = RANDOM.uniform(0.8, 1.6, (side * side, 2))
    amounts[: side * 10, 0] = amounts[side * 10 : side * 20, 1] = 0
    directions = directions / np.linalg.norm(directions, axis=0)
    return (
        np.clip(np.rint(WHITE * np.exp(-scale * amounts @ directions.T)), 0, 255)
        .astype(np.uint8)
        .reshape(side, side, 3)
    )


def test_two_stains_are_found_in_their_mixture():
    found = find_stains(stained(PURPLE))
    expected = PURPLE / np.linalg.norm(PURPLE, axis=0)
    assert np.abs(found.directions - expected).max() < 0.03
    assert found.high == pytest.approx([1.6, 1.6], abs=0.1)


def test_macenko_gives_other_stains_and_amounts_the_colors_of_the_goal():
    made = macenko(stained(PURPLE, scale=0.6), STANDARD)
    assert made.dtype == np.uint8 and made.shape == (60, 60, 3)
    found = find_stains(made)
    assert np.abs(found.directions - STANDARD.directions).max() < 0.05
    assert found.high == pytest.approx(STANDARD.high, rel=0.1)


def test_reinhard_gives_the_mean_and_spread_of_the_reference():
    image, reference = stained(PURPLE), stained(STANDARD.directions, scale=0.7)
    made = reinhard(image, color_moments(reference))
    for one, other in zip(color_moments(made), color_moments(reference), strict=True):
        assert one == pytest.approx(other, abs=0.03)
    assert np.abs(reinhard(image, color_moments(image)).astype(int) - image).max() <= 1


def test_an_empty_slide_and_a_missing_reference_are_errors():
    with pytest.raises(ImageError, match="only 0 pixels are stained; expected at least 100"):
        find_stains(np.full((30, 30, 3), 240, np.uint8))
    with pytest.raises(ImageError, match="reinhard needs a reference image"):
        normalizer("reinhard", None)


def test_the_command_writes_copies_with_the_same_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    folder, out = tmp_path / "slides", tmp_path / "normalized"
    (folder / "a").mkdir(parents=True)
    Image.fromarray(stained(PURPLE)).save(folder / "a" / "one.png")
    Image.fromarray(stained(PURPLE)).save(folder / "two.webp", lossless=True)
    Image.new("RGB", (30, 30), "white").save(folder / "white.png")
    before = (folder / "a" / "one.png").read_bytes()
    assert run(["stain", str(folder), "--out", str(out)]) == 2
    assert "white.png: only 0 pixels are stained" in capsys.readouterr().err
    assert sorted(str(file.relative_to(out)) for file in out.rglob("*.*")) == ["a/one.png", "two.webp"]
    assert (folder / "a" / "one.png").read_bytes() == before
    found = find_stains(np.asarray(Image.open(out / "two.webp").convert("RGB")))
    assert np.abs(found.directions - STANDARD.directions).max() < 0.05
    assert run(["stain", str(folder / "two.webp"), "--out", str(out)]) == 2
    assert "exists already" in capsys.readouterr().err
    reference = ["--reference", str(folder / "two.webp")]
    assert run(["stain", str(folder / "a"), "--method", "reinhard", *reference, "--out", str(tmp_path / "r")]) == 0
    assert (tmp_path / "r" / "one.png").is_file()
    assert run(["stain", str(folder), "--method", "vahadane", "--out", str(out)]) == 2
    assert "macenko" in capsys.readouterr().err
