"""`eyespot export` writes what was named, says how large it is and what is not in it, and refuses what cannot be."""

import json

import numpy as np
import pytest

from eyespot.cli._app import run
from eyespot.images import ImageSpec, write_png
from eyespot.model import Model
from eyespot.networks import build
from eyespot.networks.network import Output
from eyespot.serving import one_file
from eyespot.tasks._classify import Classify


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A model, two pictures, and a page that is built."""
    images = ImageSpec(height=8, width=8, channels=3)
    network = build("conv 2@3x3, flatten, dense", images.shape, Output("vector", 2))
    Model(network=network, task=Classify(classes=("cat", "dog")), images=images).save(tmp_path / "pets.safetensors")
    for name in ("a.png", "b.png"):
        write_png(np.full((9, 9, 3), 90, np.uint8), tmp_path / name)
    alone = tmp_path / "alone"
    alone.mkdir()
    for name in ("page.js", "page.css"):
        (alone / name).write_text("")
    monkeypatch.setattr(one_file, "ALONE", alone)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_images_are_named_after_their_option_as_many_as_there_are(place, capsys):
    command = ["export", "pets.safetensors", "--page", "out.html", "--images", "a.png", "b.png"]
    assert run([*command, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["images"] == ["a.png", "b.png"] and told["left_out"] == [] and told["page"] == "out.html"
    assert told["bytes"] == (place / "out.html").stat().st_size


def test_the_size_and_what_needs_a_server_are_told(place, capsys):
    assert run(["export", "pets.safetensors", "a.png", "--page", "new/out.html"]) == 0
    said = capsys.readouterr().out
    assert "new/out.html: 0.0 MB, 1 images" in said and "eyespot serve" in said


def test_what_has_no_room_is_told(place, capsys, monkeypatch):
    assert run(["export", "pets.safetensors", "a.png", "--page", "out.html"]) == 0
    monkeypatch.setattr(one_file, "MOST_BYTES", (place / "out.html").stat().st_size + 100)
    assert run(["export", "pets.safetensors", "a.png", "b.png", "--page", "out.html"]) == 0
    assert "left out for its size: b.png" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "summary"),
    [
        ([], "--page out.html"),
        (["--page", "out.html", "--images", "c.png"], "c.png"),
        (["--page", "a.png/out.html"], "a.png"),
    ],
)
def test_wrong_use_is_one_sentence_and_code_2(place, capsys, more, summary):
    assert run(["export", "pets.safetensors", *more]) == 2
    error = capsys.readouterr().err
    assert summary in error and error.count("\n") == 1


def test_a_model_that_is_not_there_and_a_page_that_is_not_built_are_told(place, capsys, monkeypatch):
    assert run(["export", "missing.safetensors", "--page", "out.html"]) == 2
    monkeypatch.setattr(one_file, "ALONE", place / "nowhere")
    assert run(["export", "pets.safetensors", "--page", "out.html"]) == 2
    assert "make page" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("out.pdf", "out.pdf: has the suffix '.pdf'; a page ends in .html"),
        ("out", "out: has the suffix ''; a page ends in .html"),
        ("alone.html", "alone.html: is a folder; give the name of a file"),
        ("a.png/out.html", "a.png: is a file; choose a folder"),
    ],
)
def test_a_page_that_cannot_be_written_is_refused_before_the_model_is_read(place, page, message, capsys):
    (place / "alone.html").mkdir()
    assert run(["export", "missing.safetensors", "--page", page]) == 2
    assert f"{message}" in capsys.readouterr().err
