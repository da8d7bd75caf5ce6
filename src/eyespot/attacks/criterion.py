"""What counts as fooled: one number per image, the margin, which is below zero exactly where the model is fooled.

Every attack lowers this one number, whatever the task. Shapes: N images, n looks at them, K classes;
`which` (n,) names the image that each look belongs to.


From a task and what a person asks for to a goal: whom to fool into what.

Shapes: N images, K classes or tags.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, final

import torch
from torch import Tensor

from ..errors import AttackError
from ..tasks.classify import Classify
from ..tasks.regress import Regress
from ..tasks.tag import Tag
from ..tasks.task import Task

RIVALS = 9
"""How many other classes are looked at as ways to a wrong answer."""


class Criterion(ABC):
    """What an attack wants of the model's outputs, image by image."""

    @abstractmethod
    def margin(self, output: Tensor, which: Tensor) -> Tensor:
        """How far each output (n, ...) is from being a wrong answer: (n,), below zero where the model is fooled."""

    @abstractmethod
    def fitness(self, output: Tensor, which: Tensor) -> Tensor:
        """What a search without gradients makes small: (n,), the probability of what must vanish where there is one."""

    @abstractmethod
    def only(self, rows: Tensor) -> "Criterion":
        """The same goal for some of the images."""

    def ways(self, output: Tensor) -> list["Criterion"]:
        """The several ways in which this goal can be reached from the outputs (N, ...) of the untouched images."""
        return [self]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Misclassification(Criterion):
    """Some class other than the right one `labels` (N,) must win."""

    labels: Tensor

    def only(self, rows: Tensor) -> Criterion:
        return replace(self, labels=self.labels[rows])

    def margin(self, output: Tensor, which: Tensor) -> Tensor:
        return _lead(output, self.labels[which])

    def fitness(self, output: Tensor, which: Tensor) -> Tensor:
        return output.softmax(1).gather(1, self.labels[which, None])[:, 0]

    def ways(self, output: Tensor) -> list[Criterion]:
        """One for each of the best other classes, the likeliest first."""
        others = output.scatter(1, self.labels[:, None], -torch.inf)
        ranked = others.topk(min(RIVALS, output.shape[1] - 1), dim=1).indices
        return [TargetedMisclassification(targets=targets) for targets in ranked.unbind(1)]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class TargetedMisclassification(Criterion):
    """One named class for each image, `targets` (N,), must win."""

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
    """One of several yes-or-no outputs must cross its cut (K,): from yes to no, or from no to yes.

    `sides` (N, K) is 1 where the untouched image says yes, -1 where it says no, and 0 where a turn does not count.
    """

    sides: Tensor
    cuts: Tensor

    def only(self, rows: Tensor) -> Criterion:
        return replace(self, sides=self.sides[rows])

    def margin(self, output: Tensor, which: Tensor) -> Tensor:
        sides = self.sides[which].to(output)
        return ((output - self.cuts.to(output)) * sides).masked_fill(sides == 0, torch.inf).amin(1)

    def fitness(self, output: Tensor, which: Tensor) -> Tensor:
        return self.margin(output, which).sigmoid()

    def ways(self, output: Tensor) -> list[Criterion]:
        """One for each of the tags nearest to their cuts."""
        rows = torch.arange(len(output))
        away = ((output - self.cuts.to(output)) * self.sides).masked_fill(self.sides == 0, torch.inf)
        ranked = away.topk(min(RIVALS, int((self.sides != 0).sum(1).min())), dim=1, largest=False).indices
        only = [torch.zeros_like(self.sides).index_put((rows, tag), self.sides[rows, tag]) for tag in ranked.unbind(1)]
        return [replace(self, sides=sides) for sides in only]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class ValueShift(Criterion):
    """The number that the task is asked about, `task.objective(output, of)`, must move by `change` from `start` (N,).

    `direction` is 1 (it must rise), -1 (it must fall) or 0 (either will do). Without a `change` it must move as far as
    it can: no move is enough.
    """

    task: Task
    of: Any
    start: Tensor
    change: float | None = None
    direction: int = 0

    def moved(self, output: Tensor, which: Tensor) -> Tensor:
        """How far each output has moved the wanted way, in the unit of the objective: (n,)."""
        difference = self.task.objective(output, self.of) - self.start[which].to(output)
        if self.direction:
            return difference * self.direction
        # Unlike abs, this has a slope at 0, where every attack begins.
        return torch.where(difference >= 0, difference, -difference)

    def only(self, rows: Tensor) -> Criterion:
        return replace(self, start=self.start[rows])

    def margin(self, output: Tensor, which: Tensor) -> Tensor:
        moved = self.moved(output, which)
        # asinh keeps the order of moves small and large, and stays below 32 for any that a number can make.
        return 32 - moved.asinh() if self.change is None else self.change - moved

    def fitness(self, output: Tensor, which: Tensor) -> Tensor:
        return self.margin(output, which)

    def ways(self, output: Tensor) -> list[Criterion]:
        """Up and down."""
        return [self] if self.direction else [replace(self, direction=1), replace(self, direction=-1)]


