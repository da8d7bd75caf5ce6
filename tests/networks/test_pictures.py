"""Networks from image to image take pictures of any size and give back the same size."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from eyespot.networks import Network, Output, build
from eyespot.networks._blocks import CropLike, Padded, PadToMultiple


def denoiser(channels: int = 1, outputs: int = 1, name: str = "denoiser") -> Network:
    torch.manual_seed(0)
    return build(name, (channels, 16, 16), Output("map", outputs), size="tiny")


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from(["denoiser", "residual"]))
def test_the_denoiser_takes_any_size(height, width, name):
    assert denoiser(name=name).eval()(torch.rand(1, 1, height, width)).shape == (1, 1, height, width)


@pytest.mark.parametrize("size", [(1, 1), (31, 33), (32, 64), (50, 20)])
def test_the_unet_takes_any_size(size):
    network = build("unet", (3, 64, 64), Output("map", 3))
    assert network(torch.rand(1, 3, *size)).shape == (1, 3, *size)


def test_the_denoiser_begins_by_giving_back_its_input_nearly():
    x = torch.rand(2, 1, 20, 20)
    assert (denoiser()(x) - x).abs().mean() < 0.3 * x.std()


def test_other_colors_out_than_in_are_not_added_to_the_input():
    assert denoiser(channels=1, outputs=3)(torch.rand(1, 1, 7, 8)).shape == (1, 3, 7, 8)


def test_the_size_of_the_denoiser_may_be_its_width_and_depth():
    network = build("denoiser", (1, 8, 8), Output("map", 1), size="5x3")
    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    assert [(one.in_channels, one.out_channels) for one in convolutions] == [(4, 5), (5, 5), (5, 4)]
    assert network(torch.rand(1, 1, 8, 8)).shape == (1, 1, 8, 8)


def test_the_denoiser_learns_to_take_noise_away():
    torch.manual_seed(0)
    network = denoiser()
    clean = torch.linspace(0, 1, 16).expand(8, 1, 16, 16)
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    losses = []
    for _ in range(40):
        optimizer.zero_grad()
        loss = (network(clean + 0.2 * torch.randn_like(clean)) - clean).abs().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.75 * losses[0]


def test_padding_repeats_the_border_at_the_right_and_below():
    padded = PadToMultiple(2)(torch.tensor([[[[1.0, 2.0, 3.0]]]]))
    assert padded.tolist() == [[[[1, 2, 3, 3], [1, 2, 3, 3]]]]


def test_nothing_is_padded_where_sides_already_fit():
    x = torch.rand(1, 1, 4, 6)
    assert PadToMultiple(2)(x) is x


def test_padded_and_cropped_again_is_the_picture():
    x = torch.rand(1, 2, 5, 7)
    assert torch.equal(CropLike()(PadToMultiple(8)(x), x), x)
    assert torch.equal(Padded(torch.nn.Identity(), 8)(x), x)
