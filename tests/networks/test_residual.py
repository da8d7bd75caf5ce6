"""The residual family takes pictures of any size at a cost that stays sane, and learns."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from eyespot.networks import Output, build
from eyespot.networks._residual import ResidualBlock, stem_stride
from eyespot.networks.graph.layer_table import layer_table, totals

sides = st.integers(1, 70)


@settings(max_examples=25, deadline=None)
@given(sides, sides, st.sampled_from([1, 3]), st.sampled_from(["batch", "group", "none"]))
def test_any_size_of_picture_gives_a_vector(height, width, channels, norm):
    network = build("residual", (channels, height, width), Output("vector", 4), size="tiny", norm=norm)
    assert network(torch.rand(2, channels, height, width)).shape == (2, 4)


@given(st.integers(20, 8192))
def test_the_stem_leaves_12_to_28_places(side):
    assert 12 <= side // stem_stride(side) <= 28


def test_cost_stays_bounded_as_pictures_grow():
    costs = [
        totals(layer_table(build("residual", (3, side, side), Output("vector", 10), size="tiny")))["multiply_adds"]
        for side in (32, 224)
    ]
    assert costs[1] < 12 * costs[0]  # 49 times as many pixels


@pytest.mark.parametrize("norm", ["batch", "group", "none"])
def test_a_block_starts_as_little_more_than_its_input(norm):
    torch.manual_seed(0)
    x = torch.rand(8, 16, 8, 8)
    change = ResidualBlock(16, 16, norm)(x) - x
    assert 0 < change.std() < 0.5 * x.std() + 0.1


@pytest.mark.parametrize("norm", ["batch", "group", "none"])
def test_eight_random_pictures_are_learned_by_heart(norm):
    torch.manual_seed(0)
    network = build("residual", (1, 12, 12), Output("vector", 8), size="tiny", norm=norm)
    x, target = torch.randn(8, 1, 12, 12), torch.arange(8)
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    for _ in range(30):
        optimizer.zero_grad()
        functional.cross_entropy(network(x), target).backward()
        optimizer.step()
    assert (network(x).argmax(1) == target).all()


def test_group_normalization_sees_each_picture_alone():
    network = build("residual", (1, 12, 12), Output("vector", 3), size="tiny", norm="group").train()
    x = torch.rand(4, 1, 12, 12)
    assert torch.allclose(network(x)[:1], network(x[:1]), atol=1e-5)
