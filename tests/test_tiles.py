"""Large images are answered piece by piece as in one piece."""

import pytest
import torch

from eyespot import tiles
from eyespot.images import ImageSpec
from eyespot.model import Model
from eyespot.networks import Output, build
from eyespot.tasks import Denoise
from eyespot.tiles import halo_of, run_tiled


def network(name: str) -> torch.nn.Module:
    torch.manual_seed(0)
    return build(name, (1, 64, 64), Output("map", 1), size="tiny").eval()


@pytest.mark.parametrize(
    ("name", "tile"), [("denoiser", 64), ("conv 4@3x3 same, relu, conv 3x3 same", 64), ("unet", 128)]
)
def test_pieces_give_what_the_whole_image_gives(name, tile, monkeypatch):
    monkeypatch.setattr(tiles, "TILE", tile)
    made, x = network(name), torch.rand(1, 1, 2 * tile + 37, tile + 10)
    halo = halo_of(made, 1)
    assert halo is not None
    with torch.no_grad():
        assert torch.allclose(run_tiled(made, x, halo), made(x), atol=1e-4)
        if name != "unet":
            assert not torch.allclose(run_tiled(made, x, 0), made(x), atol=1e-4)  # without a halo there are seams


def test_a_network_that_looks_at_the_whole_image_is_not_cut():
    whole = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 3, padding=1), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
    assert halo_of(whole, 1) is None


def test_statistics_of_the_whole_image_forbid_pieces():
    made = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3, padding=1), torch.nn.GroupNorm(2, 4), torch.nn.Conv2d(4, 1, 1))
    assert halo_of(made.eval(), 1) is None


def test_a_model_answers_large_images_in_pieces(monkeypatch):
    images = ImageSpec(height=64, width=64, channels=1, fit="native")
    model = Model(network=network("denoiser"), task=Denoise(), images=images)
    pixels = torch.rand(1, 1, 90, 70)
    with torch.no_grad():
        whole = model.outputs(pixels)
        monkeypatch.setattr("eyespot.model.LARGEST_WHOLE", 1000)
        monkeypatch.setattr(tiles, "TILE", 64)
        seen = []
        model.network.register_forward_hook(lambda module, given, made: seen.append(given[0].shape[2:]))
        assert torch.allclose(model.outputs(pixels), whole, atol=1e-4)
    assert len(seen) > 4
