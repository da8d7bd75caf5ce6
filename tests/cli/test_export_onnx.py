"""`eyespot export --onnx` writes a checked file; `predict` and `evaluate` take it in place of the model."""

import json
import sys

import numpy as np
import pytest
from onnx import TensorProto, helper

from eyespot.cli._app import run
from eyespot.images import ImageSpec, write_png
from eyespot.model import Model
from eyespot.networks import build
from eyespot.networks.network import Output
from eyespot.tasks._classify import Classify


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A model, and images of two classes."""
    images = ImageSpec(height=8, width=8, channels=3)
    network = build("conv 2@3x3, flatten, dense", images.shape, Output("vector", 2))
    Model(network=network, task=Classify(classes=("cat", "dog")), images=images).save(tmp_path / "pets.safetensors")
    random = np.random.default_rng(0)
    for number in range(8):
        folder = tmp_path / "photos" / ("cat", "dog")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        write_png(random.integers(0, 256, (13, 10 + number, 3), dtype=np.uint8), folder / f"{number}.png")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EYESPOT_CACHE", str(tmp_path / "cache"))
    return tmp_path


def printed(capsys, *words):
    capsys.readouterr()
    assert run([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_file_takes_the_place_of_the_model(place, capsys):
    assert run(["export", "pets.safetensors", "--onnx", "new/pets.onnx"]) == 0
    text = capsys.readouterr().out
    assert "new/pets.onnx: " in text and "64 images of 16 sizes, largest difference" in text
    expected, found = (printed(capsys, "predict", file, "photos") for file in ("pets.safetensors", "new/pets.onnx"))
    assert [answer["answer"] for answer in found] == [answer["answer"] for answer in expected]
    assert [answer["probability"] for answer in found] == pytest.approx(
        [answer["probability"] for answer in expected], abs=1e-5
    )
    expected, found = (printed(capsys, "evaluate", file, "photos") for file in ("pets.safetensors", "new/pets.onnx"))
    assert (found["score"], found["count"]) == (expected["score"], expected["count"])


@pytest.mark.parametrize(
    ("words", "summary"),
    [
        (["--onnx", "out.bin"], "ends in .onnx"),
        (["--onnx", "out.onnx", "--page", "out.html"], "Give one output"),
        (["--onnx", "out.onnx", "--images", "a.png"], "need --page"),
        (["--onnx", "out.onnx", "--input", "pixels"], "image, tensor"),
        (["--page", "out.html", "--input", "tensor"], "need --onnx"),
        (["--onnx", "photos"], "ends in .onnx"),
        (["--onnx", "out.onnx", "--int8", "photos", "--max-drop", "-1"], "max-drop is -1; give 0"),
    ],
)
def test_wrong_use_is_one_sentence_and_code_2(place, capsys, words, summary):
    assert run(["export", "pets.safetensors", *words]) == 2
    error = capsys.readouterr().err
    assert summary in error and error.count("\n") == 1
    assert not list(place.glob("out.*"))


def test_a_foreign_file_names_what_is_missing(place, capsys):
    (place / "foreign.onnx").write_bytes(b"not a graph")
    assert run(["predict", "foreign.onnx", "photos"]) == 2
    assert "onnxruntime cannot open it" in capsys.readouterr().err
    nodes, sides = [helper.make_node("Relu", ["x"], ["y"])], ["N", 3, 8, 8]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, sides) for name in "xy"]
    graph = helper.make_graph(nodes, "g", values[:1], values[1:])
    (place / "foreign.onnx").write_bytes(helper.make_model(graph, ir_version=10).SerializeToString())
    assert run(["predict", "foreign.onnx", "photos"]) == 2
    error = capsys.readouterr().err
    assert "the task, the labels and the preprocessing are missing" in error and error.count("\n") == 1
    assert "`eyespot import`" in error
    assert run(["explain", "foreign.onnx", "photos/cat/0.png"]) == 2
    assert "predicts and evaluates only" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["export", "pets.safetensors", "--onnx", "out.onnx"],
        ["predict", "pets.onnx", "photos"],
        ["import", "pets.onnx", "--out", "out.safetensors"],
    ],
)
def test_without_onnxruntime_the_extra_is_named(place, capsys, monkeypatch, words):
    (place / "pets.onnx").write_bytes(b"a graph")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert run(words) == 2
    error = capsys.readouterr().err
    assert "'onnxruntime' is not installed; ONNX files need: pip install 'eyespot[export]'" in error
    assert error.count("\n") == 1 and not list(place.glob("out.*"))
