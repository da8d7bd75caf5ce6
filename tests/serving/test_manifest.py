"""The manifest describes what PyTorch computes, and its weights are those of the network."""

import json
import math

import numpy as np
import pytest
import torch
from torch import nn

from eyespot.findings import to_json
from eyespot.images import ImageSpec
from eyespot.model import Model, wrap
from eyespot.networks import build
from eyespot.networks.graph.layer_table import layer_table, totals
from eyespot.networks.network import Output
from eyespot.samples import normalize
from eyespot.serving._manifest import make_manifest, record_answer
from eyespot.tasks._classify import Classify
from eyespot.tasks._regress import Regress
from eyespot.tasks._tag import Tag
from eyespot.tasks.colorize import Colorize
from eyespot.tasks.denoise import Denoise

GRAY = ImageSpec(height=8, width=8, channels=1)


def told(model, images=None):
    manifest, parts = make_manifest(model, images or model.images, "it")
    return json.loads(to_json(manifest)), np.concatenate([np.zeros(0, np.float32), *parts])


def classifier(network, images=GRAY, classes=("a", "b"), **settings):
    torch.manual_seed(0)
    return Model(
        network=build(network, images.shape, Output("vector", len(classes))),
        task=Classify(classes=classes, **settings),
        images=images,
    )


def named(name):
    channels = 3 if name in ("tinyvgg", "unet", "pilotnet") else 1
    height, width = (66, 200) if name == "pilotnet" else (32, 32)
    images = ImageSpec(height=height, width=width, channels=channels)
    output = Output("map", channels) if name == "unet" else Output("vector", 3)
    task = Denoise() if name == "unet" else Classify(classes=("a", "b", "c"))
    return Model(network=build(name, images.shape, output, size="tiny"), task=task, images=images)


def test_a_convolution_is_told_as_the_format_says():
    manifest, _ = told(classifier("conv 10@3x3, relu, flatten, dense", ImageSpec(height=8, width=6, channels=3)))
    conv = manifest["calls"][1]
    assert conv["formula"] == "10 · (3 · 3 · 3 + 1) = 280"
    assert conv["shape"] == [10, 6, 4] and conv["multiplyAdds"] == 10 * 3 * 3 * 3 * 6 * 4
    assert conv["settings"] == {
        "kernel": [3, 3], "stride": [1, 1], "padding": [0, 0], "dilation": [1, 1], "groups": 1,
    }  # fmt: skip
    assert conv["field"]["rows"][:2] == [[0, 2], [1, 3]] and conv["field"]["size"] == [3, 3]
    assert conv["weights"]["bias"] == {"name": "stages.conv1.bias", "shape": [10], "offset": 270}
    dense = next(call for call in manifest["calls"] if call["kind"] == "dense")
    assert dense["formula"] == "2 · (240 + 1) = 482" and dense["multiplyAdds"] == 480


def test_the_whole_manifest_has_what_the_page_reads():
    manifest, blob = told(classifier("conv 2@3x3, flatten, dense"))
    assert set(manifest) == {"format", "name", "network", "task", "labels", "picture", "images", "parameters", "calls"}
    assert manifest["format"] == 1 and manifest["labels"] == ["a", "b"] and manifest["task"] == "classify"
    assert manifest["images"] == {"channels": 1, "height": 8, "width": 8, "weights": None, "mean": [0.0], "std": [1.0]}
    assert manifest["parameters"] == blob.size
    for place, call in enumerate(manifest["calls"]):
        assert call["id"] == place and all(before < place for before in call["inputs"])


def test_one_mean_is_told_for_each_channel():
    manifest, _ = told(classifier("conv 2@3x3, flatten, dense", ImageSpec(height=8, width=8, channels=3, mean=(0.5,))))
    assert manifest["images"]["mean"] == [0.5, 0.5, 0.5] and manifest["images"]["std"] == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("name", ["tinyvgg", "residual", "unet", "lecun1989", "lenet5", "pilotnet"])
def test_every_weight_lies_where_the_manifest_says(name):
    model = named(name)
    manifest, blob = told(model)
    state = model.network.state_dict()
    places = [weight for call in manifest["calls"] for weight in call["weights"].values() if weight["name"]]
    assert places
    for weight in places:
        found = blob[weight["offset"] :][: math.prod(weight["shape"])].reshape(weight["shape"])
        assert np.array_equal(found, state[weight["name"]].numpy()), weight["name"]


@pytest.mark.parametrize("name", ["tinyvgg", "residual", "lenet5", "lecun1989"])
def test_multiply_adds_are_those_of_the_layer_table(name):
    model = named(name)
    told_here = sum(call["multiplyAdds"] for call in told(model)[0]["calls"])
    assert told_here == totals(layer_table(model.network))["multiply_adds"]


def test_a_convolution_with_a_table_of_connections_counts_those_it_has():
    calls = told(named("lecun1989"))[0]["calls"]
    partial = next(call for call in calls if call["name"] == "stages.h2.conv")
    assert partial["formula"] == "96 · 5 · 5 = 2400" and partial["weights"]["weight"]["name"] == ""
    assert next(call for call in calls if call["name"] == "stages.h1.bias")["formula"] == "12 · 16 · 16 = 3072"


def test_constants_are_no_parameters():
    [yuv] = [call for call in told(named("pilotnet"))[0]["calls"] if call["name"] == "stages.yuv"]
    assert yuv["formula"] == "" and yuv["weights"]["weight"]["name"] == ""


@pytest.mark.parametrize("name", ["tinyvgg", "residual", "unet", "lecun1989", "lenet5"])
def test_the_formulas_add_up_to_all_parameters(name):
    manifest, _ = told(named(name))
    counted = [int(call["formula"].split(" = ")[1]) for call in manifest["calls"] if call["formula"]]
    assert sum(counted) == manifest["parameters"]


