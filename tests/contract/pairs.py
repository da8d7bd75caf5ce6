"""Every task with every network: which pairs fit, and the smallest of each to try things on."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch
from torch import Tensor

from eyespot.images import ImageSpec, read_pixels
from eyespot.model import Model
from eyespot.networks import NETWORKS, build
from eyespot.samples import network_x, to_batch
from eyespot.sources.source import Row
from eyespot.tasks import TASKS
from eyespot.tasks.task import Task

PICTURES_ONLY = "The network outputs an image, and the task needs numbers"
NUMBERS_ONLY = "The network outputs numbers, and the task needs an image"

NO_PYRAMID = "The network outputs no feature pyramid, and the task needs one"

UNFIT = {
    ("classify", "denoiser"): PICTURES_ONLY,
    ("classify", "unet"): PICTURES_ONLY,
    ("classify", "dahl2016"): PICTURES_ONLY,
    ("tag", "denoiser"): PICTURES_ONLY,
    ("tag", "unet"): PICTURES_ONLY,
    ("tag", "dahl2016"): PICTURES_ONLY,
    ("regress", "denoiser"): PICTURES_ONLY,
    ("regress", "unet"): PICTURES_ONLY,
    ("regress", "dahl2016"): PICTURES_ONLY,
    ("rank", "denoiser"): PICTURES_ONLY,
    ("rank", "unet"): PICTURES_ONLY,
    ("rank", "dahl2016"): PICTURES_ONLY,
    ("denoise", "lecun1989"): NUMBERS_ONLY,
    ("denoise", "lenet5"): NUMBERS_ONLY,
    ("denoise", "harley2015"): NUMBERS_ONLY,
    ("denoise", "convnetjs"): NUMBERS_ONLY,
    ("denoise", "tinyvgg"): NUMBERS_ONLY,
    ("denoise", "pilotnet"): NUMBERS_ONLY,
    ("denoise", "airbench"): NUMBERS_ONLY,
    ("denoise", "ciresan-dnn1"): NUMBERS_ONLY,
    ("denoise", "ciresan-dnn2"): NUMBERS_ONLY,
    ("identify", "denoiser"): PICTURES_ONLY,
    ("identify", "unet"): PICTURES_ONLY,
    ("identify", "dahl2016"): PICTURES_ONLY,
    ("detect", "denoiser"): NO_PYRAMID,
    ("detect", "unet"): NO_PYRAMID,
    ("detect", "lecun1989"): NUMBERS_ONLY,
    ("detect", "lenet5"): NUMBERS_ONLY,
    ("detect", "harley2015"): NUMBERS_ONLY,
    ("detect", "convnetjs"): NUMBERS_ONLY,
    ("detect", "tinyvgg"): NUMBERS_ONLY,
    ("detect", "pilotnet"): NUMBERS_ONLY,
    ("detect", "airbench"): NUMBERS_ONLY,
    ("detect", "ciresan-dnn1"): NUMBERS_ONLY,
    ("detect", "ciresan-dnn2"): NUMBERS_ONLY,
    ("colorize", "denoiser"): NO_PYRAMID,
    ("colorize", "unet"): NO_PYRAMID,
    ("colorize", "lecun1989"): NUMBERS_ONLY,
    ("colorize", "lenet5"): NUMBERS_ONLY,
    ("colorize", "harley2015"): NUMBERS_ONLY,
    ("colorize", "convnetjs"): NUMBERS_ONLY,
    ("colorize", "tinyvgg"): NUMBERS_ONLY,
    ("colorize", "pilotnet"): NUMBERS_ONLY,
    ("colorize", "airbench"): NUMBERS_ONLY,
    ("colorize", "ciresan-dnn1"): NUMBERS_ONLY,
    ("colorize", "ciresan-dnn2"): NUMBERS_ONLY,
    ("locate", "denoiser"): NO_PYRAMID,
    ("locate", "unet"): NO_PYRAMID,
    ("locate", "lecun1989"): NUMBERS_ONLY,
    ("locate", "lenet5"): NUMBERS_ONLY,
    ("locate", "harley2015"): NUMBERS_ONLY,
    ("locate", "convnetjs"): NUMBERS_ONLY,
    ("locate", "tinyvgg"): NUMBERS_ONLY,
    ("locate", "pilotnet"): NUMBERS_ONLY,
    ("locate", "airbench"): NUMBERS_ONLY,
    ("locate", "ciresan-dnn1"): NUMBERS_ONLY,
    ("locate", "ciresan-dnn2"): NUMBERS_ONLY,
    ("denoise", "sface"): NUMBERS_ONLY,
    ("detect", "sface"): NUMBERS_ONLY,
    ("colorize", "sface"): NUMBERS_ONLY,
    ("locate", "sface"): NUMBERS_ONLY,
}
"""The pairs that do not fit, and why. A new task or network may add its own; no other pair may be added."""
GENERATOR_ONLY = "The network makes images, and the task answers them"
NO_GENERATOR = "The network answers images, and the task makes them"
GENERATIVE = {("generate", network): NO_GENERATOR for network in NETWORKS if network != "dcgan"}
GENERATIVE |= {(task, "dcgan"): GENERATOR_ONLY for task in TASKS if task != "generate"}
UNFIT |= GENERATIVE
"""A generator goes with the task that generates, and with no other."""
MOST_UNFIT = 61 + len(GENERATIVE)
"""How many pairs do not fit. This number may only shrink, or grow with a new task or network."""

PAIRS = [(task, network) for task in TASKS for network in NETWORKS if (task, network) not in UNFIT]
SMALLEST = {
    "residual": (3, 16, 16),
    "airbench": (3, 12, 12),
    "denoiser": (3, 12, 12),
    "unet": (3, 12, 12),
    "dahl2016": (3, 16, 16),
    "lecun1989": (1, 16, 16),
    "lenet5": (1, 28, 28),
    "harley2015": (1, 28, 28),
    "convnetjs": (3, 8, 8),
    "tinyvgg": (3, 16, 16),
    "pilotnet": (3, 66, 66),
    "ciresan-dnn1": (3, 69, 69),
    "ciresan-dnn2": (3, 53, 53),
    "efficientnet-lite0": (3, 32, 32),
    "yolox-nano": (3, 32, 32),
    "sface": (3, 16, 16),
    "dcgan": (3, 16, 16),
}
"""Small pictures (C, H, W) that each network takes. A network that is not listed is tried at its usual size."""


READY = {"detect": {"threshold": 0.001}, "locate": {"threshold": 0.001}, "colorize": {"stride": 4}}
"""Settings with which an untrained network on tiny images answers something that can be judged and attacked."""


SCORED_IN_PAIRS = {"identify"}
"""Tasks whose scores compare the images of a batch with each other."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A task that knows its data, an untrained network for it, and eight samples of the task's example."""

    network: str
    model: Model
    rows: list[Row]
    images: Tensor
    target: Tensor

    @property
    def task(self) -> Task:
        return self.model.task

    def loss(self, output: Tensor, chosen: slice = slice(None)) -> Tensor:
        """The task's loss of outputs for some of the samples; learned directions of classes are those of the axes."""
        criterion = self.task.criterion()
        if criterion is not None:
            for weight in criterion.parameters():
                torch.nn.init.eye_(weight)
        return self.task.loss(output, self.target[chosen], criterion)

    @torch.no_grad()
    def outputs(self, chosen: slice = slice(None)) -> Tensor:
        """What the network puts out for some of the samples."""
        return self.model.network(self.images[chosen])


@cache
def example(task: str) -> tuple[Task, tuple[Row, ...]]:
    """The task, prepared by its example, and eight rows of it."""
    rows = TASKS[task]().example(seed=0).train.rows
    return TASKS[task]().prepare(rows), tuple(rows[:8])


def make_case(task_name: str, network_name: str, norm: str = "batch") -> Case:
    """The pair at the smallest size; weights and pictures are the same every time."""
    task, rows = example(task_name)
    task = replace(task, **READY.get(task_name, {}))
    channels, height, width = SMALLEST.get(network_name, NETWORKS[network_name].input)
    spec = ImageSpec(height=height, width=width, channels=channels)
    torch.manual_seed(0)
    network = build(network_name, spec.shape, task.outputs(channels), size="tiny", norm=norm)
    pixels = to_batch(np.stack([read_pixels(row.picture, spec) for row in rows]))
    x, target = task.make_problem((pixels,), task.stack([task.read(row) for row in rows]), torch.arange(len(rows)))
    model = Model(network=network, task=task, images=spec, made={"by": "contract"})
    return Case(network=network_name, model=model, rows=list(rows), images=network_x(x, task, spec), target=target)
