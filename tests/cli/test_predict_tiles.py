"""Large images answered in tiles from the command line."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eyespot.cli._app import run
from eyespot.images import ImageSpec
from eyespot.model import Model
from eyespot.networks import NetworkSpec, build_from
from eyespot.tasks._regress import Regress
from eyespot.tasks.locate import Locate
from eyespot.tasks.task import Task


def saved(task: Task, folder: Path) -> str:
    images = ImageSpec(height=80, width=80, channels=1, fit="pad")
    name = "ciresan-dnn1" if isinstance(task, Locate) else "residual"
    network = build_from(NetworkSpec(name=name, input=images.shape, output=task.outputs(1), size="tiny"))
    made = {"typical_size": [128, 128]}
    return str(Model(network=network, task=task, images=images, made=made).save(folder / "model.safetensors"))


def test_a_large_tiff_is_answered_in_tiles_of_the_size_of_training_images(tmp_path, capsys):
    model = saved(Locate(method="windows", stride=16, threshold=0.01, radius=3), tmp_path)
    slide, out = tmp_path / "slide.tif", tmp_path / "found.jsonl"
    Image.fromarray(np.zeros((200, 300), np.uint8)).save(slide)
    assert run(["predict", model, str(slide), str(tmp_path / "none.tif"), "--tiles", "--out", str(out)]) == 2
    answer, error = map(json.loads, out.read_text().splitlines())
    points = np.array([entry["point"] for entry in answer["points"]])
    assert answer["count"] == len(points) > 1 and points[:, 0].max() > 200 and (points <= [300, 200]).all()
    assert "none.tif" in error["image"] and "no such file" in capsys.readouterr().err.lower()


@pytest.mark.parametrize(
    ("task", "extra", "message"),
    [
        (Regress(), [], "the task regress answers whole images only; leave tiles out"),
        (Locate(method="windows"), ["--annotated", "drawn"], "--tiles cannot be combined with"),
    ],
)
def test_tiles_that_cannot_be_are_errors(task, extra, message, tmp_path, capsys):
    Image.fromarray(np.zeros((70, 70), np.uint8)).save(tmp_path / "a.png")
    assert run(["predict", saved(task, tmp_path), str(tmp_path / "a.png"), "--tiles", *extra]) != 0
    printed = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert message in printed
