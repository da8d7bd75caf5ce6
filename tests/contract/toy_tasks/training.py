"""Trains a toy task in a process of its own: `python -m tests.contract.toy_tasks.training TASK FOLDER STEP`.

The process kills itself (SIGKILL) after the step, as the system does where memory runs out.
"""

import os
import signal
import sys
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

import torch

from eyespot.networks import NETWORKS
from eyespot.networks.build import Family
from eyespot.sources.source import Source
from eyespot.tasks import TASKS
from eyespot.tasks.task import Task
from eyespot.training import _loop as loop
from eyespot.training.options import TrainOptions
from eyespot.training.run import Run, run_training

from .embedding import Embedding, people
from .two_networks import FAMILY, Generate

TOYS: dict[str, tuple[type[Task], Callable[[int], Source], dict[str, Any]]] = {
    "embedding": (Embedding, people, {"network": "flatten, dense 8, relu, dense"}),
    "generate-toy": (Generate, people, {}),
}
"""Toy tasks that have more to resume than one network: their class, source and options."""


def register(tasks: MutableMapping[str, type[Task]], networks: MutableMapping[str, Family]) -> None:
    """Add the toy tasks and their network."""
    tasks |= {name: task for name, (task, _, _) in TOYS.items()}
    networks["two-networks"] = FAMILY


def train(name: str, folder: Path, show: Callable[[dict[str, Any]], None] = lambda entry: None) -> Run:
    """Train two epochs; `show` gets each entry of the log."""
    _, source, options = TOYS[name]
    chosen = {"task": name, "epochs": 2, "batch": 16, "precision": "float32", "augment": "small", **options}
    return run_training(source(0), TrainOptions(**chosen), folder, show)


def _train_and_die(name: str, folder: Path, step: int) -> None:
    def kill(entry: dict[str, Any]) -> None:
        if entry.get("step", 0) >= step:
            os.kill(os.getpid(), signal.SIGKILL)

    torch.set_num_threads(1)
    register(TASKS, NETWORKS)
    loop.SAVED_EPOCH = 0.0
    train(name, folder, kill)


if __name__ == "__main__":
    _train_and_die(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
