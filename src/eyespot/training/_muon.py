"""Muon, the optimizer for filters: every step has about the same size in all directions of a filter bank.

Shapes: R rows (filters), C columns (inputs of one filter).
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Coefficients of the polynomial that brings all singular values near 1 in five iterations (Jordan et al. 2024)."""
ROUNDS = 5
LENGTH = 0.6
"""The root mean square of the change of a weight per step, relative to the learning rate."""


LARGE = 128
"""Matrices of at least this size are orthogonalized in the precision of the training; below, it saves no time."""


class Muon(torch.optim.Optimizer):
    """Momentum with orthogonalized steps, whose singular values are near 1 (Jordan et al. 2024).

    For weights with two dimensions or more, which are taken as matrices (R, C): u = orthogonal(g + beta m), then
    w = w - rate (0.6 sqrt(max(R, C)) u + decay w). With factor 0.2, a step would be as long as with AdamW (Liu et
    al. 2025, https://arxiv.org/abs/2502.16982); 0.6 trains small networks faster. `dtype` is the precision of the
    products of large matrices: bfloat16 is sufficient, and five times as fast on CPUs that support it.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        self.dtype = dtype

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Update every weight that has a gradient."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._change(weight, weight.grad, group)

    def _change(self, weight: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        mean = self.state[weight].setdefault("momentum", torch.zeros_like(weight))
        mean.mul_(group["momentum"]).add_(gradient)
        turned = (gradient + group["momentum"] * mean).flatten(1)
        step = orthogonal(turned.to(self.dtype) if min(turned.shape) >= LARGE else turned).to(weight.dtype)
        self._move(weight, step, group)

    def _move(self, weight: Tensor, step: Tensor, group: dict[str, Any]) -> None:
        weight.mul_(1 - group["lr"] * group["weight_decay"])
        weight.add_(step.view(weight.shape), alpha=-group["lr"] * LENGTH * max(step.shape) ** 0.5)


class SphereMuon(Muon):
    """Muon for matrices of fixed norm, so that the learning rate is the relative change per step.

    w = sqrt(R) w / |w| - rate u, where |u| is about sqrt(min(R, C)): for networks whose normalization makes the norm
    of a filter irrelevant (Jordan 2024, https://github.com/KellerJordan/cifar10-airbench). No weight decay.
    """

    def _move(self, weight: Tensor, step: Tensor, group: dict[str, Any]) -> None:
        weight.mul_(len(weight) ** 0.5 / weight.norm().clamp_min(1e-7))
        weight.add_(step.view(weight.shape), alpha=-group["lr"])


def orthogonal(matrix: Tensor) -> Tensor:
    """A matrix (R, C) with the same singular vectors whose singular values are all between 0.7 and 1.2.

    Five rounds of X = a X + (b A + c A^2) X with A = X X^T: Newton-Schulz without a decomposition.

    >>> orthogonal(torch.diag(torch.tensor([3.0, 0.5]))).diagonal().round(decimals=1)
    tensor([0.7000, 1.0000])
    """
    a, b, c = COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(ROUNDS):
        square = x @ x.T
        x = torch.addmm(x, torch.addmm(square, square, square, beta=b, alpha=c), x, beta=a)
    return x.T if tall else x
