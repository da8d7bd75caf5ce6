"""Whether an exported file gives the same answers as the model, before the file is kept."""

from dataclasses import dataclass

import numpy as np
import torch

from ..errors import ModelError
from ..model import Model
from ._network import ANSWER, by_name
from ._session import Session

TOLERANCE = 1e-4
"""The largest difference of an answer: absolute, and relative for answers larger than 1."""
SIZES, EACH = 16, 4
"""So many sizes are tried, and so many images of each in one batch: 64 images."""


@dataclass(frozen=True, kw_only=True)
class Parity:
    """How many images were compared, of how many sizes, and the largest difference of their answers."""

    images: int
    sizes: int
    largest_difference: float


@torch.no_grad()
def check_parity(model: Model, session: Session, tolerance: float = TOLERANCE) -> Parity:
    """Compare eyespot with onnxruntime on 64 images; raises `ModelError` above `tolerance`.

    A file that contains the preprocessing is given images of 16 sizes.
    """
    module, largest = model.module(), 0.0
    tensor = session.about["input"] == "tensor"
    for height, width in image_sizes(model, SIZES):
        images = random_images(EACH, (height, width, model.images.channels), seed=height * 10_000 + width)
        pixels = torch.cat([model.read(image) for image in images])
        expected = by_name(ANSWER, module(pixels))
        found = _run(session, pixels.numpy() if tensor else images, (height, width))
        for name, values in expected.items():
            difference = largest_difference(found[name], values.numpy())
            if not difference <= tolerance:
                raise ModelError(
                    f"The exported file answers differently: '{name}' differs by {difference:.2g} for images of "
                    f"{height} x {width} pixels; at most {tolerance:g} is accepted. Nothing was written."
                )
            largest = max(largest, difference)
    return Parity(images=SIZES * EACH, sizes=SIZES, largest_difference=largest)


def _run(session: Session, images: np.ndarray, size: tuple[int, int]) -> dict[str, np.ndarray]:
    try:
        return session.run(images)
    except Exception as error:  # onnxruntime has a class of its own for every kind of failure
        reason = str(error).splitlines()[0]
        raise ModelError(
            f"The exported file fails for images of {size[0]} x {size[1]} pixels ({reason}). Nothing was written."
        ) from error


def largest_difference(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference of two arrays, divided by the largest expected value if that is above 1.

    >>> largest_difference(np.array([0.5, 0.25]), np.array([0.5, 0.5]))
    0.25
    """
    if found.shape != expected.shape or (np.isnan(found) != np.isnan(expected)).any():
        return np.inf
    if not np.isfinite(expected).any():
        return 0.0
    scale = max(1.0, float(np.nanmax(np.abs(expected))))
    return float(np.nanmax(np.abs(found.astype(float) - expected))) / scale


def image_sizes(model: Model, count: int) -> list[tuple[int, int]]:
    """Heights and widths from a third to three times the model's own, and once seven times, where blocks are averaged.

    Models for images of any size are given their own size and up to one and a half times as much.
    """
    spec, generator = model.images, np.random.default_rng(0)
    least, most = (1.0, 1.5) if spec.fit == "native" else (1 / 3, 3.0)
    factors = np.exp(generator.uniform(np.log(least), np.log(most), (count, 2)))
    if spec.fit != "native":
        factors[-1] = min(7.0, 2048 / max(spec.height, spec.width))
    sides = np.maximum(1, np.rint(factors * [spec.height, spec.width])).astype(int)
    sides[0] = spec.height, spec.width
    return [(int(height), int(width)) for height, width in sides]


def random_images(count: int, shape: tuple[int, int, int], seed: int) -> np.ndarray:
    """uint8 (count, H, W, C): large patches of color, and noise on them."""
    height, width, channels = shape
    generator = np.random.default_rng(seed)
    patches = generator.integers(0, 256, (count, 4, 4, channels))
    rows, columns = np.arange(height) * 4 // height, np.arange(width) * 4 // width
    noise = generator.integers(-40, 41, (count, height, width, channels))
    return np.clip(patches[:, rows][:, :, columns] + noise, 0, 255).astype(np.uint8)
