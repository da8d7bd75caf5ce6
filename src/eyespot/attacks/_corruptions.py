"""Corruptions: blur, noise, JPEG, brightness, contrast, small rotations and shifts, occlusion, at five severities.

The kinds follow Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to Common Corruptions" (2019);
severities are in physical units. Shapes: N images, C channels, H height, W width.
"""

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import AttackError
from ..html import is_share
from ..images import Frame, ImageSpec, identity_frame, read_pixels
from ..model import Model
from ..samples import to_batch
from ..sources.warp import motion, warp
from ._quantization import rounded

GRAY = 0.5


@dataclass(frozen=True, kw_only=True)
class Corruption:
    """One corruption of images (N, C, H, W), with five severities in `unit`.

    `make(images, strength, generator)` returns images of the same shape, or N frames that move them, so that targets
    can be transformed; `kind` is the change that a task may disallow (see `Task.allows`).
    """

    make: Callable[[Tensor, float, torch.Generator], Tensor | Frame]
    strengths: tuple[float, ...]
    unit: str
    kind: str = ""


def blur(images: Tensor, strength: float, _generator: torch.Generator) -> Tensor:
    """Gaussian blur; `strength` is the standard deviation as a fraction of the shorter side."""
    from scipy.ndimage import gaussian_filter

    std = strength * min(images.shape[2:])
    return torch.from_numpy(gaussian_filter(images.numpy(), (0, 0, std, std), mode="nearest"))


