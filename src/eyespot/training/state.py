"""The state of a training: weights, their running mean, optimizers, the best epoch so far.

`Training` has what does not change during training.
"""

import math
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from ..device import ComputeConfig, World
from ..images import ImageSpec
from ..networks import Network
from ..samples import Samples
from ..sources.augment import Preset, allowed_preset
from ..tasks.task import Task
from ._initial_weights import initial_criterion
from ._run_folder import group_of, grouped, optimizer_tensors, restore_optimizer, save_checkpoint
from ._sampling import Order, epoch_order
from .optimizers import Optimizers, make_optimizers
from .recipe import Recipe
from .schedule import Schedule

LOOKAHEAD_IMAGES = 5_120
LOOKAHEAD_TIMES = 25
"""Minimum number per training: with fewer updates, the average would contain much of the initial weights."""
LOOKAHEAD_KEPT = 0.95**5
COLLAPSED = 0.5
"""A generator whose samples differ less than this share of what they once did has collapsed."""
VALUES = ("step", "seconds", "best", "diversity")
"""The fields of a state that a checkpoint holds beside tensors."""


class Control(Protocol):
    """Observes a training: receives messages, may pause it, and may change its schedule between two steps."""

    @property
    def away(self) -> bool:
        """Whether the training should save and make no more steps for now."""
        ...

    def attend(self, training: "Training", state: "State") -> None:
        """Answer the requests since the last step."""
        ...

    def goes_on(self, training: "Training", state: "State", stop: Callable[[], bool]) -> bool:
        """Wait while the training is paused; return whether it continues."""
        ...

    def send(self, message: dict[str, Any]) -> None:
        """Send a message to the observer."""
        ...


@dataclass
class State:
    """The contents of a checkpoint, and the schedule, which is stored separately.

    `criterion` has the learned parameters of the loss, if any. `best` has a score of None where its weights are just
    the last good ones. `diversity` is the largest one so far of a generator's samples.
    """

    network: Network
    average: Network
    optimizers: Optimizers
    schedule: Schedule
    criterion: nn.Module | None = None
    step: int = 0
    seconds: float = 0.0
    best: dict[str, Any] | None = None
    best_weights: dict[str, Tensor] | None = None
    diversity: float = 0.0

    @cached_property
    def followed(self) -> tuple[tuple[list[Tensor], list[Tensor]], tuple[list[Tensor], list[Tensor]]]:
        """The tensors of the average and of the network: first the floating-point ones, then the integer ones."""
        pairs = list(zip(self.average.state_dict().values(), self.network.state_dict().values(), strict=True))
        real = [pair for pair in pairs if pair[0].is_floating_point()]
        counts = [pair for pair in pairs if not pair[0].is_floating_point()]
        return ([a for a, _ in real], [b for _, b in real]), ([a for a, _ in counts], [b for _, b in counts])


def begin(network: Network, schedule: Schedule, compute: ComputeConfig, task: Task) -> State:
    """The state before the first step."""
    compute.place(network)
    criterion = initial_criterion(task, schedule.recipe.seed)
    if criterion is not None:
        criterion.to(compute.device)
    optimizers = make_optimizers(network, schedule.recipe, task.turns, criterion)
    return State(
        network=network, average=deepcopy(network), optimizers=optimizers, schedule=schedule, criterion=criterion
    )


def save(state: State, path: Path) -> None:
    """Write the checkpoint atomically."""
    tensors = grouped("network", state.network.state_dict()) | grouped("average", state.average.state_dict())
    if state.criterion is not None:
        tensors |= grouped("criterion", state.criterion.state_dict())
    for name, optimizer in _named_optimizers(state):
        tensors |= grouped(name, optimizer_tensors(optimizer, _names(state)))
    if state.best_weights is not None:
        tensors |= grouped("best", state.best_weights)
    save_checkpoint(path, tensors, {name: getattr(state, name) for name in VALUES})


def restore(state: State, tensors: dict[str, Tensor], values: dict[str, Any]) -> None:
    """Restore a state from its checkpoint."""
    state.network.load_state_dict(group_of("network", tensors))
    state.average.load_state_dict(group_of("average", tensors))
    if state.criterion is not None:
        state.criterion.load_state_dict(group_of("criterion", tensors))
    for name, optimizer in _named_optimizers(state):
        restore_optimizer(optimizer, _names(state), group_of(name, tensors))
    for name in VALUES:
        setattr(state, name, values[name])
    state.best_weights = group_of("best", tensors) or None


@torch.no_grad()
def update_ema(state: State, horizon: float) -> None:
    """Move the averaged weights toward those of the network: an exponential mean over about `horizon` steps.

    Early in training, over a third of the steps so far, so that the initial weights are forgotten.
    """
    _draw(state, 1.0 / (1.0 + min(horizon, (state.step - 1) / 3)))


