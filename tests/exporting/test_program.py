"""A program of PyTorch needs no eyespot, answers as the model does, and is not kept where it does not."""

import json
import subprocess
import sys
import zipfile

import pytest
import torch

from eyespot.cli._app import run
from eyespot.errors import ModelError
from eyespot.exporting import _program as module
from eyespot.exporting import export_program
from tests.contract.test_export import small_case

ALONE = """
import json, sys, torch
files = {"eyespot": ""}
program = torch.export.load(sys.argv[1], extra_files=files).module()
print(json.dumps([json.loads(files["eyespot"])["labels"], program(torch.full(json.loads(sys.argv[2]), 0.25)).tolist()]))
assert not any(name.startswith("eyespot") for name in sys.modules)
"""


@pytest.fixture
def model():
    return small_case("classify")


def test_it_answers_without_eyespot_in_a_batch_of_any_size(model, tmp_path):
    written = export_program(model, tmp_path / "model.pt2")
    assert written.size == written.path.stat().st_size and written.images == 8
    shape = [3, *model.images.shape]
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(written.path), json.dumps(shape)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    labels, answers = json.loads(done.stdout)
    with torch.no_grad():
        assert torch.allclose(torch.tensor(answers), model.module()(torch.full(shape, 0.25)), atol=1e-5)
    assert labels == list(model.task.labels)


def test_it_does_not_tell_where_eyespot_is_installed(model, tmp_path):
    with zipfile.ZipFile(export_program(model, tmp_path / "model.pt2").path) as archive:
        [graph] = [archive.read(name).decode() for name in archive.namelist() if name.endswith("models/model.json")]
    assert "eyespot/networks/" not in graph.replace("\\\\", "/")


@pytest.mark.parametrize("task", ["denoise", "detect"])
def test_images_and_named_answers_are_written_too(task, tmp_path):
    assert export_program(small_case(task), tmp_path / "model.pt2").largest_difference <= 1e-4


def test_a_program_that_differs_is_not_kept(model, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "largest_difference", lambda found, expected: 0.5)
    with pytest.raises(ModelError, match=r"'answer' differs by 0\.5 in a batch of 1.*Nothing was written"):
        export_program(model, tmp_path / "model.pt2")
    assert not (tmp_path / "model.pt2").exists()


def test_the_command_writes_it_and_refuses_other_names(model, tmp_path, capsys):
    model.save(tmp_path / "model.safetensors")
    what = ["export", str(tmp_path / "model.safetensors"), "--pt2"]
    assert run([*what, str(tmp_path / "out" / "model.pt2")]) == 0
    assert "same answers as the model" in capsys.readouterr().out
    assert run([*what, str(tmp_path / "model.pt")]) == 2
    assert "a program of PyTorch ends in .pt2" in capsys.readouterr().err
    assert run([*what, str(tmp_path / "model.pt2"), "--int8", "photos"]) == 2
    assert "need --onnx" in capsys.readouterr().err
