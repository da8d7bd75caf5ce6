"""The network of the CIFAR-10 records: its counts, and a first layer that is made of the images."""

import pytest
import torch

from eyespot.errors import NetworkError
from eyespot.networks import Output, build
from eyespot.networks.airbench import EPSILON, SMALLEST, whiten, whitening_filters
from eyespot.networks.graph.layer_table import layer_table, totals


def correlated(count: int = 200) -> torch.Tensor:
    """Smooth noise whose colors go together, as in photos."""
    noise = torch.randn(count, 1, 10, 10, generator=torch.Generator().manual_seed(0))
    smooth = torch.nn.functional.avg_pool2d(noise, 3, 1, 1)
    return smooth * torch.tensor([1.0, 0.8, -0.5]).view(1, 3, 1, 1) + 0.1 * noise


def test_the_papers_size_has_its_cost():
    # 118 million multiply-adds: 961x12x24 + 961x216x64 + 225x576x64 + 225x576x256 + 49x2304x256 x2 + 9x2304x256 + 2560
    table = totals(layer_table(build("airbench", (3, 32, 32), Output("vector", 10), size="medium")))
    assert table["multiply_adds"] == 118_147_360
    assert table["parameters"] == 1_972_802


def test_filters_bring_patches_to_equal_variance_without_correlation():
    images = correlated()
    out = torch.nn.functional.conv2d(images.double(), whitening_filters(images).double())
    rows = out.permute(1, 0, 2, 3).flatten(1)
    second = rows @ rows.T / rows.shape[1]
    large = second.diagonal() > 0.9  # directions with hardly any contrast are held down by EPSILON
    assert large.sum() >= 4
    assert torch.allclose(second[large][:, large], torch.eye(int(large.sum())).double(), atol=0.1)
    assert (second - torch.diag(second.diagonal())).abs().max() < 1e-4
    assert (second.diagonal() < 1 + EPSILON).all()


def test_the_whitened_layer_stays_and_all_else_learns():
    network = build("airbench", (3, 10, 10), Output("vector", 4), size="tiny")
    whiten(network, correlated())
    conv = network.stages["whiten"].conv
    half = len(conv.weight) // 2
    assert torch.equal(conv.weight[:half], -conv.weight[half:])
    assert [name for name, weight in network.named_parameters() if not weight.requires_grad] == [
        "stages.whiten.conv.weight"
    ]


def test_pictures_too_small_are_refused():
    with pytest.raises(NetworkError, match=f"at least {SMALLEST} pixels a side; these have 8"):
        build("airbench", (1, 8, 30), Output("vector", 2))


def test_the_first_answers_are_unsure():
    torch.manual_seed(0)
    network = build("airbench", (3, 32, 32), Output("vector", 10), size="tiny")
    chances = network(torch.randn(20, 3, 32, 32)).softmax(1)
    assert chances.max() < 0.2


def test_statistics_follow_within_a_few_batches():
    network = build("airbench", (3, 10, 10), Output("vector", 4), size="tiny")
    found = {module.momentum for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)}
    assert found == {0.4}


def test_it_answers_with_group_normalization_too():
    network = build("airbench", (3, 10, 10), Output("vector", 4), size="tiny", norm="group")
    assert network(torch.ones(1, 3, 10, 10)).isfinite().all()