def test_a_weight_that_is_used_twice_lies_there_once():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 1, 3, padding=1)
            self.head = nn.Linear(64, 2)

        def forward(self, x):
            return self.head(self.conv(self.conv(x)).flatten(1))

    manifest, blob = told(wrap(Twice(), Classify(classes=("a", "b")), GRAY))
    first, second = (call for call in manifest["calls"] if call["kind"] == "conv")
    assert first["weights"] == second["weights"] and blob.size == 9 + 1 + 128 + 2
    assert first["name"] == "conv" and second["name"] == "conv:2" and manifest["network"] == "Twice"


def test_a_transposed_convolution_counts_each_number_that_goes_in():
    network = nn.ConvTranspose2d(1, 2, 3, stride=2)
    manifest, _ = told(wrap(network, Denoise(), GRAY))
    call = manifest["calls"][1]
    assert call["shape"] == [2, 17, 17] and call["multiplyAdds"] == 8 * 8 * 1 * 2 * 3 * 3
    assert call["formula"] == "1 · 2 · 3 · 3 + 2 = 20" and manifest["labels"] == []


def test_what_the_task_does_afterwards_stands_at_the_end():
    x = torch.rand(1, 1, 8, 8)
    one = classifier("conv 2@3x3, flatten, dense", temperature=2.0)
    assert [call["kind"] for call in told(one)[0]["calls"]][-3:] == ["dense", "divide", "softmax"]
    answer = record_answer(one, normalize(x, GRAY))[-1].output[0]
    assert answer.tolist() == pytest.approx(list(one.task.answer(one.outputs(x)[0])["probabilities"].values()))
    plain = classifier("conv 2@3x3, flatten, dense")
    assert [call["kind"] for call in told(plain)[0]["calls"]][-2:] == ["dense", "softmax"]


def test_tags_end_in_a_sigmoid_and_numbers_in_their_unit():
    torch.manual_seed(0)
    tags = Model(
        network=build("flatten, dense", GRAY.shape, Output("vector", 2)),
        task=Tag(tags=("x", "y"), thresholds=(0.5, 0.5)),
        images=GRAY,
    )
    manifest, _ = told(tags)
    assert manifest["labels"] == ["x", "y"] and manifest["calls"][-1]["settings"]["function"] == "sigmoid"
    steering = Model(
        network=build("flatten, dense", GRAY.shape, Output("vector", 1)),
        task=Regress(spread=3.0, center=1.0),
        images=GRAY,
    )
    manifest, _ = told(steering)
    assert [call["kind"] for call in manifest["calls"][-2:]] == ["multiply", "add"] and manifest["labels"] == ["number"]
    x = torch.rand(1, 1, 8, 8)
    number = record_answer(steering, x)[-1].output[0].item()
    assert number == pytest.approx(steering.task.answer(steering.outputs(x)[0])["number"], rel=1e-5)


def test_numbers_that_json_cannot_write_become_null():
    network = nn.Sequential(nn.ConstantPad2d(1, -math.inf), nn.MaxPool2d(3), nn.Flatten(), nn.LazyLinear(2))
    network(torch.zeros(1, 1, 8, 8))
    manifest, _ = told(wrap(network, Classify(classes=("a", "b")), GRAY))
    assert manifest["calls"][1]["settings"]["value"] is None


def test_relu6_has_its_name_and_other_limits_have_none():
    """PyTorch computes ReLU6 as a hard tanh; the page explains the one and states that it cannot explain the other."""
    network = nn.Sequential(nn.ReLU6(), nn.Hardtanh(-1, 1), nn.Flatten(), nn.Linear(64, 2))
    calls = told(wrap(network, Classify(classes=("a", "b")), GRAY))[0]["calls"]
    assert [call["settings"].get("function") for call in calls[1:3]] == ["relu6", "hardtanh"]


def test_calls_that_cannot_be_followed_are_told_all_the_same():
    class Odd(nn.Module):
        def forward(self, x):
            return torch.fft.fft(x).real.flatten(1)[:, :2]

    manifest, _ = told(wrap(Odd(), Classify(classes=("a", "b")), GRAY))
    assert "opaque" in [call["kind"] for call in manifest["calls"]] and manifest["calls"][-1]["field"] is None


def colorizer() -> Model:
    task = Colorize()
    network = build("residual", (3, 16, 16), task.outputs(3), size="tiny")
    images = ImageSpec(height=16, width=16, channels=3, fit="stretch", mean=(0.4, 0.4, 0.4), std=(0.2, 0.2, 0.2))
    return Model(network=network, task=task, images=images)


def test_weights_say_what_a_network_receives_that_does_not_see_colors():
    model = colorizer()
    manifest, _ = make_manifest(model, model.images, "colors")
    weights = np.array(manifest["images"]["weights"])
    assert weights.shape == (3, 4) and np.allclose(weights, [[0.299, 0.587, 0.114, 0]] * 3, atol=1e-6)
    pixels = torch.rand(1, 3, 2, 2)
    received = np.einsum("kc,chw->khw", weights[:, :3], pixels[0].numpy()) + weights[:, 3:, None]
    expected = model.network_x(pixels)[0].numpy()
    assert np.allclose((received - 0.4) / 0.2, expected, atol=1e-5)
    assert manifest["picture"] is False


def test_a_network_that_receives_the_colors_needs_no_weights():
    manifest, _ = told(named("unet"))
    assert manifest["images"]["weights"] is None and manifest["picture"] is True
    assert told(named("tinyvgg"))[0]["picture"] is False
