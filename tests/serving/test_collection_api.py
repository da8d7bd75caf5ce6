"""A photo collection over the API: found by every condition, looked at, reviewed, applied and undone."""

import io
import json

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from eyespot.organizing import _embedding
from eyespot.serving import collection as collections
from eyespot.serving.app import make_app

from .conftest import HERE
from .photos import open_photos


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """The collection, and a client of the server that shows it."""
    monkeypatch.setattr(_embedding, "is_installed", lambda name: False)
    shown = open_photos(tmp_path, tmp_path / "sorted")
    return shown, TestClient(make_app(collection=shown), base_url=HERE)


def names_of(shown, answer):
    assert answer.status_code == 200, answer.text
    return [shown.found.photos.rows[photo]["path"] for photo in answer.json()["photos"]]


def test_a_collection_states_what_is_in_it(opened):
    _, client = opened
    assert client.get("/api/views").json()["organize"] is True
    entry = client.get("/api/collection").json()
    assert entry["count"] == 4 and entry["errorCount"] == 1 and entry["errors"][0]["file"] == "broken.jpg"
    assert entry["months"] == [{"month": "2020-05", "count": 1}, {"month": "2021-01", "count": 1}]
    assert [event["name"] for event in entry["events"]] == ["2020-05-01", "2021-01-02"]
    [place] = entry["places"]
    assert (place["latitude"], place["longitude"]) == (pytest.approx(43.5), pytest.approx(11.75))
    assert place["count"] == 1 and entry["apply"] is True and not entry["network"] and "blue" in entry["colors"]


def test_photos_are_found_by_a_description(tmp_path):
    """The encoders know the names of three colors; a comma does not divide a description."""
    pytest.importorskip("onnxruntime", reason="the extra export is not installed")
    from tests.organizing.test_clip import write_pair

    shown = open_photos(tmp_path, clip=write_pair(tmp_path / "clip"))
    client = TestClient(make_app(collection=shown), base_url=HERE)
    assert client.get("/api/collection").json()["descriptions"] is True
    assert names_of(shown, client.get("/api/collection/photos?words=blue"))[0] == "blue.jpg"
    assert names_of(shown, client.get("/api/collection/photos?words=green,+green"))[0] == "green.jpg"
    assert names_of(shown, client.get("/api/collection/photos?words=blue&color=red")) == []


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", ["trip/red.jpg", "blue.jpg", "green.jpg", "small.jpg"]),
        ("color=blue", ["blue.jpg"]),
        ("after=2020-12-31", ["blue.jpg"]),
        ("before=2020-12-31", ["trip/red.jpg"]),
        ("latitude=43.5&longitude=11.75&kilometers=1", ["trip/red.jpg"]),
        ("latitude=43.5&longitude=12&kilometers=5", []),
        ("event=1", ["blue.jpg"]),
        ("event=0&color=blue", []),
        ("flag=no+such+flag", []),
    ],
)
def test_photos_are_found_by_conditions(opened, query, wanted):
    shown, client = opened
    assert names_of(shown, client.get(f"/api/collection/photos?{query}")) == wanted


def test_a_photo_is_shown_scaled_down_and_kept_within_bounds(opened, monkeypatch):
    shown, client = opened
    [row] = client.get("/api/collection/rows?photos=3").json()["rows"]
    assert row["path"] == "trip/red.jpg" and (row["width"], row["height"]) == (96, 72)
    answer = client.get("/api/collection/photos/3?side=48")
    image = Image.open(io.BytesIO(answer.content))
    assert answer.headers["content-type"] == "image/jpeg" and image.size == (48, 36)
    assert np.asarray(image).mean((0, 1)).argmax() == 0
    monkeypatch.setattr(collections, "CACHED_BYTES", len(answer.content) + 1)
    client.get("/api/collection/photos/0?side=48")
    assert len(shown._cached) == 1 and (0, 48) in shown._cached
    (shown.found.folder / "trip" / "red.jpg").unlink()
    gone = client.get("/api/collection/photos/3?side=48")
    assert gone.status_code == 400 and "red.jpg" in gone.json()["error"]


