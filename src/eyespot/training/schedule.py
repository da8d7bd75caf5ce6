"""The hyperparameters of each step: those of the recipe, and changes made during training.

Changes are written to `changes.json` before their first step, so that a training that is killed
and resumed repeats the same steps and ends with the same bits.
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
    """A change during training with its first step; None: unchanged. `end`: no more steps."""

    step: int
    rate: float | None = None
    momentum: float | None = None
    weight_decay: float | None = None
    batch: int | None = None
    end: bool = False

    @property
    def values(self) -> dict[str, Any]:
        """The changed values by name."""
        return {
            name: value
            for name, value in asdict(self).items()
            if name != "step" and value is not None and value is not False
        }


@dataclass(frozen=True, kw_only=True)
class Segment:
    """The values from `step` on; `seen` images were used before it.

    `rate` is the maximum of the cycle; a momentum of None is the default of each optimizer.
    """

    rate: float
    weight_decay: float
    batch: int
    average: float
    momentum: float | None = None
    step: int = 0
    seen: int = 0

    def seen_at(self, step: int) -> int:
        """The number of images before one step of this segment."""
        return self.seen + (step - self.step) * self.batch


class Schedule:
    """The schedule of one training: a recipe and the changes since.

    Another batch size changes neither the order nor the total number of images: the number of steps changes,
    and the cycle of the learning rate follows the number of images.
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
        """Apply a change from its step on, and drop later ones; raises `RecipeError` for an invalid value.

        There are later ones if a training was killed and resumed from before them.
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
        """The total number of steps according to the current values."""
        last = self.segments[-1]
        if any(change.end for change in self.changes):
            return last.step
        left = self.recipe.steps * self.recipe.batch - last.seen
        return last.step + math.ceil(left / last.batch)

    def at(self, step: int) -> Segment:
        """The values at one step."""
        return next(segment for segment in reversed(self.segments) if segment.step <= step)

    def seen(self, step: int) -> int:
        """The number of images before one step."""
        return self.at(step).seen_at(step)

    def epoch(self, step: int) -> int:
        """The number of complete epochs before one step."""
        return self.seen(step) // self.recipe.count

    def progress(self, step: int) -> float:
        """The share of the planned images that were seen before one step, whether or not the training ends early."""
        return self.seen(step) / (self.recipe.steps * self.recipe.batch)

    def rate_at(self, step: int) -> float:
        """The learning rate of one step: one cycle over all images."""
        recipe = self.recipe
        return one_cycle(self.at(step).rate, self.seen(step) / recipe.batch, recipe.steps, recipe.warmup)

    def changed_at(self, step: int) -> dict[str, Any]:
        """The changes whose first step is this one."""
        return {name: value for change in self.changes if change.step == step for name, value in change.values.items()}


def check(change: ScheduleChange, recipe: Recipe) -> None:
    """Raise `RecipeError` for an invalid value."""
    for name, (low, high) in BOUNDS.items():
        value = getattr(change, name)
        if value is not None and not (math.isfinite(value) and low <= value <= high and (value or name != "rate")):
            more = "above 0 and at most" if name == "rate" else f"from {low:g} to"
            raise RecipeError(f"{name.replace('_', ' ')} is {value:g}; give a number {more} {high:g}.")
    fewest = min(2 * recipe.micro_batches, recipe.count)  # normalization needs two images per micro-batch
    if change.batch is not None and not fewest <= change.batch <= recipe.count:
        raise RecipeError(f"batch is {change.batch}; give a number from {fewest} to {recipe.count} training images.")


def read_changes(folder: Path) -> list[ScheduleChange]:
    """The changes of a run so far; raises `RunError` if the file is damaged."""
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
    """Write the changes so far."""
    lines = [{"step": change.step, **change.values} for change in schedule.changes]
    write_whole(folder / CHANGES, json.dumps(lines, indent=1).encode())
