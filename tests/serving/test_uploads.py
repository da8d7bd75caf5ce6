"""Pictures that are dropped become a source, whatever they are called, and bounded in every way."""

import numpy as np
import pytest
from starlette.testclient import TestClient

from eyespot.images import encode_png
from eyespot.serving import _upload_set as dropped
from eyespot.serving.app import make_app

from .conftest import HERE


@pytest.fixture
def client(tmp_path):
    with TestClient(make_app(folder=tmp_path / "runs"), base_url=HERE) as client:
        yield client


def png(seed):
    return encode_png(np.random.default_rng(seed).integers(0, 256, (12, 10, 3), dtype=np.uint8))


def add(client, seed, **said):
    return client.post("/api/uploads/0/pictures", params={"name": f"{seed}.png", **said}, content=png(seed))


def fill(client, count=40):
    assert client.post("/api/uploads").json() == {"upload_set": 0}
    for seed in range(count):
        assert add(client, seed, label=("cat", "dog")[seed % 2]).json() == {"count": seed + 1}


def test_dropped_pictures_become_a_source_with_classes(client):
    fill(client)
    told = client.post("/api/uploads/0/open", json={"name": "pets"}).json()
    assert told["source"] == 0 and told["name"] == "pets" and sum(told["parts"].values()) == 40
    [listed] = client.get("/api/sources").json()["sources"]
    assert listed["name"] == "pets" and listed["parts"] == told["parts"]
    rows = client.app.state.app_state.sources[0].rows
    assert {row.values["label"] for row in rows} == {"cat", "dog"}
    layers = client.get("/api/layers", params={"source": 0, "network": "flatten, dense"}).json()
    assert layers["parameters"] == 360 * 2 + 2


def test_names_and_classes_never_become_a_path(client, tmp_path):
    client.post("/api/uploads")
    evil = ("../../evil.png", "/etc/passwd", "..", "a\0b", "x" * 300)
    for seed in range(20):
        response = add(client, seed, name=evil[seed % 5], label=("../up", '=1+1,\n"')[seed % 2])
        assert response.status_code == 200
    assert client.post("/api/uploads/0/open", json={"name": "../name"}).status_code == 200
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) == 21
    assert all(path.parent == tmp_path / "runs" / "pictures" / "1" for path in written)
    assert {row.values["label"] for row in client.app.state.app_state.sources[0].rows} == {
        "../up",
        '=1+1, "',
    }  # white space in a label is one space


def test_parts_are_kept_as_they_were_meant(client):
    client.post("/api/uploads")
    for seed in range(30):
        add(client, seed, label="ab"[seed % 2], part=("train", "validation", "test")[seed // 10])
    assert client.post("/api/uploads/0/open", json={}).json()["parts"] == {"train": 10, "validation": 10, "test": 10}


def test_what_is_no_picture_or_too_large_is_refused(client, monkeypatch):
    client.post("/api/uploads")
    for content in (b"", b"no picture", png(0)[:40]):
        response = client.post("/api/uploads/0/pictures", content=content)
        assert response.status_code == 400 and response.json()["error"]
    monkeypatch.setattr(dropped, "MOST_PIXELS", 100)
    assert "more than 100" in add(client, 0).json()["error"]
    assert not client.app.state.manager.upload_sets.held[0].rows


@pytest.mark.parametrize(("bound", "value"), [("MOST_PICTURES", 2), ("MOST_BYTES", 2 * len(png(0)) + 20)])
def test_their_number_and_size_are_bounded(client, monkeypatch, bound, value):
    monkeypatch.setattr(dropped, bound, value)
    client.post("/api/uploads")
    assert [add(client, 0).status_code for _ in range(3)] == [200, 200, 413]


def test_baskets_are_bounded_and_known_by_number(client, monkeypatch):
    monkeypatch.setattr(dropped, "MOST_BASKETS", 1)
    client.post("/api/uploads")
    assert client.post("/api/uploads").status_code == 409
    assert "There is no upload_set 3" in client.post("/api/uploads/3/pictures", content=png(0)).json()["error"]


def test_an_empty_basket_and_a_full_one_say_what_is_wrong(client):
    client.post("/api/uploads")
    response = client.post("/api/uploads/0/open", json={})
    assert response.status_code == 400 and "drop some first" in response.json()["error"]
    for seed in range(20):
        add(client, seed, label="ab"[seed % 2])
    assert client.post("/api/uploads/0/open", json={}).status_code == 200
    assert "are a source already" in add(client, 21).json()["error"]


def test_pictures_that_no_run_was_begun_with_are_taken_away_in_the_end(tmp_path):
    with TestClient(make_app(folder=tmp_path), base_url=HERE) as client:
        fill(client, 4)
        assert list((tmp_path / "pictures").iterdir())
    assert not list((tmp_path / "pictures").iterdir())


def test_a_server_without_a_folder_takes_none():
    client = TestClient(make_app(), base_url=HERE)
    assert "takes no pictures" in client.post("/api/uploads").json()["error"]
