"""Tiny models with random weights for the views that need them: a generator, one that steers, one that ranks."""

import json
from pathlib import Path

import numpy as np
import torch

from eyespot.images import ImageSpec, write_png
from eyespot.model import Model
from eyespot.networks import build
from eyespot.serving.resources import ModelResource, RunResource
from eyespot.sources import from_arrays
from eyespot.tasks import TASKS, Regress
from eyespot.tasks.task import Task

SMALL = ImageSpec(height=16, width=16, channels=3, fit="pad")
EPOCHS = 3


def _model(task: Task, network: str, images: ImageSpec = SMALL) -> Model:
    torch.manual_seed(0)
    output = task.outputs(images.channels)
    return Model(network=build(network, images.shape, output, size="tiny"), task=task, images=images)


def generator() -> ModelResource:
    """A generator of two styles, with twelve images that people made."""
    pixels = np.random.default_rng(0).integers(0, 255, (12, 16, 16, 3), dtype=np.uint8)
    rows = from_arrays("example:art", "art", pixels, [{"label": "red"}] * 12).rows
    return ModelResource(name="art", model=_model(TASKS["generate"](styles=("blue", "red")), "dcgan"), rows=rows)


def driver() -> ModelResource:
    """A model of steering angles, which always steers a little to the right."""
    return ModelResource(
        name="driver", model=_model(Regress(center=0.02, spread=1e-4), "conv 2@3x3, relu, flatten, dense")
    )


def ranker() -> ModelResource:
    """A model that has learned an order of three ratings."""
    task = TASKS["rank"](ratings=(1.0, 2.0, 4.0), shares=(0.25, 0.5, 0.75))
    return ModelResource(name="order", model=_model(task, "conv 2@3x3, relu, flatten, dense"))


def write_generator_run(folder: Path, model: int) -> RunResource:
    """What a training of a generator leaves behind: samples of each epoch, and the log of both turns."""
    (folder / "samples").mkdir(parents=True)
    for epoch in range(EPOCHS + 1):
        write_png(np.full((8, 8, 3), 60 * epoch, np.uint8), folder / "samples" / f"epoch-{epoch:04}.png")
    (folder / "recipe.json").write_text(json.dumps({"task": {"name": "generate"}}))
    lines = [
        {"step": step, "steps": 6, "epoch": step // 2, "loss": 1.0, "rate": 0.1, "seconds": step}
        | {"turns": {"discriminator": 2.0 + step, "generator": 0.5}}
        | {"training": {"kid": None, "fakes_believed": 0.25, "style_entropy": 0.75}}
        for step in range(6)
    ]
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return RunResource(name=folder.name, folder=folder, model=model)


def locator() -> ModelResource:
    """A model of points with two gray images of 32 x 24 pixels."""
    task = TASKS["locate"]()
    rows = from_arrays("example:cells", "cells", np.full((2, 24, 32, 3), 90, np.uint8), [{}, {}]).rows
    return ModelResource(name="cells", model=_model(task, task.default_network), rows=rows)


def write_located(folder: Path, model: int) -> RunResource:
    """Of the two points of the first image one is found at a score of 0.9, the other at 0.4; at 0.6 there is none."""
    points = [{"point": [5, 6], "score": 0.9}, {"point": [30, 20], "score": 0.6}, {"point": [20, 10], "score": 0.4}]
    rows = [
        {"image": "0.png", "target": [[5, 5], [20, 10]], "answer": "2", "points": points},
        {"image": "1.png", "target": [], "answer": "0", "points": []},
    ]
    folder.mkdir(parents=True)
    (folder / "recipe.json").write_text(json.dumps({"task": {"name": "locate"}}))
    (folder / "result.json").write_text(json.dumps({"details": {"threshold": 0.5}}))
    (folder / "predictions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "predictions.csv").write_text("image,answer\n0.png,2\n1.png,0\n")
    return RunResource(name=folder.name, folder=folder, model=model)


def denoiser() -> ModelResource:
    """A model that removes noise from gray images of any size."""
    images = ImageSpec(height=16, width=16, channels=1, fit="native")
    return ModelResource(name="clean", model=_model(TASKS["denoise"](), "denoiser", images))


def colorizer(method: str) -> ModelResource:
    """A model of colors, by regression or by classes."""
    images = ImageSpec(height=16, width=16, channels=3, fit="stretch")
    return ModelResource(name=method, model=_model(TASKS["colorize"](method=method), "residual", images))
