"""Small models, a run's folder, and a client that speaks to the application without a network."""

import json
import warnings

import numpy as np
import pytest
import torch

from eyespot.images import ImageSpec, encode_png
from eyespot.model import Model
from eyespot.networks import build
from eyespot.networks.network import Output
from eyespot.serving.app import make_app
from eyespot.serving.resources import ModelResource, RunResource
from eyespot.sources import open_source
from eyespot.tasks._classify import Classify
from eyespot.tasks.denoise import Denoise

with warnings.catch_warnings():
    # Newer versions of starlette would like a library that is not everywhere yet; httpx does as well.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

HERE = "http://127.0.0.1"
IMAGES = ImageSpec(height=12, width=10, channels=3, mean=(0.5, 0.4, 0.3), std=(0.2, 0.25, 0.3))
NETWORK = "conv 4@3x3, relu, maxpool 2, flatten, dense"


def small_model(task=None, images=IMAGES, network=NETWORK, output=None):
    task = task or Classify(classes=("ant", "bee", "cow"), temperature=1.5)
    torch.manual_seed(0)
    return Model(network=build(network, images.shape, output or Output("vector", 3)), task=task, images=images)


def denoiser():
    images = ImageSpec(height=16, width=16, channels=1, fit="native")
    torch.manual_seed(0)
    network = build("unet", images.shape, Output("map", 1), size="tiny")
    return Model(network=network, task=Denoise(), images=images)


def picture(height=20, width=30, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture(scope="session")
def png():
    return encode_png(picture())


@pytest.fixture(scope="session")
def source():
    return open_source("synthetic:shapes")


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory):
    """What a finished training leaves behind, as far as the server reads it."""
    folder = tmp_path_factory.mktemp("runs") / "bees"
    folder.mkdir()
    small_model().save(folder / "model.safetensors")
    recipe = {"task": {"name": "classify"}, "batch": 8, "source": {"what": "synthetic:shapes", "columns": None}}
    (folder / "recipe.json").write_text(json.dumps(recipe))
    lines = [{"step": step, "loss": 1 / (step + 1)} for step in range(3)]
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "predictions.csv").write_text(
        "image,target,label,probability,right\na.png,7,7,0.75,True\nb.png,7,8,0.5,False\nc.png,,8,,True\n"
    )
    result = {"score": 0.5, "run": "/home/me/bees", "model": "/home/me/bees/m", "report": "/home/me/bees/r"}
    (folder / "result.json").write_text(json.dumps(result))
    return folder


@pytest.fixture(scope="session")
def app(source, run_folder):
    rows = source.rows[:60]
    models = [
        ModelResource(name="bees", model=small_model(), rows=rows),
        ModelResource(name="clean", model=denoiser()),
    ]
    return make_app(models, [RunResource(name="bees", folder=run_folder, model=0)], [source])


@pytest.fixture(scope="session")
def client(app):
    with TestClient(app, base_url=HERE) as client:
        yield client
