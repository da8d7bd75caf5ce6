"""What the page asks of a model, in the form of page/FORMAT.md: numbers equal to PyTorch's, and refusals."""

import base64

import numpy as np
import pytest
import torch
from fastapi import FastAPI, Response
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from eyespot.images import ImageSpec, encode_png, read_pixels
from eyespot.samples import normalize, to_batch
from eyespot.serving import resources as shown_module
from eyespot.serving._models import numbers as send_numbers
from eyespot.serving.resources import ModelResource
from eyespot.sources.source import Row
from eyespot.tasks import TASKS

from .conftest import IMAGES, NETWORK, picture, small_model

SIZE = 3 * 12 * 10


def numbers(response):
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/octet-stream"
    assert int(response.headers["content-length"]) == len(response.content)
    return np.frombuffer(response.content, "<f4")


def test_models_are_listed_by_number(client):
    assert client.get("/api/models").json()["models"] == [
        {"id": 0, "name": "bees", "network": NETWORK, "task": "classify", "source": None, "epochs": []},
        {"id": 1, "name": "clean", "network": "unet", "task": "denoise", "source": None, "epochs": []},
    ]


def test_a_model_tells_its_classes_and_its_preprocessing(client):
    one = client.get("/api/models/0").json()
    assert one["labels"] == ["ant", "bee", "cow"] and one["imageCount"] == 60
    assert one["images"] == {
        "channels": 3, "height": 12, "width": 10, "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.25, 0.3], "fit": "crop",
    }  # fmt: skip


def test_weights_lie_where_the_manifest_says(client):
    manifest = client.get("/api/models/0/manifest").json()
    blob = numbers(client.get("/api/models/0/weights"))
    weight = manifest["calls"][1]["weights"]["weight"]
    expected = small_model().network.state_dict()[weight["name"]]
    assert np.array_equal(blob[weight["offset"] :][: expected.numel()], expected.numpy().ravel())
    assert blob.size == manifest["parameters"]


def test_images_are_spread_over_all_or_listed_from_a_row_on(client, source):
    spread = client.get("/api/models/0/images").json()
    assert spread["count"] == 60 and len(spread["images"]) == 48
    ids = [image["id"] for image in spread["images"]]
    assert ids == sorted(set(ids)) and ids[-1] > 55
    some = client.get("/api/models/0/images", params={"offset": 58, "limit": 5}).json()["images"]
    assert [image["id"] for image in some] == [58, 59]
    assert some[0] == {"id": 58, "name": source.rows[58].name, "label": source.rows[58].values["label"]}


def test_pixels_of_an_image_are_those_of_training(client, source):
    given_pixels = client.get("/api/models/0/images/7").content
    expected = read_pixels(source.rows[7].picture, IMAGES).transpose(2, 0, 1)
    assert given_pixels == expected.tobytes() and len(given_pixels) == SIZE


def test_pixels_of_a_picture_file_are_those_of_training(client, png):
    response = client.post("/api/models/0/pixels", content=png)
    assert response.content == read_pixels(png, IMAGES).transpose(2, 0, 1).tobytes()


def test_every_call_gives_what_pytorch_computes(client):
    pixels = np.random.default_rng(1).integers(0, 256, (3, 12, 10), dtype=np.uint8)
    model = small_model()
    x = normalize(to_batch(pixels.transpose(1, 2, 0)[None]), model.images)
    conv = model.network.stages["conv1"](x) if "conv1" in model.network.stages else None
    assert np.array_equal(numbers(client.post("/api/models/0/calls/0", content=pixels.tobytes())), x.numpy().ravel())
    if conv is not None:
        found = numbers(client.post("/api/models/0/calls/1", content=pixels.tobytes()))
        assert found == pytest.approx(conv.detach().numpy().ravel())
    last = len(client.get("/api/models/0/manifest").json()["calls"]) - 1
    chances = torch.softmax(model.network(x) / 1.5, 1).detach().numpy().ravel()
    assert numbers(client.post(f"/api/models/0/calls/{last}", content=pixels.tobytes())) == pytest.approx(chances)


def test_all_calls_are_one_after_another(client):
    pixels = bytes(range(256)) + bytes(SIZE - 256)
    calls = client.get("/api/models/0/manifest").json()["calls"]
    whole = numbers(client.post("/api/models/0/calls", content=pixels))
    parts = [numbers(client.post(f"/api/models/0/calls/{call['id']}", content=pixels)) for call in calls]
    assert [part.size for part in parts] == [int(np.prod(call["shape"])) for call in calls]
    assert np.array_equal(whole, np.concatenate(parts))


def test_large_answers_come_whole_though_in_pieces(client, monkeypatch):
    whole = client.get("/api/models/0/weights").content
    monkeypatch.setattr("eyespot.serving._models.CHUNK", 7)
    assert client.get("/api/models/0/weights").content == whole


def test_one_record_alone_is_kept():
    shown_module._outputs.cache_clear()
    one, other = (ModelResource(name=name, model=small_model()) for name in "ab")
    for shown in (one, one, other):
        shown.outputs(bytes(SIZE))
    kept = shown_module._outputs.cache_info()
    assert (kept.hits, kept.misses, kept.currsize) == (1, 2, 1)


def test_a_model_of_any_size_is_shown_in_its_training_size(client, png):
    manifest = client.get("/api/models/1/manifest").json()
    assert manifest["images"]["height"] == 16 and manifest["labels"] == []
    pixels = client.post("/api/models/1/pixels", content=png).content
    assert len(pixels) == 256
    last = numbers(client.post(f"/api/models/1/calls/{len(manifest['calls']) - 1}", content=pixels))
    assert last.size == 256


