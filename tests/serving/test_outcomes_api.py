"""Answers with places over the API: objects and detections, matched as for the score."""

import io
import json

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from eyespot.serving.app import make_app
from eyespot.serving.resources import RunResource
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
