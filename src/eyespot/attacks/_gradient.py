"""Gradient attacks of a fixed size: one step (FGSM) or many (PGD).

Goodfellow et al., "Explaining and Harnessing Adversarial Examples" (2014); Madry et al., "Towards Deep Learning
Models Resistant to Adversarial Attacks" (2017). The gradient is that of the margin, and every iterate is rounded to
256 values before it is evaluated, so that the saved file is what was tested.
Shapes: N images, C channels, H height, W width.
"""

import torch
from torch import Tensor

from ._quantization import SURE, rounded, rounded_inward
from ._settings import Attempt, Settings
from ._victim import Victim


def fgsm(victim: Victim, images: Tensor, settings: Settings) -> Attempt:
    """Fast gradient sign method: one step of `size` in every pixel; very fast, weak.

    x' = x - size * sign(d margin / dx)
    """
    _, slope = victim.slopes(images, torch.arange(len(images)))
    return Attempt(pixels=rounded_inward(images, images - settings.size * slope.sign().to(images)))


def pgd(victim: Victim, images: Tensor, settings: Settings) -> Attempt:
    """Projected gradient descent, L-inf: many small steps, each value changed by at most `size`.

    x <- clip(x - 2.5 size / steps * sign(d margin / dx)), from a random start within `size`
    """
    generator = torch.Generator().manual_seed(settings.seed)
    start = torch.rand(images.shape, generator=generator) * 2 - 1
    step = max(2.5 * settings.size / settings.steps, 1 / 255)

    def project(noise: Tensor) -> Tensor:
        return noise.clamp(-settings.size, settings.size)

    return _descend(victim, images, settings, start * settings.size, lambda slope: step * slope.sign(), project)


def pgd_l2(victim: Victim, images: Tensor, settings: Settings) -> Attempt:
    """Projected gradient descent, L2: many small steps, L2 norm of the change at most `size`."""
    generator = torch.Generator().manual_seed(settings.seed)
    start = torch.randn(images.shape, generator=generator)
    step = 2.5 * settings.size / settings.steps

    def project(noise: Tensor) -> Tensor:
        return noise * (settings.size / _length(noise)).clamp(max=1)

    return _descend(victim, images, settings, project(start), lambda slope: step * slope / _length(slope), project)


def _descend(victim: Victim, images: Tensor, settings: Settings, noise: Tensor, stride, project) -> Attempt:
    """Step along the gradient until the rounded image fools the model; keep the best attempt per image."""
    best, lowest = images.clone(), torch.full((len(images),), torch.inf)
    for _ in range(settings.steps):
        rows = (lowest >= -SURE).nonzero()[:, 0]
        if len(rows) == 0:
            break
        tried = _on_grid(images[rows], (images[rows] + noise[rows]).clamp(0, 1), settings.size)
        margin, slope = victim.slopes(tried, rows)
        better = margin < lowest[rows]
        best[rows[better]], lowest[rows[better]] = tried[better], margin[better].to(lowest)
        moved = project(noise[rows] - stride(slope.to(images)))
        noise[rows] = (images[rows] + moved).clamp(0, 1) - images[rows]
    return Attempt(pixels=best)


def _on_grid(images: Tensor, pixels: Tensor, size: float) -> Tensor:
    """Round to the nearest value, or toward `images` if the nearest would be a longer change than `size`."""
    near, inward = rounded(pixels), rounded_inward(images, pixels)
    limit = torch.maximum(_length(pixels - images), _length(inward - images))
    return torch.where(_length(near - images) <= limit + 1e-6, near, inward)


def _length(values: Tensor) -> Tensor:
    """Euclidean norm of each image's values: (N, 1, 1, 1)."""
    return values.flatten(1).norm(dim=1).clamp_min(1e-12)[:, None, None, None]
