"""Write networks.json: what PyTorch computes inside small networks. Run with: python page/tests/make_networks.py"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from eyespot import wrap
from eyespot.images import ImageSpec
from eyespot.serving.manifest import make_manifest, record_answer
from eyespot.tasks.classify import Classify
from eyespot.tasks.denoise import Denoise


class Residual(nn.Module):
    """A block with a skip, batch normalization, and squeeze and excitation."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.second = nn.Conv2d(4, 4, 3, padding=1, groups=2, bias=False)
        self.gate = nn.Conv2d(4, 4, 1)
        self.head = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Gray images to three numbers."""
        x = F.relu(self.norm(self.first(x)))
        y = F.leaky_relu(self.second(x), 0.1)
        y = y * torch.sigmoid(self.gate(F.adaptive_avg_pool2d(y, 1)))
        return self.head(F.adaptive_avg_pool2d(x + y, 1).flatten(1))


class Hourglass(nn.Module):
    """Down and up again with a skip: pooling, group normalization, transposed convolution, concatenation."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.norm = nn.GroupNorm(2, 4)
        self.up = nn.ConvTranspose2d(4, 2, 2, stride=2)
        self.last = nn.Conv2d(7, 3, 3, padding=2, dilation=2)

    def forward(self, x: Tensor) -> Tensor:
        """Color images to color images."""
        y = F.silu(self.norm(self.down(x)))
        y = F.avg_pool2d(F.pad(y, (1, 0, 1, 0), value=0.5), 2, stride=1)
        smooth = F.interpolate(y, scale_factor=2, mode="bilinear")[:, 1:3]
        y = torch.cat([x, self.up(y), smooth], 1)
        y = F.pixel_shuffle(F.pixel_unshuffle(self.last(y), 2), 2)
        return 1 - y / 2


def tiny_vgg() -> nn.Module:
    """Convolutions, ReLU, max pooling, flatten and dense on an oblong color image."""
    return nn.Sequential(
        nn.Conv2d(3, 3, 3), nn.ReLU(), nn.Conv2d(3, 2, 3, padding="same"), nn.Tanh(), nn.MaxPool2d(2),
        nn.Dropout(0.5), nn.Flatten(), nn.Linear(2 * 3 * 2, 4),
    )  # fmt: skip


NETWORKS = {
    "tiny vgg": (
        tiny_vgg,
        ImageSpec(height=8, width=7, channels=3, mean=(0.5, 0.4, 0.3), std=(0.2, 0.25, 0.3)),
        True,
    ),
    "residual": (Residual, ImageSpec(height=5, width=6, channels=1), True),
    "hourglass": (Hourglass, ImageSpec(height=6, width=4, channels=3), False),
}


@torch.no_grad()
def main() -> None:
    """Draw weights and one image for each network, and write every number inside."""
    torch.manual_seed(0)
    cases = {}
    for name, (make, images, probabilities) in NETWORKS.items():
        network = make().eval()
        for part in network.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.running_mean.normal_()
                part.running_var.uniform_(0.5, 2)
        outputs = network(torch.zeros(1, *images.shape)).shape[1]
        task = Classify(classes=tuple(f"class {i}" for i in range(outputs))) if probabilities else Denoise()
        model = wrap(network, task, images)
        manifest, parts = make_manifest(model, images, name)
        pixels = torch.randint(0, 256, images.shape, dtype=torch.uint8)
        mean, std = (torch.tensor(part).view(-1, 1, 1) for part in (images.mean, images.std))
        calls = record_answer(model, ((pixels.float() / 255 - mean) / std)[None])
        cases[name] = {
            "manifest": manifest,
            "weights": [round(float(value), 8) for value in np.concatenate(parts)],
            "pixels": pixels.flatten().tolist(),
            "outputs": [[round(value, 7) for value in call.output.flatten().tolist()] for call in calls],
        }
    Path(__file__).with_name("networks.json").write_text(json.dumps(cases) + "\n")


if __name__ == "__main__":
    main()
