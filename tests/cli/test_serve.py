"""`eyespot serve` starts, says where, answers there only, and refuses what cannot be with one sentence."""

import builtins
import os
import re
import signal
import subprocess
import sys

import httpx
import pytest
import torch
import typer
from typer.testing import CliRunner

from eyespot.cli import _serve as verb
from eyespot.errors import EyespotError
from eyespot.images import ImageSpec
from eyespot.model import Model
from eyespot.networks import build
from eyespot.networks.network import Output
from eyespot.tasks._classify import Classify

app = typer.Typer()
app.command("serve")(verb.serve)
app.command("other")(lambda: None)

START = "import typer; from eyespot.cli._serve import serve; typer.run(serve)"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    torch.manual_seed(0)
    network = build("conv 4@3x3, relu, maxpool 2, flatten, dense", (3, 16, 16), Output("vector", 2))
    images = ImageSpec(height=16, width=16, channels=3)
    return Model(network=network, task=Classify(classes=("ant", "bee")), images=images).save(
        tmp_path_factory.mktemp("serve") / "bees.safetensors"
    )


def call(*arguments):
    return CliRunner().invoke(app, ["serve", *map(str, arguments)], catch_exceptions=False)


def test_it_says_where_it_is_and_answers_there_until_it_is_stopped(model):
    command = [sys.executable, "-c", START, str(model), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert (
                process.stdout.readline() == "bees: conv 4@3x3, relu, maxpool 2, flatten, dense, classify, 0 images\n"
            )
            address = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
            assert address
            with httpx.Client(base_url=address[0], timeout=30, trust_env=False) as client:
                assert "<html" in client.get("/").text
                assert client.get("/openapi.json").status_code == 200
                assert client.get("/", headers={"Host": "evil.example"}).status_code == 400
                assert client.get("/api/models").json()["models"][0]["name"] == "bees"
        finally:
            process.send_signal(signal.SIGTERM)
            errors = process.communicate(timeout=20)[1]
    assert "Traceback" not in errors


def test_what_was_given_reaches_the_server(model, monkeypatch):
    started = []
    monkeypatch.setattr(
        "eyespot.serving.server.run", lambda app, listening, browser: started.append((app, listening, browser))
    )
    result = call(model, model, "--source", "synthetic:shapes", "--no-browser", "--host", "localhost")
    [(made, listening, browser)] = started
    assert len(made.state.app_state.models) == 2 and len(made.state.app_state.sources) == 1
    assert listening.host == "localhost" and not browser
    assert result.exit_code == 0 and "The page is at http://localhost:" in result.stdout


def test_without_a_model_the_page_is_served_all_the_same(monkeypatch):
    monkeypatch.setattr("eyespot.serving.server.run", lambda app, listening, browser: None)
    assert call("--no-browser").exit_code == 0


def test_what_is_no_model_is_refused(tmp_path):
    (tmp_path / "photo.png").write_bytes(b"x")
    for path, summary in ((tmp_path / "missing", "no such file"), (tmp_path / "photo.png", "is not a model")):
        with pytest.raises(EyespotError, match=summary):
            call(path, "--no-browser")
    assert call("--port", "70000").exit_code == 2


@pytest.mark.parametrize("option", ["--into", "--clip"])
def test_options_of_photos_need_photos(tmp_path, option):
    result = call(option, tmp_path, "--no-browser")
    assert result.exit_code == 2 and f"{option} goes with --photos FOLDER" in result.output


def test_a_missing_library_is_named_with_the_extra_that_brings_it(monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **more):
        if name == "uvicorn":
            raise ImportError("No module named 'uvicorn'", name="uvicorn")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(EyespotError, match=r"'uvicorn' is not installed.*eyespot\[serve\]"):
        call("--no-browser")


def test_without_a_model_the_latest_run_is_served_and_named(model, tmp_path, monkeypatch):
    monkeypatch.setattr("eyespot.serving.server.run", lambda app, listening, browser: None)
    monkeypatch.chdir(tmp_path)
    for age, name in enumerate(("newer", "older")):
        file = tmp_path / "runs" / name / "model.safetensors"
        file.parent.mkdir(parents=True)
        file.write_bytes(model.read_bytes())
        os.utime(file, (1e9 - age, 1e9 - age))
    result = call("--no-browser")
    assert "no model was given: runs/newer is the latest run" in result.stdout and "older" not in result.stdout
