"""Attack criteria: one number per image, the margin, which is negative exactly if the model is fooled.

Every attack minimizes the margin, whatever the task; `Task.attack_criterion` chooses it. Shapes: N images, n queries,
K classes or tags; `which` (n,) is the index of the image that each query belongs to.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, final

import torch
from torch import Tensor

from ..errors import AttackError

RIVALS = 9
"""Number of other classes that are tried as targets of a misclassification."""


class Criterion(ABC):
    """What an attack must achieve in the model's outputs, per image."""

    @abstractmethod
    def margin(self, output: Tensor, which: Tensor) -> Tensor:
        """Distance of each output (n, ...) from fooling the model: (n,), negative if it is fooled."""

    @abstractmethod
    def fitness(self, output: Tensor, which: Tensor) -> Tensor:
        """What a search without gradients minimizes: (n,), the probability of the attacked answer if there is one."""

    @abstractmethod
    def only(self, rows: Tensor) -> "Criterion":
        """Return the criterion for some of the images."""

    def ways(self, output: Tensor) -> list["Criterion"]:
        """Alternative criteria that each imply this one, for the outputs (N, ...) of the unchanged images."""
        return [self]

    def fooled(self, output: Tensor, which: Tensor) -> Tensor:
        """Whether each output (n, ...) fools the model: (n,) of bool."""
        return self.margin(output, which) < 0

    def moved(self, output: Tensor, which: Tensor) -> Tensor | None:
        """Change of each output in the unit of the answer: (n,); None if the answer is not a number."""
        return None


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Misclassification(Criterion):
    """Some class other than the correct one `labels` (N,) must win."""

    labels: Tensor

    def only(self, rows: Tensor) -> Criterion:
        return replace(self, labels=self.labels[rows])

    def margin(self, output: Tensor, which: Tensor) -> Tensor:
        return _lead(output, self.labels[which])

    def fitness(self, output: Tensor, which: Tensor) -> Tensor:
        return output.softmax(1).gather(1, self.labels[which, None])[:, 0]

    def ways(self, output: Tensor) -> list[Criterion]:
        """One criterion for each of the best other classes, the most probable first."""
        others = output.scatter(1, self.labels[:, None], -torch.inf)
        ranked = others.topk(min(RIVALS, output.shape[1] - 1), dim=1).indices
        return [TargetedMisclassification(targets=targets) for targets in ranked.unbind(1)]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class TargetedMisclassification(Criterion):
    """A given class for each image, `targets` (N,), must win."""

    targets: Tensor

    def only(self, rows: Tensor) -> Criterion:
        return replace(self, targets=self.targets[rows])

    def margin(self, output: Tensor, which: Tensor) -> Tensor:
        return -_lead(output, self.targets[which])

    def fitness(self, output: Tensor, which: Tensor) -> Tensor:
        return 1 - output.softmax(1).gather(1, self.targets[which, None])[:, 0]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class TagFlip(Criterion):
    """One of several binary decisions must cross its threshold (K,).

    `sides` (N, K) is 1 for "yes" on the unchanged image, -1 for "no", and 0 for decisions that do not count.
    `decisions` maps the outputs to (n, K) numbers, one for each decision.
    """

    sides: Tensor
    cuts: Tensor
    decisions: Callable[[Tensor], Tensor]

    def only(self, rows: Tensor) -> Criterion:
        return replace(self, sides=self.sides[rows])

    def margin(self, output: Tensor, which: Tensor) -> Tensor:
        sides = self.sides[which].to(output)
        away = (self.decisions(output) - self.cuts.to(output)) * sides
        return away.masked_fill(sides == 0, torch.inf).amin(1)

    def fitness(self, output: Tensor, which: Tensor) -> Tensor:
        return self.margin(output, which).sigmoid()

    def ways(self, output: Tensor) -> list[Criterion]:
        """One criterion for each of the tags nearest to their thresholds."""
        rows = torch.arange(len(output))
        away = (self.decisions(output) - self.cuts.to(output)) * self.sides
        away = away.masked_fill(self.sides == 0, torch.inf)
        ranked = away.topk(min(RIVALS, int((self.sides != 0).sum(1).min())), dim=1, largest=False).indices
        only = [torch.zeros_like(self.sides).index_put((rows, tag), self.sides[rows, tag]) for tag in ranked.unbind(1)]
        return [replace(self, sides=sides) for sides in only]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class ValueShift(Criterion):
    """The number `objective(output)` (n,) must move by `change` from `start` (N,).

    `direction` is 1 (increase), -1 (decrease) or 0 (either). With `farthest` it must move as far as possible: the
    margin then stays positive, and `fooled` still means that it moved by `change`.
    """

    objective: Callable[[Tensor], Tensor]
    start: Tensor
    change: float
    direction: int = 0
    farthest: bool = False

    def moved(self, output: Tensor, which: Tensor) -> Tensor:
        value = self.objective(output)
        difference = value - self.start[which].to(value)
        if self.direction:
            return difference * self.direction
        # Unlike abs, this has a gradient at 0, where every attack starts.
        return torch.where(difference >= 0, difference, -difference)

    def fooled(self, output: Tensor, which: Tensor) -> Tensor:
        return self.moved(output, which) >= self.change

    def only(self, rows: Tensor) -> Criterion:
        return replace(self, start=self.start[rows])

    def margin(self, output: Tensor, which: Tensor) -> Tensor:
        moved = self.moved(output, which)
        # asinh is monotonic and stays below 32 for every finite move.
        return 32 - moved.asinh() if self.farthest else self.change - moved

    def fitness(self, output: Tensor, which: Tensor) -> Tensor:
        return self.margin(output, which)

    def ways(self, output: Tensor) -> list[Criterion]:
        """Up and down."""
        return [self] if self.direction else [replace(self, direction=1), replace(self, direction=-1)]


