"""Runs are read as they are written, and say nothing of this machine's disk."""

import asyncio
import json

import pytest
from starlette.testclient import TestClient

from eyespot.serving import resources as shown_module
from eyespot.serving.app import make_app
from eyespot.serving.resources import RunResource

from .conftest import HERE


@pytest.fixture
def growing(tmp_path):
    """A run that has only begun."""
    (tmp_path / "recipe.json").write_text(json.dumps({"task": {"name": "regress"}, "source": {"what": "/home/me"}}))
    return RunResource(name="growing", folder=tmp_path)


def write(run, text, mode="a"):
    with (run.folder / "log.jsonl").open(mode) as file:
        file.write(text)


def test_runs_are_listed_with_their_models(client):
    assert client.get("/api/runs").json() == {"runs": [{"id": 0, "name": "bees", "model": 0}]}


def test_a_run_tells_recipe_and_result_without_places_on_the_disk(client):
    told = client.get("/api/runs/0").json()
    assert told["finished"] is True and told["recipe"]["batch"] == 8 and told["result"] == {"score": 0.5}
    assert "source" not in told["recipe"] and "/home" not in json.dumps(told)


def test_a_run_that_has_just_begun_has_no_result(growing):
    told = growing.describe()
    assert told["finished"] is False and told["result"] == {} and told["model"] is None


def test_the_log_is_read_from_where_one_stopped(client, run_folder):
    first = client.get("/api/runs/0/log").json()
    assert [line["step"] for line in first["lines"]] == [0, 1, 2]
    assert first["next"] == (run_folder / "log.jsonl").stat().st_size
    assert client.get("/api/runs/0/log", params={"after": first["next"]}).json() == {"lines": [], "next": first["next"]}


def test_a_line_is_given_when_it_is_whole(growing):
    assert growing.log_after(0) == ([], 0)
    write(growing, '{"step": 1}\n{"st')
    lines, place = growing.log_after(0)
    assert lines == [{"step": 1}] and place == 12
    write(growing, 'ep": 2}\n')
    assert growing.log_after(place) == ([{"step": 2}], 24)


def test_a_log_that_was_begun_anew_is_read_from_the_top(growing):
    write(growing, '{"step": 1}\n{"step": 2}\n')
    write(growing, '{"step": 1}\n', "w")
    assert growing.log_after(24) == ([{"step": 1}], 12)


def test_a_long_log_comes_in_parts(growing, monkeypatch):
    monkeypatch.setattr(shown_module, "MOST_LOG_BYTES", 30)
    write(growing, "".join(f'{{"step": {step}}}\n' for step in range(5)))
    steps, place = [], 0
    for _ in range(3):
        lines, place = growing.log_after(place)
        steps += [line["step"] for line in lines]
    assert steps == [0, 1, 2, 3, 4]


def test_lines_that_are_no_json_are_left_out(growing):
    write(growing, 'rubbish\n[1]\n{"step": 1}\n')
    assert growing.log_after(0)[0] == [{"step": 1}]


def test_who_waits_gets_the_line_when_it_comes(growing, monkeypatch):
    sleep = asyncio.sleep

    async def write_meanwhile(_seconds):
        if not (growing.folder / "log.jsonl").exists():  # others sleep meanwhile too
            write(growing, '{"step": 1}\n')
        await sleep(0)

    monkeypatch.setattr("eyespot.serving._runs.asyncio.sleep", write_meanwhile)
    with TestClient(make_app(runs=[growing]), base_url=HERE) as client:
        assert client.get("/api/runs/0/log", params={"wait": 30}).json()["lines"] == [{"step": 1}]


def test_predictions_have_labels_as_text_and_numbers_as_numbers(client):
    table = client.get("/api/runs/0/predictions").json()
    assert table["columns"] == ["image", "target", "label", "probability", "right"] and table["count"] == 3
    assert table["rows"] == [
        ["a.png", "7", "7", 0.75, True],
        ["b.png", "7", "8", 0.5, False],
        ["c.png", "", "8", None, True],
    ]


def test_predictions_come_in_parts(client):
    table = client.get("/api/runs/0/predictions", params={"offset": 1, "limit": 1}).json()
    assert [row[0] for row in table["rows"]] == ["b.png"] and table["count"] == 3
    beyond = client.get("/api/runs/0/predictions", params={"offset": 9}).json()
    assert beyond["rows"] == [] and beyond["count"] == 3


def test_numbers_that_were_steered_are_numbers(growing):
    (growing.folder / "predictions.csv").write_text("image,target,answer\n1.png,-3.5,inf\n")
    assert growing.predictions(0, 10)["rows"] == [["1.png", -3.5, "inf"]]


@pytest.mark.parametrize(
    ("path", "status", "summary"),
    [
        ("/api/runs/1", 404, "There is no run 1"),
        ("/api/runs/0/log?after=-1", 422, "'after'"),
        ("/api/runs/0/log?wait=31", 422, "'wait'"),
        ("/api/runs/0/predictions?limit=0", 422, "'limit'"),
    ],
)
def test_what_cannot_be_asked_is_refused(client, path, status, summary):
    response = client.get(path)
    assert response.status_code == status and summary in response.json()["error"]


def test_predictions_that_are_not_there_or_damaged_are_refused(growing):
    client = TestClient(make_app(runs=[growing]), base_url=HERE)
    assert "wait until" in client.get("/api/runs/0/predictions").json()["error"]
    (growing.folder / "predictions.csv").write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in client.get("/api/runs/0/predictions").json()["error"]


def test_sources_are_listed_with_their_parts(client, source):
    [told] = client.get("/api/sources").json()["sources"]
    assert told["parts"]["train"] == len(source.train) and told["name"] == source.name
