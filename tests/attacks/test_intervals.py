"""Intervals hold what can come out, and what they certify no attack undoes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from eyespot.attacks import attack_many, choose
from eyespot.attacks._intervals import certified_sizes, output_intervals
from eyespot.errors import AttackError
from eyespot.model import wrap
from eyespot.tasks._classify import Classify
from tests.attacks.small_models import COLOR, linear_model, pictures, random_model


def test_a_linear_layer_is_worked_out_by_hand():
    weight = torch.zeros(2, 36)
    weight[0, 0], weight[0, 1], weight[1, 2] = 2.0, -1.0, 1.0
    low, high = output_intervals(linear_model(weight, torch.tensor([0.0, 1.0])), torch.full((1, 1, 6, 6), 0.5), 0.1)
    torch.testing.assert_close(low, torch.tensor([[0.2, 1.4]], dtype=torch.float64), atol=1e-6, rtol=0)
    torch.testing.assert_close(high, torch.tensor([[0.8, 1.6]], dtype=torch.float64), atol=1e-6, rtol=0)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), size=st.floats(0.0, 0.3))
def test_every_output_of_a_changed_image_lies_in_the_interval(seed, size):
    model, images = random_model(seed), pictures(2, seed=seed)
    low, high = output_intervals(model, images, size)
    noise = (torch.rand(50, 2, 3, 8, 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1).sign() * size
    with torch.no_grad():
        outputs = model.outputs((images + noise).clamp(0, 1).flatten(0, 1)).view(50, 2, 3)
    assert (outputs >= low - 1e-4).all() and (outputs <= high + 1e-4).all()


def test_a_linear_model_is_certified_up_to_its_very_boundary():
    weight = torch.zeros(2, 36)
    weight[1, :4] = 0.5
    model = linear_model(weight, torch.tensor([0.1, 0.0]))
    [size] = certified_sizes(model, torch.zeros(1, 1, 6, 6))
    assert size.item() == pytest.approx(0.05, abs=1e-4)


def test_no_attack_within_a_certified_size_succeeds():
    model, images = random_model(5), pictures(8, seed=5)
    sizes = certified_sizes(model, images)
    assert (sizes > 0).all()
    for image, size in zip(images, sizes, strict=True):
        settings = choose("pgd", size=float(size))
        [found] = attack_many(model, image[None], "pgd", settings=settings)
        assert found.outcome == "resisted"


def test_branches_and_batch_norms_are_followed():
    class Branching(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 3, padding=1)
            self.norm = nn.BatchNorm2d(3)
            self.dense = nn.Linear(192, 2)

        def forward(self, x):
            return self.dense((x - self.norm(self.conv(x)).tanh()).flatten(1))

    torch.manual_seed(0)
    model = wrap(Branching(), Classify(classes=("a", "b")), COLOR)
    low, high = output_intervals(model, pictures(2), 0.01)
    assert (low < high).all()


def test_a_layer_without_an_interval_is_named():
    network = nn.Sequential(nn.GroupNorm(1, 3), nn.Flatten(), nn.Linear(192, 2))
    with pytest.raises(AttackError, match="group_norm"):
        output_intervals(wrap(network, Classify(classes=("a", "b")), COLOR), pictures(1), 0.1)
