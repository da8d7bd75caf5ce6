"""Everyday changes do what they are called, leave targets true, and are judged by the task's own score."""

import pytest
import torch

from eyespot.attacks import _corruptions as everyday
from eyespot.attacks._corruptions import EVERYDAY, changed, corruption_curves
from eyespot.errors import AttackError
from eyespot.images import ImageSpec
from eyespot.model import wrap
from eyespot.tasks.denoise import Denoise
from tests.attacks.small_models import SmoothPicture, bright_or_dark, pictures, tagger, wheel

IMAGES = pictures(4, ImageSpec(height=20, width=24, channels=3))


@pytest.mark.parametrize("name", EVERYDAY)
def test_a_change_keeps_shape_and_range_and_is_the_same_for_the_same_seed(name):
    for strength in EVERYDAY[name].strengths:
        images = changed(name, IMAGES, strength)
        assert images.shape == IMAGES.shape and images.min() >= 0 and images.max() <= 1
        assert torch.equal(images, changed(name, IMAGES, strength))
        torch.testing.assert_close((images * 255).round() / 255, images)


@pytest.mark.parametrize("name", ["blur", "noise", "jpeg", "brightness", "contrast", "occlusion"])
def test_a_stronger_change_moves_further(name):
    smooth = torch.linspace(0.2, 0.8, 24).expand(4, 3, 20, 24) + 0.1 * IMAGES
    moves = [(changed(name, smooth, strength) - smooth).abs().mean() for strength in EVERYDAY[name].strengths]
    assert moves == sorted(moves)


def test_a_shift_by_whole_pixels_moves_the_picture():
    images = torch.zeros(20, 1, 10, 10)
    images[:, 0, 5, 5] = 1.0
    moved = changed("shift", images, 0.2)
    places = moved.flatten(1).argmax(1)
    distances = ((places // 10 - 5.0) ** 2 + (places % 10 - 5.0) ** 2).sqrt()
    assert distances.mean().item() == pytest.approx(2.0, abs=0.4)


def test_a_turn_keeps_the_middle_and_moves_the_edge():
    images = torch.zeros(1, 1, 11, 11)
    images[0, 0, 5, :] = 1.0
    rotated = changed("rotate", images, 25)
    assert rotated[0, 0, 5, 5] > 0.9 and rotated[0, 0, 5, 0] < 0.2


def test_contrast_keeps_the_mean():
    assert changed("contrast", IMAGES, 0.25).mean().item() == pytest.approx(IMAGES.mean().item(), abs=1e-2)


def test_a_grey_picture_goes_through_jpeg():
    gray = IMAGES[:, :1]
    assert changed("jpeg", gray, 80).shape == gray.shape
    assert (changed("jpeg", gray, 80) - gray).abs().mean() < (changed("jpeg", gray, 7) - gray).abs().mean()


def test_the_curves_begin_with_the_clean_score_and_fall():
    model, images, labels = bright_or_dark()
    curves = corruption_curves(model, images, labels.tolist())
    assert [curve.name for curve in curves] == list(EVERYDAY)
    for curve in curves:
        assert curve.scores[0] == 1.0 and len(curve.scores) == 6 and curve.count == 40
        assert curve.intervals[0][0] <= curve.scores[0] <= curve.intervals[0][1]
        assert curve.calibration[0] is not None
    noise = next(curve for curve in curves if curve.name == "noise")
    assert noise.worst in EVERYDAY["noise"].strengths


def test_a_number_that_a_turn_would_change_is_not_turned():
    curves = corruption_curves(wheel(), torch.rand(6, 1, 6, 6), [10.0, 20.0, 30.0, 40.0, 50.0, 60.0])
    names = {curve.name for curve in curves}
    assert "rotate" not in names and "shift" not in names
    assert all(curve.calibration[0] is None for curve in curves)


def test_tags_are_not_covered(monkeypatch):
    monkeypatch.setattr(everyday, "EVERYDAY", {name: EVERYDAY[name] for name in ("contrast", "occlusion")})
    images = torch.rand(6, 1, 6, 6)
    targets = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    assert [curve.name for curve in corruption_curves(tagger(), images, targets)] == ["contrast"]


def test_a_task_that_makes_pictures_is_refused():
    model = wrap(SmoothPicture(), Denoise(), ImageSpec(height=20, width=24, channels=3))
    with pytest.raises(AttackError, match="denoise"):
        corruption_curves(model, IMAGES, [0.0] * 4)