def test_copies_are_grouped_with_the_one_to_keep(opened):
    shown, client = opened
    [group] = client.get("/api/collection/copies").json()["groups"]
    names = [row["path"] for row in shown.found.photos.rows]
    assert (group["kind"], names[group["best"]]) == ("altered", "trip/red.jpg")
    assert [names[other["photo"]] for other in group["others"]] == ["small.jpg"] and group["others"][0]["evidence"]


def test_a_plan_is_made_reviewed_applied_and_undone(opened, tmp_path):
    shown, client = opened
    before = {file: file.read_bytes() for file in shown.found.folder.rglob("*.jpg")}
    state = client.post("/api/collection/plan", json={"template": "{year}/{name}", "copies": [2]}).json()
    assert state["count"] == state["accepted"] == 4 and not (tmp_path / "plans").exists()
    steps = client.get("/api/collection/plan?limit=10").json()["steps"]
    assert [step["target"] for step in steps] == [
        "2021/blue.jpg", "undated/green.jpg", "copies/small.jpg", "2020/red.jpg"
    ]  # fmt: skip
    state = client.post("/api/collection/plan/review", json={"photos": [1], "accepted": False}).json()
    assert state["accepted"] == 3
    state = client.post("/api/collection/plan/apply", json={"action": "move"}).json()
    assert (state["done"], state["skipped"], state["action"]) == (3, {}, "move")
    assert sorted(str(file.relative_to(tmp_path / "sorted")) for file in (tmp_path / "sorted").rglob("*.jpg")) == [
        "2020/red.jpg", "2021/blue.jpg", "copies/small.jpg"
    ]  # fmt: skip
    assert client.get("/api/collection/photos/3").status_code == 200  # where it is now
    again = client.post("/api/collection/plan", json={"template": "{name}"})
    assert again.status_code == 400 and "undo it first" in again.json()["error"]
    state = client.post("/api/collection/plan/undo").json()
    assert (state["done"], state["action"]) == (3, "")
    assert {file: file.read_bytes() for file in shown.found.folder.rglob("*.jpg")} == before
    assert not any((tmp_path / "sorted").rglob("*.jpg"))


def test_the_plan_file_undoes_in_a_terminal_too(opened, tmp_path):
    _, client = opened
    client.post("/api/collection/plan", json={"template": "{name}"})
    state = client.post("/api/collection/plan/apply", json={"action": "copy"}).json()
    written = json.loads((tmp_path / "plans" / state["plan"]).read_text())
    assert len(written["steps"]) == 4 and (tmp_path / "plans" / f"{state['plan']}.journal").exists()


@pytest.mark.parametrize(
    ("path", "body", "error"),
    [
        ("photos?color=blau", None, "color"),
        ("photos?words=dog", None, "trained network"),
        ("photos?event=2", None, "There is no event 2; there are 0 to 1."),
        ("photos?like=4", None, "There is no photo 4"),
        ("photos?latitude=91&longitude=0", None, "latitude"),
        ("photos?after=yesterday", None, "after"),
        ("rows?photos=9", None, "There is no photo 9"),
        ("rows?photos=a", None, "photos"),
        ("photos/17", None, "There is no photo 17"),
        ("plan", {"template": "{nonsense}/{name}"}, "nonsense"),
        ("plan", {"template": "../{name}"}, "stay inside"),
        ("plan/apply", {"action": "delete"}, "action"),
        ("plan/apply", {"action": "copy"}, "no plan yet"),
        ("plan/undo", {}, "No plan is applied"),
    ],
)
def test_what_cannot_be_is_refused_with_one_sentence(opened, path, body, error):
    _, client = opened
    answer = (
        client.get(f"/api/collection/{path}") if body is None else client.post(f"/api/collection/{path}", json=body)
    )
    assert 400 <= answer.status_code < 500 and error in answer.json()["error"]


def test_without_a_collection_or_a_target_it_states_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(_embedding, "is_installed", lambda name: False)
    client = TestClient(make_app(), base_url=HERE)
    assert "--photos" in client.get("/api/collection").json()["error"]
    assert client.get("/api/views").json()["organize"] is False
    client = TestClient(make_app(collection=open_photos(tmp_path)), base_url=HERE)
    assert client.get("/api/collection").json()["apply"] is False
    client.post("/api/collection/plan", json={"template": "{name}"})
    assert "--into" in client.post("/api/collection/plan/apply", json={"action": "copy"}).json()["error"]