def _lead(output: Tensor, of: Tensor) -> Tensor:
    """By how much the output of class `of` (n,) is above the best of the others, (n, K) to (n,)."""
    own = output.gather(1, of[:, None])[:, 0]
    others = output.scatter(1, of[:, None], -torch.inf)
    return own - others.amax(1)


DIRECTIONS = {"up": 1, "down": -1}
BRIGHTNESS = 0.1
"""By how much the answer of a picture-to-picture model must change, on a scale from 0 to 1."""


@dataclass(frozen=True, kw_only=True)
class Aim:
    """What an attack is for, in a person's words.

    `target` is the class that must win (classify), or "up" or "down" (a number); `of` is the tag (tag) or the place
    (denoise) that is asked about; `change` is how far a number must move, in its unit.
    """

    target: str | int | None = None
    of: Any = None
    change: float | None = None

    def __post_init__(self) -> None:
        if self.change is not None and not self.change > 0:
            raise AttackError(f"change is {self.change}; expected a number above 0.")


@dataclass(frozen=True, kw_only=True, eq=False)
class AttackPlan:
    """The goal for N images, and why some of them are not attacked: "" or a reason for each."""

    criterion: Criterion
    skipped: list[str] = field(default_factory=list)


def aim_at(task: Task, aim: Aim, output: Tensor, truths: Sequence[Any] | None, farthest: bool) -> AttackPlan:
    """Turn `aim` into a goal for images whose outputs (N, ...) are known, and whose right answers may be.

    Without `truths` the model's own answers are taken for right. With `farthest`, a number is moved as far as it goes
    unless `aim.change` says how far. Raises `AttackError` where the task cannot be attacked in that way.
    """
    if isinstance(task, Classify):
        return _classes(task, aim, output, truths)
    if isinstance(task, Tag):
        return _tags(task, aim, output, truths)
    return _number(task, aim, output, farthest)


def change_that_counts(task: Task, aim: Aim) -> float:
    """How far the objective of a task whose answer is a number must move for the model to count as fooled."""
    if aim.change is not None:
        return aim.change
    return task.spread if isinstance(task, Regress) else BRIGHTNESS


def _classes(task: Classify, aim: Aim, output: Tensor, truths: Sequence[Any] | None) -> AttackPlan:
    answers = output.argmax(1)
    labels = answers if truths is None else torch.as_tensor(truths)
    skipped = [
        "" if answer == label else f"misread: it is {task.classes[label]}, read as {task.classes[answer]}"
        for answer, label in zip(answers.tolist(), labels.tolist(), strict=True)
    ]
    if aim.of is not None or aim.change is not None:
        raise AttackError(
            "classify is attacked as a whole: 'of' and 'change' mean nothing; give a target class or none."
        )
    if aim.target is None:
        return AttackPlan(criterion=Misclassification(labels=labels), skipped=skipped)
    place = task.place(aim.target)
    if truths is None and len(output) == 1 and place == labels[0]:
        raise AttackError(f"The target '{task.classes[place]}' is what the model answers already; name another class.")
    already = "is of the target class already"
    skipped = [why or (already if label == place else "") for why, label in zip(skipped, labels.tolist(), strict=True)]
    return AttackPlan(criterion=TargetedMisclassification(targets=torch.full_like(labels, place)), skipped=skipped)


def _tags(task: Tag, aim: Aim, output: Tensor, truths: Sequence[Any] | None) -> AttackPlan:
    if aim.target is not None or aim.change is not None:
        raise AttackError(
            "tag has no target class: a tag is turned from yes to no or back; name it with 'of', or none."
        )
    thresholds = torch.tensor(task.thresholds or (0.5,) * len(task.tags), dtype=torch.float64)
    cuts = thresholds.clamp(1e-6, 1 - 1e-6).logit().to(output)
    said = output >= cuts
    sides = torch.where(said, 1.0, -1.0).to(output)
    if truths is not None:
        sides = sides * (torch.tensor(truths).to(output) == said.to(output))
    if aim.of is not None:
        task.objective(output[:1], aim.of)
        chosen = aim.of if isinstance(aim.of, int) else task.tags.index(aim.of)
        sides = sides * torch.nn.functional.one_hot(torch.tensor(chosen), len(task.tags)).to(output)
    skipped = [
        "" if counts else "misread: no tag asked about is right and known" for counts in (sides != 0).any(1).tolist()
    ]
    return AttackPlan(criterion=TagFlip(sides=sides, cuts=cuts), skipped=skipped)


def _number(task: Task, aim: Aim, output: Tensor, farthest: bool) -> AttackPlan:
    if aim.target is not None and aim.target not in DIRECTIONS:
        raise AttackError(f"The target of {task.name} is '{aim.target}'; expected up, down or none.")
    start = task.objective(output, aim.of)
    change = None if farthest and aim.change is None else change_that_counts(task, aim)
    criterion = ValueShift(
        task=task, of=aim.of, start=start, change=change, direction=DIRECTIONS.get(str(aim.target), 0)
    )
    unusable = [not math.isfinite(value) for value in start.tolist()]
    return AttackPlan(
        criterion=criterion, skipped=["misread: its answer is no number" if bad else "" for bad in unusable]
    )
