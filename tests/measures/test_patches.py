"""Typical patches: what is there and roughly where counts, not how bright it is."""

import numpy as np
import pytest

from eyespot.embeddings._patches import GRID, TYPICAL, patch_numbers


@pytest.fixture(scope="module")
def pixels():
    """Gray pictures (40, 32, 32, 3): the first ten with a bar in the left half, the others noise alone."""
    random = np.random.default_rng(0)
    pictures = random.normal(90, 8, (40, 32, 32, 1))
    pictures[:10, 8:24, 4:7] += 100
    return np.repeat(pictures, 3, axis=3).clip(0, 255).astype(np.uint8)


def test_each_ninth_tells_of_each_typical_patch(pixels):
    numbers = patch_numbers(pixels)
    assert numbers.shape == (40, TYPICAL * GRID * GRID) and numbers.dtype == np.float32
    assert np.isfinite(numbers).all() and (numbers >= 0).all()


def test_what_is_on_the_left_is_told_on_the_left(pixels):
    numbers = patch_numbers(pixels).reshape(40, TYPICAL, GRID, GRID)
    apart = np.abs(numbers[:10].mean(0) - numbers[10:].mean(0)).mean((0, 1))
    assert apart[0] > 3 * apart[2]


def test_brightness_makes_no_difference(pixels):
    numbers = patch_numbers(np.concatenate([pixels, pixels - 40]))
    assert numbers[:40] == pytest.approx(numbers[40:], abs=0.01)


def test_grey_pictures_in_color_count_once(pixels):
    assert np.array_equal(patch_numbers(pixels), patch_numbers(pixels[..., :1]))


def test_empty_pictures_are_no_numbers_that_break():
    assert np.isfinite(patch_numbers(np.zeros((4, 32, 32, 3), np.uint8))).all()
