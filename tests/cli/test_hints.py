"""Colors that a person gives at some pixels, from a table to the image."""

from pathlib import Path

import numpy as np
import pytest
import torch

from eyespot.cli._app import run
from eyespot.cli._hints import read_hints
from eyespot.errors import RunError
from eyespot.images import ImageSpec, read_pixels, write_png
from eyespot.model import Model
from eyespot.networks import build
from eyespot.tasks import Classify
from eyespot.tasks.colorize import Colorize
from eyespot.tasks.task import Hint, Task


def saved(task: Task, folder: Path) -> str:
    torch.manual_seed(0)
    network = build("residual", (3, 16, 16), task.outputs(3), size="tiny")
    images = ImageSpec(height=16, width=16, channels=3, fit="stretch")
    return str(Model(network=network, task=task, images=images).save(folder / "model.safetensors"))


@pytest.fixture
def gray(tmp_path: Path) -> Path:
    """A gray image, 20 rows and 30 columns, dark on the left and bright on the right."""
    pixels = np.full((20, 30), 60, np.uint8)
    pixels[:, 15:] = 190
    return write_png(pixels, tmp_path / "gray.png")


def table(folder: Path, *lines: str, head: str = "image,row,column,color") -> Path:
    file = folder / "hints.csv"
    file.write_text("\n".join([head, *lines]) + "\n")
    return file


def test_a_hint_colors_what_is_near_and_alike(gray, tmp_path, capsys):
    hints = table(tmp_path, "gray.png,10,4,#a03030", "other.png,0,0,#00ff00")
    words = ["predict", saved(Colorize(), tmp_path), str(gray), "--out", str(tmp_path / "out"), "--hints", str(hints)]
    assert run(words) == 0
    out, err = capsys.readouterr()
    assert "invented" in out and "no image is named other.png" in err
    spec = ImageSpec(height=1, width=1, channels=3, fit="native")
    made = read_pixels(tmp_path / "out" / "gray.colorized.png", spec).astype(int)
    assert made[10, 4, 0] - made[10, 4, 1] > 25  # red where the hint is
    assert abs(made[10, 25, 0] - made[10, 25, 1]) < 10  # as far away as the image goes, and much brighter


@pytest.mark.parametrize(
    ("lines", "head", "message"),
    [
        (["gray.png,-1,4,#a03030"], "image,row,column,color", "line 2: is row -1, column 4"),
        (["gray.png,1,4,red"], "image,row,column,color", "six hexadecimal digits"),
        (["gray.png,1"], "image,row,column,color", "whole numbers from 0 on"),
        (["gray.png,1,4"], "image,row,column", "has no column color"),
    ],
)
def test_a_table_that_cannot_be_understood_is_refused(lines, head, message, tmp_path):
    with pytest.raises(RunError, match=message):
        read_hints(table(tmp_path, *lines, head=head))


def test_hints_are_read(tmp_path):
    hints = read_hints(table(tmp_path, "a.png,1,2,#0a0B0c", "a.png,3,4,ffffff"))
    assert hints == {"a.png": [Hint(row=1, column=2, color=(10, 11, 12)), Hint(row=3, column=4, color=(255, 255, 255))]}


def test_a_hint_outside_the_image_is_named(gray, tmp_path, capsys):
    hints = table(tmp_path, "gray.png,20,4,#a03030")
    assert run(["predict", saved(Colorize(), tmp_path), str(gray), "--hints", str(hints)]) == 2
    assert "hint at row 20, column 4, but the image has 20 rows and 30 columns" in capsys.readouterr().err


def test_tasks_without_hints_refuse_them(gray, tmp_path, capsys):
    hints = table(tmp_path, "gray.png,1,4,#a03030")
    assert run(["predict", saved(Classify(classes=("a", "b")), tmp_path), str(gray), "--hints", str(hints)]) != 0
    assert "classify takes no hints" in capsys.readouterr().err
