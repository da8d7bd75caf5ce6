"""What counts as fooled: one number per image, the margin, which is below zero exactly where the model is fooled.

Every attack lowers this one number, whatever the task. Shapes: N images, n looks at them, K classes;
`which` (n,) names the image that each look belongs to.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any, final

import torch
from torch import Tensor

from ..tasks.task import Task

RIVALS = 9
"""How many other classes are looked at as ways to a wrong answer."""


class Goal(ABC):
    """What an attack wants of the model's outputs, image by image."""

    @abstractmethod
    def margin(self, output: Tensor, which: Tensor) -> Tensor:
        """How far each output (n, ...) is from being a wrong answer: (n,), below zero where the model is fooled."""

    @abstractmethod
    def fitness(self, output: Tensor, which: Tensor) -> Tensor:
        """What a search without gradients makes small: (n,), the probability of what must vanish where there is one."""

    @abstractmethod
    def only(self, rows: Tensor) -> "Goal":
        """The same goal for some of the images."""

    def ways(self, output: Tensor) -> list["Goal"]:
        """The several ways in which this goal can be reached from the outputs (N, ...) of the untouched images."""
        return [self]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class AnyOtherClass(Goal):
    """Some class other than the right one `labels` (N,) must win."""

    labels: Tensor

    def only(self, rows: Tensor) -> Goal:
        return replace(self, labels=self.labels[rows])

    def margin(self, output: Tensor, which: Tensor) -> Tensor:
        return _lead(output, self.labels[which])

    def fitness(self, output: Tensor, which: Tensor) -> Tensor:
        return output.softmax(1).gather(1, self.labels[which, None])[:, 0]

    def ways(self, output: Tensor) -> list[Goal]:
        """One for each of the best other classes, the likeliest first."""
        others = output.scatter(1, self.labels[:, None], -torch.inf)
        ranked = others.topk(min(RIVALS, output.shape[1] - 1), dim=1).indices
        return [ThatClass(targets=targets) for targets in ranked.unbind(1)]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class ThatClass(Goal):
    """One named class for each image, `targets` (N,), must win."""

    targets: Tensor

    def only(self, rows: Tensor) -> Goal:
        return replace(self, targets=self.targets[rows])

    def margin(self, output: Tensor, which: Tensor) -> Tensor:
        return -_lead(output, self.targets[which])

    def fitness(self, output: Tensor, which: Tensor) -> Tensor:
        return 1 - output.softmax(1).gather(1, self.targets[which, None])[:, 0]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class AnyTagTurns(Goal):
    """One of several yes-or-no outputs must cross its cut (K,): from yes to no, or from no to yes.

    `sides` (N, K) is 1 where the untouched image says yes, -1 where it says no, and 0 where a turn does not count.
    """

    sides: Tensor
    cuts: Tensor

    def only(self, rows: Tensor) -> Goal:
        return replace(self, sides=self.sides[rows])

    def margin(self, output: Tensor, which: Tensor) -> Tensor:
        sides = self.sides[which].to(output)
        return ((output - self.cuts.to(output)) * sides).masked_fill(sides == 0, torch.inf).amin(1)

    def fitness(self, output: Tensor, which: Tensor) -> Tensor:
        return self.margin(output, which).sigmoid()

    def ways(self, output: Tensor) -> list[Goal]:
        """One for each of the tags nearest to their cuts."""
        rows = torch.arange(len(output))
        away = ((output - self.cuts.to(output)) * self.sides).masked_fill(self.sides == 0, torch.inf)
        ranked = away.topk(min(RIVALS, int((self.sides != 0).sum(1).min())), dim=1, largest=False).indices
        only = [torch.zeros_like(self.sides).index_put((rows, tag), self.sides[rows, tag]) for tag in ranked.unbind(1)]
        return [replace(self, sides=sides) for sides in only]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Moved(Goal):
    """The one number that the task is asked about, `task.focus(output, of)`, must move by `change` from `start` (N,).

    `direction` is 1 (it must rise), -1 (it must fall) or 0 (either will do). Without a `change` it must move as far as
    it can: no move is enough.
    """

    task: Task
    of: Any
    start: Tensor
    change: float | None = None
    direction: int = 0

    def moved(self, output: Tensor, which: Tensor) -> Tensor:
        """How far each output has moved the wanted way, in the unit of the focus: (n,)."""
        difference = self.task.focus(output, self.of) - self.start[which].to(output)
        if self.direction:
            return difference * self.direction
        # Unlike abs, this has a slope at 0, where every attack begins.
        return torch.where(difference >= 0, difference, -difference)

    def only(self, rows: Tensor) -> Goal:
        return replace(self, start=self.start[rows])

    def margin(self, output: Tensor, which: Tensor) -> Tensor:
        moved = self.moved(output, which)
        # asinh keeps the order of moves small and large, and stays below 32 for any that a number can make.
        return 32 - moved.asinh() if self.change is None else self.change - moved

    def fitness(self, output: Tensor, which: Tensor) -> Tensor:
        return self.margin(output, which)

    def ways(self, output: Tensor) -> list[Goal]:
        """Up and down."""
        return [self] if self.direction else [replace(self, direction=1), replace(self, direction=-1)]


def _lead(output: Tensor, of: Tensor) -> Tensor:
    """By how much the output of class `of` (n,) is above the best of the others, (n, K) to (n,)."""
    own = output.gather(1, of[:, None])[:, 0]
    others = output.scatter(1, of[:, None], -torch.inf)
    return own - others.amax(1)
