"""The training loop, in one place, read from top to bottom.

Everything random follows from (seed, step) or (seed, epoch, index), and the whole state lies in the checkpoint: a
training that is killed and goes on ends with the same bits as one that was left alone.
"""

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import DivergedError
from ..files import written
from ..model import Model, outputs_over
from ..networks import Network
from ..networks.graph.record import answering
from ..samples import Batch
from ..sources.randomness import hashed
from ..tasks.task import Target
from .adversarial import Hardening, harden
from .batches import Stream, samples_at, scaled
from .distributed import in_order, sum_micro_batches
from .initial_weights import ready_to_learn
from .optimizers import set_groups
from .run_folder import Log
from .schedule import Schedule, Segment
from .state import State, Training, keep_best, lookahead_step, save, update_ema

SAVED_EPOCH, SAVED_STEP = 1.0, 60.0
"""Seconds from one checkpoint to the next, at least: at the end of an epoch, and after any other step."""
LOG_LINES = 100


def run(
    training: Training,
    state: State,
    log: Log,
    show: Callable[[dict], None],
    stop: Callable[[], bool],
    attend: Callable[[Training, State], None] | None = None,
) -> None:
    """Train from `state.step` to the last step, or until `stop` says so; the state is then saved.

    `attend` is called after each step and may change the schedule. Raises `DivergedError` before a step whose loss is
    not finite.
    """
    recipe, world, schedule = training.recipe, training.world, state.schedule
    stream = Stream(training)
    every = max(1, recipe.steps // LOG_LINES)
    began = time.monotonic() - state.seconds
    saved = time.monotonic()
    learned: list[tuple[float, Tensor]] = []
    ready_to_learn(state.network, recipe.start["how"])
    if state.step == 0:
        keep_snapshot(training, state, 0)

    while state.step < schedule.steps:
        # 1. This step's samples, changed as the recipe says, forward and backward.
        rate = schedule.rate_at(state.step)
        learned.append(backward(training, stream, state.network, state.step, schedule))
        if not math.isfinite(learned[-1][0]):
            raise _diverged(training, state)

        # 2. One step of every optimizer, and of the running mean of the weights.
        take_step(state, schedule.at(state.step), rate)
        state.seconds = time.monotonic() - began

        # 3. Say how it goes; at the end of an epoch look at the validation images; save, where it is time, before that.
        if attend is not None:
            attend(training, state)
        changed = schedule.changed_at(state.step)
        epoch = schedule.epoch(state.step)
        last = state.step == schedule.steps
        ended = epoch > schedule.epoch(state.step - 1) or last
        found = validate(training, state) if ended else None
        if found is not None:
            keep_best(state, training.task, epoch, found)
            keep_snapshot(training, state, epoch)
        stopping = stop()
        due = time.monotonic() - saved > (SAVED_EPOCH if ended else SAVED_STEP)
        if world.leads and (due or stopping or last):
            save(state, training.checkpoint)
            saved = time.monotonic()
        if ended or changed or state.step % every == 0:
            entry = {"step": state.step, "steps": schedule.steps, "epoch": epoch, "images": schedule.seen(state.step)}
            entry |= _means(training, learned) | ({"validation": found} if ended else {})
            entry |= {"rate": rate, "seconds": round(state.seconds, 3)} | ({"changed": changed} if changed else {})
            log.write(entry)
            show(entry)
            learned.clear()
        if stopping:
            return


def take_step(state: State, now: Segment, rate: float) -> None:
    """Change the weights by their gradients, and let the running mean of the weights follow."""
    for optimizer in state.optimizers.values():
        set_groups(optimizer, now, rate)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    state.step += 1
    if state.schedule.recipe.lookahead:
        lookahead_step(state)
    else:
        update_ema(state, now.average)


def learning_batch(training: Training, network: nn.Module, batch: Batch) -> tuple[Tensor, Target]:
    """What the network sees at one step and what it should answer, on the training's device and in its layout."""
    if training.recipe.robust is None:
        return batch.x, batch.target
    return scaled(training, hardened(training, network, batch)), batch.target


def hardened(training: Training, network: nn.Module, batch: Batch) -> Tensor:
    """Harder images than those of a batch, for the network as it is now: none of its statistics are changed."""

    def losses(pixels: Tensor) -> Tensor:
        with training.compute.autocast():
            output = network(scaled(training, pixels))
        return training.task.loss(output.float(), batch.target)

    assert training.recipe.robust is not None
    with answering(network):
        return harden(
            Hardening(**training.recipe.robust), batch.x, losses, ~batch.keys
        )  # not the noise that the task has drawn


def backward(
    training: Training, stream: Stream, network: Network, step: int, schedule: Schedule
) -> tuple[float, Tensor]:
    """Give the weights the gradients of the mean loss over the batch of one step; return that loss, and the scores.

    The batch is cut into `recipe.micro_batches`, which the processes share: of their scores (N,) only the mean (1,) is
    known to all. What is random follows from (seed, step, piece).
    """
    recipe, batch, seen = training.recipe, schedule.at(step).batch, schedule.seen(step)

    def compute(piece: int) -> tuple[Tensor, Tensor]:
        first, end = batch * piece // recipe.micro_batches, batch * (piece + 1) // recipe.micro_batches
        x, target = learning_batch(training, network, stream.take(seen + first, end - first))
        training.compute.seed(int(hashed(recipe.seed, step, piece)[0]) >> 1)  # dropout
        with training.compute.autocast():
            output = network(x)
        output = output.float()
        loss = training.task.loss(output, target).sum() / batch
        loss.backward()
        return loss.detach(), next(iter(training.task.score(output.detach(), target).values()))

    def summary(piece: int) -> Tensor:
        loss, scores = compute(piece)
        return torch.stack([loss, scores.nansum(), scores.isfinite().sum()])

    if recipe.micro_batches == 1 and training.world.size == 1:
        loss, scores = compute(0)
    else:
        loss, total, count = sum_micro_batches(network, summary, recipe.micro_batches, training.world)
        scores = (total / count)[None]
    return loss.item(), scores


@torch.no_grad()
def validate(training: Training, state: State) -> dict[str, float]:
    """Means of the task's scores and of its loss over the validation images, with the averaged weights.

    For each name there is "name error" too: the standard error of that mean. Nothing of the state is changed.
    """
    model = Model(network=state.average, task=training.task, images=training.images)
    world, autocast = training.world, training.compute.autocast
    found: dict[int, dict[str, np.ndarray]] = {}
    for rows, output, target in outputs_over(
        model, training.validation, autocast=autocast, rank=world.rank, world=world.size
    ):
        scores = {**training.task.score(output, target), "loss": training.task.loss(output, target)}
        found[int(rows[0])] = {name: _sums(values) for name, values in scores.items()}
    sums: dict[str, np.ndarray] = {}
    for batch in in_order(found, world):
        sums = {name: sums.get(name, 0) + values for name, values in batch.items()}
    return {key: value for name, total in sums.items() for key, value in _mean_and_error(name, total).items()}


def keep_snapshot(training: Training, state: State, epoch: int) -> None:
    """Keep the averaged network of an epoch as a model in `snapshots/`, where the recipe says so.

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


def _means(training: Training, learned: list[tuple[float, Tensor]]) -> dict[str, Any]:
    """Loss, and the task's first score, over the steps since the last line of the log; None where none counts.

    Here and not at each step: after a backward pass every small operation takes five to ten times as long as by itself.
    """
    losses, scores = zip(*learned, strict=True)
    counted = torch.cat(scores).double()
    mean = counted[counted.isfinite()].mean().item()
    score = mean if math.isfinite(mean) else None
    return {"loss": np.mean(losses).item(), "training": {training.task.metric.name: score}}


def _sums(values: Tensor) -> np.ndarray:
    """Sum, sum of squares, and count of those that count."""
    counted = values[~values.isnan()].double()
    return np.array([float(counted.sum()), float(counted.square().sum()), len(counted)])


def _mean_and_error(name: str, total: np.ndarray) -> dict[str, float]:
    summed, squared, count = total.tolist()
    mean = summed / max(count, 1)
    variance = max(0.0, squared / max(count, 1) - mean**2)
    return {name: mean, f"{name} error": (variance / max(count - 1, 1)) ** 0.5}


def _diverged(training: Training, state: State) -> DivergedError:
    recipe, rows, now = training.recipe, training.train.part.rows, state.schedule.at(state.step)
    _, indices = samples_at(recipe.seed, state.schedule.seen(state.step), now.batch, recipe.count)
    names = ", ".join(rows[int(i) % len(rows)].name for i in indices[:5])
    return DivergedError(
        f"Step {state.step + 1}: the loss is not a finite number (images {names}, ...). "
        f"Nothing was changed by this step; begin again with a smaller --rate than {now.rate:g}."
    )
