"""Costs of a model: hand-computed counts, stages that add up, backends that agree, clear errors."""

import json
import sys

import numpy as np
import pytest
import torch
from torch import nn

from eyespot.cli._app import run
from eyespot.errors import EyespotError, ModelError
from eyespot.exporting import export_onnx
from eyespot.images import ImageSpec, write_png
from eyespot.measures import _measure as module
from eyespot.measures import _memory, measure
from eyespot.measures._backends import Backend, count_multiply_adds, count_parameters
from eyespot.measures._latency import best_batch, is_busy, timing
from eyespot.measures._memory import STATUS, peak_memory
from eyespot.model import Model
from eyespot.networks import build
from eyespot.networks.network import Output
from eyespot.sources import open_source
from eyespot.tasks._classify import Classify
from eyespot.tasks._generate import Generate

IMAGES = ImageSpec(height=8, width=8, channels=3)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A model that finds red images, and images of two classes."""
    torch.manual_seed(0)
    network = build("conv 2@3x3, relu, flatten, dense", IMAGES.shape, Output("vector", 2))
    Model(network=network, task=Classify(classes=("cat", "dog")), images=IMAGES).save(tmp_path / "pets.safetensors")
    random = np.random.default_rng(0)
    for number in range(6):
        folder = tmp_path / "photos" / ("cat", "dog")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        write_png(random.integers(0, 256, (9, 10, 3), dtype=np.uint8), folder / f"{number}.png")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "peak_memory", lambda *_: 4_000_000)
    return tmp_path


def test_parameters_and_multiply_adds_are_counted():
    network = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 5 * 6, 7))
    assert count_parameters(network) == (4 * 3 * 9 + 4) + (120 * 7 + 7)
    assert count_multiply_adds(network, torch.zeros(1, 3, 5, 6)) == 5 * 6 * 4 * 27 + 120 * 7


def test_percentiles_are_in_milliseconds_and_a_disturbed_kernel_means_a_busy_machine():
    steady, disturbed = timing([0.002] * 100), timing([0.001] * 90 + [0.01] * 10)
    assert (steady.p50, steady.p95, steady.p99, steady.count) == (2.0, 2.0, 2.0, 100)
    assert disturbed.p50 == 1.0 and disturbed.p95 == pytest.approx(10)
    assert not is_busy(steady) and is_busy(disturbed)


def test_the_best_batch_has_the_most_images_per_second(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: clock[0])

    def outputs(pixels):  # one second for up to 4 images, then a second more for each further one
        clock[0] += 0.01 * max(1, len(pixels) - 3)
        return pixels

    backend = Backend(name="one", file="", outputs=outputs, task=Classify(classes=("a", "b")), images=IMAGES)
    assert best_batch([backend], torch.zeros(1, 1, 2, 2))["one"] == (4, pytest.approx(400))


def test_backends_stages_and_accuracy_are_measured(place, capsys):
    words = ["measure", "pets.safetensors", "photos", "--seconds", "0.01", "--threads", "1", "--out", "new/cost.json"]
    assert run([*words, "--part", "all"]) == 0
    text = capsys.readouterr().out
    found = json.loads((place / "new" / "cost.json").read_text())
    first, *_ = found["backends"]
    assert {backend["name"] for backend in found["backends"]} >= {"torch float32", "ONNX Runtime float32"}
    assert found["parameters"] == 56 + (2 * 6 * 6 * 2 + 2) and found["multiply_adds"] == 36 * 54 + 144
    assert found["threads"] == 1 and found["pictures"] == "6 images of the source"
    assert list(first["stages"]) == ["decode", "preprocessing", "network", "postprocessing"]
    assert first["total"]["count"] == found["reference"]["count"] >= 20
    assert all(stage["p50"] <= first["total"]["p99"] for stage in first["stages"].values())
    assert first["file_size"] == (place / "pets.safetensors").stat().st_size
    assert {backend["evaluation"]["score"] for backend in found["backends"]} == {first["evaluation"]["score"]}
    assert first["evaluation"]["count"] == 6 and "95 % interval" in text
    assert "reference kernel" in text and "threads: 1" in text and "4.0" in text
    assert "ONNX Runtime INT8: left out. 0 images to calibrate INT8 on; give at least 32." in text


def test_int8_is_calibrated_on_other_images_and_has_an_accuracy_of_its_own(place, monkeypatch):
    monkeypatch.setattr("eyespot.exporting._int8.FEWEST", 1)
    part = open_source("photos").train
    found = measure("pets.safetensors", part.take(np.arange(1)), seconds=0.01, calibration=part.take(np.arange(1, 3)))
    last = found.backends[-1]
    assert last.name == "ONNX Runtime INT8" and last.evaluation is not None and last.evaluation["count"] == 1
    assert last.file_size != found.backends[-2].file_size


def test_without_a_source_no_accuracy_is_given_and_an_exported_file_has_one_backend(place):
    from eyespot.model import load

    file = export_onnx(load(place / "pets.safetensors"), place / "pets.onnx").path
    found = measure(file, seconds=0.01)
    [backend] = found.backends
    assert backend.name == "ONNX Runtime" and backend.evaluation is None
    assert (found.parameters, found.multiply_adds) == (None, None)


def test_without_onnxruntime_it_is_left_out_with_the_extra_named(place, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    found = measure(place / "pets.safetensors", seconds=0.01)
    assert [backend.name for backend in found.backends if "ONNX" in backend.name] == []
    assert any("eyespot[export]" in note for note in found.notes)


def test_memory_is_unknown_where_its_process_takes_too_long(place, monkeypatch):
    monkeypatch.setattr(_memory, "SECONDS", 0.01)
    assert peak_memory("torch float32", str(place / "pets.safetensors"), (3, 8, 8), 1) is None


@pytest.mark.skipif(not STATUS.exists(), reason="needs the status that Linux reports of a process")
def test_peak_memory_is_that_of_a_process_of_its_own(place):
    found = peak_memory("torch float32", str(place / "pets.safetensors"), (3, 8, 8), 1)
    assert found is not None and 0 < found < 500_000_000


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["none.safetensors"], "no such file"),
        (["pets.safetensors", "--out", "cost.txt"], "expected .json"),
        (["pets.safetensors", "--seconds", "0"], "seconds is 0"),
        (["pets.safetensors", "--threads", "0"], "threads is 0"),
        (["pets.safetensors", "nowhere"], "nowhere"),
    ],
)
def test_invalid_input_is_one_sentence(place, capsys, words, message):
    assert run(["measure", *words]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def test_a_generator_is_refused(tmp_path):
    network = build("dcgan", (3, 32, 32), Generate().outputs(3), size="tiny")
    images = ImageSpec(height=32, width=32, channels=3)
    file = Model(network=network, task=Generate(), images=images).save(tmp_path / "art.safetensors")
    with pytest.raises(ModelError, match="cannot be measured: the model makes images"):
        measure(file)


def test_more_threads_than_sensible_are_refused(tmp_path):
    with pytest.raises(EyespotError, match="from 1 to 1024"):
        measure(tmp_path / "any.safetensors", threads=5000)
