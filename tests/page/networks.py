"""Networks and pictures for the page's tests: small, drawn from a seed, of every shape that the page must show."""

import numpy as np
import torch

from eyespot.images import ImageSpec
from eyespot.networks import Output, build

from .served import Shown


def picture(seed: int, height: int, width: int, channels: int) -> np.ndarray:
    """Some discs on a slope of brightness, uint8 (H, W, C)."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width] / max(height, width)
    image = np.stack([60 + 120 * (x * random.random() + y * random.random()) for _ in range(channels)], 2)
    for _ in range(4):
        row, column, radius = random.uniform(0.1, 0.9, 3) * [1, 1, 0.3]
        image[(y - row) ** 2 + (x - column) ** 2 < radius**2] = random.uniform(0, 255, channels)
    return image.clip(0, 255).astype(np.uint8)


def shown(name: str, text: str, images: ImageSpec, labels: int, *, size: str = "tiny", norm: str = "batch") -> Shown:
    """A network by name or text, with random weights and three pictures."""
    torch.manual_seed(0)
    output = Output("vector", labels) if labels else Output("picture", images.channels)
    network = build(text, input=images.shape, output=output, size=size, norm=norm).eval()
    pictures = [picture(seed, images.height, images.width, images.channels) for seed in range(3)]
    return Shown(
        name=name, network=network, images=images, labels=[f"class {k}" for k in range(labels)], pictures=pictures
    )
