"""Losses of adversarial networks, and differentiable augmentation.

Shapes: N images, C channels, H height, W width, K styles.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from .noise import uniform_noise

STRENGTH, SHIFT = 0.2, 0.125
"""Largest change of brightness and contrast, and the largest shift as a fraction of the image side."""


def uniform_ambiguity(styles: Tensor) -> Tensor:
    """Cross-entropy of style logits (N, K) with the uniform distribution: (N,), at least log K.

    >>> uniform_ambiguity(torch.zeros(1, 4)).exp().round().tolist()
    [4.0]
    """
    return -styles.log_softmax(1).mean(1)


def binary_ambiguity(styles: Tensor) -> Tensor:
    """Style ambiguity of Elgammal et al. 2017 for style logits (N, K): K binary cross-entropies with 1/K, (N,)."""
    chance = 1 / styles.shape[1]
    probabilities = styles.softmax(1)
    others = torch.log1p(-probabilities.clamp(max=1 - 1e-6))
    return -(chance * styles.log_softmax(1) + (1 - chance) * others).sum(1)


AMBIGUITIES: dict[str, Callable[[Tensor], Tensor]] = {"uniform": uniform_ambiguity, "binary": binary_ambiguity}


def style_entropy(probabilities: Tensor) -> Tensor:
    """Entropy of style probabilities (N, K) divided by its maximum, log K: (N,) from 0 to 1."""
    entropy = -torch.special.xlogy(probabilities, probabilities).sum(1)
    return entropy / torch.tensor(float(probabilities.shape[1])).log()


def gradient_penalty(judge: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """Squared length (N,) of the gradient of `judge` (N,) at real images (N, C, H, W): R1 (Mescheder et al. 2018)."""
    images = images.detach().requires_grad_()
    [slope] = torch.autograd.grad(judge(images).sum(), images, create_graph=True)
    return slope.square().sum((1, 2, 3))


def differentiable_augmentation(images: Tensor, keys: Tensor) -> Tensor:
    """Change the brightness and contrast of images (N, C, H, W), and shift them by up to an eighth of their side.

    The changes are drawn from `keys` (N,) and are differentiable. Real and generated images are both changed, so that
    the discriminator does not memorize a small dataset and no change leaks into generated images (Zhao et al. 2020).
    """
    drawn = uniform_noise(keys, (4,)).to(images) * 2 - 1
    brightness, contrast = (STRENGTH * drawn[:, place].view(-1, 1, 1, 1) for place in (0, 1))
    mean = images.mean((1, 2, 3), keepdim=True)
    return _shifted((images - mean) * (1 + contrast) + mean + brightness, drawn[:, 2:])


def _shifted(images: Tensor, by: Tensor) -> Tensor:
    """Shift images by whole pixels: `by` (N, 2) from -1 to 1, times the largest shift; border pixels are repeated."""
    height, width = images.shape[2:]
    rows, columns = (
        (torch.arange(side, device=images.device) + (by[:, axis, None] * SHIFT * side).round().long()).clamp(
            0, side - 1
        )
        for axis, side in ((0, height), (1, width))
    )
    sample = torch.arange(len(images), device=images.device).view(-1, 1, 1, 1)
    channel = torch.arange(images.shape[1], device=images.device).view(1, -1, 1, 1)
    return images[sample, channel, rows[:, None, :, None], columns[:, None, None, :]]


def real_loss(logits: Tensor) -> Tensor:
    """Cross-entropy (N,) with the target "real", from the logits (N,) of "real"."""
    return F.softplus(-logits)


def fake_loss(logits: Tensor) -> Tensor:
    """Cross-entropy (N,) with the target "generated", from the logits (N,) of "real"."""
    return F.softplus(logits)