@pytest.mark.parametrize(
    ("method", "path", "summary"),
    [
        ("GET", "/api/models/2", "There is no model 2; there are 0 to 1."),
        ("GET", "/api/models/-1/manifest", "There is no model -1"),
        ("GET", "/api/models/0/images/60", "There is no image 60"),
        ("GET", "/api/models/1/images/0", "there are none"),
        ("POST", "/api/models/0/calls/99", "There is no call 99"),
        ("GET", "/api/models/0/nothing", "Not found:"),
    ],
)
def test_what_is_not_there_is_said_in_one_sentence(client, method, path, summary):
    response = client.request(method, path, content=bytes(SIZE) if method == "POST" else None)
    assert response.status_code == 404 and summary in response.json()["error"]


@pytest.mark.parametrize("count", [0, 1, SIZE - 1, SIZE + 1])
def test_pixels_of_another_size_are_refused(client, count):
    for path in ("calls", "calls/1"):
        response = client.post(f"/api/models/0/{path}", content=bytes(count))
        assert response.status_code == 400 and "3 x 12 x 10 = 360" in response.json()["error"]


def test_a_number_that_is_none_is_refused(client):
    response = client.get("/api/models/first/manifest")
    assert response.status_code == 422 and response.json()["error"].startswith("'model': ")


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(client, monkeypatch, png):
    monkeypatch.setattr(shown_module, "MOST_PIXELS", 599)
    response = client.post("/api/models/0/pixels", content=png)
    assert response.status_code == 400 and "30 x 20 pixels, more than 599" in response.json()["error"]


def test_an_unreadable_image_of_a_source_is_named_without_its_place(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")
    row = Row(picture=tmp_path / "a.png", name="a.png", values={}, location="a.png")
    shown = ModelResource(name="it", model=small_model(), rows=[row])
    with pytest.raises(ValueError, match=r"^a\.png: is not an image") as error:
        shown.pixels(row.picture, row.name)
    assert str(tmp_path) not in str(error.value)


def test_numbers_that_do_not_lie_in_a_row_are_sent_in_order():
    app = FastAPI()
    parts = [np.arange(6, dtype="<f4")[::2], np.arange(3, dtype="<f4")]
    app.get("/", response_class=Response)(lambda: send_numbers(parts))
    assert numbers(TestClient(app).get("/")).tolist() == [0, 2, 4, 0, 1, 2]


def test_the_answer_comes_in_words_and_as_an_image_where_it_is_one(client, source):
    pixels = client.get("/api/models/0/images/0").content
    assert client.post("/api/models/0/answer", content=pixels).json().keys() == {"text", "image"}
    assert client.post("/api/models/0/answer", content=pixels).json()["image"] is None
    clean = client.get("/api/models/1/manifest").json()["images"]
    noisy = bytes(range(256)) * clean["height"] * clean["width"] * clean["channels"]
    noisy = noisy[: clean["channels"] * clean["height"] * clean["width"]]
    found = client.post("/api/models/1/answer", content=noisy).json()
    native = ImageSpec(height=8, width=8, channels=clean["channels"], fit="native")
    image = read_pixels(base64.b64decode(found["image"]), native)
    assert image.shape == (clean["height"], clean["width"], clean["channels"])
    assert client.post("/api/models/1/answer", content=b"few").status_code == 400


def test_the_target_of_a_row_is_a_label_tags_a_number_or_the_objects_in_words():
    boxes = '[{"label": "cell", "box": [0, 0, 2, 2]}, {"label": "cell", "box": [1, 1, 3, 3]}]'
    rows = {
        "classify": {"label": "cat", "tags": "a|b"},
        "tag": {"tags": "a|b"},
        "regress": {"number": "3"},
        "detect": {"boxes": boxes},
        "denoise": {"label": "cat"},
    }
    texts = [
        TASKS[name]().target_text(Row(picture=b"", name="", location="", values=values))
        for name, values in rows.items()
    ]
    assert texts == ["cat", "a|b", "3", "2 cell", None]
    assert TASKS["classify"]().target_text(Row(picture=b"", name="", location="", values={"label": ""})) is None


@given(st.binary(max_size=200))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_pixels_or_refused_with_a_sentence(client, body):
    response = client.post("/api/models/0/pixels", content=body)
    assert response.status_code == 400 and response.json()["error"].endswith(".")


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_damaged_pictures_are_pixels_or_refused_with_a_sentence(client, png, data):
    body = bytearray(png[: data.draw(st.integers(0, len(png)))])
    for _ in range(data.draw(st.integers(0, 8))):
        if body:
            body[data.draw(st.integers(0, min(len(body), 120) - 1))] = data.draw(st.integers(0, 255))
    response = client.post("/api/models/0/pixels", content=bytes(body))
    assert response.status_code in (200, 400)
    assert len(response.content) == SIZE if response.status_code == 200 else response.json()["error"].endswith(".")


@given(st.integers(1, 40), st.integers(1, 40))
@settings(max_examples=25, deadline=None)
def test_pictures_of_any_size_become_what_the_network_takes(client, height, width):
    response = client.post("/api/models/0/pixels", content=encode_png(picture(height, width)))
    assert len(response.content) == SIZE


def test_stretching_models_stretch():
    stretched = ImageSpec(height=12, width=10, channels=3, fit="stretch")
    shown = ModelResource(name="it", model=small_model(images=stretched))
    assert shown.images.fit == "stretch"
