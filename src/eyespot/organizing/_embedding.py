"""The network that sees the photos of a collection: what it makes of each one before its last layer."""

import numpy as np
import torch
from torch import Tensor, nn

from ..images import ImageSpec
from ..networks.network import last_dense
from ..pretrained import DEFAULT_WEIGHTS, PREFIX, is_installed, load_pretrained
from ..samples import network_x, to_batch

CROP = ImageSpec(height=224, width=224, channels=3)


class Embedder:
    """EfficientNet-Lite0 where its package is installed, else nothing: then embeddings have no numbers."""

    def __init__(self) -> None:
        self.name = DEFAULT_WEIGHTS if is_installed(DEFAULT_WEIGHTS) else ""
        self.images = CROP
        if self.name:
            network, self.task, self.images = load_pretrained(PREFIX + self.name)
            self.network = network.eval().to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
            self.dense: nn.Linear = last_dense(self.network)[1]

    @torch.no_grad()
    def embed(self, crops: np.ndarray) -> np.ndarray:
        """Vectors (N, F) float32 of length 1 for uint8 pixels (N, 224, 224, 3); F is 0 without a network."""
        if not self.name or not len(crops):
            return np.empty((len(crops), 0), np.float32)
        seen: list[Tensor] = []
        watch = self.dense.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        x = network_x(to_batch(crops), self.task, self.images)
        self.network(x.contiguous(memory_format=torch.channels_last))
        watch.remove()
        return nn.functional.normalize(torch.cat(seen), dim=1).numpy()
