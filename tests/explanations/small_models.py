"""Small models and pictures, for everything that looks inside."""

import numpy as np
import torch
from torch import nn

from eyespot.images import ImageSpec
from eyespot.model import Model, wrap
from eyespot.sources._arrays import from_arrays
from eyespot.sources.source import Source
from eyespot.tasks._classify import Classify
from eyespot.tasks._regress import Regress
from eyespot.tasks._tag import Tag
from eyespot.tasks.denoise import Denoise
from tests.networks.small_networks import Careless, randomized

LABELS = ("ant", "bee", "<b>cat $x$</b>", "dog")


def spec(channels: int = 3, height: int = 15, width: int = 13) -> ImageSpec:
    return ImageSpec(height=height, width=width, channels=channels, mean=(0.4,) * channels, std=(0.25,) * channels)


def picture(channels: int = 3, height: int = 15, width: int = 13, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)


def careless(channels: int = 3) -> Model:
    """Functional, reused and in-place ReLUs, batch normalization and a shortcut."""
    torch.manual_seed(1)
    return wrap(Careless(channels), Classify(classes=LABELS), spec(channels))


def plain(classes: int = 4, pool: nn.Module | None = None) -> Model:
    """Modules only, each used once, in a chain."""
    torch.manual_seed(2)
    network = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1),
        randomized(nn.BatchNorm2d(6)),
        nn.ReLU(),
        pool or nn.MaxPool2d(2),
        nn.Conv2d(6, 5, 3),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(20, classes),
    )
    return wrap(network.eval(), Classify(classes=LABELS[:classes]), spec())


class ToPicture(nn.Module):
    """A picture from a picture, one channel or three."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, 4, 3, padding=1)
        self.last = nn.Conv2d(4, channels, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.last(torch.relu(self.first(x)))


def of_every_task() -> dict[str, tuple[Model, np.ndarray]]:
    """A model and a picture for each task: gray and color, even and odd sizes."""
    torch.manual_seed(3)
    return {
        "classify": (careless(), picture()),
        "tag": (wrap(Careless(1, 3), Tag(tags=("a", "b", "c")), spec(1, 12, 16)), picture(1, 12, 16)),
        "regress": (wrap(Careless(3, 1), Regress(), spec(3, 11, 20)), picture(3, 11, 20)),
        "denoise": (wrap(ToPicture(1), Denoise(), spec(1, 9, 12)), picture(1, 9, 12)),
    }


def source(count: int = 24, seed: int = 0) -> Source:
    """Random pictures with labels in turn."""
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 256, (count, 15, 13, 3), dtype=np.uint8)
    return from_arrays("arrays", "arrays", images, [{"label": LABELS[i % 4]} for i in range(count)])


class TwoHeads(nn.Module):
    """Answers with its first head; the second, for training alone, is computed after it."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv2d(3, 4, 3)
        self.answer, self.other = nn.Linear(4, 4), nn.Linear(4, 4)
        self.aside = nn.Conv2d(4, 4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = torch.relu(self.body(x))
        answer = self.answer(features.mean((2, 3)))
        self.other(torch.relu(self.aside(features)).mean((2, 3)))
        return answer


def two_heads() -> Model:
    """A network whose last layers do not belong to its answer."""
    torch.manual_seed(4)
    return wrap(TwoHeads(), Classify(classes=LABELS), spec())
