"""What counts at each step: the recipe's values and, from the steps on where somebody changed them, theirs.

Changes are written into `changes.json` before the first step that they count for, so that a training that is killed
and goes on makes the same steps again, and ends with the same bits.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from ..errors import RecipeError, RunError
from ..files import write_whole
from .recipe import Recipe, one_cycle

CHANGES = "changes.json"
BOUNDS = {"rate": (0.0, 10.0), "momentum": (0.0, 0.999), "weight_decay": (0.0, 10.0)}


@dataclass(frozen=True, kw_only=True)
class ScheduleChange:
    """What was changed on the way, and the step from which it counts; None: stays as it was. `end`: no more steps."""

    step: int
    rate: float | None = None
    momentum: float | None = None
    weight_decay: float | None = None
    batch: int | None = None
    end: bool = False

    @property
    def values(self) -> dict[str, Any]:
        """What was changed, by name."""
        return {
            name: value
            for name, value in asdict(self).items()
            if name != "step" and value is not None and value is not False
        }


@dataclass(frozen=True, kw_only=True)
class Segment:
    """What counts from `step` on, before which `seen` images were learned from.

    `rate` is the highest of the cycle; a momentum of None is what each optimizer has by itself.
    """

    rate: float
    weight_decay: float
    batch: int
    average: float
    momentum: float | None = None
    step: int = 0
    seen: int = 0

    def seen_at(self, step: int) -> int:
        """How many images are behind before one step of this stretch."""
        return self.seen + (step - self.step) * self.batch


class Schedule:
    """The way of one training: a recipe, and what was changed since.

    Another batch changes neither the order of the images nor how many are seen in all: there are more steps or fewer,
    and the cycle of the learning rate goes by images.
    """

    def __init__(self, recipe: Recipe, changes: Sequence[ScheduleChange] = ()) -> None:
        self.recipe = recipe
        self.changes: list[ScheduleChange] = []
        self.segments = [
            Segment(
                rate=recipe.rate,
                weight_decay=recipe.weight_decay,
                batch=recipe.batch,
                average=recipe.average,
            )
        ]
        for change in changes:
            self.change(change)

    def change(self, change: ScheduleChange) -> None:
        """Let a change count from its step on, and forget later ones; raises `RecipeError` for a value that cannot be.

        There are later ones where a training was killed, and went on from before them.
        """
        check(change, self.recipe)
        self.changes = [one for one in self.changes if one.step <= change.step]
        self.segments = [one for one in self.segments if one.step <= change.step]
        last = self.segments[-1]
        batch = change.batch or last.batch
        values = {name: value for name, value in change.values.items() if name != "end"}
        if batch != last.batch:
            values["average"] = max(1.0, self.recipe.average * self.recipe.batch / batch)
        self.segments.append(replace(last, step=change.step, seen=last.seen_at(change.step), **values))
        self.changes.append(change)

    @property
    def steps(self) -> int:
        """How many steps there are in all, as far as is known now."""
        last = self.segments[-1]
        if any(change.end for change in self.changes):
            return last.step
        left = self.recipe.steps * self.recipe.batch - last.seen
        return last.step + math.ceil(left / last.batch)

    def at(self, step: int) -> Segment:
        """What counts at one step."""
        return next(segment for segment in reversed(self.segments) if segment.step <= step)

    def seen(self, step: int) -> int:
        """How many images are behind before one step."""
        return self.at(step).seen_at(step)

    def epoch(self, step: int) -> int:
        """How many whole epochs are behind before one step."""
        return self.seen(step) // self.recipe.count

    def rate_at(self, step: int) -> float:
        """The learning rate of one step: one cycle over all images."""
        recipe = self.recipe
        return one_cycle(self.at(step).rate, self.seen(step) / recipe.batch, recipe.steps, recipe.warmup)

    def changed_at(self, step: int) -> dict[str, Any]:
        """What counts from this step on for the first time."""
        return {name: value for change in self.changes if change.step == step for name, value in change.values.items()}


def check(change: ScheduleChange, recipe: Recipe) -> None:
    """Raise `RecipeError` for a value that no training can go on with."""
    for name, (low, high) in BOUNDS.items():
        value = getattr(change, name)
        if value is not None and not (math.isfinite(value) and low <= value <= high and (value or name != "rate")):
            more = "above 0 and at most" if name == "rate" else f"from {low:g} to"
            raise RecipeError(f"{name.replace('_', ' ')} is {value:g}; give a number {more} {high:g}.")
    fewest = min(2 * recipe.micro_batches, recipe.count)  # normalization needs two images of a piece
    if change.batch is not None and not fewest <= change.batch <= recipe.count:
        raise RecipeError(f"batch is {change.batch}; give a number from {fewest} to {recipe.count} training images.")


def read_changes(folder: Path) -> list[ScheduleChange]:
    """What was changed in a run so far; raises `RunError` where the file is damaged."""
    path = folder / CHANGES
    names = [field.name for field in fields(ScheduleChange)]
    try:
        return [
            ScheduleChange(**{name: line[name] for name in names if name in line})
            for line in json.loads(path.read_text())
        ]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError) as error:
        raise RunError(f"{path}: is damaged ({error}). Delete the run folder and start again.") from error


def write_changes(folder: Path, schedule: Schedule) -> None:
    """Write down what was changed so far."""
    lines = [{"step": change.step, **change.values} for change in schedule.changes]
    write_whole(folder / CHANGES, json.dumps(lines, indent=1).encode())