@torch.no_grad()
def lookahead_step(state: State) -> None:
    """After about every 5,120 images, and at least 25 times, move the average to the network and continue from it.

    Lookahead (Zhang et al. 2019, https://arxiv.org/abs/1907.08610): the network explores, the average follows. The
    kept share of the average grows to three quarters at the end (Jordan 2024, https://arxiv.org/abs/2404.00498, who
    does so after 5 steps of 1,024 images).
    """
    done = state.step / state.schedule.steps
    every = min(round(LOOKAHEAD_IMAGES / state.schedule.at(state.step).batch), state.schedule.steps // LOOKAHEAD_TIMES)
    if state.step % max(1, every) and done < 1:
        return
    _draw(state, 1.0 - LOOKAHEAD_KEPT * done**3)
    (averages, weights), _ = state.followed
    torch._foreach_copy_(weights, averages)  # pyright: ignore[reportPrivateImportUsage]


def _draw(state: State, share: float) -> None:
    """Move the averaged weights by this share toward those of the network."""
    real, counts = state.followed
    torch._foreach_lerp_(*real, share)  # pyright: ignore[reportPrivateImportUsage]
    if counts[0]:
        torch._foreach_copy_(*counts)  # pyright: ignore[reportPrivateImportUsage]


def keep_best(state: State, task: Task, epoch: int, validation: dict[str, float]) -> None:
    """Keep the averaged weights of the epoch with the best validation score, if there is one."""
    name, sign = _deciding(task, validation)
    score = validation.get(name, math.nan)
    if not (math.isfinite(score) and task.is_selectable(state.schedule.progress(state.step))):
        return
    if state.best is None or state.best["score"] is None or sign * score >= sign * state.best["score"]:
        keep(state, epoch, score, validation)


def _deciding(task: Task, validation: dict[str, float]) -> tuple[str, int]:
    """The validation score that decides between epochs, and 1 if higher is better, -1 otherwise.

    Where the metric is no mean over images, the loss decides: in fine-tuning a detector, the AP50 within images fell
    while that over all images rose.
    """
    if not task.mean_metric:
        return "loss", -1
    return next(iter(validation), ""), 1 if task.metric.better == "higher" else -1


def keep(state: State, epoch: int, score: float | None, validation: dict[str, float]) -> None:
    """Keep the averaged weights of this epoch; without a score, until weights with one can be kept."""
    state.best = {"epoch": epoch, "step": state.step, "score": score, "validation": validation}
    state.best_weights = {name: value.clone() for name, value in state.average.state_dict().items()}


def is_collapsed(state: State, validation: dict[str, float]) -> bool:
    """Whether the samples of a generator differ less than half as much as they did in an epoch before."""
    return validation.get("diversity", math.inf) < COLLAPSED * state.diversity


def choose_final(state: State, task: Task, last: dict[str, float]) -> tuple[int, dict[str, float]]:
    """Select the epoch of the model on validation images; returns its last step and validation scores.

    It is the last epoch, unless an earlier one is better by more than one standard error of the score, or the last is
    one at which a generator collapsed.
    """
    name, sign = _deciding(task, last)
    if state.best is None or state.best_weights is None:
        return state.step, last
    if not is_collapsed(state, last):
        if state.best["score"] is None:
            return state.step, last
        gain = sign * (state.best["score"] - last[name])
        if not gain > last[f"{name} error"]:
            return state.step, last
    state.average.load_state_dict(state.best_weights)
    return state.best["step"], state.best["validation"]


def _named_optimizers(state: State) -> Iterator[tuple[str, torch.optim.Optimizer]]:
    """Every optimizer, with the name of its group in the checkpoint."""
    for turn, optimizers in state.optimizers.items():
        for name, optimizer in optimizers.items():
            yield f"optimizer.{turn}.{name}", optimizer


def _names(state: State) -> dict[Tensor, str]:
    """Every trainable weight, with a unique name."""
    names: dict[Tensor, str] = {weight: f"network.{name}" for name, weight in state.network.named_parameters()}
    learned = {} if state.criterion is None else dict(state.criterion.named_parameters())
    return names | {weight: f"criterion.{name}" for name, weight in learned.items()}


@dataclass(frozen=True, kw_only=True)
class Training:
    """The recipe with its source, task and compute configuration."""

    recipe: Recipe
    task: Task
    images: ImageSpec
    compute: ComputeConfig
    world: World
    train: Samples
    validation: Samples
    checkpoint: Path

    @cached_property
    def preset(self) -> Preset:
        """The augmentation of the recipe without operations that the task does not allow."""
        return allowed_preset(self.recipe.augment, self.task, self.recipe.mirror)

    @cached_property
    def order(self) -> Order:
        """The order in which each epoch visits the training samples."""
        return epoch_order(self.task, self.train.targets, len(self.train))
