"""The first result of fine-tuning: the validation score of the probe, and whether to continue."""

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from ..tasks.task import Metric
from ._loop import validate
from .schedule import ScheduleChange, write_changes
from .state import State, Training

PASSES = 3.0
"""A training step takes about as long as three forward passes: one forward, two backward."""


def report_probe(training: Training, state: State, show: Callable[[dict[str, Any]], None]) -> None:
    """Report the score of the probe that fine-tuning starts from, and the duration of fine-tuning.

    If the start was chosen automatically and the validation images cannot show a gain, training ends here. The
    decision is a schedule change at step 0, so that a resumed run makes the same one.
    """
    if training.recipe.start["how"] != "finetune" or state.step or not len(training.validation):
        return
    began = time.monotonic()
    found = validate(training, state)
    seconds = (time.monotonic() - began) / len(training.validation) * PASSES * training.recipe.batch
    metric = training.task.metric
    name = next(iter(found))
    show({"note": f"probe: validation {_score(metric, found[name], found[f'{name} error'])}"})
    if training.recipe.options.get("start") in (None, "auto") and not has_headroom(metric, found, name):
        state.schedule.change(ScheduleChange(step=0, end=True))
        if training.world.leads:
            write_changes(training.checkpoint.parent, state.schedule)
        show({"note": "fine-tuning skipped: the validation images are too few to show a gain over the probe"})
        return
    steps = state.schedule.steps
    show({"note": f"fine-tuning: {steps} steps, about {_duration(steps * seconds)}; start probe stops at the probe"})


def has_headroom(metric: Metric, found: Mapping[str, float], name: str) -> bool:
    """Whether a perfect network would score better by more than one standard error on these validation images.

    >>> accuracy = Metric(name="accuracy", better="higher")
    >>> has_headroom(accuracy, {"accuracy": 0.9, "accuracy error": 0.03}, "accuracy")
    True
    >>> has_headroom(accuracy, {"accuracy": 0.99, "accuracy error": 0.01}, "accuracy")
    False
    """
    score, error = found[name], found[f"{name} error"]
    if not math.isfinite(score):
        return True  # without a score, training continues
    best = 0.0 if metric.better == "lower" else 1.0
    return abs(best - score) > 1.001 * error  # one wrong image in N is exactly one standard error away


def _score(metric: Metric, score: float, error: float) -> str:
    unit = f" {metric.unit}" if metric.unit else ""
    return f"{metric.name.replace('_', ' ')} {score:.4g} ± {error:.2g}{unit} (standard error)"


def _duration(seconds: float) -> str:
    """Seconds in words: "40 s", "3 min".

    >>> _duration(200.0)
    '3 min'
    """
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
