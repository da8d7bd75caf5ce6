"""The page with eyespot's own server behind it: a small run with its images, as `eyespot serve RUN` shows it."""

import csv
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
import uvicorn
from fastapi import FastAPI

from eyespot.images import ImageSpec
from eyespot.model import Model
from eyespot.networks import Output, build
from eyespot.serving.app import make_app
from eyespot.serving.resources import ModelResource, RunResource
from eyespot.sources import open_source
from eyespot.tasks._classify import Classify

NETWORK = "conv 4@3x3, relu, maxpool 2, conv 6@3x3, relu, flatten, dense"
CLASSES = ("circle", "square", "triangle")
SHOWN = 60


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Serve an application on a free port of this machine for as long as it is needed."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        server.should_exit = True
        thread.join(10)


def small_model() -> Model:
    """A network of few numbers with random weights, which answers one of three shapes."""
    torch.manual_seed(0)
    images = ImageSpec(height=16, width=16, channels=3, mean=(0.5,), std=(0.25,))
    network = build(NETWORK, images.shape, Output("vector", len(CLASSES)))
    return Model(network=network, task=Classify(classes=CLASSES), images=images)


def table() -> list[dict[str, object]]:
    """Predictions of 60 images: every sixth one is wrong, every fifth unsure, and the wrong ones are ever surer."""
    rows: list[dict[str, object]] = []
    for i in range(SHOWN):
        target = CLASSES[i % 3]
        label = CLASSES[(i + 1) % 3] if i % 6 == 0 else target
        probability = 0.5 if i % 5 == 0 else 0.7 + i / 300
        rows.append(
            {"image": f"image {i}", "target": target, "answer": label, "label": label, "probability": probability}
            | {"right": label == target}
        )
    return rows


def log_line(step: int) -> dict[str, object]:
    """A line of a training's log: 100 steps, ten in an epoch, a tenth of a second each."""
    line: dict[str, object] = {"step": step, "steps": 100, "epoch": step // 10, "loss": 2 / step, "rate": 0.001}
    if step % 10 == 0:
        line["validation"] = {"accuracy": step / 100, "accuracy error": 0.01, "loss": 3 / step, "loss error": 0.01}
    return line | {"seconds": step / 10}


def write_run(folder: Path) -> Path:
    """A run at step 50 of 100 that has predictions already."""
    (folder / "recipe.json").write_text(json.dumps({"task": {"name": "classify"}, "batch": 8}))
    (folder / "log.jsonl").write_text("".join(json.dumps(log_line(step)) + "\n" for step in range(5, 55, 5)))
    with (folder / "predictions.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(table()[0]))
        writer.writeheader()
        writer.writerows(table())
    return folder


def make(run: Path, static: Path) -> FastAPI:
    """The application with one model, its run, and a source of synthetic shapes."""
    source = open_source("synthetic:shapes")
    rows = (source.test or source.train).rows
    shown = ModelResource(name="shapes", model=small_model(), rows=rows)
    return make_app([shown], [RunResource(name="shapes run", folder=run, model=0)], [source], static=static)
