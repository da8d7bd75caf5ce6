"""A whole training takes little longer than the arithmetic that it cannot do without.

Claim: from a warm cache, over ten epochs or more with a tenth of the images for validation, a training (augmentation,
logging, checkpoints, evaluation after every epoch) takes at most 1.15 times as long as the same number of bare steps:
forward, backward and optimizer on one batch that lies in memory, with the same network, optimizer, precision, memory
format, number of threads and handling of freed memory. Both are cut into parts that take turns: one epoch of the
training, then as many bare steps. The last column is what bare steps take where freed memory goes back to the system,
as glibc does by itself.
"""

import time
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from _common import data_folder, finish, parse, spread
from _training import cifar10, clean_place

import eyespot
from eyespot.device import World, keeping_memory
from eyespot.images import ImageSpec, read_pixels
from eyespot.modelfile import network_spec
from eyespot.sources.source import Source
from eyespot.training import _loop as loop
from eyespot.training._batches import Stream
from eyespot.training._initial_weights import initial_network, ready_to_learn
from eyespot.training._run_folder import Log
from eyespot.training.options import TrainOptions
from eyespot.training.plan import choose_images, choose_task, make_recipe
from eyespot.training.run import prepare
from eyespot.training.schedule import Schedule
from eyespot.training.state import State, Training, begin

LENGTH = "short"
NATIVE = {"cifar10": ImageSpec(height=32, width=32, channels=3), "MNIST": ImageSpec(height=28, width=28, channels=1)}
TEXT = "conv 16@5x5 same, relu, maxpool 2, conv 32@3x3 same, relu, maxpool 2, flatten, dense"
CASES: dict[str, tuple[str, TrainOptions]] = {
    "residual (small), CIFAR-10 32x32": ("cifar10", TrainOptions(network="residual")),
    "tinyvgg, CIFAR-10 at 64x64": ("cifar10", TrainOptions(network="tinyvgg", input="64x64")),
    "harley2015, MNIST 28x28": ("MNIST", TrainOptions(network="harley2015")),
    "lenet5, MNIST 28x28": ("MNIST", TrainOptions(network="lenet5")),
    "text of two convolutions, MNIST 28x28": ("MNIST", TrainOptions(network=TEXT)),
}


def main() -> None:
    arguments = parse(__doc__, {"images": 5000, "epochs": 10, "cases": ",".join(map(str, range(len(CASES))))})
    names = [list(CASES)[int(number)] for number in arguments.cases.split(",")]
    with clean_place() as place:
        rows = [row_of(name, place / str(number), arguments) for number, name in enumerate(names)]
    images, epochs = arguments.images, arguments.epochs
    settings = {"training images": images, "validation images": images // 10, "epochs": epochs}
    finish(__file__, arguments, settings, rows)


def row_of(name: str, folder: Path, arguments: Namespace) -> dict[str, Any]:
    """Train and take bare steps in turns, and compare their times."""
    which, options = CASES[name]
    options = replace(options, epochs=arguments.epochs)
    training, state = prepared(source_of(which, arguments.images), options, folder)
    recipe = training.recipe
    bare = Bare(training)
    bare.take(20)
    returned = spread([bare.take(20) / 20 for _ in range(5)])["median"]
    with keeping_memory():
        bare.take(20)
        whole, least = in_turns(training, state, bare)
    ratios = spread([ours / theirs for ours, theirs in zip(whole, least, strict=True)])
    return {
        "network": name,
        "compute": f"{recipe.compute['precision']} {recipe.compute['layout']}, {recipe.compute['threads']}",
        "steps": recipe.steps,
        "training s": sum(whole),
        "bare steps s": sum(least),
        "ratio": sum(whole) / sum(least),
        "an epoch's ratio, median": ratios["median"],
        "least and most": f"{ratios['low']:.2f} to {ratios['high']:.2f}",
        "images/s": recipe.steps * recipe.batch / sum(whole),
        "bare step ms": 1000 * sum(least) / recipe.steps,
        "bare step ms, memory given back": 1000 * returned,
    }


def source_of(name: str, count: int) -> Source:
    """So many training images, and a tenth as many each for validation and test."""
    whole = cifar10() if name == "cifar10" else eyespot.open_source(data_folder() / name)
    ends = np.cumsum([count, count // 10, count // 10])
    rows = whole.train.rows[: ends[-1]]
    images = np.split(np.stack([read_pixels(row.picture, NATIVE[name]) for row in rows]), ends[:-1])
    labels = np.split(np.array([row.values["label"] for row in rows]), ends[:-1])
    names = ("x_train", "x_val", "x_test"), ("y_train", "y_val", "y_test")
    return eyespot.open_source(dict(zip(names[0], images, strict=True)) | dict(zip(names[1], labels, strict=True)))


def prepared(source: Source, options: TrainOptions, folder: Path) -> tuple[Training, State]:
    """A training before its first step."""
    task, _ = choose_task(source, "classify")
    recipe = make_recipe(source, {"what": None}, task, choose_images(source, task, options)[0], options)
    folder.mkdir()
    return prepare(source, recipe, folder, World())


class Bare:
    """Forward, backward and optimizer on one batch, in a network of its own."""

    def __init__(self, training: Training) -> None:
        recipe = training.recipe
        self.training = training
        spec = network_spec(recipe.network)
        network = initial_network(spec, recipe.start, recipe.seed, training.task, training.images, training.train)
        self.state = begin(network, Schedule(recipe), training.compute, training.task)
        ready_to_learn(self.state.network, recipe.start["how"])
        batch = Stream(training).take(0, recipe.batch)
        self.x, self.target = loop.learning_batch(training, self.state, batch)

    def take(self, steps: int) -> float:
        """Seconds of some steps."""
        began = time.perf_counter()
        for _ in range(steps):
            with self.training.compute.autocast():
                output = self.state.network(self.x)
            self.training.task.loss(output.float(), self.target).mean().backward()
            for optimizer in self.state.optimizers["network"].values():
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
        return time.perf_counter() - began


def in_turns(training: Training, state: State, bare: Bare) -> tuple[list[float], list[float]]:
    """Train to the end, and after each epoch take as many bare steps: the seconds of both, epoch by epoch."""
    log = Log(training.checkpoint.with_name("log.jsonl"), 0)
    whole, least, first, began = [], [], 0, time.perf_counter()

    def told(entry: dict[str, Any]) -> None:
        nonlocal first, began
        if "validation" in entry:
            whole.append(time.perf_counter() - began)
            least.append(bare.take(state.step - first))
            first, began = state.step, time.perf_counter()

    loop.run(training, state, log, told, lambda: False)
    log.close()
    return whole, least


if __name__ == "__main__":
    main()
