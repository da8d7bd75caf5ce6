"""Studies that the server was started with: their numbers without paths, and the page that they wrote."""

import pytest
from starlette.testclient import TestClient

from eyespot.errors import ModelError, RunError
from eyespot.serving.app import make_app
from eyespot.serving.loading import open_given
from eyespot.studies import read_study

from .conftest import HERE
from .written_study import write_study


def test_a_study_is_opened_and_described(tmp_path):
    folder = write_study(tmp_path / "photos study")
    state, notes = open_given([folder], [])
    assert state.studies == [folder] and not state.runs and notes == [f"study: {folder}"]
    client = TestClient(make_app(studies=state.studies), base_url=HERE)
    assert client.get("/api/views").json()["tradeoff"] is True
    answer = client.get("/api/studies")
    [study] = answer.json()["studies"]
    assert (study["id"], study["name"], study["share"]) == (0, "photos study", True)
    assert [point["candidate"]["milliseconds"] for point in study["points"]] == [1, 2, 4]
    assert study["points"][1]["deployment"] == {"backend": "int8", "threads": 1}
    assert str(tmp_path) not in answer.text and "/a/folder" not in answer.text
    page = client.get("/api/studies/0/page")
    assert page.headers["content-type"].startswith("text/html") and "Which network fits" in page.text
    assert "script-src" in page.headers["content-security-policy"]


def test_what_is_missing_is_stated(tmp_path):
    folder = write_study(tmp_path / "study")
    client = TestClient(make_app(studies=[folder]), base_url=HERE)
    assert client.get("/api/studies/1/page").status_code == 404
    (folder / "index.html").unlink()
    assert "cannot be read" in client.get("/api/studies/0/page").json()["error"]
    (folder / "study.json").write_text('{"points": []}')
    assert "holds no complete study" in client.get("/api/studies").json()["error"]
    with pytest.raises(RunError, match="run `eyespot tradeoff` again"):
        read_study(folder)
    with pytest.raises(ModelError, match="folder of a run or a study"):
        open_given([tmp_path], [])
