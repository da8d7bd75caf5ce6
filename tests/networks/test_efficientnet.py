"""EfficientNet-Lite0: its padding, its blocks, its counts, and its learned weights on real photos."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from eyespot.networks import Output, build
from eyespot.networks._efficientnet import STAGES, InvertedBlock, PadSame
from eyespot.networks.graph.layer_table import layer_table, totals


@pytest.mark.parametrize(("side", "kernel", "stride", "places"), [(224, 3, 2, 112), (7, 3, 2, 4), (56, 5, 2, 28)])
def test_padding_gives_the_side_divided_by_the_stride_rounded_up(side, kernel, stride, places):
    padded = PadSame(kernel, stride)(torch.ones(1, 1, side, side))
    assert F.max_pool2d(padded, kernel, stride).shape[-1] == places
    assert padded.sum() == side * side, "what is added is zero"


def test_an_odd_zero_goes_to_the_end():
    padded = PadSame(3, 2)(torch.ones(1, 1, 4, 4))[0, 0]
    assert padded[0].tolist() == [1, 1, 1, 1, 0] and padded[:, 0].tolist() == [1, 1, 1, 1, 0]


def test_the_counts_are_those_of_the_paper():
    rows = layer_table(build("efficientnet-lite0", input=(3, 224, 224), output=Output("vector", 1000)))
    counts = totals(rows)
    assert counts["parameters"] == 4_652_008
    assert 0.38e9 < counts["multiply_adds"] < 0.41e9, (
        "the authors tell 407 million, additions of normalization included"
    )


def test_a_block_adds_its_input_only_where_the_shapes_agree():
    keeps, halves, widens = (
        InvertedBlock(channels, STAGES[1], stride, "batch") for channels, stride in ((24, 1), (24, 2), (16, 1))
    )
    assert keeps.add is not None and halves.add is None and widens.add is None


def test_a_block_without_its_last_normalization_is_its_input():
    block = InvertedBlock(24, STAGES[1], 1, "batch").eval()
    nn.init.zeros_(block.project.norm.weight)
    x = torch.randn(2, 24, 6, 6)
    assert torch.equal(block(x), x)


@pytest.mark.parametrize("norm", ["batch", "group", "none"])
def test_every_normalization_and_odd_sizes_are_taken(norm):
    network = build("efficientnet-lite0", input=(1, 37, 50), output=Output("vector", 3), norm=norm).eval()
    assert network(torch.rand(2, 1, 37, 50)).shape == (2, 3)
