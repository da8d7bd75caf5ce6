"""Training over the API: begun from a source, watched, changed, paused, stopped; and never two at once."""

import json
import threading
import time
from contextlib import contextmanager

import pytest
from starlette.testclient import TestClient

from eyespot.errors import EyespotError
from eyespot.serving import _training_manager as manager_module
from eyespot.serving._training_process import Process
from eyespot.serving.app import make_app
from eyespot.serving.resources import RunResource
from eyespot.sources import open_source

from .conftest import HERE, small_model

TEXT = "conv 4@3x3, relu, maxpool 2, flatten, dense"
ORDER = {"source": 0, "network": TEXT, "epochs": 200, "batch": 8}
LONG = 600
"""Seconds that no test takes, on however busy a machine."""
ORIGIN = {"what": "synthetic:shapes", "columns": None}


class StandIn:
    """A process that does nothing: what it is asked is kept, and its state is set by the test."""

    def __init__(self, run, order, load, changing):
        self.run, self.order, self.load, self.changing = run, order, load, changing
        self.state, self.error, self.notes, self.asked, self.closed = "training", "", [], [], False

    @property
    def over(self):
        return self.state in ("finished", "stopped", "failed")

    def request(self, message):
        from concurrent.futures import Future

        self.asked.append(message)
        answer = Future()
        if message.get("change", {}).get("batch") == 1:
            answer.set_result({"refused": f"{self.order['folder']}: batch is 1"})
        elif "silent" not in message.get("change", {}):
            answer.set_result({"step": 5, "steps": 9})
        return answer

    def close(self):
        self.closed, self.state = True, "stopped"


@pytest.fixture
def client(tmp_path, source, monkeypatch):
    """A server with one source that can be trained from, one that came from Python, and no process behind it."""
    monkeypatch.setattr(manager_module, "Process", StandIn)
    app = make_app(sources=[source, source], origins={0: ORIGIN}, folder=tmp_path / "runs")
    with TestClient(app, base_url=HERE) as client:
        yield client


def process(client):
    return client.app.state.manager.current


def error(response, status):
    assert response.status_code == status, response.text
    return response.json()["error"]


def test_a_training_is_begun_in_a_folder_of_its_own(client, tmp_path):
    assert client.post("/api/runs", json=ORDER).json() == {"run": 0}
    order = process(client).order
    assert order["folder"] == str(tmp_path / "runs" / "shapes-1") and order["origin"] == ORIGIN
    assert (
        order["options"]["network"] == TEXT
        and order["options"]["epochs"] == 200
        and order["options"]["weights"] is None
    )
    assert client.get("/api/runs").json()["runs"] == [{"id": 0, "name": "shapes-1", "model": None}]
    told = client.get("/api/runs/0").json()
    assert told["state"] == "training" and told["settings"] is None and str(tmp_path) not in json.dumps(told)


def test_a_second_training_is_refused_until_the_first_pauses(client):
    client.post("/api/runs", json=ORDER)
    assert "'shapes-1' is in training; pause or stop it first" in error(client.post("/api/runs", json=ORDER), 409)
    first = process(client)
    first.state = "paused"
    assert client.post("/api/runs", json=ORDER).json() == {"run": 1}
    assert first.closed and process(client) is not first


def test_pause_change_and_stop_are_put_to_the_training(client):
    client.post("/api/runs", json=ORDER)
    for path, message in (("pause", {"do": "pause"}), ("go-on", {"do": "go on"}), ("stop", {"do": "stop"})):
        assert client.post(f"/api/runs/0/{path}").status_code == 200
        assert process(client).asked[-1] == message
    assert client.post("/api/runs/0/change", json={"rate": 0.1, "batch": 16}).json() == {"step": 5, "steps": 9}
    assert process(client).asked[-1] == {"change": {"rate": 0.1, "batch": 16}}
    client.get("/api/runs/0/look", params={"layer": "conv1", "images": 3, "picture": 2, "pixels": True})
    assert process(client).asked[-1] == {"look": {"layer": "conv1", "images": 3, "picture": 2, "pixels": True}}


def test_what_the_training_refuses_is_told_without_a_path(client, tmp_path):
    client.post("/api/runs", json=ORDER)
    told = error(client.post("/api/runs/0/change", json={"batch": 1}), 400)
    assert told == "shapes-1: batch is 1"


def test_a_step_that_takes_long_is_not_waited_for(client, monkeypatch):
    monkeypatch.setattr(manager_module, "PATIENCE", 0.01)
    client.post("/api/runs", json=ORDER)
    process(client).request = lambda message: __import__("concurrent.futures").futures.Future()
    assert client.post("/api/runs/0/pause").json() == {}


def test_while_it_is_prepared_nothing_is_seen_and_nobody_waits(client):
    client.post("/api/runs", json=ORDER)
    process(client).state = "preparing"
    assert client.get("/api/runs/0/look").json() == {} and not process(client).asked


