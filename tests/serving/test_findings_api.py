"""A look through a source before a training: counts, duplicates, doubtful labels, small images."""

import io

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from eyespot.serving.app import make_app
from eyespot.sources import from_arrays, open_source

from .conftest import HERE


@pytest.fixture(scope="module")
def client():
    pixels = np.random.default_rng(0).integers(0, 255, (6, 12, 16, 3), dtype=np.uint8)
    pixels[4] = pixels[1]
    rows = [{"label": label} for label in ("ant", "ant", "ant", "bee", "bee", "bee")]
    return TestClient(make_app(sources=[from_arrays("example:a", "a", pixels, rows)]), base_url=HERE)


def test_classes_examples_and_contradictions_are_found(client):
    found = client.get("/api/sources/0/check").json()
    assert found["count"] == 6 and found["balance"] == 1 and found["sizes"]["middle"] == [12, 16]
    assert {label: sum(counts.values()) for label, counts in found["classes"].items()} == {"ant": 3, "bee": 3}
    assert sorted(place for places in found["examples"].values() for place in places) == list(range(6))
    assert found["exact"]["count"] == found["conflicts"]["count"] == 1 and found["near"]["count"] == 0
    [pair] = found["conflicts"]["pairs"]
    assert sorted(pair["labels"]) == ["ant", "bee"] and None not in pair["ids"]
    first, second = (client.get(f"/api/sources/0/images/{place}?side=16").content for place in pair["ids"])
    assert first == second and Image.open(io.BytesIO(first)).size == (16, 12)


def test_doubtful_labels_come_with_their_numbers(monkeypatch):
    source = open_source("synthetic:shapes")
    from eyespot.measures import AuditReport
    from eyespot.measures._data_audit import Proposal
    from eyespot.serving import _findings_api

    name = source.rows[2].name
    doubt = Proposal(image=name, part="train", what="label", given="circle", proposed="square", score=0.9)
    report = AuditReport(
        name="", by="it", fingerprint="", count=9, agreement=1, labels=(doubt,), duplicates=(), odd=(), confusable=(),
        ranking=(),
    )  # fmt: skip
    monkeypatch.setattr(_findings_api, "audit", lambda source, folder: report)
    found = TestClient(make_app(sources=[source]), base_url=HERE).get("/api/sources/0/doubtful").json()
    assert found["count"] == 1 and found["labels"][0]["id"] == 2 and found["labels"][0]["proposed"] == "square"


def test_too_few_labels_are_refused_with_one_sentence(client):
    assert client.get("/api/sources/1/check").status_code == 404
    answer = client.get("/api/sources/0/doubtful")
    assert answer.status_code == 400 and "too few for a data audit" in answer.json()["error"]
