"""Embeddings of the photos of a collection: the input of a pretrained network's last layer."""

from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ..images import ImageSpec
from ..networks.network import last_dense
from ..pretrained import DEFAULT_WEIGHTS, PREFIX, is_installed, load_pretrained
from ..samples import network_x, to_batch

CROP = ImageSpec(height=224, width=224, channels=3)
TOGETHER = 4
"""Batch size: larger batches exceed the cache of a core, and each photo takes up to twice the time."""


class Embedder:
    """EfficientNet-Lite0 if its package is installed; otherwise embeddings have no values."""

    def __init__(self) -> None:
        self.name = DEFAULT_WEIGHTS if is_installed(DEFAULT_WEIGHTS) else ""
        self.images = CROP
        if self.name:
            network, self.task, self.images = load_pretrained(PREFIX + self.name)
            _fuse(network.eval())
            self.network = network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
            self.dense: nn.Linear = last_dense(self.network)[1]

    @torch.no_grad()
    def embed(self, crops: np.ndarray) -> np.ndarray:
        """Embeddings (N, F) float32 for uint8 pixels (N, 224, 224, 3); F is 0 without a network."""
        if not self.name or not len(crops):
            return np.empty((len(crops), 0), np.float32)
        seen: list[Tensor] = []
        watch = self.dense.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        for start in range(0, len(crops), TOGETHER):
            x = network_x(to_batch(crops[start : start + TOGETHER]), self.task, self.images)
            self.network(x.contiguous(memory_format=torch.channels_last))
        watch.remove()
        return torch.cat(seen).numpy()

    @torch.no_grad()
    def probabilities(self, embeddings: np.ndarray) -> np.ndarray:
        """The probability (N, K) of each class of the network's task, from embeddings (N, F)."""
        return self.dense(torch.from_numpy(embeddings.astype(np.float32))).softmax(dim=1).numpy()


def _fuse(network: nn.Module) -> None:
    """Fold each batch normalization into the preceding convolution: the same results in half the time."""
    for module in network.modules():
        if isinstance(module, nn.Sequential):
            for (_, one), (name, two) in pairwise(list(module.named_children())):
                if isinstance(one, nn.Conv2d) and isinstance(two, nn.BatchNorm2d):
                    fused = fuse_conv_bn_eval(one, two)
                    one.weight, one.bias = fused.weight, fused.bias
                    module.add_module(name, nn.Identity())
        elif isinstance(module, nn.ReLU6):
            module.inplace = True
