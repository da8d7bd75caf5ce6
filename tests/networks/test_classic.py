"""The named networks have the counts, the shapes and the wiring of their papers."""

import pytest
import torch
from torch import nn

from eyespot.errors import NetworkError
from eyespot.networks import NETWORKS, Output, build
from eyespot.networks._classic import TABLE_1989, TABLE_LENET
from eyespot.networks.graph.layer_table import layer_table, totals
from eyespot.networks.special import ScaledTanh, TableConvolution, ToYuv, UnitBias


def of_paper(name: str):
    family = NETWORKS[name]
    return build(name, family.input, Output(family.heads[0], family.outputs or family.input[0]))


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("lecun1989", 9_760),
        ("harley2015", 62_902),
        ("convnetjs", 22_466),
        ("tinyvgg", 19_920),
        ("pilotnet", 252_219),
        ("unet", 991_203),
        ("lenet5", 61_706),
        ("ciresan-dnn1", 13_630),
        ("ciresan-dnn2", 37_230),
    ],
)
def test_parameters_are_those_of_the_paper(name, parameters):
    network = of_paper(name)
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters
    assert totals(layer_table(network))["parameters"] == parameters


def test_dahl2016_has_the_convolutions_of_vgg_16_and_of_the_residual_encoder():
    vgg = [(3, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256), (256, 256), (256, 512), (512, 512)]
    encoder = [(256, 128), (128, 64), (64, 3), (3, 3)]
    weights = 9 * sum(a * b for a, b in [*vgg, (512, 512), *encoder]) + 512 * 256
    norms = 2 * (2 * 64 + 2 * 128 + 3 * 256 + 3 * 512) + 2 * (3 + 64 + 128 + 256 + 512) + 2 * (256 + 128 + 64 + 3 + 3)
    assert sum(parameter.numel() for parameter in of_paper("dahl2016").parameters()) == weights + norms + 9 * 3 * 2 + 2


def test_lecun1989_has_the_papers_connections():
    assert totals(layer_table(of_paper("lecun1989")))["connections"] == 64_660


def test_lecun1989_has_the_papers_counts_layer_by_layer():
    rows = layer_table(of_paper("lecun1989"))
    layers = [[row for row in rows if row.name.startswith(name)] for name in ("h1", "h2", "h3", "head")]
    assert [sum(row.parameters for row in layer) for layer in layers] == [1_068, 2_592, 5_790, 310]
    assert [sum(row.connections for row in layer) for layer in layers] == [19_968, 38_592, 5_790, 310]
    assert [layer[-1].output for layer in layers] == [(12, 8, 8), (12, 4, 4), (30,), (10,)]


def test_pilotnet_has_the_papers_27_million_multiply_adds_and_shapes():
    rows = layer_table(of_paper("pilotnet"))
    assert 26.8e6 < totals(rows)["multiply_adds"] < 27.1e6
    shapes = [row.output for row in rows if row.kind in ("convolution", "flatten")]
    assert shapes == [(24, 31, 98), (36, 14, 47), (48, 5, 22), (64, 3, 20), (64, 1, 18), (1152,)]


@pytest.mark.parametrize(
    ("name", "sides"),
    [
        ("ciresan-dnn1", [100, 50, 48, 24, 22, 11, 10, 5, 4, 2]),
        ("ciresan-dnn2", [98, 49, 46, 23, 20, 10, 8, 4]),
    ],
)
def test_the_windows_of_ciresan_shrink_as_in_the_paper(name, sides):
    rows = layer_table(of_paper(name))
    shapes = [row.output for row in rows if len(row.output) == 3 and row.kind != "activation"]
    assert [shape for place, shape in enumerate(shapes) if shape != shapes[place - 1]] == [(16, n, n) for n in sides]


def test_tinyvgg_flattens_13x13x10():
    assert (1690,) in [row.output for row in layer_table(of_paper("tinyvgg"))]


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_every_network_answers_for_a_batch(name):
    network, family = of_paper(name), NETWORKS[name]
    size = family.outputs or family.input[0]
    expected = (2, size, *family.input[1:]) if family.heads[0] == "map" else (2, size)
    assert network(torch.rand(2, *family.input)).shape == expected


def test_each_plane_of_1989_sees_8_of_12_planes_and_no_other():
    assert all(len(set(seen)) == 8 for seen in TABLE_1989)
    layer = TableConvolution(TABLE_1989, channels=12, kernel=5, stride=2, bias=False)
    connected = layer.full_weight.abs().sum((2, 3)) > 0
    assert connected.sum(1).tolist() == [8] * 12
    assert connected[4].nonzero().flatten().tolist() == list(range(4, 12))


