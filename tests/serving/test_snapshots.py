"""Models as they were after each epoch: the same routes, with other weights."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from eyespot.errors import ModelError
from eyespot.networks import build
from eyespot.networks.network import Output
from eyespot.serving._snapshots import at_epoch, epochs_of
from eyespot.serving.app import make_app
from eyespot.serving.loading import open_given
from eyespot.serving.resources import ModelResource
from eyespot.tasks._classify import Classify

from .conftest import HERE, IMAGES, NETWORK, TestClient, picture, small_model


def stage(epoch):
    """The small model with all weights times some number, and a task that is not settled yet."""
    model = small_model(Classify(classes=("ant", "bee", "cow")))
    with torch.no_grad():
        for weight in model.network.parameters():
            weight.mul_(epoch / 3)
    return model


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("snapshots")
    for epoch in (0, 1, 2):
        stage(epoch).save(folder / f"epoch-{epoch:04d}.safetensors")
    (folder / "notes.txt").write_text("not a snapshot")
    return folder


@pytest.fixture(scope="module")
def shown(kept):
    return ModelResource(name="bees", model=small_model(), snapshots=kept)


@pytest.fixture(scope="module")
def client(shown):
    with TestClient(make_app([shown, ModelResource(name="alone", model=small_model())]), base_url=HERE) as client:
        yield client


def test_epochs_are_listed_with_the_models(client):
    assert [model["epochs"] for model in client.get("/api/models").json()["models"]] == [[0, 1, 2], []]


def test_an_epoch_has_the_same_calls_and_its_own_weights(client):
    ask = "/api/models/0"
    assert client.get(f"{ask}/manifest?epoch=1").json() == client.get(f"{ask}/manifest").json()
    now = np.frombuffer(client.get(f"{ask}/weights").content, "<f4")
    then = np.frombuffer(client.get(f"{ask}/weights?epoch=1").content, "<f4")
    weights = sum(weight.numel() for weight in small_model().network.parameters())
    np.testing.assert_allclose(then[:weights], now[:weights] / 3, rtol=1e-6)


def test_numbers_answers_and_explanations_are_those_of_the_epoch(client, shown):
    pixels = shown.pixels(picture())
    then = replace(shown, model=replace(stage(2), task=shown.model.task))
    numbers = client.post("/api/models/0/calls?epoch=2", content=pixels).content
    assert numbers == b"".join(output.numpy().tobytes() for output in then.outputs(pixels))
    asked = {"by": "gradient", "form": "pixels"}
    maps = [
        client.post("/api/models/0/explain", params={**asked, **more}, content=pixels).json()
        for more in ({}, {"epoch": 2})
    ]
    assert maps[0]["maps"] != maps[1]["maps"]


@pytest.mark.parametrize(
    ("path", "summary"), [("0/weights?epoch=3", "there are: 0, 1, 2"), ("1/weights?epoch=0", "train with --snapshots")]
)
def test_an_epoch_that_was_not_kept_is_refused_with_those_that_were(client, path, summary):
    response = client.get(f"/api/models/{path}")
    assert response.status_code == 404 and summary in response.json()["error"]


def test_a_snapshot_of_another_network_is_refused(tmp_path, shown):
    other = replace(small_model(), network=build(NETWORK.replace("4@", "5@"), IMAGES.shape, Output("vector", 3)))
    other.save(tmp_path / "epoch-0001.safetensors")
    with pytest.raises(ModelError, match="epoch 1 is of another network"):
        at_epoch(replace(shown, snapshots=tmp_path), 1)


def test_a_run_brings_its_snapshots_and_a_model_alone_has_none(run_folder, tmp_path):
    small_model().save(tmp_path / "alone.safetensors")
    (run_folder / "snapshots").mkdir()
    stage(1).save(run_folder / "snapshots" / "epoch-0001.safetensors")
    app_state, _ = open_given([run_folder, tmp_path / "alone.safetensors"], [])
    assert [epochs_of(model) for model in app_state.models] == [[1], []]


def test_gradients_are_those_of_pytorch(client, shown):
    pixels = shown.pixels(picture())
    answer = client.post("/api/models/0/gradients?of=bee", content=pixels)
    found = np.frombuffer(answer.content, "<f4")
    x = torch.from_numpy(np.frombuffer(pixels, np.uint8).copy()).reshape(1, *IMAGES.shape) / 255
    x = ((x - torch.tensor(IMAGES.mean).view(1, 3, 1, 1)) / torch.tensor(IMAGES.std).view(1, 3, 1, 1)).requires_grad_()
    output = shown.model.network(x)
    [wanted] = torch.autograd.grad(output[0, 1], x)
    np.testing.assert_allclose(found[: wanted.numel()], wanted.flatten().numpy(), rtol=1e-5, atol=1e-7)
    np.testing.assert_array_equal(found[-3:], [0, 1, 0])


def test_gradients_of_no_class_are_refused(client, shown):
    response = client.post("/api/models/0/gradients?of=wasp", content=shown.pixels(picture()))
    assert response.status_code == 400 and "wasp" in response.json()["error"]
