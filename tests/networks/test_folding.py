"""Folded normalization: the same numbers, and no normalization layer left."""

import torch
from torch import nn

from eyespot.networks import NetworkSpec, build_from
from eyespot.networks.folding import fold_normalization
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
