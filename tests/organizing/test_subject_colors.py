"""Colors of the subject without training."""

from pathlib import Path

import numpy as np
import pytest

from eyespot.errors import ImageError, RunError
from eyespot.organizing import subject_colors


def product(background: int = 255) -> np.ndarray:
    """A blue body and a red part, 3 to 1, on a plain ground."""
    pixels = np.full((60, 40, 3), background, np.uint8)
    pixels[10:40, 8:32] = (30, 80, 190)
    pixels[40:50, 8:32] = (200, 20, 30)
    return pixels


def test_the_background_does_not_count():
    for ground in (255, 0, 128):
        blue, red = subject_colors(product(ground))
        assert (blue.name, blue.code, red.name) == ("blue", "#1e50be", "red")
        assert blue.share == pytest.approx(0.75, abs=0.02)


def test_a_hole_in_the_subject_is_part_of_it_and_the_names_of_css_are_known():
    pixels = product()
    pixels[15:35, 12:28] = 255  # not connected to the border
    assert {color.name for color in subject_colors(pixels)} == {"blue", "red", "white"}
    names = {color.name for color in subject_colors(np.full((9, 9, 3), (220, 20, 60), np.uint8), "css")}
    assert names == {"crimson"}


def test_without_a_plain_border_the_middle_counts_most():
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    pixels[16:48, 16:48] = (40, 140, 50)
    assert subject_colors(pixels)[0].name == "green"


@pytest.mark.parametrize("size", [(1, 1), (1, 200), (300, 2), (700, 500)])
def test_images_of_any_size_have_colors(size: tuple[int, int]):
    [only] = subject_colors(np.full((*size, 3), 0, np.uint8))
    assert (only.name, only.code, only.share) == ("black", "#000000", pytest.approx(1))


def test_unknown_names_and_broken_files_are_refused(tmp_path: Path):
    with pytest.raises(RunError, match="Did you mean 'css'"):
        subject_colors(product(), "ccs")
    (tmp_path / "a.png").write_bytes(b"no image")
    with pytest.raises(ImageError):
        subject_colors(tmp_path / "a.png")
