"""Bounds hold: no change shorter than the certified radius changes an answer, and attacks never beat a bound."""

import pytest
import torch
from torch import nn

from eyespot.attacks import attack_many
from eyespot.attacks._lipschitz import certified_radii, layer_bounds
from eyespot.model import wrap
from eyespot.tasks._classify import Classify
from tests.attacks.small_models import COLOR, linear_model, pictures, random_model


def test_a_linear_model_is_certified_up_to_its_very_boundary():
    weight, bias = torch.zeros(2, 36), torch.tensor([1.0, 0.0])
    weight[1, :4] = 0.5
    model = linear_model(weight, bias)
    image = torch.zeros(1, 1, 6, 6)
    radii = certified_radii(model, image)
    assert radii is not None
    assert radii.item() == pytest.approx(1.0)  # the margin 1 over the length of the difference of the weights, 1


def test_the_norms_of_the_layers_are_multiplied():
    model = random_model()
    rows = layer_bounds(model)
    assert [row.kind for row in rows] == ["input", "conv", "relu", "max_pool", "flatten", "dense"]
    assert rows[0].at_most == pytest.approx(1 / 0.25)
    product = 1.0
    for row in rows:
        assert row.at_most is not None
        product *= row.at_most
        assert row.total == pytest.approx(product)
    for row in rows[1:]:
        assert row.norm is None or row.norm <= row.at_most * (1 + 1e-6)


def test_no_random_change_within_the_radius_changes_the_answer():
    model, images = random_model(3), pictures(6)
    radii = certified_radii(model, images)
    assert radii is not None
    noise = torch.randn(200, 6, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    noise = noise / noise.flatten(2).norm(dim=2)[..., None, None, None] * radii[:, None, None, None].float() * 0.999
    changed = model.outputs((images + noise).flatten(0, 1)).argmax(1).view(200, 6)
    assert torch.equal(changed, model.outputs(images).argmax(1).expand(200, 6))


def test_no_attack_finds_less_noise_than_is_certified():
    model, images = random_model(1), pictures(6, seed=1)
    radii = certified_radii(model, images)
    assert radii is not None
    for radius, found in zip(radii, attack_many(model, images), strict=True):
        assert found.outcome == "fooled"
        assert found.l2 >= radius


def test_a_branch_that_is_added_adds_its_bound():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 1, bias=False)

        def forward(self, x):
            return (x + self.conv(x)).flatten(1)

    network = Twice()
    nn.init.zeros_(network.conv.weight)
    network.conv.weight.data[:, :, 0, 0] = 2 * torch.eye(3)
    rows = layer_bounds(wrap(network, Classify(classes=tuple(map(str, range(192)))), COLOR))
    assert rows[2].kind == "add"
    assert rows[2].total == pytest.approx(4 * (1 + 2))


def test_a_batch_norm_is_bounded_together_with_its_convolution():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(144, 2))
    network[1].weight.data = torch.tensor([0.1, 0.1, 0.1, 3.0])
    rows = layer_bounds(wrap(network, Classify(classes=("a", "b")), COLOR))
    assert rows[1].at_most is not None and rows[1].total is not None
    assert rows[2].at_most == pytest.approx(3.0, rel=1e-4)
    assert rows[2].total < rows[1].total * rows[2].at_most


def test_a_layer_without_a_bound_is_named_and_nothing_is_certified():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4), nn.Flatten(), nn.Linear(144, 2))
    model = wrap(network, Classify(classes=("a", "b")), COLOR)
    rows = layer_bounds(model)
    assert "group_norm" in rows[2].reason
    assert rows[-1].total is None
    assert certified_radii(model, pictures(1)) is None
