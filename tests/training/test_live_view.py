"""What is seen of a training: kernels, maps and answers, in numbers that are true, and without a trace."""

import base64

import numpy as np
import pytest
import torch

from eyespot.device import World
from eyespot.model import Model
from eyespot.networks.graph.record import find_call, record
from eyespot.serving._live_view import HELD, MOST_SIDE, view
from eyespot.sources import open_source
from eyespot.training import run as running


def prepared(source, folder):
    return running.prepare(source, running.read_recipe(folder / "recipe.json"), folder, World())


def numbers(told):
    levels = np.frombuffer(base64.b64decode(told["data"]), np.int8).reshape(told["shape"])
    return torch.tensor(levels / 127 * told["scale"])


def pixels(told):
    return np.frombuffer(base64.b64decode(told["data"]), np.uint8).reshape(told["shape"])


def test_kernels_and_maps_are_those_of_the_averaged_network(source, trained_run):
    training, state = prepared(source, trained_run().folder)
    found = view(training, state, pixels=True)
    assert found["layer"] == "stages.conv1" and found["part"] == "validation" and found["step"] == 23
    weight = dict(state.average.named_parameters())["stages.conv1.weight"]
    torch.testing.assert_close(numbers(found["kernels"]), weight.double(), atol=found["kernels"]["scale"] / 250, rtol=0)
    x = torch.tensor(pixels(found["held"][0]["pixels"]))[None].float() / 255
    model = Model(network=state.average, task=training.task, images=training.images)
    calls = record(state.average, (x - model.images.mean[0]) / model.images.std[0])
    maps = find_call(calls, "stages.conv1").output[0].double()
    torch.testing.assert_close(numbers(found["maps"]), maps, atol=found["maps"]["scale"] / 200, rtol=0)


def test_a_layer_and_a_picture_are_chosen(source, trained_run):
    training, state = prepared(source, trained_run().folder)
    first, second = (view(training, state, layer="stages.maxpool1", picture=place) for place in (0, 1))
    assert first["layer"] == "stages.maxpool1" and first["maps"]["shape"] == [4, 4, 4] and first["kernels"] is None
    assert first["maps"] != second["maps"]
    assert view(training, state, layer="nonsense")["layer"] == "stages.conv1"


def test_held_out_images_are_another_random_choice_for_another_number(source, trained_run):
    training, state = prepared(source, trained_run().folder)
    first, again, other = (view(training, state, images=number)["held"] for number in (0, 0, 1))
    assert first == again and len(first) == HELD
    assert [one["name"] for one in first] != [one["name"] for one in other]
    known = {row.name: row.values["label"] for row in source.validation.rows}
    assert all(known[one["name"]] == one["target"] for one in first)
    assert all(one["right"] == (one["label"] == one["target"]) for one in first)
    assert [len(one["best"]) for one in first] == [2] * HELD and "pixels" not in first[0]


def test_looking_leaves_no_trace(source, trained_run):
    training, state = prepared(source, trained_run(network="residual", size="tiny").folder)
    state.network.train()
    before = {name: value.clone() for name, value in state.network.state_dict().items()}
    average = {name: value.clone() for name, value in state.average.state_dict().items()}
    random = torch.get_rng_state()
    view(training, state)
    assert state.network.training and torch.equal(random, torch.get_rng_state())
    for kept, now in ((before, state.network.state_dict()), (average, state.average.state_dict())):
        assert all(torch.equal(value, now[name]) for name, value in kept.items())


@pytest.mark.parametrize("task", ["denoise", "regress", "tag"])
def test_every_task_has_something_to_see(trained_run, tmp_path, task):
    from eyespot.tasks import TASKS
    from eyespot.training.options import TrainOptions

    source = open_source(TASKS[task]().example(0))
    options = TrainOptions(task=task, epochs=0.1, size="tiny", precision="float32", augment="none")
    running.run_training(source, options, tmp_path / task, lambda entry: None)
    training, state = prepared(source, tmp_path / task)
    found = view(training, state, pixels=True)
    assert found["held"] and found["maps"]["shape"][1] <= MOST_SIDE
    one = found["held"][0]
    if task == "denoise":
        assert pixels(one["answered"]).shape == pixels(one["pixels"]).shape
    else:
        assert "target" in one and "answer" in one