@pytest.mark.parametrize(
    ("body", "status", "summary"),
    [
        ({"source": 7}, 404, "There is no source 7"),
        ({"source": 1}, 409, "came from Python"),
        ({"source": 0, "weights": "/etc/passwd"}, 422, "'weights'"),
        ({"source": 0, "out": "/tmp"}, 422, "'out'"),
        ({"source": 0, "network": "residul"}, 400, "residual"),
        ({"source": 0, "network": "timm:resnet18"}, 400, "network"),
        ({"source": 0, "network": "../../secret"}, 400, "network"),
        ({"source": 0, "epochs": 0}, 422, "'epochs'"),
        ({"source": 0, "rate": 1e99}, 422, "'rate'"),
        ({}, 422, "'source'"),
    ],
)
def test_what_cannot_be_trained_is_refused_with_a_sentence(client, body, status, summary):
    assert summary in error(client.post("/api/runs", json=body), status)
    assert process(client) is None


@pytest.mark.parametrize("path", ["pause", "stop", "change", "look"])
def test_a_run_that_is_not_in_training_here_cannot_be_asked(client, tmp_path, path):
    client.app.state.app_state.runs.append(RunResource(name="other", folder=tmp_path / "other"))
    ask = client.get if path == "look" else client.post
    response = ask(f"/api/runs/0/{path}", **({"json": {}} if path == "change" else {}))
    assert "'other' is not in training here" in error(response, 409)


def test_a_stopped_run_is_gone_on_with_and_a_finished_one_is_not(client, tmp_path):
    client.app.state.app_state.runs.append(RunResource(name="other", folder=tmp_path / "other"))
    assert client.get("/api/runs/0").json()["state"] == "stopped"
    client.post("/api/runs/0/go-on")
    assert process(client).order == {"folder": str(tmp_path / "other"), "origin": None, "options": None}
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "result.json").write_text("{}")
    process(client).state = "finished"
    assert "'other' is finished" in error(client.post("/api/runs/0/go-on"), 409)


def test_a_run_of_another_program_is_watched_and_left_alone(client, tmp_path):
    import fcntl

    (tmp_path / "elsewhere").mkdir()
    client.app.state.app_state.runs.append(RunResource(name="elsewhere", folder=tmp_path / "elsewhere"))
    with (tmp_path / "elsewhere" / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert client.get("/api/runs/0").json()["state"] == "elsewhere"
        assert "another program" in error(client.post("/api/runs/0/go-on"), 409)
    assert client.get("/api/runs/0").json()["state"] == "stopped"


def test_without_a_folder_no_training_is_begun(source):
    client = TestClient(make_app(sources=[source], origins={0: ORIGIN}), base_url=HERE)
    assert "cannot train" in error(client.post("/api/runs", json=ORDER), 409)


def test_the_layers_of_a_network_are_told_while_it_is_written(client):
    told = client.get("/api/layers", params={"source": 0, "network": TEXT}).json()
    assert told["input"] == [3, 32, 32] and told["task"] == "classify"
    assert [row["output"] for row in told["rows"]] == [[4, 30, 30], [4, 30, 30], [4, 15, 15], [900], [4]]
    assert told["parameters"] == 4 * 28 + 901 * 4 and told["rows"][0]["formula"] == "4x3x3x3+4 = 112"
    named = client.get("/api/layers", params={"source": 0, "network": "residual", "size": "tiny"}).json()
    assert named["parameters"] > 1000


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("conv 8@5x5, relu", "is the last layer"),
        ("conv 8@5x5 sam, flatten, dense", "cannot be read"),
        ("conv 900@3x3, flatten, dense 9000, dense", "at most 200,000,000"),
        ("flatten, dense, dense", "how many numbers"),
        ("resnet", "network"),
        ("timm:resnet18", "network"),
    ],
)
def test_a_text_that_is_no_network_is_told_in_a_sentence(client, text, summary):
    assert summary in error(client.get("/api/layers", params={"source": 0, "network": text}), 400)


def test_a_huge_network_is_told_at_once_and_makes_no_weights(client):
    text = "conv 500@3x3 same, " * 60 + "flatten, dense"
    began = client.get("/api/layers", params={"source": 0, "network": text}).json()
    assert began["parameters"] > 130_000_000


@contextmanager
def real(folder):
    source = open_source("synthetic:shapes")
    with TestClient(make_app(sources=[source], origins={0: ORIGIN}, folder=folder), base_url=HERE) as client:
        yield client


def until(client, *states):
    """The run once it is in one of these states, however busy the machine is."""
    ended = time.monotonic() + LONG
    while (found := client.get("/api/runs/0").json())["state"] not in states:
        assert time.monotonic() < ended and found["state"] != "failed", found
        time.sleep(0.05)
    return found


def seen(client):
    """What the training shows, once it has answered in time."""
    ended = time.monotonic() + LONG
    while not (found := client.get("/api/runs/0/look", params={"pixels": True}).json()):
        assert time.monotonic() < ended
    return found


