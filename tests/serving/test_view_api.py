"""What the views Generate, Rank and Drive ask of the server."""

import base64
import io

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from eyespot.errors import SimulatorError
from eyespot.images import encode_png
from eyespot.serving import _drive_api
from eyespot.serving.app import make_app
from tests.simulators.toy import Toy

from .conftest import HERE, small_model
from .view_models import (
    EPOCHS,
    ModelResource,
    colorizer,
    denoiser,
    driver,
    generator,
    ranker,
    write_generator_run,
)


@pytest.fixture(scope="module")
def models():
    return [
        ModelResource(name="bees", model=small_model()),
        generator(),
        ranker(),
        driver(),
        denoiser(),
        colorizer("regression"),
    ]


@pytest.fixture
def client(models, tmp_path, monkeypatch):
    monkeypatch.setattr(_drive_api, "CarRacing", lambda colors: Toy(length=12))
    return TestClient(make_app(models, [write_generator_run(tmp_path / "art", 1)]), base_url=HERE)


def images_of(answer):
    assert answer.status_code == 200, answer.text
    return [Image.open(io.BytesIO(base64.b64decode(image))) for image in answer.json()["images"]]


def test_each_view_names_the_models_that_fit(client):
    views = client.get("/api/views").json()
    assert views == {
        "faces": False, "organize": False, "tradeoff": False, "generate": [1], "denoise": [4], "colorize": [5],
        "rank": [2], "drive": [3],
    }  # fmt: skip


def test_the_same_seed_gives_the_same_images_marked_as_generated(client, models):
    first, again, other = (
        images_of(client.get(f"/api/models/1/samples?seed={seed}&count=3")) for seed in (7, 7, 8)
    )  # fmt: skip
    assert [image.size for image in first] == [(16, 16)] * 3
    assert "neural network" in first[0].info["Comment"]
    assert all((np.asarray(one) == np.asarray(two)).all() for one, two in zip(first, again, strict=True))
    assert (np.asarray(first[0]) != np.asarray(other[0])).any()
    made = models[1].model.sample(7, 3)[0]
    assert (np.asarray(first[0]) == (made * 255).round().byte().permute(1, 2, 0).numpy()).all()


def test_images_nearest_to_a_style_come_from_eight_times_as_many(client, models):
    model = models[1].model
    values = model.task.value(model.outputs(model.sample(0, 16)), model.task.parse_target("red"))
    order = values.argsort(descending=True)
    for query, wanted in (("", order[0]), ("&farthest=true", order[-1])):
        [image, _] = images_of(client.get(f"/api/models/1/samples?count=2&style=red{query}"))
        made = (model.sample(0, 16)[wanted] * 255).permute(1, 2, 0).numpy()
        assert np.abs(np.asarray(image) - made).max() <= 1


def test_an_interpolation_leads_from_the_first_image_to_the_second(client):
    ends = images_of(client.get("/api/models/1/samples?seed=3&count=2"))
    strip = images_of(client.get("/api/models/1/interpolation?seed=3&count=5"))
    assert len(strip) == 5
    for end, image in zip(ends, (strip[0], strip[-1]), strict=True):
        assert np.abs(np.asarray(end, float) - np.asarray(image, float)).max() <= 1


def test_samples_of_each_epoch_are_those_of_the_run(client):
    assert client.get("/api/runs/0/samples").json() == {"epochs": list(range(EPOCHS + 1))}
    answer = client.get("/api/runs/0/samples/2")
    assert np.asarray(Image.open(io.BytesIO(answer.content))).max() == 120


def test_a_picture_gets_its_rank(client):
    answer = client.post("/api/models/2/predict", content=encode_png(np.zeros((9, 9, 3), np.uint8))).json()
    assert 0 <= answer["rank"] <= 1


def test_a_drive_goes_on_step_by_step_and_counts_what_a_person_does(client):
    state = client.post("/api/models/3/drive?track=5").json()
    assert (state["track"], state["seconds"], state["interventions"], state["autonomy"]) == (5, 0, 0, 1)
    assert state["centerLine"] == [[0, 0], [0, 12]] and not state["over"]
    mask = Image.open(io.BytesIO(base64.b64decode(state["mask"])))
    assert mask.size == (8, 8)
    state = client.post("/api/models/3/drive/steps", json={"steps": 2}).json()
    assert state["seconds"] == 1 and state["position"][0] == pytest.approx(0.04, abs=0.01) and not state["byHand"]
    for _ in range(2):  # held over two requests: one intervention
        state = client.post("/api/models/3/drive/steps", json={"steps": 1, "steering": -0.2}).json()
    assert state["byHand"] and state["interventions"] == 1 and state["position"][0] == pytest.approx(-0.36, abs=0.01)
    state = client.post("/api/models/3/drive/steps", json={"steps": 3, "push": 0.6}).json()
    assert not state["byHand"] and state["interventions"] == 2  # pushed off the road and reset
    state = client.post("/api/models/3/drive/steps", json={"steps": 25}).json()
    assert state["over"] and state["seconds"] == 6


@pytest.mark.parametrize(
    ("method", "path", "error"),
    [
        ("get", "models/0/samples", "generates no images"),
        ("get", "models/1/samples?style=green", "green"),
        ("get", "models/1/samples?count=0", "count"),
        ("get", "models/1/interpolation?count=1", "count"),
        ("get", "runs/0/samples/9", "no samples of epoch 9"),
        ("post", "models/0/drive", "driving takes a number"),
        ("post", "models/3/drive/steps", "start a drive first"),
        ("post", "models/3/drive?track=-1", "track"),
        ("post", "models/3/drive?colors=pink", "colors"),
    ],
)
def test_what_cannot_be_is_refused_with_one_sentence(client, method, path, error):
    options = {"json": {"steps": 1}} if method == "post" else {}
    answer = getattr(client, method)(f"/api/{path}", **options)
    assert 400 <= answer.status_code < 500 and error in answer.json()["error"]


def test_a_missing_simulator_is_named(client, monkeypatch):
    def missing(colors):
        raise SimulatorError("the simulator CarRacing needs the package gymnasium; pip install 'eyespot[drive]'.")

    monkeypatch.setattr(_drive_api, "CarRacing", missing)
    answer = client.post("/api/models/3/drive")
    assert answer.status_code == 400 and "eyespot[drive]" in answer.json()["error"]
