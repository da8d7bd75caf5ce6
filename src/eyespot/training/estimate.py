"""How long a training takes, before it begins: the usual number of epochs, and the seconds of one step."""

import time

import torch

from ..images import ImageSpec
from ..networks import NetworkSpec, build_from
from ..networks.network import map_output
from ..sources.source import Source
from ..tasks.task import Task
from ._initial_weights import ready_to_learn, tuned_epochs, tuning_of
from .plan import views_of
from .recipe import automatic_batch, automatic_epochs

REPEATS = 2
"""Timed steps, of which the faster counts, after one that warms up."""


def usual_epochs(source: Source, task: Task, images: ImageSpec, how: str) -> float:
    """The passes over the training images that are chosen where none are requested; 0 for a probe."""
    if how == "probe":
        return 0.0
    count = len(source.train) * views_of(source.train, images, task)
    tuning = tuning_of(task.outputs(images.channels))
    return tuned_epochs(count, tuning) if how == "finetune" else automatic_epochs(count)


def seconds_per_epoch(source: Source, task: Task, images: ImageSpec, spec: NetworkSpec, how: str) -> float:
    """About how long one pass over the training images takes in float32, without decoding and evaluation.

    A probe takes one pass without gradients. The loss of the task is left out.
    """
    count = len(source.train) * views_of(source.train, images, task)
    usual = tuning_of(spec.output).batch if how == "finetune" else automatic_batch(count, images.height * images.width)
    batch = min(usual, count)
    with torch.random.fork_rng(devices=[]):
        network = ready_to_learn(build_from(spec), how)
        x = torch.rand(batch, *spec.input)
    seconds = []
    for _ in range(1 + REPEATS):
        start = time.perf_counter()
        with torch.set_grad_enabled(how != "probe"):
            total = map_output(network(x), torch.Tensor.sum)
            if how != "probe":
                torch.stack(list(total.values()) if isinstance(total, dict) else [total]).sum().backward()
        seconds.append(time.perf_counter() - start)
    return min(seconds[1:]) * count / batch