def test_a_real_training_is_watched_changed_left_and_gone_on_with_until_it_is_a_model(tmp_path, monkeypatch):
    """One training from its beginning to its model, with a server that is closed in the middle."""
    monkeypatch.setattr(manager_module, "PATIENCE", LONG)
    with real(tmp_path) as client:
        client.post("/api/runs", json={**ORDER, "snapshots": True})
        until(client, "training")
        view = seen(client)
        assert view["part"] == "validation" and len(view["held"]) == 12 and view["layer"] == "stages.conv1"
        assert "batch is 1000" in error(client.post("/api/runs/0/change", json={"batch": 1000}), 400)
        changed = client.post("/api/runs/0/change", json={"batch": 32, "momentum": 0.8}).json()
        client.post("/api/runs/0/pause")
        told = until(client, "paused")
        assert told["settings"]["batch"] == 32 and told["settings"]["momentum"] == 0.8
        assert told["changes"] == [{"step": changed["step"], "momentum": 0.8, "batch": 32}]
        client.post("/api/runs/0/go-on")
        until(client, "training")
    folder = tmp_path / "shapes-1"
    assert (folder / "checkpoint.safetensors").exists() and not (folder / "result.json").exists()
    source = open_source("synthetic:shapes")
    app = make_app(
        runs=[RunResource(name="shapes-1", folder=folder)], sources=[source], origins={0: ORIGIN}, folder=tmp_path
    )
    with TestClient(app, base_url=HERE) as client:
        assert client.get("/api/runs/0").json()["state"] == "stopped"
        client.post("/api/runs/0/go-on")
        until(client, "training")
        client.post("/api/runs/0/stop")
        told = until(client, "finished", "failed")
        assert told["state"] == "finished" and told["model"] == 0 and told["changes"][-1]["end"] is True
        model = client.get("/api/models").json()["models"][0]
        assert model["name"] == "shapes-1" and model["source"] == 0 and model["epochs"][:1] == [0]
        images = client.get("/api/models/0/images", params={"offset": 0}).json()
        assert images["count"] == len(source.test)
        lines = client.get("/api/runs/0/log").json()["lines"]
        assert "accuracy" in lines[0]["training"] and lines[-1]["images"] > 0


def test_a_training_that_cannot_be_says_why_and_leaves_no_folder(tmp_path):
    with real(tmp_path) as client:
        client.post("/api/runs", json={**ORDER, "task": "regress"})
        told = until(client, "failed")
        assert "number" in told["error"] and str(tmp_path) not in json.dumps(told)
    assert not (tmp_path / "shapes-1").exists()


class Finishing(StandIn):
    """A process whose model the test lets come."""

    finish = Process._enter
    _change = Process._change

    def __init__(self, run, order, load, changing):
        super().__init__(run, order, load, changing)
        self._load, self._changing = load, changing


def finished(client, monkeypatch, manager_load):
    monkeypatch.setattr(manager_module, "Process", Finishing)
    monkeypatch.setattr(manager_module, "load", manager_load)
    client.post("/api/runs", json=ORDER)
    process(client).finish("finished", "")
    return client.get("/api/runs/0").json()


def test_a_run_trained_here_shows_its_epochs_and_source_at_once(client, monkeypatch):
    def load(path):
        (path.parent / "snapshots").mkdir()
        (path.parent / "recipe.json").write_text(json.dumps({"source": ORIGIN}))
        small_model().save(path.parent / "snapshots" / "epoch-0000.safetensors")
        return small_model()

    assert finished(client, monkeypatch, load)["model"] == 0
    [model] = client.get("/api/models").json()["models"]
    assert model["epochs"] == [0]


def test_state_and_model_change_together(client, monkeypatch):
    """Whoever looks between the change of the model and that of the state waits for both."""
    monkeypatch.setattr(manager_module, "Process", Finishing)
    monkeypatch.setattr(manager_module, "load", lambda path: small_model())
    client.post("/api/runs", json=ORDER)
    manager, found = client.app.state.manager, []
    add = manager._add_model

    def add_while_somebody_looks(run, made):
        looking = threading.Thread(target=lambda: found.append(manager.describe(0)))
        looking.start()
        looking.join(0.2)
        add(run, made)
        looking.join(0.2)
        assert not found
        found.append(looking)

    monkeypatch.setattr(manager, "_add_model", add_while_somebody_looks)
    process(client).finish("finished", "")
    found.pop(0).join(LONG)
    assert found[0]["state"] == "finished" and found[0]["model"] == 0


def test_a_model_that_cannot_be_read_ends_the_training_as_failed(client, monkeypatch):
    def load(path):
        raise EyespotError("its file is damaged")

    found = finished(client, monkeypatch, load)
    assert found["state"] == "failed" and "its file is damaged" in found["error"] and found["model"] is None


def test_of_two_starts_at_once_one_is_refused(client):
    statuses = []
    starting = [
        threading.Thread(target=lambda: statuses.append(client.post("/api/runs", json=ORDER).status_code))
        for _ in range(4)
    ]
    for thread in starting:
        thread.start()
    for thread in starting:
        thread.join(LONG)
    assert sorted(statuses) == [200, 409, 409, 409]
