"""Faces on the page: compared, enrolled, found and deleted, without a picture being kept."""

from pathlib import Path

import numpy as np
import pytest

from eyespot.cli._app import run
from eyespot.faces import FALSE_ACCEPTS, Gallery
from eyespot.images import encode_png
from eyespot.serving.app import make_app
from tests.faces.conftest import photos  # noqa: F401

from .conftest import HERE, TestClient

EMPTY = encode_png(np.full((60, 80, 3), 200, np.uint8))


@pytest.fixture
def client(tmp_path: Path):
    with TestClient(make_app(gallery=Gallery(tmp_path / "people.sqlite", create=True)), base_url=HERE) as client:
        yield client


def test_a_person_is_enrolled_found_and_deleted(client, photos, tmp_path):  # noqa: F811
    assert client.get("/api/faces").json()["people"] == [] and not (tmp_path / "people.sqlite").exists()
    [found] = client.post("/api/faces/find", content=photos["second"].read_bytes()).json()["faces"]
    assert found["person"] is None and len(found["points"]) == 5 and found["quality"]["faults"] == []
    name = "Andy/Roddick"
    for new in (1, 0):
        answer = client.post("/api/faces/people", params={"name": name}, content=photos["first"].read_bytes())
        assert answer.json() == {"new": new, "people": [{"name": name, "faces": 1}]}
    [found] = client.post("/api/faces/find", content=photos["second"].read_bytes()).json()["faces"]
    assert found["person"] == name and found["similarity"] > 0.4
    assert client.post("/api/faces/people/forget", json={"name": name}).json() == {"deleted": 1, "people": []}
    assert all(b"Roddick" not in file.read_bytes() for file in tmp_path.glob("people*"))
    again = client.post("/api/faces/people/forget", json={"name": name})
    assert again.status_code == 400 and "nobody named 'Andy/Roddick' is enrolled" in again.json()["error"]


def test_two_pictures_are_compared(client, photos):  # noqa: F811
    first, second, other = (photos[key].read_bytes() for key in ("first", "second", "other"))
    for pair, answer in (((first, second), "same"), ((first, other), "not the same")):
        found = client.post("/api/faces/compare", params={"split": len(pair[0])}, content=b"".join(pair)).json()
        assert found["answer"] == answer and len(found["faces"]) == 2 and found["reasons"] == []
    refused = client.post("/api/faces/compare", params={"split": len(first)}, content=first + EMPTY)
    assert refused.status_code == 400 and "the second image: no face was found" in refused.json()["error"]
    described = client.get("/api/faces").json()
    assert described["threshold"] == pytest.approx(0.4) and len(described["rates"]) == len(FALSE_ACCEPTS)


def test_what_cannot_be_enrolled_is_one_sentence(client, photos):  # noqa: F811
    for name, content, message in (
        ("Ada", EMPTY, "the picture: no face was found"),
        ("Ada", b"no image", "the picture"),
        (" ", photos["first"].read_bytes(), "printable characters"),
    ):
        refused = client.post("/api/faces/people", params={"name": name}, content=content)
        assert refused.status_code == 400 and message in refused.json()["error"]


def test_without_a_gallery_there_are_no_faces():
    with TestClient(make_app(), base_url=HERE) as client:
        refused = client.get("/api/faces")
    assert refused.status_code == 404 and "--gallery FILE" in refused.json()["error"]


def test_serve_refuses_a_file_that_is_no_gallery(photos, tmp_path, capsys):  # noqa: F811
    (tmp_path / "text.sqlite").write_text("no database" * 100)
    assert run(["serve", "--no-browser", "--gallery", str(tmp_path / "text.sqlite")]) == 2
    assert "cannot be used as a gallery" in capsys.readouterr().err
