"""Tiny models with known or quickly learned answers, for the tests of attacks."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from eyespot.images import ImageSpec
from eyespot.model import Model, wrap
from eyespot.networks import Output, build
from eyespot.sources import open_source
from eyespot.sources.source import Source
from eyespot.tasks._classify import Classify
from eyespot.tasks._regress import Regress
from eyespot.tasks._tag import Tag

COLOR = ImageSpec(height=8, width=8, channels=3, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
GRAY = ImageSpec(height=6, width=6, channels=1)


def pictures(count: int, spec: ImageSpec = COLOR, seed: int = 0) -> Tensor:
    """Random images (N, C, H, W) on the grid of 256 values."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, *spec.shape), generator=generator) / 255


def random_model(seed: int = 0, classes: int = 3) -> Model:
    """A small convolutional network with random weights: its answers are arbitrary, and easily changed."""
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, classes))
    return wrap(network, Classify(classes=tuple("abcdefgh"[:classes])), COLOR)


def linear_model(weight: Tensor, bias: Tensor, spec: ImageSpec = GRAY) -> Model:
    """Outputs = weight (K, D) x pixels + bias (K,): every answer can be worked out by hand."""
    dense = nn.Linear(weight.shape[1], weight.shape[0])
    dense.load_state_dict({"weight": weight.float(), "bias": bias.float()})
    network = nn.Sequential(nn.Flatten(), dense)
    return wrap(network, Classify(classes=tuple("abcdefgh"[: len(bias)])), spec)


def one_weak_pixel(row: int, column: int) -> Model:
    """Says "b" exactly where the gray pixel at (row, column) is brighter than 200 of 255, else "a"."""
    weight = torch.zeros(2, 36)
    weight[1, row * 6 + column] = 10.0
    return linear_model(weight, torch.tensor([10.0 * 200.5 / 255, 0.0]))


def bright_or_dark() -> tuple[Model, Tensor, Tensor]:
    """A trained model that says which half is brighter, with images (40, 3, 8, 8) and labels (40,)."""
    torch.manual_seed(0)
    images = pictures(40) * 0.6
    labels = torch.arange(40) % 2
    for image, label in zip(images, labels, strict=True):
        half = image[:, :, :4] if label else image[:, :, 4:]
        half += 0.3
    network = build("conv 4@3x3 same, relu, avgpool 4, flatten, dense", COLOR.shape, Output("vector", 2))
    optimizer = torch.optim.Adam(network.parameters(), lr=0.02)
    for _ in range(60):
        optimizer.zero_grad()
        F.cross_entropy(network((images - 0.5) / 0.25), labels).backward()
        optimizer.step()
    images = (images * 255).round() / 255
    return wrap(network, Classify(classes=("right", "left")), COLOR), images, labels


def wheel() -> Model:
    """A number: 100 times the mean brightness of the left half, in degrees."""
    weight = torch.zeros(1, 36)
    weight[0].view(6, 6)[:, :3] = 1 / 18
    dense = nn.Linear(36, 1)
    dense.load_state_dict({"weight": weight, "bias": torch.zeros(1)})
    task = Regress(unit="degrees", spread=100.0, low=0.0, high=100.0)
    return wrap(nn.Sequential(nn.Flatten(), dense), task, GRAY)


def tagger() -> Model:
    """Two tags: "left" where the left half is brighter than a half on average, "right" likewise."""
    weight = torch.zeros(2, 36)
    weight[0].view(6, 6)[:, :3] = 1 / 18
    weight[1].view(6, 6)[:, 3:] = 1 / 18
    dense = nn.Linear(36, 2)
    dense.load_state_dict({"weight": weight * 20, "bias": torch.full((2,), -10.0)})
    return wrap(nn.Sequential(nn.Flatten(), dense), Tag(tags=("left", "right"), thresholds=(0.5, 0.5)), GRAY)


class SmoothPicture(nn.Module):
    """A picture to picture network: each pixel becomes the mean of its surroundings."""

    def forward(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(x, 3, stride=1, padding=1)


def source_of(images: Tensor, labels: list[str]) -> Source:
    """Images (N, 3, 8, 8) and their labels as a source, all of them also its test part."""
    pixels = (images * 255).round().byte().permute(0, 2, 3, 1).numpy()
    return open_source({"x": pixels, "y": np.array(labels)})
