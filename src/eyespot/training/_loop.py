"""The training loop, in one place, read from top to bottom.

Everything random depends only on (seed, step) or (seed, epoch, index), and the checkpoint has the whole state: a
training that is killed and resumed ends with the same bits as an uninterrupted one.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import DivergedError
from ..files import written
from ..model import Model, outputs_over
from ..networks.graph.record import answering
from ..networks.network import map_output
from ..samples import Batch
from ..sources.randomness import hashed
from ..tasks.task import Target, Task, Turn
from ._adversarial import Hardening, harden
from ._batches import Stream, network_x
from ._distributed import in_order, sum_micro_batches
from ._generators import end_if_collapsed, keep_samples, validate_generator
from ._initial_weights import ready_to_learn
from ._run_folder import Log
from ._sampling import samples_at
from .optimizers import set_groups
from .state import State, Training, keep_best, lookahead_step, save, update_ema

SAVED_EPOCH, SAVED_STEP = 1.0, 60.0
"""Minimum seconds between checkpoints: at the end of an epoch, and after any other step."""
LOG_LINES = 100
SUMMED = 8
"""Values returned for a micro-batch: its share of the loss, sum and count of its scores, and monitored values."""


def run(
    training: Training,
    state: State,
    log: Log,
    show: Callable[[dict], None],
    stop: Callable[[], bool],
    attend: Callable[[Training, State], None] | None = None,
) -> None:
    """Train from `state.step` to the last step, or until `stop` returns True; the state is then saved.

    `attend` is called after each step and may change the schedule. Raises `DivergedError` before a step whose loss is
    not finite.
    """
    recipe, world, schedule = training.recipe, training.world, state.schedule
    stream = Stream(training)
    every = max(1, recipe.steps // LOG_LINES)
    began = time.monotonic() - state.seconds
    saved = time.monotonic()
    learned: list[Learned] = []
    ready_to_learn(state.network, recipe.start["how"])
    if state.step == 0:
        keep_snapshot(training, state, 0)
        keep_samples(training, state, 0)

    while state.step < schedule.steps:
        # 1. One optimization turn after another: this step's samples, forward, backward, and the turn's optimizers.
        rate = schedule.rate_at(state.step)
        learned.append(take_turns(training, stream, state, rate))

        # 2. The running mean of the weights follows.
        state.step += 1
        if recipe.lookahead:
            lookahead_step(state)
        else:
            update_ema(state, schedule.at(state.step - 1).average)
        state.seconds = time.monotonic() - began

        # 3. Log; validate at the end of an epoch; save a checkpoint before that if one is due.
        if attend is not None:
            attend(training, state)
        epoch = schedule.epoch(state.step)
        ended = epoch > schedule.epoch(state.step - 1) or state.step == schedule.steps
        validation = _end_epoch(training, state, epoch, show) if ended else None
        changed = schedule.changed_at(state.step)
        last = state.step == schedule.steps
        stopping = stop()
        due = time.monotonic() - saved > (SAVED_EPOCH if ended else SAVED_STEP)
        if world.leads and (due or stopping or last):
            save(state, training.checkpoint)
            saved = time.monotonic()
        if ended or changed or state.step % every == 0:
            found = _means(training, learned) | ({"validation": validation} if ended else {})
            entry = _log_entry(state, found, rate) | ({"changed": changed} if changed else {})
            log.write(entry)
            show(entry)
            learned.clear()
        if stopping:
            return


def _end_epoch(training: Training, state: State, epoch: int, show: Callable[[dict], None]) -> dict[str, float]:
    """Validate, keep the weights if they are the best ones, and write snapshot and samples."""
    found = validate(training, state)
    if not end_if_collapsed(training, state, epoch, found, show):
        keep_best(state, training.task, epoch, found)
    keep_snapshot(training, state, epoch)
    keep_samples(training, state, epoch)
    return found


def _log_entry(state: State, found: dict[str, Any], rate: float) -> dict[str, Any]:
    """The log line of a step: progress, what was measured, learning rate and seconds."""
    schedule = state.schedule
    return {
        "step": state.step,
        "steps": schedule.steps,
        "epoch": schedule.epoch(state.step),
        "images": schedule.seen(state.step),
        **found,
        "rate": rate,
        "seconds": round(state.seconds, 3),
    }


Learned = tuple[dict[str, float], Tensor, dict[str, float]]
"""The results of a step: losses by turn, scores (N,) of the first turn, and means of monitored values."""


def take_turns(training: Training, stream: Stream, state: State, rate: float) -> Learned:
    """Run all optimization turns of one step.

    Raises `DivergedError` before a non-finite loss changes weights.
    """
    losses, scores, watched = {}, torch.empty(0), {}
    for turn in training.task.turns:
        with learning_alone(training, state, turn):
            losses[turn.name], found, seen = backward(training, stream, state, turn)
        if not math.isfinite(losses[turn.name]):
            raise _diverged(training, state)
        scores = found if len(losses) == 1 else scores
        watched |= seen
        for optimizer in state.optimizers[turn.name].values():
            set_groups(optimizer, state.schedule.at(state.step), rate)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
    return losses, scores, watched


@contextmanager
def learning_alone(training: Training, state: State, turn: Turn) -> Iterator[None]:
    """Compute gradients only for the weights of this turn's optimizers: others would be left over."""
    if len(training.task.turns) == 1 and not turn.part:
        yield
        return
    groups = (group for optimizer in state.optimizers[turn.name].values() for group in optimizer.param_groups)
    ours = {id(weight) for group in groups for weight in group["params"]}
    others = [w for w in _learner(state).parameters() if w.requires_grad and id(w) not in ours]
    for weight in others:
        weight.requires_grad_(False)
    try:
        yield
    finally:
        for weight in others:
            weight.requires_grad_(True)


