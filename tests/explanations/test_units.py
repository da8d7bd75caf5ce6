import numpy as np
import pytest
import torch
from torch import nn

from eyespot.errors import ExplanationError
from eyespot.explanations._directions import excited_by_directions
from eyespot.explanations.units import BATCH, strongest_images, unit_layers
from eyespot.images import ImageSpec
from eyespot.model import wrap
from eyespot.networks import build
from eyespot.networks.graph.record import record
from eyespot.networks.network import Output
from eyespot.sources.cache import EqualImages
from eyespot.tasks._classify import Classify
from tests.explanations.small_models import careless, plain
from tests.networks.small_networks import tinyvgg


def random_images(count, height=15, width=13):
    return EqualImages(np.random.default_rng(0).integers(0, 256, (count, height, width, 3), dtype=np.uint8))


def test_the_strongest_images_are_those_that_a_plain_pass_finds():
    model, images = careless(), random_images(BATCH + 9)
    calls = record(model.network, model_input(model, images))
    for layer in strongest_images(model, images):
        peaks = (
            calls[layer.index].output.flatten(2).amax(2)
            if calls[layer.index].output.dim() == 4
            else calls[layer.index].output
        )
        for unit in layer.units:
            wanted = peaks[:, unit.number].topk(9)
            above = [value for value in wanted.values.tolist() if value > 0]
            assert [one.activation for one in unit.strongest] == pytest.approx(above, rel=1e-4)
            assert [one.image for one in unit.strongest] == wanted.indices.tolist()[: len(above)]
            assert unit.active == pytest.approx((peaks[:, unit.number] > 0).float().mean().item())


def model_input(model, images):
    pixels = torch.from_numpy(images.take(range(len(images)))).permute(0, 3, 1, 2) / 255
    return (pixels - 0.4) / 0.25


def looks_for_a_bright_square():
    """Unit 0 answers to 3x3 bright pixels, unit 1 to nothing."""
    conv = nn.Conv2d(1, 2, 3)
    conv.weight.data = torch.stack([torch.ones(1, 3, 3), torch.zeros(1, 3, 3)])
    conv.bias.data = torch.tensor([-7.0, -1.0])
    network = nn.Sequential(conv, nn.ReLU(), nn.Flatten(), nn.Linear(2 * 36, 2))
    return wrap(network, Classify(classes=("a", "b")), ImageSpec(height=8, width=8, channels=1))


def test_a_planted_square_is_found_with_its_patch_and_a_dead_unit_is_named():
    pixels = np.zeros((20, 8, 8, 1), np.uint8)
    for place, row in enumerate((1, 4, 5)):
        pixels[place + 3, row : row + 3, 2:5] = 255 - place
    found = strongest_images(looks_for_a_bright_square(), EqualImages(pixels), "1")[0]
    assert [(one.image, one.at) for one in found.units[0].strongest] == [(3, (1, 2)), (4, (4, 2)), (5, (5, 2))]
    first = found.units[0].strongest[0]
    assert first.box == (1, 2, 4, 5) and (first.patch == 255).all() and first.projection.shape == (3, 3, 1)
    assert (first.projection == 255).all()
    assert found.units[0].active == pytest.approx(3 / 20)
    assert found.units[1].dead and not found.units[1].strongest and not found.units[0].dead


def test_units_are_rectified_layers_and_the_output():
    assert [call.name for call in unit_layers(record(tinyvgg(), torch.zeros(1, 3, 64, 64)))] == [
        "1",
        "3",
        "6",
        "8",
        "11",
    ]
    network = build("residual", (3, 32, 32), Output("vector", 4), size="tiny").eval()
    assert [call.kind for call in unit_layers(record(network, torch.zeros(1, 3, 32, 32)))] == ["relu"] * 7 + ["dense"]


def test_a_network_that_cannot_be_followed_is_refused():
    class Flipped(nn.Module):
        def forward(self, x):
            return x.flip(3).mean((2, 3))

    model = wrap(nn.Sequential(nn.Conv2d(3, 4, 3), Flipped()), Classify(classes=tuple("abcd")), plain().images)
    with pytest.raises(ExplanationError, match="flip"):
        strongest_images(model, random_images(4))


def test_directions_of_length_one_are_compared_on_the_same_terms():
    model, images = plain(), random_images(12)
    name, index, field, units, directions = excited_by_directions(model, images, "5", 3, seed=1)
    assert (name, index, len(units), len(directions)) == ("5", 6, 3, 3)
    own = {unit.number: unit for unit in strongest_images(model, images, "5")[0].units}
    for unit in units:
        active = [one.image for one in unit.strongest if one.activation > 0]
        assert active == [one.image for one in own[unit.number].strongest]
    assert all(len(direction.strongest) == 9 for direction in directions)
    assert field == (8, 8)


def test_directions_follow_from_the_seed():
    model, images = plain(), random_images(12)
    first, again, other = (excited_by_directions(model, images, "5", 3, seed=seed)[4][0] for seed in (1, 1, 2))
    assert first.mean == again.mean != other.mean
