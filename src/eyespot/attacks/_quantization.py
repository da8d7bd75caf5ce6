"""Quantization of fooled images to 8 bits per channel, as in files.

An image that fools a model as a tensor often fails to do so after it is saved. Here noise is rounded, evaluated again,
and increased if necessary. Shapes: N images, C channels, H height, W width.
"""

import numpy as np
import torch
from torch import Tensor

from ._victim import Victim

SURE = 1e-4
"""Required margin below zero: outputs of an image differ slightly between single and batched evaluation."""

SCALES = 16
LEAST, MOST = 0.5, 1.5


def rounded(pixels: Tensor) -> Tensor:
    """Pixels in [0, 1] rounded to 256 values."""
    return (pixels.clamp(0, 1) * 255).round() / 255


def to_bytes(pixels: Tensor) -> np.ndarray:
    """Convert pixels (C, H, W) in [0, 1] to the format of files: uint8 (H, W, C)."""
    return (pixels * 255).round().byte().permute(1, 2, 0).contiguous().numpy()


def rounded_inward(images: Tensor, pixels: Tensor) -> Tensor:
    """The nearest quantized values that are no farther from `images` than `pixels` are."""
    levels = ((pixels.clamp(0, 1) - images) * 255).double()
    return images + ((levels.abs() + 1e-3).floor() * levels.sign() / 255).to(images)


def smallest(victim: Victim, images: Tensor, fooled: Tensor) -> Tensor:
    """The smallest noise in the direction of `fooled` (N, C, H, W) that still fools the model after rounding.

    Tries the noise at 16 scales from 0.5 to 1.5, and 16 more below the first that fools. If none does (the noise may be
    too faint for 256 values), it tries 16 larger scales, up to 64; if none of these does either, the rounded `fooled`
    is returned.
    """
    rows = torch.arange(len(images))
    coarse = torch.linspace(LEAST, MOST, SCALES + 1, dtype=torch.float64)[1:].repeat(len(rows), 1)
    best, scale = _least_of(victim, images, fooled, rows, coarse, rounded(fooled))
    width = (MOST - LEAST) / SCALES
    found, lost = rows[scale.isfinite()], rows[scale.isinf()]
    fine = scale[found, None] - width + width / SCALES * torch.arange(1, SCALES)
    best[found], _ = _least_of(victim, images[found], fooled[found], found, fine, best[found])
    louder = MOST * 2 ** torch.linspace(0.1, 6, SCALES, dtype=torch.float64).repeat(len(lost), 1)
    best[lost], _ = _least_of(victim, images[lost], fooled[lost], lost, louder, best[lost])
    return best


def trimmed(victim: Victim, images: Tensor, fooled: Tensor, rounds: int) -> Tensor:
    """Reduce the noise of quantized fooled images (N, C, H, W): values return by one step of 256 if possible.

    In each round the margin is linearized; the values that shorten the noise most relative to their cost in margin
    return, as many as the margin allows. If the model is then no longer fooled, the round is reverted, and half as many
    are tried. A round takes one gradient and one query per image.
    """
    best, rows = fooled, torch.arange(len(images))
    share = torch.ones(len(images), 1, dtype=torch.float64)
    for _ in range(rounds):
        margin, slope = victim.slopes(best, rows)
        levels = ((best - images) * 255).round().flatten(1)
        cost = -(slope.flatten(1) * levels.sign() / 255).double()
        shorter = (2 * levels.abs() - 1).double()  # decrease of the squared length, in steps
        order = torch.where(levels == 0, torch.inf, cost / shorter).argsort(1)
        paid = cost.gather(1, order).cumsum(1) <= share * -(margin + SURE).double()[:, None]
        back = torch.zeros_like(levels).scatter(1, order, paid.to(levels)) * levels.sign()
        trial = rounded(best - back.view_as(best) / 255)
        fools = victim.margins(trial, rows) < -SURE
        best = torch.where(fools[:, None, None, None], trial, best)
        share = torch.where(fools[:, None], share, share / 2)
    return best


def _least_of(
    victim: Victim, images: Tensor, fooled: Tensor, which: Tensor, scales: Tensor, otherwise: Tensor
) -> tuple[Tensor, Tensor]:
    """The noise at the first of `scales` (n, S) that fools, or `otherwise`, and that scale (n,), or infinity."""
    if len(images) == 0:
        return otherwise, scales.new_zeros(0)
    noise = (fooled - images)[:, None] * scales.to(images)[..., None, None, None]
    trials = rounded(images[:, None] + noise)
    margins = victim.margins(trials.flatten(0, 1), which.repeat_interleave(scales.shape[1]))
    fools = (margins < -SURE).view(scales.shape)
    rows, first, found = torch.arange(len(images)), fools.int().argmax(1), fools.any(1)
    best = torch.where(found[:, None, None, None], trials[rows, first], otherwise)
    return best, scales[rows, first].masked_fill(~found, torch.inf)