def test_lenets_table_has_60_of_96_pairs():
    assert [len(set(seen)) for seen in TABLE_LENET] == [3] * 6 + [4] * 9 + [6]
    # Table I of the paper, columns 0, 5, 6, 12 and 14.
    assert [sorted(TABLE_LENET[column]) for column in (0, 5, 6, 12, 14)] == [
        [0, 1, 2], [0, 1, 5], [0, 1, 2, 3], [0, 1, 3, 4], [0, 2, 3, 5],
    ]  # fmt: skip


def test_a_partial_convolution_is_a_plain_one_with_zeros():
    layer = TableConvolution([[0, 2], [1]], channels=3, kernel=2, stride=2)
    plain = nn.Conv2d(3, 2, 2, stride=2)
    plain.weight.data, plain.bias.data = layer.full_weight.detach(), layer.bias.detach()
    assert layer.weight.shape == (3, 2, 2)
    assert layer.full_weight[0, 1].abs().sum() == 0
    x = torch.randn(2, 3, 6, 6)
    assert torch.equal(layer(x), plain(x))


def test_each_weight_of_a_partial_convolution_learns():
    layer = TableConvolution([[0, 2], [1]], channels=3, kernel=2)
    layer(torch.ones(1, 3, 2, 2)).sum().backward()
    assert layer.weight.grad.tolist() == [[[1, 1], [1, 1]]] * 3


def test_1989_pads_with_empty_paper():
    network = of_paper("lecun1989")
    with torch.no_grad():
        planes = network.stages["h1"].conv(network.stages["h1"].frame(torch.full((1, 1, 16, 16), -1.0)))
    assert torch.allclose(planes, planes[:, :, :1, :1].expand_as(planes), atol=1e-6)


@pytest.mark.parametrize(("weights", "inputs"), [("stages.h1.conv", 25), ("stages.h2.conv", 200), ("head", 30)])
def test_the_weights_of_1989_are_drawn_as_printed(weights, inputs):
    drawn = of_paper("lecun1989").get_submodule(weights).weight
    assert 0.9 * 2.4 / inputs < drawn.abs().max() <= 2.4 / inputs


def test_every_unit_of_1989_has_a_bias_of_its_own():
    bias = UnitBias(2, 3, 3)
    bias.bias.data[1, 2, 0] = 5.0
    assert bias(torch.zeros(1, 2, 3, 3)).nonzero().tolist() == [[0, 1, 2, 0]]


def test_the_scaled_tanh_maps_one_to_one():
    assert ScaledTanh()(torch.tensor([-1.0, 0.0, 1.0])).tolist() == pytest.approx([-1, 0, 1], abs=1e-4)


def test_harley_and_lenet_frame_28x28_with_its_border():
    for name in ("harley2015", "lenet5"):
        frame = of_paper(name).stages["frame"]
        assert torch.equal(frame(torch.full((1, 1, 28, 28), 0.7)), torch.full((1, 1, 32, 32), 0.7))


def test_no_frame_stands_where_pictures_are_large_enough():
    assert "frame" not in build("harley2015", (1, 32, 32), Output("vector", 10)).stages


def test_yuv_of_the_primary_colors():
    red, green, blue = torch.eye(3).view(3, 3, 1, 1)
    assert [ToYuv()(color[None])[0, 0].item() for color in (red, green, blue)] == pytest.approx([0.299, 0.587, 0.114])
    assert ToYuv()(torch.full((1, 3, 2, 2), 0.5))[0, 1:].abs().max() < 1e-5


def test_yuv_has_nothing_to_learn_and_nothing_to_save():
    assert not list(ToYuv().parameters())
    assert not ToYuv().state_dict()


@pytest.mark.parametrize(
    ("name", "input", "told"),
    [
        ("pilotnet", (1, 66, 200), "color images (3 channels); these have 1"),
        ("lecun1989", (1, 16, 300), "at most 256"),
        ("lecun1989", (3, 16, 16), "gray images (1 channel); these have 3"),
        ("tinyvgg", (3, 8, 8), "Layer 6, 'conv 10@3x3', gets 2x2x10"),
        ("pilotnet", (3, 28, 28), "Network 'pilotnet': Layer"),
        ("convnetjs", (3, 4, 4), "'maxpool 2', gets 1x1x20"),
    ],
)
def test_pictures_that_do_not_fit_are_refused_by_name(name, input, told):
    with pytest.raises(NetworkError) as error:
        build(name, input, Output("vector", 10))
    assert told in str(error.value)