def _lead(output: Tensor, of: Tensor) -> Tensor:
    """Output of class `of` (n,) minus the best of the others, (n, K) to (n,)."""
    own = output.gather(1, of[:, None])[:, 0]
    others = output.scatter(1, of[:, None], -torch.inf)
    return own - others.amax(1)


DIRECTIONS = {"up": 1, "down": -1}


@dataclass(frozen=True, kw_only=True)
class Aim:
    """The aim of an attack, as set by the user.

    `target` is the class that must win (classify), or "up" or "down" (a number); `of` is a value for
    `Task.parse_target` (a tag, a position); `change` is the required change of a number, in its unit.
    """

    target: str | int | None = None
    of: Any = None
    change: float | None = None

    def __post_init__(self) -> None:
        if self.change is not None and not self.change > 0:
            raise AttackError(f"change is {self.change}; expected a number above 0.")


@dataclass(frozen=True, kw_only=True, eq=False)
class AttackPlan:
    """The criterion for N images, and why some of them are not attacked: "" or a reason for each."""

    criterion: Criterion
    skipped: list[str] = field(default_factory=list)


def classes_plan(classes: Sequence[str], aim: Aim, place: int | None, output: Tensor, labels: Tensor) -> AttackPlan:
    """Misclassification of the labels (N,), or the class at index `place` as the target.

    Images that are already misclassified, or belong to the target class, are skipped.
    """
    if aim.of is not None or aim.change is not None:
        raise AttackError("A class is attacked as a whole: 'of' and 'change' have no effect; give a target or none.")
    skipped = [
        "" if answer == label else f"misread: it is {classes[label]}, read as {classes[answer]}"
        for answer, label in zip(output.argmax(1).tolist(), labels.tolist(), strict=True)
    ]
    if place is None:
        return AttackPlan(criterion=Misclassification(labels=labels), skipped=skipped)
    already = "is of the target class already"
    skipped = [why or (already if label == place else "") for why, label in zip(skipped, labels.tolist(), strict=True)]
    return AttackPlan(criterion=TargetedMisclassification(targets=torch.full_like(labels, place)), skipped=skipped)


def tags_plan(
    aim: Aim,
    place: int | None,
    decisions: Callable[[Tensor], Tensor],
    output: Tensor,
    cuts: Tensor,
    truths: Sequence[Any] | None,
) -> AttackPlan:
    """Some tag, or the tag at index `place`, must cross its threshold (K,); only correct and known tags count.

    `decisions` maps outputs (n, K) to the numbers that are compared with the thresholds.
    """
    if aim.target is not None or aim.change is not None:
        raise AttackError("tag has no target class: a tag is added or removed; name it with 'of', or none.")
    present = decisions(output) >= cuts
    sides = torch.where(present, 1.0, -1.0).to(output)
    if truths is not None:
        sides = sides * (torch.tensor(truths).to(output) == present.to(output))
    if place is not None:
        sides = sides * torch.nn.functional.one_hot(torch.tensor(place), len(cuts)).to(output)
    skipped = [
        "" if counts else "misread: no tag asked about is right and known" for counts in (sides != 0).any(1).tolist()
    ]
    return AttackPlan(criterion=TagFlip(sides=sides, cuts=cuts, decisions=decisions), skipped=skipped)


def number_plan(
    name: str, aim: Aim, objective: Callable[[Tensor], Tensor], output: Tensor, change: float, farthest: bool
) -> AttackPlan:
    """`objective(output)` must move by `aim.change`, else by `change` or, with `farthest`, as far as possible.

    Raise `AttackError` for a target other than "up" and "down"; `name` is the name of the task.
    """
    if aim.target is not None and aim.target not in DIRECTIONS:
        raise AttackError(f"The target of {name} is '{aim.target}'; expected up, down or none.")
    start = objective(output)
    criterion = ValueShift(
        objective=objective,
        start=start,
        change=aim.change or change,
        direction=DIRECTIONS.get(str(aim.target), 0),
        farthest=farthest and aim.change is None,
    )
    unusable = [not math.isfinite(value) for value in start.tolist()]
    return AttackPlan(
        criterion=criterion, skipped=["misread: its answer is not a number" if bad else "" for bad in unusable]
    )
