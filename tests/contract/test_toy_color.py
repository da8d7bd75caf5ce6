"""A toy task whose network receives other channels than the image has, and answers with a map at half the size."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from eyespot.attacks import attack
from eyespot.attacks._intervals import output_intervals
from eyespot.attacks._lipschitz import layer_bounds
from eyespot.errors import ModelError
from eyespot.explanations import explain
from eyespot.explanations.subject import make_subject
from eyespot.images import ImageSpec
from eyespot.model import Model, load
from eyespot.networks import Output, build
from eyespot.samples import network_x
from eyespot.sources.source import Source
from eyespot.tasks import TASKS
from eyespot.training.options import TrainOptions
from eyespot.training.recipe import read_recipe
from eyespot.training.run import run_training
from tests.contract.toy_tasks.color import Color, colored


@pytest.fixture(scope="module")
def source() -> Source:
    return colored()


@pytest.fixture(scope="module")
def folder(source: Source, tmp_path_factory: pytest.TempPathFactory) -> Path:
    options = TrainOptions(task="color", size="tiny", epochs=6, batch=12, precision="float32", augment="none")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(TASKS, "color", Color)
        return run_training(source, options, tmp_path_factory.mktemp("color") / "run", lambda entry: None).folder


@pytest.fixture
def model(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    monkeypatch.setitem(TASKS, "color", Color)
    return load(folder / "model.safetensors")


def small_model() -> Model:
    torch.manual_seed(0)
    network = build("conv 3@3x3 same, relu, maxpool 2, conv 3x3 same", (1, 8, 8), Output("map", 2, stride=2))
    return Model(
        network=network, task=Color(), images=ImageSpec(height=8, width=8, channels=3, mean=(0.3,), std=(0.2,))
    )


def test_the_network_receives_one_normalized_channel(source, folder, model):
    recipe = read_recipe(folder / "recipe.json")
    assert recipe.network["input"] == [1, 16, 16]
    assert recipe.images["channels"] == 3
    pixels = torch.cat([model.read(row.picture) for row in source.train.rows])
    x = model.network_x(pixels)
    assert x.shape == (len(pixels), 1, 16, 16)
    assert abs(x.mean()) < 0.01 and abs(x.std() - 1) < 0.01
    gray = 0.299 * pixels[:, 0] + 0.587 * pixels[:, 1] + 0.114 * pixels[:, 2]
    assert torch.allclose(x[:, 0], (gray - model.images.mean[0]) / model.images.std[0], atol=1e-5)


def test_it_has_learned_and_answers_the_same_everywhere(source, folder, model):
    row = source.test.rows[0]
    pixels = model.read(row.picture)
    with torch.no_grad():
        output = model.outputs(pixels)
        assert output.shape == (1, 2, 8, 8)
        assert torch.allclose(model.module()(pixels), output, atol=1e-6)
    expected = pytest.approx(
        output[0].mean((1, 2)).tolist(), abs=1e-6
    )  # answers are rounded otherwise: normalization is folded
    assert model.predict(row.picture)["mean"] == expected
    evaluation = model.evaluate(source.test)
    result = json.loads((folder / "result.json").read_text())
    assert evaluation.score == pytest.approx(result["score"], rel=1e-4)
    nothing = Color().make_problem((pixels,), torch.zeros(1), torch.zeros(1))[1].abs().mean()
    assert evaluation.score < nothing


def test_occlusion_covers_pixels_and_gradients_are_those_of_what_the_network_receives(source, model):
    picture = source.test.rows[0].picture
    covered = explain(model, picture, by="occlusion")
    assert covered.maps["heat"].shape == (16, 16)
    assert covered.checks[0].passed
    subject = make_subject(model, picture)
    x = subject.x.clone().requires_grad_()
    [slope] = torch.autograd.grad(subject.objective(model.network(x)).sum(), x)
    found = explain(model, picture, by="gradient")
    assert np.allclose(found.maps["heat"], slope[0, 0].numpy(), atol=1e-6)


def test_an_attack_changes_the_colors_of_the_image(source, model):
    result = attack(model, np.asarray(source.test.rows[0].picture), by="fgsm")
    assert result.original.shape == (16, 16, 3)
    assert result.gradients > 0 and result.linf > 0


def test_bounds_hold_from_the_pixels_on():
    model = small_model()
    pixels = torch.rand(4, 3, 8, 8)
    low, high = output_intervals(model, pixels, 0.02)
    with torch.no_grad():
        output = model.outputs((pixels + 0.02 * (2 * torch.rand_like(pixels) - 1)).clamp(0, 1))
    assert (low - 1e-5 <= output).all() and (output <= high + 1e-5).all()
    norm = sum(weight**2 for weight in (0.299, 0.587, 0.114)) ** 0.5 / 0.2
    assert layer_bounds(model)[0].total == pytest.approx(norm, rel=0.01)


def test_it_makes_no_images():
    with pytest.raises(ModelError, match="generates no images: the task color answers images"):
        small_model().sample(seed=0, n=2)


def test_what_the_network_receives_is_not_what_was_given():
    pixels = torch.rand(2, 3, 8, 8)
    before = pixels.clone()
    network_x(pixels, small_model().task, small_model().images)
    assert torch.equal(pixels, before)