def _learner(state: State) -> nn.Module:
    """The network, with the learned parameters of the loss if there are any."""
    return state.network if state.criterion is None else nn.ModuleList([state.network, state.criterion])


def learning_batch(training: Training, state: State, batch: Batch) -> tuple[Tensor, Target]:
    """Network input and target of one step, on the training device and in its memory format."""
    if training.recipe.robust is None:
        return batch.x, batch.target
    return network_x(training, hardened(training, state, batch)), batch.target


def hardened(training: Training, state: State, batch: Batch) -> Tensor:
    """Perturbed images of a batch, for the current network, whose statistics do not change."""

    def losses(pixels: Tensor) -> Tensor:
        with training.compute.autocast():
            output = state.network(network_x(training, pixels))
        return training.task.loss(map_output(output, Tensor.float), batch.target, state.criterion)

    assert training.recipe.robust is not None
    keys = ~batch.keys  # different from those used by the task for its own noise
    with answering(state.network):
        return harden(Hardening(**training.recipe.robust), batch.x, losses, keys)


def backward(training: Training, stream: Stream, state: State, turn: Turn) -> tuple[float, Tensor, dict[str, float]]:
    """Compute the gradients of the mean loss of a turn over the next batch; return loss, scores, monitored values.

    The batch is divided into `recipe.micro_batches`, which processes share: of their scores (N,) only the mean (1,) is
    known to all. Randomness depends on (seed, step, micro-batch, turn). Only the first turn has scores.
    """
    recipe, task, number = training.recipe, training.task, training.task.turns.index(turn)
    batch, seen = state.schedule.at(state.step).batch, state.schedule.seen(state.step)
    progress = state.schedule.progress(state.step)
    names: list[str] = []

    def compute(piece: int) -> tuple[Tensor, Tensor, list[Tensor]]:
        first, end = batch * piece // recipe.micro_batches, batch * (piece + 1) // recipe.micro_batches
        samples = stream.take(seen + first, end - first)
        x, target = learning_batch(training, state, samples)
        training.compute.seed(int(hashed(recipe.seed, state.step, piece, number)[0]) >> 1)  # dropout
        with training.compute.autocast():
            losses, output = task.losses(turn, state.network, x, target, samples.keys, state.criterion, progress)
        loss = losses.sum() / batch
        loss.backward()
        with torch.no_grad():
            watched = task.watch(turn, output)
        names[:] = watched
        scores = torch.empty(0) if number else _first_score(task, output, target)
        return loss.detach(), scores, [values.sum() / batch for values in watched.values()]

    def summary(piece: int) -> Tensor:
        loss, scores, watched = compute(piece)
        totals = torch.stack([loss, scores.nansum().to(loss), scores.isfinite().sum(), *watched])
        return functional.pad(totals, (0, SUMMED - len(totals)))

    if recipe.micro_batches == 1 and training.world.size == 1:
        loss, scores, watched = compute(0)
    else:
        loss, total, count, *watched = sum_micro_batches(
            _learner(state), summary, recipe.micro_batches, training.world, SUMMED
        )
        scores = (total / count)[None]
    return loss.item(), scores, {name: value.item() for name, value in zip(names, watched, strict=False)}


