"""Answers with places over the API: objects and detections, matched as for the score."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from eyespot.images import write_png
from eyespot.serving._corrections import Corrections, corrected, write_corrections
from eyespot.serving.app import make_app
from eyespot.serving.resources import RunResource
from eyespot.sources import open_source
from eyespot.sources.source import Row
from eyespot.tasks import TASKS

from .conftest import HERE
from .view_models import locator, write_located


@pytest.fixture
def client(tmp_path):
    return TestClient(make_app([locator()], [write_located(tmp_path / "cells", 0)]), base_url=HERE)


def test_points_are_matched_with_the_nearest_by_decreasing_score(client):
    [first, second] = client.get("/api/runs/0/outcomes").json()["images"]
    assert first["size"] == [24, 32] and [one["place"] for one in first["objects"]] == [[5, 5], [20, 10]]
    assert [(one["score"], one["object"]) for one in first["found"]] == [(0.9, 0), (0.6, None), (0.4, 1)]
    assert second == {"image": "1.png", "size": [24, 32], "objects": [], "found": []}


def test_boxes_are_matched_within_their_class():
    row = {
        "target": [{"label": "b", "box": [0, 0, 4, 4]}, {"label": "a", "box": [0, 0, 4, 4]}],
        "boxes": [
            {"label": "a", "score": 0.5, "box": [0, 0, 4, 5]},
            {"label": "a", "score": 0.8, "box": [0, 1, 4, 4]},
            {"label": "b", "score": 0.3, "box": [2, 2, 9, 9]},
        ],
    }
    found = TASKS["detect"](classes=("a", "b")).outcomes(row)
    assert found is not None
    assert [(one["label"], one["score"], one["object"]) for one in found["found"]] == [
        ("a", 0.8, 1),
        ("a", 0.5, None),
        ("b", 0.3, None),
    ]


def test_an_image_is_shown_as_it_is(client):
    answer = client.get("/api/models/0/images/0/picture?side=32")
    assert Image.open(io.BytesIO(answer.content)).size == (32, 24)
    assert np.asarray(Image.open(io.BytesIO(answer.content))).mean() == pytest.approx(90, abs=3)
    assert client.get("/api/models/0/images/7/picture").status_code == 404


def test_what_has_no_places_is_refused_with_one_sentence(client, tmp_path):
    (tmp_path / "plain").mkdir()
    (tmp_path / "cells" / "predictions.jsonl").write_text(json.dumps({"image": "0.png"}) + "\n")
    runs = [RunResource(name=name, folder=tmp_path / name, model=model) for name, model in (("plain", 0), ("x", None))]
    other = TestClient(make_app([locator()], runs), base_url=HERE)
    for answer, error in (
        (other.get("/api/runs/0/outcomes"), "no answers with places"),
        (other.get("/api/runs/1/outcomes"), "not there yet"),
        (client.get("/api/runs/0/outcomes"), "cannot be read"),
    ):
        assert 400 <= answer.status_code < 500 and error in answer.json()["error"]


def row_of(file):
    return Row(picture=str(file), name=file.name, values={}, location=file.name)


@pytest.fixture
def located(tmp_path):
    """A client with two images in files below one folder, and that folder."""
    folder = tmp_path / "data"
    for name in ("a/0.png", "b/1.png"):
        (folder / name).parent.mkdir(parents=True)
        write_png(np.full((24, 32, 3), 90, np.uint8), folder / name)
    model = replace(locator(), rows=[row_of(folder / name) for name in ("a/0.png", "b/1.png")])
    app = make_app([model], [write_located(tmp_path / "run", 0)])
    return TestClient(app, base_url=HERE), folder


def post(client, *images):
    return client.post("/api/runs/0/corrections", json={"images": list(images)})


def test_corrected_points_are_a_table_beside_the_images_that_is_read_again(located):
    client, folder = located
    before = (folder / "a" / "0.png").read_bytes()
    answer = post(client, {"image": 0, "add": [1], "remove": [0]})
    assert answer.json() == {"file": "data/corrections.csv"}
    lines = (folder / "corrections.csv").read_text().splitlines()
    assert lines == ["path,points", 'a/0.png,"[[20.0, 10.0], [30.0, 20.0]]"', "b/1.png,[]"]
    source = open_source(folder / "corrections.csv")
    targets = [json.loads(row.values["points"]) for row in source.rows]
    assert sorted(targets) == [[], [[20.0, 10.0], [30.0, 20.0]]]
    assert post(client, {"image": 1}).json() == {"file": "data/corrections-2.csv"}  # the first one is kept
    assert (folder / "a" / "0.png").read_bytes() == before
    assert client.get("/api/runs/0/outcomes").json()["images"][0]["objects"][0]["place"] == [5, 5]


def test_corrected_boxes_keep_their_labels(tmp_path):
    outcomes = [
        {"objects": [{"label": "a", "place": [0, 0, 4, 4]}], "found": [{"label": "b", "place": [1, 1, 9, 8.126]}]},
        {"objects": [{"label": "a", "place": [2, 2, 6, 6]}], "found": []},
    ]
    objects = corrected(outcomes, Corrections.model_validate({"images": [{"image": 0, "add": [0]}]}))
    files = [write_png(np.full((12, 12, 3), shade, np.uint8), tmp_path / f"{shade}.png") for shade in (9, 99)]
    file = write_corrections([row_of(file) for file in files], objects, "boxes")
    found = {row.name: json.loads(row.values["boxes"]) for row in open_source(file).rows}
    assert found["9.png"] == [{"label": "a", "box": [0, 0, 4, 4]}, {"label": "b", "box": [1, 1, 9, 8.13]}]
    assert found["99.png"] == [{"label": "a", "box": [2, 2, 6, 6]}]


def test_corrections_that_cannot_be_are_refused_and_write_nothing(client, located, monkeypatch):
    other, folder = located
    for correction, sentence in (
        ({"image": 7}, "there is no image 7; there are 2, counted from 0"),
        ({"image": 0, "add": [9]}, "there is no detection 9"),
        ({"image": 0, "remove": [-1]}, "there is no object -1"),
    ):
        assert sentence in post(other, correction).json()["error"]
    assert post(other).status_code == 422
    assert "no files (they came from Python)" in post(client, {"image": 0}).json()["error"]

    def full(*_arguments, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("eyespot.files.os.fsync", full)
    assert "cannot be written (No space left on device)" in post(other, {"image": 0}).json()["error"]
    assert not list(folder.glob("corrections*"))
