"""INT8 files keep the score within what is accepted, state what was lost, and are otherwise not written."""

import json

import numpy as np
import onnx
import pytest
import torch

from eyespot.cli._app import run
from eyespot.errors import ModelError, SourceError
from eyespot.exporting import export_int8, load_onnx
from eyespot.images import ImageSpec, write_png
from eyespot.model import Model
from eyespot.networks import build
from eyespot.networks.network import Output
from eyespot.sources.synthetic import shapes
from eyespot.tasks._classify import Classify

IMAGES = ImageSpec(height=16, width=16, channels=3)


@pytest.fixture(scope="module")
def source():
    return shapes(count=80, size=16)


@pytest.fixture(scope="module")
def model(source):
    torch.manual_seed(0)
    classes = tuple(sorted({row.values["label"] for row in source.train.rows}))
    network = build("conv 4@3x3, relu, maxpool 2, flatten, dense", IMAGES.shape, Output("vector", len(classes)))
    return Model(network=network, task=Classify(classes=classes), images=IMAGES)


@pytest.mark.parametrize("input", ["image", "tensor"])
def test_weights_are_of_8_bits_and_the_scores_are_stated(model, source, tmp_path, input):
    export, found = export_int8(model, tmp_path / "a.onnx", source.train, source.test, input, max_drop=1.0)
    graph = onnx.load(export.path).graph
    assert {node.op_type for node in graph.node} >= {"QuantizeLinear", "DequantizeLinear"}
    assert sum(value.data_type == onnx.TensorProto.INT8 for value in graph.initializer) >= 2
    assert found.count == len(source.test) and found.calibrated_on == len(source.train)
    assert found.before == pytest.approx(model.evaluate(source.test).score)
    file = load_onnx(export.path)
    assert file.evaluate(source.test).score == pytest.approx(found.after)
    assert found.drop == pytest.approx(found.before - found.after)
    assert file.session.about["int8"]["after"] == found.after


def test_a_larger_loss_is_refused_and_nothing_is_written(model, source, tmp_path, monkeypatch):
    from eyespot.exporting import _int8

    def spoiled(graph, *_):
        changed = onnx.ModelProto()
        changed.CopyFrom(graph)
        for value in changed.graph.initializer:
            if value.data_type == onnx.TensorProto.FLOAT and len(value.dims) > 1:
                zeros = np.zeros(tuple(value.dims), np.float32)
                value.CopyFrom(onnx.numpy_helper.from_array(zeros, value.name))
        return changed, 40

    monkeypatch.setattr(_int8, "_quantized", spoiled)
    monkeypatch.setattr(Classify, "evaluate", lambda self, table: (score_of(table), (0.0, 1.0), {}))
    with pytest.raises(ModelError, match=r"INT8 changes accuracy .* a loss of 0\.01 is accepted. Nothing was written"):
        export_int8(model, tmp_path / "a.onnx", source.train, source.test)
    assert not (tmp_path / "a.onnx").exists()


def score_of(table):
    """1 where answers depend on the image, 0 where all are alike."""
    return float(
        len({row["confidence"] if "confidence" in row else json.dumps(row.get("probabilities")) for row in table}) > 1
    )


def test_too_few_images_are_refused(model, source, tmp_path):
    few = source.train.take(np.arange(31))
    with pytest.raises(SourceError, match="31 images to calibrate INT8 on; give at least 32"):
        export_int8(model, tmp_path / "a.onnx", few, source.test)
    with pytest.raises(ModelError, match="max_drop is -1"):
        export_int8(model, tmp_path / "a.onnx", source.train, source.test, max_drop=-1)


def test_the_command_prints_both_scores(model, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("EYESPOT_CACHE", str(tmp_path / "cache"))
    model.save(tmp_path / "m.safetensors")
    words = ["export", str(tmp_path / "m.safetensors"), "--onnx", str(tmp_path / "a.onnx")]
    assert run([*words, "--int8", "synthetic:shapes", "--max-drop", "100"]) == 0
    text = capsys.readouterr().out
    assert "float32: accuracy" in text and "INT8: accuracy" in text and "calibrated on" in text
    assert run([*words, "--max-drop", "1"]) == 2
    assert "needs --int8" in capsys.readouterr().err
    for number in range(12):
        folder = tmp_path / "few" / ("circle", "square", "triangle")[number % 3]
        folder.mkdir(parents=True, exist_ok=True)
        write_png(np.full((16, 16, 3), 20 * number, np.uint8), folder / f"{number}.png")
    assert run([*words, "--int8", str(tmp_path / "few")]) == 2
    error = capsys.readouterr().err
    assert (
        error.splitlines()[-1].endswith("6 images to calibrate INT8 on; give at least 32.") and "Traceback" not in error
    )
