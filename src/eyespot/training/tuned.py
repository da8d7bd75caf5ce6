"""How far a tuned network goes from its probe towards what tuning found: as far as is best on validation images.

Between the two lie networks that are often better than both, above all where images are few: Wortsman and others 2022,
"Robust fine-tuning of zero-shot models" (https://arxiv.org/abs/2109.01903).
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

import torch

from ..networks import Network
from ..tasks.task import Task
from .loop import validate
from .starting import starting_network
from .state import State
from .training import Training

SHARES = (0.25, 0.5, 0.75, 1.0)
"""How far, from the probe (0) to the tuned network (1)."""


def take_tuned(training: Training, state: State) -> dict[str, Any]:
    """Put the best network between the probe and the tuned one in place of `state.average`; tells how it began.

    Where none is better than the probe on validation images, the probe is taken.
    """
    start: dict[str, Any] = dict(training.recipe.start)
    if start["how"] != "finetune" or not len(training.validation):
        return start
    tuned = state.average
    probe = starting_network(training.recipe, training.task, training.images, training.train)
    training.placement.place(probe)
    found = {
        share: validate(training, replace(state, average=between(probe, tuned, share))) for share in (0.0, *SHARES)
    }
    share = best_share(training.task, found)
    state.average = between(probe, tuned, share)
    told = {"tuned": share, "validation": {"probe": found[0.0], "finetune": found[share or 1.0]}}
    if share:
        return {**start, **told}
    reason = f"{start['reason']}; tuning brought nothing more on validation images"
    return {**start, "how": "probe", "reason": reason, **told}


def best_share(task: Task, found: Mapping[float, Mapping[str, float]]) -> float:
    """The share with the least loss among those whose score is not below the probe's; the probe where none is better.

    Few images give few different scores: the loss tells more.
    """
    name = next(iter(found[0.0]))
    sign = 1 if task.metric.better == "higher" else -1
    as_good = [share for share in found if sign * found[share][name] >= sign * found[0.0][name]]
    return min(as_good or [0.0], key=lambda share: found[share]["loss"])


@torch.no_grad()
def between(probe: Network, tuned: Network, share: float) -> Network:
    """The network whose weights lie at `share` of the way from one to the other."""
    mixed = deepcopy(tuned)
    for weight, start in zip(mixed.parameters(), probe.parameters(), strict=True):
        weight.lerp_(start, 1 - share)
    return mixed
