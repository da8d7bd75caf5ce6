"""Uses of known functions that follow other rules than usual: read rightly, or not at all."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from eyespot.networks.graph.modules import Rebuilt
from eyespot.networks.graph.record import record
from eyespot.networks.graph.replay import first_opaque, replay
from tests.networks.small_networks import randomized

NORM = randomized(nn.BatchNorm2d(3)).requires_grad_(False)


class Step(nn.Module):
    """A network that does one given thing."""

    def __init__(self, step):
        super().__init__()
        self.step = step

    def forward(self, x):
        return self.step(x)


def added_to_zeros(x):
    total = torch.zeros(1, 3, 9, 7)
    total += x * 2
    return total


def written_into_zeros(x):
    canvas = torch.zeros(x.shape)
    canvas[:, :, 1:] = x[:, :, 1:]
    return torch.relu(canvas) + x


def changed_through_data(x):
    y = x * 2
    y.data.relu_()
    return y * 3


def in_torchs_own_order(x):
    return torch.batch_norm(x, NORM.weight, NORM.bias, NORM.running_mean, NORM.running_var, False, 0.1, 1e-5, False)


@pytest.mark.parametrize(
    "step",
    [
        added_to_zeros,
        written_into_zeros,
        changed_through_data,
        in_torchs_own_order,
        lambda x: F.interpolate(x, scale_factor=1.7),
        lambda x: F.interpolate(x, scale_factor=0.5, mode="bilinear"),
        lambda x: F.interpolate(x, size=(3, 4), mode="bilinear", antialias=True),
        lambda x: F.linear(torch.ones(1, 7), x.mean((1, 2))),
        lambda x: x.abs() ** x,
        lambda x: x.to(torch.int32).float(),
        lambda x: F.batch_norm(x, None, None, training=True),
    ],
)
def test_what_follows_other_rules_is_opaque_and_keeps_the_networks_number(step):
    x = torch.randn(1, 3, 9, 7)
    calls = record(Step(step), x)
    assert first_opaque(calls) is not None
    assert torch.equal(calls[-1].output, step(x))


@pytest.mark.parametrize(
    "step",
    [
        lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"),
        lambda x: F.interpolate(x, scale_factor=1.7, recompute_scale_factor=True),
        lambda x: F.interpolate(x, size=(13, 4), mode="bilinear", align_corners=True),
        lambda x: torch.group_norm(x, 3, NORM.weight, NORM.bias),
        lambda x: F.batch_norm(x, NORM.running_mean, NORM.running_var),
        lambda x: x.to(torch.float64),
    ],
)
def test_what_only_looks_unusual_is_followed(step):
    x = torch.randn(2, 3, 9, 7)
    calls = record(Step(step), x)
    assert first_opaque(calls) is None
    assert torch.equal(replay(calls, x)[-1], step(x))


@pytest.mark.filterwarnings("ignore:Using padding")
@pytest.mark.parametrize("mode", ["zeros", "reflect", "circular", "replicate"])
def test_uneven_padding_is_rebuilt_as_it_was(mode):
    network = nn.Sequential(nn.Conv2d(3, 4, (4, 3), padding="same", dilation=(1, 2), padding_mode=mode), nn.ReLU())
    calls, x = record(network, torch.randn(1, 3, 9, 7)), torch.randn(2, 3, 9, 7)
    torch.testing.assert_close(Rebuilt(calls)(x), network(x))
