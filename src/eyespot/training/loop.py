"""The training loop, in one place, read from top to bottom.

Everything random follows from (seed, step) or (seed, epoch, index), and the whole state lies in the checkpoint: a
training that is killed and goes on ends with the same bits as one that was left alone.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..attacks.hardening import Hardening, harden
from ..device import Placement, World
from ..errors import DivergedError
from ..files import written
from ..images import ImageSpec
from ..model import Model, normalise, outputs_over
from ..networks import Network
from ..networks.graph import answering
from ..samples import Samples
from ..sources.augment import augment
from ..tasks.task import Task
from .log import Log
from .order import epoch_after, samples_at
from .recipe import Recipe
from .starting import ready_to_learn
from .state import State, follow, keep_best, save
from .together import in_order, summed_pieces

CHECKPOINT_SECONDS = 60.0
LOG_LINES = 100


@dataclass(frozen=True, kw_only=True)
class Training:
    """What does not change while training goes on: the recipe and what it names, ready to be used."""

    recipe: Recipe
    task: Task
    images: ImageSpec
    placement: Placement
    world: World
    train: Samples
    validation: Samples
    checkpoint: Path


def run(training: Training, state: State, log: Log, show: Callable[[dict], None], stop: Callable[[], bool]) -> None:
    """Train from `state.step` to the recipe's last step, or until `stop` says so; the state is then saved.

    Raises `DivergedError` before a step whose loss is not finite.
    """
    recipe, world = training.recipe, training.world
    every = max(1, recipe.steps // LOG_LINES)
    began = time.monotonic() - state.seconds
    saved = time.monotonic()
    losses: list[float] = []
    ready_to_learn(state.network, recipe.start["how"])
    if state.step == 0:
        keep_snapshot(training, state, 0)

    while state.step < recipe.steps:
        # 1. This step's samples, changed as the recipe says, forward and backward.
        losses.append(backward(training, state.network, state.step))
        if not np.isfinite(losses[-1]):
            raise _diverged(training, state.step)

        # 2. One step of every optimizer, and of the running mean of the weights.
        for optimizer in state.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = recipe.rate_at(state.step) * group["share"]
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        follow(state, recipe.average)
        state.step += 1
        state.seconds = time.monotonic() - began

        # 3. Say how it goes; at the end of an epoch look at the validation images; save before it is said.
        epoch = epoch_after(state.step, recipe.batch, recipe.count)
        ended = epoch > epoch_after(state.step - 1, recipe.batch, recipe.count) or state.step == recipe.steps
        entry: dict[str, Any] = {
            "step": state.step,
            "steps": recipe.steps,
            "epoch": epoch,
            "loss": float(np.mean(losses)),
        }
        if ended:
            entry["validation"] = validate(training, state)
            keep_best(state, training.task, epoch, entry["validation"])
            keep_snapshot(training, state, epoch)
        stopping = stop()
        if world.leads and (ended or stopping or time.monotonic() - saved > CHECKPOINT_SECONDS):
            save(state, training.checkpoint)
            saved = time.monotonic()
        if ended or state.step % every == 0:
            entry |= {"rate": recipe.rate_at(state.step - 1), "seconds": round(state.seconds, 3)}
            log.write(entry)
            show(entry)
            losses.clear()
        if stopping:
            return


def learning_batch(
    training: Training, network: nn.Module, epochs: np.ndarray, indices: np.ndarray
) -> tuple[Tensor, Tensor]:
    """What the network sees at one step and what it should answer, on the training's device and in its layout."""
    recipe, placement, samples = training.recipe, training.placement, training.train
    if samples.native:
        images, target, keys = samples.crops(indices, recipe.seed, epochs, training.images)
    else:
        images, target, keys = samples.batch(indices)
    pixels, target = augment(images, target, training.task, recipe.seed, epochs, indices, recipe.augment)
    visits = (epochs + 1) + (indices // len(samples) << 32)  # another noise in every epoch and for every piece
    fresh = keys ^ torch.from_numpy(visits * 0x9E3779B97F4A7C1)
    x, target = training.task.inputs(pixels, target, fresh)
    x, target = x.to(placement.device), target.to(placement.device)
    if recipe.robust is not None:
        x = hardened(training, network, x, target, fresh ^ recipe.seed)
    return _scaled(training, x), target


def hardened(training: Training, network: nn.Module, x: Tensor, target: Tensor, keys: Tensor) -> Tensor:
    """Harder images instead of `x`, for the network as it would answer now: none of its statistics are changed."""

    def losses(pixels: Tensor) -> Tensor:
        with training.placement.autocast():
            output = network(_scaled(training, pixels))
        return training.task.loss(output.float(), target)

    assert training.recipe.robust is not None
    with answering(network):
        return harden(Hardening(**training.recipe.robust), x, losses, keys)


def _scaled(training: Training, pixels: Tensor) -> Tensor:
    return normalise(pixels, training.images).contiguous(memory_format=training.placement.memory_format)


def backward(training: Training, network: Network, step: int) -> float:
    """Give the weights the gradients of the mean loss over the batch of one step, and return that loss.

    The batch is cut into `recipe.pieces`, which the processes share; what is random follows from (seed, step, piece).
    """
    recipe = training.recipe
    epochs, indices = samples_at(recipe.seed, step, recipe.batch, recipe.count)
    places = np.array_split(np.arange(recipe.batch), recipe.pieces)

    def compute(piece: int) -> Tensor:
        chosen = places[piece]
        x, target = learning_batch(training, network, epochs[chosen], indices[chosen])
        training.placement.seed(hash((recipe.seed, step, piece)) % 2**63)  # dropout
        with training.placement.autocast():
            output = network(x)
        loss = training.task.loss(output.float(), target).sum() / recipe.batch
        loss.backward()
        return loss.detach()

    if recipe.pieces == 1 and training.world.size == 1:
        return float(compute(0))
    return summed_pieces(network, compute, recipe.pieces, training.world)


@torch.no_grad()
def validate(training: Training, state: State) -> dict[str, float]:
    """Means of the task's scores and of its loss over the validation images, with the averaged weights.

    For each name there is "name error" too: the standard error of that mean. Nothing of the state is changed.
    """
    model = Model(network=state.average, task=training.task, images=training.images)
    world, autocast = training.world, training.placement.autocast
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


def _sums(values: Tensor) -> np.ndarray:
    """Sum, sum of squares, and count of those that count."""
    counted = values[~values.isnan()].double()
    return np.array([float(counted.sum()), float(counted.square().sum()), len(counted)])


def _mean_and_error(name: str, total: np.ndarray) -> dict[str, float]:
    summed, squared, count = total.tolist()
    mean = summed / max(count, 1)
    variance = max(0.0, squared / max(count, 1) - mean**2)
    return {name: mean, f"{name} error": (variance / max(count - 1, 1)) ** 0.5}


def _diverged(training: Training, step: int) -> DivergedError:
    recipe, rows = training.recipe, training.train.part.rows
    _, indices = samples_at(recipe.seed, step, recipe.batch, recipe.count)
    names = ", ".join(rows[int(i) % len(rows)].name for i in indices[:5])
    return DivergedError(
        f"Step {step + 1}: the loss is not a finite number (images {names}, ...). "
        f"Nothing was changed by this step; begin again with a smaller --rate than {training.recipe.rate:g}."
    )
