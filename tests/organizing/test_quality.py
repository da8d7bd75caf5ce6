"""Flags: absolute where a photo is unusable, else by what is unusual in the collection."""

import numpy as np
from PIL import Image, ImageFilter

from eyespot.organizing._quality import QUALITY, flags_of, limits_of, measure_quality

from .photos import scene


def sharp(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(40, 216, (6, 8, 3), np.uint8).repeat(10, 0).repeat(10, 1)


def flags(pixels: np.ndarray, camera: str = "Camera", others: int = 9) -> list[str]:
    measured = [measure_quality(sharp(seed)) for seed in range(others)]
    limits = limits_of({name: np.array([one[name] for one in measured]) for name in QUALITY})
    return flags_of(measure_quality(pixels), camera, limits)


def test_a_usual_photo_has_no_flags():
    assert flags(sharp(99)) == []


def test_each_flaw_is_named():
    blurred = np.asarray(Image.fromarray(sharp(1)).filter(ImageFilter.GaussianBlur(4)))
    assert "blurred" in flags(blurred)
    assert "dark" in flags(sharp(1) // 8)
    assert "bright" in flags(255 - sharp(1) // 8)
    assert "low contrast" in flags(100 + sharp(1) // 7)
    assert flags(np.full((60, 80, 3), 77, np.uint8)) == ["empty"]


def test_a_page_of_text_is_a_document_and_flat_areas_without_a_camera_are_a_screenshot():
    page = np.full((80, 60, 3), 250, np.uint8)
    page[10:70:6, 8:52] = 20
    assert flags(page) == ["document"]
    screen = np.repeat(np.repeat(np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8), 12, 0), 12, 1)
    assert "screenshot" in flags(screen, camera="")
    assert "screenshot" not in flags(screen, camera="Camera")


def test_limits_follow_the_collection_within_bounds():
    dark = {name: np.full(5, 60.0) for name in QUALITY}
    assert limits_of(dark)["dark"] == 60
    assert limits_of({name: np.full(5, 5.0) for name in QUALITY})["dark"] == 50
    assert limits_of({name: np.full(5, 128.0) for name in QUALITY})["dark"] == 100


def test_a_photo_is_dark_if_even_its_brightest_pixels_are():
    assert "dark" in flags((sharp(1) * 0.3).astype(np.uint8))
    lamps = sharp(1) // 10
    lamps[:10, :20] = 255
    assert "dark" not in flags(lamps)


def test_sizes_of_one_pixel_are_measured():
    assert np.isfinite(list(measure_quality(scene(0)[:1, :1]).values())).all()
