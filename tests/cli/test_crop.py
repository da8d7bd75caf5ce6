"""`eyespot crop`: options, files, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from eyespot import wrap
from eyespot.cli._app import run
from eyespot.images import ImageSpec, read_size, write_png
from eyespot.networks import build
from eyespot.tasks import Rank, Regress


@pytest.fixture
def image(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (24, 32, 3)).astype(np.uint8)
    return write_png(pixels, tmp_path / "a.png")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    spec = ImageSpec(channels=3, height=8, width=8)
    task = Rank(ratings=(1.0, 7.0), shares=(0.25, 0.75), count=40)
    torch.manual_seed(0)
    network = build("conv 4@3x3, relu, flatten, dense", spec.shape, task.outputs(3)).eval()
    return wrap(network, task, spec).save(tmp_path / "rank.safetensors")


def test_the_best_crop_is_printed_and_written(image: Path, model: Path, tmp_path: Path, capsys):
    out = tmp_path / "crop.png"
    before = image.read_bytes()
    command = ["crop", str(image), "--model", str(model), "--aspect", "1:1", "--keep", "3,3,9,9", "--out", str(out)]
    assert run([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    x1, y1, x2, y2 = found["box"]
    assert x1 <= 3 and y1 <= 3 and x2 >= 9 and y2 >= 9 and found["tried"] > 20
    assert read_size(out)[:2] == (y2 - y1, x2 - x1) and x2 - x1 == y2 - y1
    assert image.read_bytes() == before
    assert run(command) == 2
    assert "exists already" in capsys.readouterr().err
    assert run(command[:-2]) == 0
    assert f"the crop {x1},{y1},{x2},{y2} ranks above" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--aspect", "square"], "expected WIDTH:HEIGHT"),
        (["--aspect", "1:0"], "expected WIDTH:HEIGHT"),
        (["--keep", "1,2,3"], "expected X1,Y1,X2,Y2"),
        (["--min-size", "0"], "expected a share above 0"),
        (["--out", "a.jpg"], "expected a file ending in .png"),
    ],
)
def test_options_that_make_no_sense_are_refused(image: Path, model: Path, options: list[str], message: str, capsys):
    assert run(["crop", str(image), "--model", str(model), *options]) == 2
    assert message in capsys.readouterr().err


def test_other_models_and_files_are_refused(image: Path, model: Path, tmp_path: Path, capsys):
    spec = ImageSpec(channels=3, height=8, width=8)
    network = build("conv 4@3x3, relu, flatten, dense", spec.shape, Regress().outputs(3)).eval()
    other = wrap(network, Regress(), spec).save(tmp_path / "number.safetensors")
    assert run(["crop", str(image), "--model", str(other)]) == 2
    assert "answers the task regress" in capsys.readouterr().err
    (tmp_path / "broken.png").write_bytes(b"no image")
    assert run(["crop", str(tmp_path / "broken.png"), "--model", str(model)]) == 2
    assert "broken.png" in capsys.readouterr().err
