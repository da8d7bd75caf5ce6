import pytest
import torch
from torch import nn

from eyespot.errors import ExplanationError
from eyespot.explanations.visualbackprop import visual_backprop
from eyespot.networks import build
from eyespot.networks.graph.record import record
from eyespot.networks.network import Output


def test_two_layers_worked_out_by_hand():
    """[3 7] is scaled to [3/7 1], spread to [3/7 3/7 1 1], and multiplied with [1 2 3 4] / 4; then 0 to 1."""
    first, second = nn.Conv2d(1, 2, 1, bias=False), nn.Conv2d(2, 1, (1, 2), stride=2, bias=False)
    first.weight.data, second.weight.data = torch.ones(2, 1, 1, 1), torch.full((1, 2, 1, 2), 0.5)
    calls = record(nn.Sequential(first, nn.ReLU(), second, nn.ReLU()), torch.tensor([[[[1.0, 2, 3, 4]]]]))
    products = [3 / 28, 6 / 28, 3 / 4, 1]
    wanted = [(value - products[0]) / (1 - products[0]) for value in products]
    assert visual_backprop(calls).flatten().tolist() == pytest.approx(wanted)


def test_a_network_without_activations_is_refused():
    with pytest.raises(ExplanationError, match="needs layers with maps"):
        visual_backprop(record(nn.Conv2d(1, 1, 1), torch.zeros(1, 1, 3, 3)))


def test_strides_spread_each_value_over_its_window():
    conv = nn.Conv2d(1, 1, 2, stride=2, bias=False)
    conv.weight.data.fill_(1)
    x = torch.zeros(1, 1, 5, 5)
    x[0, 0, :2, 2:4] = 1
    mask = visual_backprop(record(nn.Sequential(conv, nn.ReLU()), x))[0, 0]
    assert mask[:2, 2:4].eq(1).all() and mask.sum() == 4


def test_the_mask_has_the_size_of_the_image_and_lies_between_0_and_1():
    for name, shape in (("pilotnet", (3, 66, 200)), ("residual", (3, 33, 47))):
        network = build(name, shape, Output("vector", 1), size="tiny").eval()
        mask = visual_backprop(record(network, torch.rand(1, *shape)))
        assert mask.shape == (1, 1, *shape[1:])
        assert mask.min() == 0 and mask.max() == 1
