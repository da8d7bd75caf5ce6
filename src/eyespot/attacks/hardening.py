"""Images that a network is shown in training so that it learns to withstand: the price is paid in clean accuracy.

Adversarial training in the manner of Wong, Rice and Kolter, "Fast is better than free" (2020): one signed step from a
random start inside the allowed change costs one gradient more per training step. Noise costs nothing and gives less.
Shapes: N images, C channels, H height, W width.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from ..errors import AttackError

HARDENINGS = ("adversarial", "noise")
STRIDE = 1.25
"""The step as a multiple of the allowed change; beyond 1.25 such training is known to fall into a trap."""


def harden(
    by: str,
    images: Tensor,
    losses: Callable[[Tensor], Tensor],
    size: float,
    generator: torch.Generator | None = None,
) -> Tensor:
    """The images (N, C, H, W) in [0, 1] that a step of training learns from instead: harder ones, detached.

    `losses` gives the loss of each image (N,); "adversarial" changes every value by at most `size` so that it grows,
    "noise" adds Gaussian noise of deviation `size`. Raises `AttackError` for another name or a size of 0 or less.
    """
    if by not in HARDENINGS:
        raise AttackError(f"Hardening by '{by}' is unknown; expected one of {', '.join(HARDENINGS)}.")
    if not 0 < size < 1:
        raise AttackError(f"The size of hardening is {size}; expected a share of full brightness between 0 and 1.")
    if by == "noise":
        drawn = torch.randn(images.shape, generator=generator, dtype=images.dtype).to(images.device)
        return (images + size * drawn).clamp(0, 1).detach()
    drawn = torch.rand(images.shape, generator=generator, dtype=images.dtype).to(images.device)
    start = (images + size * (2 * drawn - 1)).clamp(0, 1).detach().requires_grad_(True)
    with torch.enable_grad():
        slope = torch.autograd.grad(losses(start).sum(), start)[0]
    change = (start.detach() - images + STRIDE * size * slope.sign()).clamp(-size, size)
    return (images + change).clamp(0, 1).detach()
