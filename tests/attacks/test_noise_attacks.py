"""Attacks with noise: their sizes, their boundaries worked out by hand, and that a saved file still fools."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from eyespot.attacks import attack_many, choose
from eyespot.attacks._boundary import nearest_below
from eyespot.attacks._quantization import rounded, rounded_inward, smallest, trimmed
from eyespot.attacks._victim import Victim
from eyespot.model import wrap
from eyespot.tasks._regress import Regress
from eyespot.tasks.criterion import Aim, Misclassification
from tests.attacks.small_models import GRAY, bright_or_dark, linear_model, pictures, random_model

LEAST_NOISE = ("crafted-noise", "minimum-noise")


def plane(distance: float):
    """Says "b" beyond a plane at this distance (L2) from a gray picture of 6 x 6 pixels."""
    weight = torch.zeros(2, 36)
    weight[1] = torch.linspace(-1, 1, 36)
    weight[1] /= weight[1].norm()
    offset = distance + float(weight[1].sum()) * 128 / 255
    return linear_model(weight * 20, torch.tensor([offset * 20, 0.0])), torch.full((1, 1, 6, 6), 128 / 255)


@pytest.mark.parametrize("by", LEAST_NOISE)
@pytest.mark.parametrize("distance", [0.05, 0.5, 1.0])
def test_the_least_noise_of_a_linear_model_is_its_distance_from_the_plane(by, distance):
    model, image = plane(distance)
    [found] = attack_many(model, image, by, names=["gray"], settings=choose(by))
    assert found.outcome == "fooled"
    rounding = math.sqrt(36 / 12) / 255
    assert distance - 2 * rounding <= found.l2 <= 1.02 * distance + 2 * rounding


@pytest.mark.parametrize("by", LEAST_NOISE)
def test_both_searches_agree_on_a_bent_boundary(by):
    model, images = random_model(2), pictures(8, seed=2)
    found = attack_many(model, images, by, settings=choose(by, steps=300))
    other = attack_many(model, images, LEAST_NOISE[1 - LEAST_NOISE.index(by)])
    assert all(one.outcome == "fooled" for one in found)
    ratios = [one.l2 / two.l2 for one, two in zip(found, other, strict=True)]
    assert sum(ratios) / 8 == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("target", "abcdefgh")
def test_a_class_that_others_hem_in_is_reached(target):
    found = attack_many(random_model(3, classes=8), pictures(20, seed=3), "minimum-noise", aim=Aim(target=target))
    assert {one.outcome for one in found} <= {"fooled", "skipped"}


class Ceiling(nn.Module):
    """Ten times the mean brightness above a half, but no more than 0.05: upwards it soon ends."""

    def forward(self, x: Tensor) -> Tensor:
        return (10 * (x.mean((1, 2, 3)) - 0.5)).clamp(max=0.05)[:, None]


@pytest.mark.parametrize("by", LEAST_NOISE)
def test_a_way_that_ends_before_the_goal_is_given_up_for_another(by):
    model = wrap(Ceiling(), Regress(spread=1.0, low=-5.0, high=5.0), GRAY)
    for found in attack_many(model, torch.full((3, 1, 6, 6), 127 / 255), by, aim=Aim(change=1.0)):
        assert found.outcome == "fooled" and found.after["number"] < -1
        assert found.distortion == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize("by", LEAST_NOISE)
def test_what_resists_comes_back_as_near_as_it_could_be_brought(by):
    model = wrap(Ceiling(), Regress(spread=1.0, low=-5.0, high=5.0), GRAY)
    [found] = attack_many(model, torch.full((1, 1, 6, 6), 127 / 255), by, aim=Aim(change=1.0, target="up"))
    assert found.outcome == "resisted" and found.moved == pytest.approx(0.05, abs=0.03)


@pytest.mark.parametrize("by", [*LEAST_NOISE, "pgd-l2"])
def test_a_target_class_is_reached(by):
    model, images = random_model(4), pictures(6, seed=4)
    found = attack_many(model, images, by, aim=Aim(target="c"), truths=[0] * 6, settings=choose(by))
    for one in found:
        assert one.outcome in ("fooled", "skipped", "resisted")
        if one.outcome == "fooled":
            assert one.after["answer"] == "c"


def test_gradients_stay_within_their_budget():
    model, images = random_model(), pictures(4)
    for by in (*LEAST_NOISE, "pgd"):
        found = attack_many(model, images, by, settings=choose(by, steps=20))
        assert max(one.gradients for one in found) <= 20


@pytest.mark.parametrize("by", ["fgsm", "pgd"])
def test_no_value_changes_by_more_than_the_size(by):
    model, images, _ = bright_or_dark()
    found = attack_many(model, images[:8], by, settings=choose(by, size=10 / 255))
    assert max(one.linf for one in found) <= 10 / 255 + 1e-9


def test_one_step_of_the_gradients_sign_is_worked_out_by_hand():
    weight = torch.zeros(2, 36)
    weight[0, 0], weight[0, 1] = 3.0, -2.0
    image = torch.full((1, 1, 6, 6), 128 / 255)
    [found] = attack_many(linear_model(weight, torch.tensor([0.1, 0.0])), image, "fgsm")
    assert found.fooled.flatten()[:3].tolist() == [120, 136, 128]


def test_the_whole_change_is_no_longer_than_the_size():
    model, images, _ = bright_or_dark()
    found = attack_many(model, images[:8], "pgd-l2", settings=choose("pgd-l2", size=0.5))
    assert max(one.l2 for one in found) <= 0.5 + 0.01


def test_many_steps_fool_where_one_does():
    model, images, labels = bright_or_dark()
    truths = labels.tolist()
    rates = {}
    for by in ("fgsm", "pgd"):
        found = attack_many(model, images, by, truths=truths, settings=choose(by, size=38 / 255))
        rates[by] = sum(one.outcome == "fooled" for one in found)
    assert rates["pgd"] >= rates["fgsm"]
    assert rates["pgd"] > 0


def test_an_attack_in_a_batch_equals_the_attack_alone():
    model, images = random_model(6), pictures(5, seed=6)
    for by in ("minimum-noise", "pgd", "pixel-search", "one-pixel"):
        settings = choose(by, queries=2000) if "pixel" in by else choose(by)
        together = attack_many(model, images, by, settings=settings)[3]
        [alone] = attack_many(model, images[3:4], by, settings=settings)
        assert together.outcome == alone.outcome
        assert together.l2 == pytest.approx(alone.l2, abs=0.02)


def test_the_nearest_point_below_a_plane_is_worked_out_by_hand():
    original, slope = torch.tensor([[0.5, 0.1]]), torch.tensor([[1.0, 1.0]])
    point, stride = nearest_below(original, slope, torch.tensor([0.2]), torch.zeros(1))
    torch.testing.assert_close(point, torch.tensor([[0.2, 0.0]]))
    assert stride.item() == pytest.approx(0.3)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_no_point_of_the_box_below_the_plane_is_nearer(seed):
    generator = torch.Generator().manual_seed(seed)
    original = torch.rand(1, 6, generator=generator, dtype=torch.float64)
    slope = torch.randn(1, 6, generator=generator, dtype=torch.float64)
    lowest = slope.clamp_max(0).sum()
    level = (lowest + (slope * original).sum()) / 2
    point, _ = nearest_below(original, slope, level[None], torch.zeros(1, dtype=torch.float64), steps=30)
    assert (slope * point).sum() <= level + 1e-9
    others = torch.rand(4000, 6, generator=generator, dtype=torch.float64)
    below = others[(others * slope).sum(1) <= level]
    if len(below):
        assert (below - original).norm(dim=1).min() >= (point - original).norm() - 1e-9


def test_rounding_inward_never_moves_further_away():
    images = rounded(torch.rand(2, 3, 4, 4))
    pixels = (images + torch.randn(2, 3, 4, 4) * 0.1).clamp(0, 1)
    inward = rounded_inward(images, pixels)
    assert ((inward - images).abs() <= (pixels - images).abs() + 1e-5).all()
    torch.testing.assert_close(rounded(inward), inward)


def test_noise_too_faint_for_256_values_is_made_larger():
    model, image = plane(0.0005)
    watched = Victim(model, Misclassification(labels=torch.tensor([0])), 1)
    weight = model.network[1].weight.detach()[1].view(1, 1, 6, 6) / 20
    found = smallest(watched, image, image + 0.0006 * weight)
    assert watched.margins(found, torch.tensor([0])) < 0
    assert (found - image).abs().max() <= 2.01 / 255


def test_values_that_the_fooling_can_do_without_go_back():
    model, image = plane(0.3)
    watched, row = Victim(model, Misclassification(labels=torch.tensor([0])), 1), torch.tensor([0])
    weight = model.network[1].weight.detach()[1].view(1, 1, 6, 6) / 20
    generous = rounded(image + 0.4 * weight)
    found = trimmed(watched, image, generous, rounds=20)
    torch.testing.assert_close(rounded(found), found)
    assert watched.margins(found, row) < 0
    assert 0.3 - 1e-3 <= (found - image).norm() < (generous - image).norm()
    one_less = found - (found - image).sign() / 255 * torch.nn.functional.one_hot(weight.abs().argmax(), 36).view(
        1, 1, 6, 6
    )
    assert watched.margins(one_less, row) > watched.margins(found, row)


def test_an_image_that_does_not_fool_is_not_trimmed():
    model, image = plane(0.3)
    watched = Victim(model, Misclassification(labels=torch.tensor([0])), 1)
    near = rounded(image + 0.02)
    torch.testing.assert_close(trimmed(watched, image, near, rounds=3), near, rtol=0, atol=0)
