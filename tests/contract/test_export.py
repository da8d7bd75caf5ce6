"""Every task, with a small network that fits it, is exported and gives the answers of its model."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import torch

from eyespot.exporting import ExportedModel, export_onnx, load_onnx
from eyespot.exporting._network import by_name
from eyespot.model import Model
from eyespot.tasks import TASKS
from tests.contract.pairs import PAIRS, make_case

SMALL = ("tinyvgg", "denoiser", "unet", "residual")
ACCEPTED = 1e-4


def small_case(task: str) -> Model:
    network = next(name for name in SMALL if (task, name) in PAIRS)
    case = make_case(task, network)
    channels = case.model.images.channels
    scaling = {"mean": (0.4,) * channels, "std": (0.3,) * channels}
    return replace(case.model, images=replace(case.model.images, fit=case.task.fit, **scaling))


@cache
def exported_file(task: str) -> bytes:
    """The bytes of the file, with the preprocessing; written once."""
    with TemporaryDirectory() as folder:
        return export_onnx(small_case(task), Path(folder) / "model.onnx").path.read_bytes()


def load_file(task: str, folder: Path) -> ExportedModel:
    (folder / "model.onnx").write_bytes(exported_file(task))
    return load_onnx(folder / "model.onnx")


@pytest.mark.parametrize("task", [name for name, task in TASKS.items() if not task.generates])
def test_an_exported_model_answers_as_the_model(task: str, tmp_path: Path):
    model, exported = small_case(task), load_file(task, tmp_path)
    parity = exported.session.about["parity"]
    assert parity["largest_difference"] <= ACCEPTED and parity["images"] == 64
    assert exported.task == model.task and exported.images == model.images

    images = np.random.default_rng(1).integers(0, 256, (3, 37, 53, model.images.channels), dtype=np.uint8)
    for image in images:
        answers = (model.task.answer_text(one.predict(image)) for one in (exported, model))
        assert next(answers) == next(answers)

    found = exported.session.run(images)
    with torch.no_grad():
        answers = by_name("answer", model.module()(torch.cat([model.read(image) for image in images])))
    assert answers.keys() <= found.keys()
    for name, values in answers.items():
        assert np.allclose(found[name], values.numpy(), rtol=ACCEPTED, atol=ACCEPTED, equal_nan=True)


def test_a_file_without_preprocessing_takes_tensors(tmp_path: Path):
    model = small_case("classify")
    exported = load_onnx(export_onnx(model, tmp_path / "model.onnx", input="tensor").path)
    pixels = torch.rand(3, *model.images.shape)
    with torch.no_grad():
        expected = model.outputs(pixels)
    assert torch.allclose(exported.outputs(pixels), expected, rtol=ACCEPTED, atol=ACCEPTED)


def test_an_exported_model_is_evaluated_as_the_model(tmp_path: Path):
    model, exported = small_case("classify"), load_file("classify", tmp_path)
    part = TASKS["classify"]().example(seed=0).test
    expected, found = model.evaluate(part), exported.evaluate(part)
    assert (found.score, found.interval, found.count) == (expected.score, expected.interval, expected.count)
    assert [row["image"] for row in found.table] == [row["image"] for row in expected.table]
