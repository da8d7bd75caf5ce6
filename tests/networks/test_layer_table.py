"""The layer table: counts and formulas that a learner can check by hand."""

import torch
from torch import nn

from eyespot.networks import Network, NetworkSpec, Output, build
from eyespot.networks.graph.layer_table import layer_table, totals

ONE = NetworkSpec(name="by hand", input=(1, 6, 6), output=Output("vector", 2))


def table_of(text: str, input: tuple[int, int, int]):
    return layer_table(build(text, input=input, output=Output("vector", 2)))


def test_a_small_network_counted_by_hand():
    rows = table_of("conv 8@3x3, relu, maxpool 2, conv 16@3x3, flatten, dense", (1, 10, 10))
    assert [row.formula for row in rows] == ["8x3x3x1+8 = 80", "", "", "16x3x3x8+16 = 1168", "", "2x64+2 = 130"]
    assert [row.output for row in rows] == [(8, 8, 8), (8, 8, 8), (8, 4, 4), (16, 2, 2), (64,), (2,)]
    assert [row.connections for row in rows] == [64 * 80, 0, 0, 4 * 1168, 0, 130]
    assert [row.multiply_adds for row in rows] == [64 * 72, 0, 0, 4 * 1152, 0, 128]
    assert [row.receptive_field for row in rows] == [(3, 3), (3, 3), (4, 4), (8, 8), (10, 10), (10, 10)]
    assert [row.kind for row in rows] == ["convolution", "ReLU", "max pooling", "convolution", "flatten", "dense"]


def test_totals_add_up():
    assert totals(table_of("flatten, dense 5, dense", (1, 2, 3))) == {
        "parameters": 7 * 5 + 6 * 2,
        "connections": 7 * 5 + 6 * 2,
        "multiply_adds": 6 * 5 + 5 * 2,
    }


def test_a_receptive_field_is_never_larger_than_the_picture():
    assert table_of("conv 2@3x3 same, conv 2@3x3 same, flatten, dense", (1, 4, 9))[1].receptive_field == (4, 5)


def test_a_module_that_is_used_twice_is_counted_once():
    layer = nn.Conv2d(1, 1, 3, padding=1)
    rows = layer_table(Network(ONE, {"a": layer, "b": nn.ReLU(), "c": layer}, nn.Flatten()))
    assert [row.parameters for row in rows] == [10, 0, 0, 0]
    assert [row.connections for row in rows] == [360, 0, 360, 0]


def test_a_table_of_every_size_of_kernel_is_right_side_up():
    assert table_of("conv 4@2x5, flatten, dense", (3, 6, 6))[0].formula == "4x2x5x3+4 = 124"


def test_the_network_is_left_as_it_was():
    network = build("residual", (1, 12, 12), Output("vector", 2), size="tiny").train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    layer_table(network)
    assert network.training
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert not any(module._forward_hooks for module in network.modules())