def _first_score(task: Task, output: Any, target: Target) -> Tensor:
    """The score (N,) of the metric of the task."""
    with torch.no_grad():
        return next(iter(task.score(output, target).values()))


@torch.no_grad()
def validate(training: Training, state: State) -> dict[str, float]:
    """Mean scores and mean loss over the validation images, with the averaged weights.

    "NAME error" is the standard error of the mean NAME. The state is not changed.
    """
    model = Model(network=state.average, task=training.task, images=training.images)
    world, autocast = training.world, training.compute.autocast
    criterion = deepcopy(state.criterion).cpu().eval() if state.criterion is not None else None
    found: dict[int, dict[str, np.ndarray]] = {}
    for rows, output, target in outputs_over(
        model, training.validation, autocast=autocast, rank=world.rank, world=world.size
    ):
        scores = {**training.task.score(output, target), "loss": training.task.loss(output, target, criterion)}
        found[int(rows[0])] = {name: _sums(values) for name, values in scores.items()}
    sums: dict[str, np.ndarray] = {}
    for batch in in_order(found, world):
        sums = {name: sums.get(name, 0) + values for name, values in batch.items()}
    scores = {key: value for name, total in sums.items() for key, value in _mean_and_error(name, total).items()}
    return scores | validate_generator(training, state) if training.task.generates else scores


def keep_snapshot(training: Training, state: State, epoch: int) -> None:
    """Save the averaged network of an epoch as a model in `snapshots/`, if the recipe requests it.

    Written before the checkpoint: a training that is killed in between writes the same file again.
    """
    if not (training.recipe.snapshots and training.world.leads):
        return
    folder = training.checkpoint.with_name("snapshots")
    with written(folder):
        folder.mkdir(exist_ok=True)
    made = {"step": state.step, "epoch": epoch}
    model = Model(network=state.average, task=training.task, images=training.images, made=made)
    model.save(folder / f"epoch-{epoch:04d}.safetensors")


def _means(training: Training, learned: Sequence[Learned]) -> dict[str, Any]:
    """Mean loss and first score over the steps since the last log line; None without any.

    With several optimization turns, each has its loss, and "loss" is their sum.

    Computed here and not at each step: right after a backward pass, small operations take five to ten times as long.
    """
    losses, scores, watched = zip(*learned, strict=True)
    counted = torch.cat(scores).double()
    mean = counted[counted.isfinite()].mean().item()
    score = mean if math.isfinite(mean) else None
    turns = {name: np.mean([loss[name] for loss in losses]).item() for name in losses[0]}
    several = {"turns": turns} if len(turns) > 1 else {}
    seen = {name: np.mean([values[name] for values in watched]).item() for name in watched[0]}
    return {"loss": sum(turns.values()), **several, "training": {training.task.metric.name: score, **seen}}


def _sums(values: Tensor) -> np.ndarray:
    """Sum, sum of squares and count of the finite values."""
    counted = values[~values.isnan()].double()
    return np.array([float(counted.sum()), float(counted.square().sum()), len(counted)])


def _mean_and_error(name: str, total: np.ndarray) -> dict[str, float]:
    """Mean of the finite values and its standard error; NaN without any."""
    summed, squared, count = total.tolist()
    if not count:
        return {name: math.nan, f"{name} error": math.nan}
    mean = summed / count
    variance = max(0.0, squared / count - mean * mean)
    return {name: mean, f"{name} error": (variance / max(count - 1, 1)) ** 0.5}


def _diverged(training: Training, state: State) -> DivergedError:
    recipe, rows, now = training.recipe, training.train.part.rows, state.schedule.at(state.step)
    seen = state.schedule.seen(state.step)
    _, indices = samples_at(recipe.seed, seen, now.batch, recipe.count, training.order)
    names = ", ".join(rows[int(i) % len(rows)].name for i in indices[:5])
    return DivergedError(
        f"Step {state.step + 1}: the loss is not a finite number (images {names}, ...). "
        f"The last checkpoint is from before it; train again with a lower rate than {now.rate:g}."
    )
