"""Networks and pictures for the page's tests: small, drawn from a seed, of every shape that the page must show."""

import numpy as np
import torch

from eyespot.images import ImageSpec
from eyespot.model import Model
from eyespot.networks import Output, build
from eyespot.serving.resources import ModelResource
from eyespot.sources.source import Row
from eyespot.tasks._classify import Classify
from eyespot.tasks._regress import Regress
from eyespot.tasks.denoise import Denoise

GRAY = "conv 4@5x5 stride 2, tanh, sumpool 2, flatten, dense 6, relu, dense"


def picture(seed: int, height: int, width: int, channels: int) -> np.ndarray:
    """Some discs on a slope of brightness, uint8 (H, W, C)."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width] / max(height, width)
    image = np.stack([60 + 120 * (x * random.random() + y * random.random()) for _ in range(channels)], 2)
    for _ in range(4):
        row, column, radius = random.uniform(0.1, 0.9, 3) * [1, 1, 0.3]
        image[(y - row) ** 2 + (x - column) ** 2 < radius**2] = random.uniform(0, 255, channels)
    return image.clip(0, 255).astype(np.uint8)


def shown(
    name: str, text: str, images: ImageSpec, labels: int, *, size: str = "tiny", norm: str = "batch"
) -> ModelResource:
    """A network with random weights and three pictures: of `labels` classes, a number for 1, a picture for 0."""
    torch.manual_seed(0)
    output = Output("vector", labels) if labels else Output("map", images.channels)
    network = build(text, input=images.shape, output=output, size=size, norm=norm).eval()
    tasks = {0: Denoise(), 1: Regress(unit="degrees", center=2.0, spread=10.0)}
    task = tasks.get(labels, Classify(classes=tuple(f"class {k}" for k in range(labels))))
    pictures = [picture(seed, images.height, images.width, images.channels) for seed in range(3)]
    return ModelResource(name=name, model=Model(network=network, task=task, images=images), rows=rows_of(pictures))


def rows_of(pictures: list[np.ndarray]) -> list[Row]:
    """Pictures of which nothing is said, called 0.png, 1.png and so on."""
    return [Row(picture=pixels, name=f"{i}.png", values={}, location="") for i, pixels in enumerate(pictures)]


def outputs_of(shown: ModelResource, image: int = 0) -> list[torch.Tensor]:
    """What PyTorch computes in every call for one of the pictures, without N."""
    row = shown.rows[image]
    return shown.outputs(shown.pixels(row.picture, row.name))
