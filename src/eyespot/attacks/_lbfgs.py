"""Batched L-BFGS with box constraints by projection, one problem per row.

Every row has its own history, step length and stopping; one call of the function evaluates all active rows, whether
they start a new step or shorten the last one.

Bertsekas, "Projected Newton methods for optimization problems with simple constraints" (1982): the quasi-Newton
direction is computed over the free values, and every trial point is clipped to the box.
Shapes: N problems, n active ones, D values each, M stored steps.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Function = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""Maps points (n, D) and the numbers of their problems (n,) to values (n,) and gradients (n, D)."""

SUFFICIENT = 1e-4
"""Required fraction of the predicted decrease (Armijo). So small that nearly every decrease is accepted:
Nocedal and Wright (2006, section 3.1) recommend this value for quasi-Newton directions, whose first step usually fits.
"""


@dataclass(frozen=True, kw_only=True)
class Minimum:
    """The results: points (N, D), values (N,), evaluations used (N,), and whether each row converged (N,)."""

    point: Tensor
    value: Tensor
    evaluations: Tensor
    converged: Tensor


def minimize(
    function: Function,
    start: Tensor,
    *,
    evaluations: int,
    lower: float = 0.0,
    upper: float = 1.0,
    memory: int = 8,
    tolerance: float = 1e-5,
) -> Minimum:
    """Minimize `function` from `start` (N, D), with every value between `lower` and `upper`, row by row.

    A row ends if its projected gradient is at most `tolerance` in every value, if it no longer decreases, or after
    the number of `evaluations`. Use float64, since differences between nearly equal values matter.

    >>> shifted = lambda point, which: (((point - 2) ** 2).sum(1), 2 * (point - 2))
    >>> minimize(shifted, torch.zeros(1, 3, dtype=torch.float64), evaluations=20).point
    tensor([[1., 1., 1.]], dtype=torch.float64)
    """
    state = _State(function, start.clamp(lower, upper), lower, upper, memory, tolerance)
    for _ in range(evaluations - 1):
        if not state.working.any():
            break
        state.advance(function)
    return Minimum(
        point=state.point, value=state.value, evaluations=state.evaluations, converged=~state.working & state.sound
    )


class _State:
    """The state of every row: point, direction, current step length, and history."""

    def __init__(
        self, function: Function, start: Tensor, lower: float, upper: float, memory: int, tolerance: float
    ) -> None:
        rows, values = start.shape
        self.lower, self.upper, self.tolerance = lower, upper, tolerance
        self.point = start
        self.value, self.gradient = function(start, torch.arange(rows))
        self.history = _History(rows, values, memory, start.dtype)
        self.direction = torch.zeros_like(start)
        self.step = torch.ones(rows, dtype=start.dtype)
        self.evaluations = torch.ones(rows, dtype=torch.long)
        self.sound = self.value.isfinite()
        self.working = self.sound.clone()
        self._turn(torch.arange(rows)[self.working])

    def advance(self, function: Function) -> None:
        """Evaluate one trial point of every active row; accept it or shorten the step."""
        rows = self.working.nonzero()[:, 0]
        trial = (self.point[rows] + self.step[rows, None] * self.direction[rows]).clamp(self.lower, self.upper)
        value, gradient = function(trial, rows)
        self.evaluations[rows] += 1
        moved = trial - self.point[rows]
        promised = (self.gradient[rows] * moved).sum(1)
        good = value <= self.value[rows] + SUFFICIENT * promised
        self._shorten(rows[~good], value[~good], promised[~good])
        self._keep(rows[good], trial[good], moved[good], value[good], gradient[good])

    def _shorten(self, rows: Tensor, value: Tensor, promised: Tensor) -> None:
        """Shorten the step to the minimum of the interpolating parabola: a tenth to a half of the step."""
        curve = 2 * (value - self.value[rows] - promised)
        share = torch.where(curve > 0, -promised / curve, torch.full_like(curve, 0.5)).nan_to_num(0.1)
        # Bounded, since the parabola is only an estimate: its minimum may be undefined, or hardly shorten the step.
        self.step[rows] *= share.clamp(0.1, 0.5)
        self.working[rows[self.step[rows] < 1e-10]] = False  # float64 no longer resolves the decrease

    def _keep(self, rows: Tensor, trial: Tensor, moved: Tensor, value: Tensor, gradient: Tensor) -> None:
        decrease = self.value[rows] - value
        still = decrease <= 1e-9 * torch.maximum(value.abs(), torch.full_like(value, 1e-3))
        self.history.remember(rows, moved, gradient - self.gradient[rows])
        self.point[rows], self.value[rows], self.gradient[rows] = trial, value, gradient
        self.working[rows[still]] = False
        self._turn(rows[~still])

    def _turn(self, rows: Tensor) -> None:
        """Choose the next direction of some rows, and end those whose projected gradient is zero."""
        point, gradient = self.point[rows], self.gradient[rows]
        # Values at a bound whose gradient points out of the box cannot move; left in, they would distort the direction.
        held = ((point <= self.lower) & (gradient > 0)) | ((point >= self.upper) & (gradient < 0))
        free = gradient.masked_fill(held, 0)
        rest = free.abs().amax(1) <= self.tolerance
        self.working[rows[rest]] = False
        direction = -self.history.newton(rows, free, ~held)
        falling = (direction * free).sum(1) < 0
        direction = torch.where(falling[:, None], direction, -free)
        # Without curvature the gradient has no natural length: try a step of at most length 1 (the box has side 1).
        unknown = (self.history.count[rows] == 0) | ~falling
        length = free.norm(dim=1).clamp_min(1e-12)
        self.step[rows] = torch.where(unknown, (1 / length).clamp(max=1), torch.ones_like(length))
        self.direction[rows] = direction


