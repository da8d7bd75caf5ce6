"""`eyespot explain` writes pictures, pages and JSON, and refuses what cannot be with one sentence."""

import json

import numpy as np
import pytest
import torch
import typer
from typer.testing import CliRunner

from eyespot.cli import _explain as verb
from eyespot.errors import ExplanationError, EyespotError
from eyespot.images import ImageSpec, write_png
from eyespot.model import Model
from eyespot.networks import build
from eyespot.networks.network import Output
from eyespot.tasks._classify import Classify

app = typer.Typer()
app.command("explain")(verb.explain)
app.command("other")(lambda: None)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explain")
    torch.manual_seed(0)
    network = build("conv 4@3x3, relu, maxpool 2, flatten, dense", (3, 16, 16), Output("vector", 2))
    Model(
        network=network, task=Classify(classes=("ant", "bee")), images=ImageSpec(height=16, width=16, channels=3)
    ).save(folder / "model.safetensors")
    generator = np.random.default_rng(0)
    for label in ("ant", "bee"):
        (folder / "photos" / label).mkdir(parents=True)
        for number in range(6):
            write_png(
                generator.integers(0, 256, (20, 20, 3), dtype=np.uint8), folder / "photos" / label / f"{number}.png"
            )
    return folder


def call(*arguments):
    return CliRunner().invoke(app, ["explain", *map(str, arguments)], catch_exceptions=False)


def test_a_picture_is_written_and_told(place):
    result = call(place, place / "photos/ant/1.png", "--by", "occlusion", "--patch", "5", "--out", place / "why.png")
    assert result.exit_code == 0 and (place / "why.png").read_bytes().startswith(b"\x89PNG")
    assert "check passed: difference from computing whole images" in result.stdout


def test_json_is_one_document(place):
    result = call(
        place,
        place / "photos/bee/1.png",
        "--by",
        "trace",
        "--layer",
        "stages.conv1",
        "--unit",
        "1",
        "--at",
        "2,3",
        "--json",
    )
    values = json.loads(result.stdout)
    assert values["method"] == "trace" and values["values"]["at"] == [2, 3] and values["written"] is None


def test_a_gallery_of_units_is_written_as_a_page(place):
    result = call(place, place / "photos", "--by", "units", "--out", place / "units.html")
    assert result.exit_code == 0 and "What each unit has learned" in (place / "units.html").read_text()


def test_neighbors_are_looked_for_among_a_source(place):
    result = call(place, place / "photos/bee/1.png", "--by", "neighbors", "--among", place / "photos", "--json")
    assert json.loads(result.stdout)["values"]["nearest"][0]["similarity"] == pytest.approx(1)


def test_an_evolution_is_read_from_the_snapshots_of_a_run(place):
    with pytest.raises(ExplanationError, match="has no snapshots"):
        call(place / "photos", place / "photos/bee/1.png", "--by", "evolution")
    result = call(place, place / "photos/bee/1.png", "--by", "evolution", "--json")
    assert [row["stage"] for row in json.loads(result.stdout)["values"]["stages"]] == ["model"]


def test_all_prints_the_table(place):
    result = call(place, place / "photos/bee/1.png", "--by", "all")
    assert "integrated-gradients  deletion" in result.stdout


@pytest.mark.parametrize(
    ("more", "summary"),
    [
        (["--by", "oclusion"], "Did you mean 'occlusion'"),
        (["--by", "trace", "--at", "2"], "ROW,COLUMN"),
        (["--by", "deconvnet", "--layer", "conv"], "Unknown layer"),
    ],
)
def test_what_cannot_be_is_refused(place, more, summary):
    with pytest.raises(EyespotError, match=summary):
        call(place, place / "photos/ant/1.png", *more)


def test_the_methods_that_the_help_names_are_those_there_are():
    from eyespot.explanations import METHODS
    from eyespot.explanations._request import parse_at

    assert (*METHODS, "evolution") == verb.NAMES
    with pytest.raises(ExplanationError):
        parse_at("a,b")
    assert parse_at("3, 5") == parse_at((3, 5)) == (3, 5)
