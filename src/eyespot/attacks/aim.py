"""From a task and what a person asks for to a goal: whom to fool into what.

Shapes: N images, K classes or tags.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ..errors import AttackError
from ..tasks.classify import Classify
from ..tasks.steer import Steer
from ..tasks.tag import Tag
from ..tasks.task import Task
from .goal import AnyOtherClass, AnyTagTurns, Goal, Moved, ThatClass

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
class Aimed:
    """The goal for N images, and why some of them are not attacked: "" or a reason for each."""

    goal: Goal
    skipped: list[str] = field(default_factory=list)


def aim_at(task: Task, aim: Aim, output: Tensor, truths: Sequence[Any] | None, farthest: bool) -> Aimed:
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
    """How far the focus of a task whose answer is a number must move for the model to count as fooled."""
    if aim.change is not None:
        return aim.change
    return task.spread if isinstance(task, Steer) else BRIGHTNESS


def _classes(task: Classify, aim: Aim, output: Tensor, truths: Sequence[Any] | None) -> Aimed:
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
        return Aimed(goal=AnyOtherClass(labels=labels), skipped=skipped)
    place = task.place(aim.target)
    if truths is None and len(output) == 1 and place == labels[0]:
        raise AttackError(f"The target '{task.classes[place]}' is what the model answers already; name another class.")
    already = "is of the target class already"
    skipped = [why or (already if label == place else "") for why, label in zip(skipped, labels.tolist(), strict=True)]
    return Aimed(goal=ThatClass(targets=torch.full_like(labels, place)), skipped=skipped)


def _tags(task: Tag, aim: Aim, output: Tensor, truths: Sequence[Any] | None) -> Aimed:
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
        task.focus(output[:1], aim.of)
        chosen = aim.of if isinstance(aim.of, int) else task.tags.index(aim.of)
        sides = sides * torch.nn.functional.one_hot(torch.tensor(chosen), len(task.tags)).to(output)
    skipped = [
        "" if counts else "misread: no tag asked about is right and known" for counts in (sides != 0).any(1).tolist()
    ]
    return Aimed(goal=AnyTagTurns(sides=sides, cuts=cuts), skipped=skipped)


def _number(task: Task, aim: Aim, output: Tensor, farthest: bool) -> Aimed:
    if aim.target is not None and aim.target not in DIRECTIONS:
        raise AttackError(f"The target of {task.name} is '{aim.target}'; expected up, down or none.")
    start = task.focus(output, aim.of)
    change = None if farthest and aim.change is None else change_that_counts(task, aim)
    goal = Moved(task=task, of=aim.of, start=start, change=change, direction=DIRECTIONS.get(str(aim.target), 0))
    unusable = [not math.isfinite(value) for value in start.tolist()]
    return Aimed(goal=goal, skipped=["misread: its answer is no number" if bad else "" for bad in unusable])