def noise(images: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Gaussian noise with standard deviation `strength` in every value."""
    return images + strength * torch.randn(images.shape, generator=generator)


def jpeg(images: Tensor, strength: float, _generator: torch.Generator) -> Tensor:
    """JPEG compression with quality `strength`."""
    from matplotlib.image import imsave

    channels, height, width = images.shape[1:]
    spec = ImageSpec(height=height, width=width, channels=channels)
    kept = []
    for pixels in (images * 255).round().byte().permute(0, 2, 3, 1).expand(-1, -1, -1, 3).numpy():
        file = io.BytesIO()
        imsave(file, np.ascontiguousarray(pixels), format="jpg", pil_kwargs={"quality": int(strength)})
        kept.append(read_pixels(file.getvalue(), spec))
    return to_batch(np.stack(kept))


def brightness(images: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Change brightness by `strength`."""
    return images + strength * _signs(images, generator)


def contrast(images: Tensor, strength: float, _generator: torch.Generator) -> Tensor:
    """Multiply contrast by `strength`."""
    mean = images.mean((1, 2, 3), keepdim=True)
    return mean + (images - mean) * strength


def rotate(images: Tensor, strength: float, generator: torch.Generator) -> Frame:
    """Rotate by `strength` degrees, in either direction."""
    angles = strength * _signs(images, generator).flatten()
    return motion(_size(images), rotate=angles.numpy())


def shift(images: Tensor, strength: float, generator: torch.Generator) -> Frame:
    """Shift by `strength` of the side, in any direction."""
    angles = torch.rand(len(images), generator=generator) * 2 * math.pi
    steps = -strength * torch.stack([angles.sin(), angles.cos()], 1)
    return motion(_size(images), shift=steps.numpy() * _size(images))


def occlusion(images: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Cover a square of `strength` of the shorter side with gray, at a random position."""
    images = images.clone()
    height, width = images.shape[2:]
    side = max(1, round(strength * min(height, width)))
    tops = torch.randint(height - side + 1, (len(images),), generator=generator).tolist()
    lefts = torch.randint(width - side + 1, (len(images),), generator=generator).tolist()
    for image, top, left in zip(images, tops, lefts, strict=True):
        image[:, top : top + side, left : left + side] = GRAY
    return images


EVERYDAY = {
    "blur": Corruption(make=blur, strengths=(0.01, 0.02, 0.03, 0.045, 0.07), unit="of the short side"),
    "noise": Corruption(make=noise, strengths=(0.02, 0.05, 0.1, 0.15, 0.25), unit="of full brightness"),
    "jpeg": Corruption(make=jpeg, strengths=(80, 50, 30, 15, 7), unit="quality"),
    "brightness": Corruption(
        make=brightness, strengths=(0.05, 0.1, 0.2, 0.3, 0.45), unit="of full brightness", kind="color"
    ),
    "contrast": Corruption(make=contrast, strengths=(0.8, 0.6, 0.4, 0.25, 0.15), unit="times", kind="color"),
    "rotate": Corruption(make=rotate, strengths=(3, 6, 10, 15, 25), unit="degrees", kind="rotate"),
    "shift": Corruption(make=shift, strengths=(0.03, 0.06, 0.1, 0.15, 0.2), unit="of the side", kind="shift"),
    "occlusion": Corruption(
        make=occlusion, strengths=(0.1, 0.2, 0.3, 0.4, 0.5), unit="of the short side", kind="erase"
    ),
}


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The score under one corruption, at each severity, with 95 % intervals; the first is without corruption.

    `share` is whether the scores are fractions. `calibration` contains the expected calibration errors of a classifier,
    None for other tasks. `worst` is the strength with the worst score.
    """

    name: str
    unit: str
    metric: str
    share: bool
    strengths: list[float | None]
    scores: list[float]
    intervals: list[tuple[float, float]]
    calibration: list[float | None]
    worst: float | None
    count: int


def corruption_curves(
    model: Model, images: Tensor, targets: Sequence[Any], frames: Frame | None = None, seed: int = 0
) -> list[Curve]:
    """Evaluate images (N, C, H, W) under all corruptions that keep `targets` valid.

    `targets` are those of `Task.read`; `frames` (N) map original pixels to those of `images`, if they differ. Raises
    `AttackError` for a task whose answer is an image: the corruption would be part of the target.
    """
    if reason := model.task.unsupported.get("corruptions"):
        raise AttackError(f"Corruptions do not apply to {model.task.name}: {reason}.")
    frames = identity_frame(np.tile(_size(images), (len(images), 1))) if frames is None else frames
    clean = _score(model, images, targets, frames)
    return [
        _curve(model, name, change, images, targets, frames, seed, clean)
        for name, change in EVERYDAY.items()
        if not change.kind or model.task.allows(change.kind)
    ]


def changed(name: str, images: Tensor, strength: float, seed: int = 0) -> Tensor:
    """Apply one corruption to images (N, C, H, W), rounded to 256 values."""
    return _changed(name, images, strength, seed)[0]


def _changed(name: str, images: Tensor, strength: float, seed: int) -> tuple[Tensor, Frame | None]:
    """The corrupted images, and the frames that moved them, if any."""
    result = EVERYDAY[name].make(images, strength, torch.Generator().manual_seed(seed))
    if isinstance(result, Frame):
        return rounded(warp(images, result)), result
    return rounded(result), None


def _curve(
    model: Model,
    name: str,
    change: Corruption,
    images: Tensor,
    targets: Sequence[Any],
    frames: Frame,
    seed: int,
    clean: tuple[Any, ...],
) -> Curve:
    scored = [clean]
    for strength in change.strengths:
        moved, motions = _changed(name, images, strength, seed)
        scored.append(_score(model, moved, targets, frames if motions is None else frames.then(motions)))
    scores = [score for score, _, _ in scored]
    better = max if model.task.metric.better == "lower" else min
    worst = better(range(len(scores) - 1, 0, -1), key=scores.__getitem__)
    return Curve(
        name=name,
        unit=change.unit,
        metric=model.task.metric.name,
        share=is_share(scores, model.task.metric.unit, model.task.metric.better),
        strengths=[None, *change.strengths],
        scores=scores,
        intervals=[interval for _, interval, _ in scored],
        calibration=[error for _, _, error in scored],
        worst=change.strengths[worst - 1],
        count=len(images),
    )


def _score(
    model: Model, images: Tensor, targets: Sequence[Any], frames: Frame
) -> tuple[float, tuple[float, float], float | None]:
    """Score, interval and calibration error of the answers for some images."""
    with torch.no_grad():
        output = torch.cat([model.outputs(part) for part in images.split(256)])
    target = model.task.transform_target(model.task.stack(targets), frames)
    table = model.task.to_rows(output, target, frames)
    score, interval, details = model.task.evaluate(table)
    return score, interval, details.get("calibration_error")


def _signs(images: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randint(2, (len(images), 1, 1, 1), generator=generator) * 2.0 - 1


def _size(images: Tensor) -> tuple[int, int]:
    return images.shape[2], images.shape[3]
