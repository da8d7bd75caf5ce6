import pytest
import torch

from eyespot.explanations import explain
from eyespot.explanations._invariance import amounts_of, changed
from tests.explanations.small_models import careless, picture


def test_the_untouched_image_has_no_distance():
    curves = {curve.change: curve for curve in explain(careless(), picture(), "invariance").values["curves"]}
    for change, place in (("shift", 12), ("scale", 0), ("rotate", 0)):
        assert curves[change].first[place] == pytest.approx(0, abs=1e-3)
        assert curves[change].last[place] == pytest.approx(0, abs=1e-3)
    assert max(curves["rotate"].last) > 0.01


def test_a_shift_to_the_right_moves_to_the_right_and_repeats_the_border():
    image = torch.arange(8.0).view(1, 1, 1, 8).repeat(1, 1, 4, 1) / 8
    moved = changed(image, "shift", [0.25])
    torch.testing.assert_close(moved[0, 0, 0, 2:], image[0, 0, 0, :6])
    assert moved[0, 0, 0, 0] == image[0, 0, 0, 0]


def test_a_half_turn_of_an_oblong_image_is_a_flip_of_both_sides():
    image = torch.rand(1, 3, 6, 10)
    torch.testing.assert_close(changed(image, "rotate", [180.0]), image.flip(2, 3), rtol=0, atol=1e-5)


def test_a_factor_makes_things_larger_around_the_middle():
    image = torch.zeros(1, 1, 12, 12)
    image[..., 4:8, 4:8] = 1
    assert changed(image, "scale", [1.5]).sum() == pytest.approx(36, rel=0.15)


def test_amounts_reach_as_far_as_in_the_paper():
    assert amounts_of("scale")[-1] == pytest.approx(1.8) and amounts_of("rotate")[-1] == 350
