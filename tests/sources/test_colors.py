"""Arithmetic on colors: the same as pixel by pixel, however the numbers lie in memory."""

import pytest
import torch
from torch import Tensor

from eyespot.images import ImageSpec
from eyespot.samples import normalize
from eyespot.sources.colors import mean_colors, mix, scale

SIZES = [(1, 1), (4, 4), (5, 7), (1, 13), (17, 19)]
"""Of 13 pixels `scale` makes one block and `mix` 13; 17 is too many for both."""


def batch(channels: int, size: tuple[int, int], layout: torch.memory_format) -> Tensor:
    random = torch.Generator().manual_seed(0)
    return torch.rand((3, channels, *size), generator=random).contiguous(memory_format=layout)


@pytest.fixture(params=[torch.contiguous_format, torch.channels_last], ids=["channels first", "channels last"])
def layout(request: pytest.FixtureRequest) -> torch.memory_format:
    return request.param


def test_by_hand_red_takes_from_blue():
    image = torch.tensor([0.1, 0.2, 0.4]).view(1, 3, 1, 1)
    matrix = torch.tensor([[[1.0, 0.0, 0.5], [0.0, 2.0, 0.0], [0.0, 0.0, 1.0]]])
    assert mix(image, matrix, torch.tensor([0.25])).flatten().tolist() == pytest.approx([0.55, 0.65, 0.65])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_each_pixel_is_mixed_by_its_own_images_matrix(channels: int, size: tuple[int, int], layout):
    images, matrices, offsets = batch(channels, size, layout), torch.randn(3, channels, channels), torch.randn(3)
    expected = torch.einsum("nij,njhw->nihw", matrices, images) + offsets[:, None, None, None]
    assert torch.allclose(mix(images, matrices, offsets), expected, atol=1e-5)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_scale_can_be_that_of_normalization(channels: int, size: tuple[int, int], layout):
    images, mean, std = batch(channels, size, layout), torch.rand(channels), 0.1 + torch.rand(channels)
    spec = ImageSpec(
        height=size[0], width=size[1], channels=channels, mean=tuple(mean.tolist()), std=tuple(std.tolist())
    )
    assert torch.allclose(scale(images, 1 / std, -mean / std), normalize(images, spec), atol=1e-5)


@pytest.mark.parametrize("size", SIZES)
def test_means_are_those_of_each_image_and_channel(size: tuple[int, int], layout):
    images = batch(3, size, layout)
    assert torch.allclose(mean_colors(images), images.mean((2, 3)), atol=1e-6)


def test_an_image_alone_is_mixed_to_the_same_bits():
    images, matrices, offsets = batch(3, (8, 8), torch.channels_last), torch.randn(3, 3, 3), torch.randn(3)
    alone = torch.cat([mix(images[i : i + 1], matrices[i : i + 1], offsets[i : i + 1]) for i in range(3)])
    assert torch.equal(alone, mix(images, matrices, offsets))