class _History:
    """The last M steps of every row and the changes of its gradient, which approximate the second derivatives."""

    def __init__(self, rows: int, values: int, memory: int, dtype: torch.dtype) -> None:
        self.memory = memory
        self.count = torch.zeros(rows, dtype=torch.long)
        self.moves = torch.zeros(memory, rows, values, dtype=dtype)
        self.changes = torch.zeros(memory, rows, values, dtype=dtype)

    def remember(self, rows: Tensor, moves: Tensor, changes: Tensor) -> None:
        """Add one step of some rows if the curvature along it is positive."""
        # Only positive curvature keeps the inverse Hessian positive definite, and so the direction downhill.
        curved = (moves * changes).sum(1) > 1e-10 * (changes * changes).sum(1)
        rows = rows[curved]
        slot = self.count[rows] % self.memory
        self.moves[slot, rows], self.changes[slot, rows] = moves[curved], changes[curved]
        self.count[rows] += 1

    def newton(self, rows: Tensor, gradient: Tensor, free: Tensor) -> Tensor:
        """The inverse Hessian times the gradient (n, D), over the values that are `free` (Nocedal 1980)."""
        result, kept = gradient, []
        longest = int(self.count[rows].max()) if len(rows) else 0
        for back in range(min(self.memory, longest)):
            slot = (self.count[rows] - 1 - back) % self.memory
            there = self.count[rows] > back
            move, change = self.moves[slot, rows] * free, self.changes[slot, rows] * free
            product = (move * change).sum(1)
            usable = there & (product > 1e-12)
            factor = torch.where(usable, 1 / product.where(usable, torch.ones_like(product)), torch.zeros_like(product))
            share = factor * (move * result).sum(1)
            result = result - share[:, None] * change
            kept.append((move, change, factor, share))
        if not kept:
            return result
        result = result * _curvature(*kept[0][:3])[:, None]
        for move, change, factor, share in reversed(kept):
            result = result + (share - factor * (change * result).sum(1))[:, None] * move
        return result * free


def _curvature(move: Tensor, change: Tensor, factor: Tensor) -> Tensor:
    """The inverse of the curvature along the latest step (n,); 1 if that step is not used."""
    known = factor > 0
    squared = (change * change).sum(1).where(known, torch.ones_like(factor))
    return torch.where(known, (move * change).sum(1) / squared, torch.ones_like(factor))
