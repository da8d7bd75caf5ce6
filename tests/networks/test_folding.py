"""Folded normalization: the same numbers, and no normalization layer left."""

import torch
from torch import nn

from eyespot.networks import NetworkSpec, build_from
from eyespot.networks.folding import FoldedCopy, fold_normalization
from eyespot.networks.network import Output


def test_a_folded_network_computes_the_same_and_the_original_is_unchanged():
    torch.manual_seed(0)
    network = build_from(NetworkSpec(name="efficientnet-lite0", input=(3, 32, 32), output=Output("vector", 3)))
    x = torch.randn(4, 3, 32, 32)
    network(x)  # the statistics move away from 0 and 1
    network.eval()
    folded = fold_normalization(network)
    assert torch.allclose(folded(x), network(x), rtol=1e-3, atol=1e-5)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
    assert any(isinstance(module, nn.BatchNorm2d) for module in network.modules())


def test_a_folded_copy_follows_the_weights_of_its_network():
    torch.manual_seed(0)
    network = build_from(NetworkSpec(name="residual", input=(1, 8, 8), output=Output("vector", 2), size="tiny")).eval()
    x, folded = torch.randn(1, 1, 8, 8), FoldedCopy(network)
    with torch.no_grad():
        assert torch.allclose(folded.current()(x), network(x), atol=1e-5)
        assert folded.current() is folded.current(), "made once"
        before = network(x)
        next(network.parameters()).mul_(2)
        assert not torch.allclose(before, network(x), atol=1e-3)
        assert torch.allclose(folded.current()(x), network(x), atol=1e-5)


def test_a_network_without_normalization_is_not_copied():
    network = build_from(NetworkSpec(name="lenet5", input=(1, 28, 28), output=Output("vector", 2)))
    assert FoldedCopy(network).current() is network
    own = nn.Sequential()
    own.add_module("conv", nn.Conv2d(1, 1, 1))
    own.add_module("norm", nn.BatchNorm2d(1))
    assert FoldedCopy(own).current() is own, "code of others is run as it is"
