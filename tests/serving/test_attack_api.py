"""Attacks over HTTP are those of Python and of the command line, within what one request may ask for."""

import base64
import inspect
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eyespot.attacks import ATTACKS, attack, pixel_map
from eyespot.cli._attack import attack as verb

from .conftest import small_model

SHAPE = (3, 12, 10)


def pixels(text):
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(SHAPE)


def same(told, expected):
    """Whether answers are the same up to the order in which a batch is added up."""
    assert told["label"] == expected["label"] and told["probability"] == pytest.approx(expected["probability"])


def test_attacks_are_listed_with_the_settings_that_they_read(client):
    listed = {one["name"]: one for one in client.get("/api/attacks").json()["attacks"]}
    assert list(listed) == list(ATTACKS)
    assert listed["one-pixel"]["takes"] == {"pixels": 1, "queries": 40_400, "seed": 0}


@pytest.mark.parametrize("by", ["minimum-noise", "pixel-search"])
def test_an_attack_is_that_of_python(client, png, by):
    told = client.post("/api/models/0/attack", params={"by": by}, content=png).json()
    expected = attack(small_model(), png, by)
    assert told["outcome"] == expected.outcome and told["queries"] == expected.queries
    assert np.array_equal(pixels(told["fooled"]), expected.fooled.transpose(2, 0, 1))
    assert np.array_equal(pixels(told["original"]), expected.original.transpose(2, 0, 1))
    same(told["before"], expected.before)
    same(told["after"], expected.after)


def test_a_search_brings_its_steps(client):
    sent = client.get("/api/models/0/images/3").content
    given = {"by": "one-pixel", "queries": 900, "target": "ant", "form": "pixels"}
    told = client.post("/api/models/0/attack", params=given, content=sent).json()
    if told.get("error"):
        given["target"] = "bee"
        told = client.post("/api/models/0/attack", params=given, content=sent).json()
    assert 1 <= len(told["history"]) <= 3 and told["queries"] <= 900
    for step in told["history"]:
        [best] = step["best"]
        assert 0 <= best["row"] < 12 and 0 <= best["column"] < 10 and len(best["color"]) == 3
    last = told["history"][-1]["best"][0]
    fooled, original = pixels(told["fooled"]), pixels(told["original"])
    assert list(fooled[:, last["row"], last["column"]]) == last["color"]
    assert (fooled != original).any(0).sum() <= 1


def test_every_pixel_that_works_is_told(client, png):
    told = client.post("/api/models/0/pixel-map", content=png).json()
    expected = pixel_map(small_model(), png)
    assert told["working"] == expected.working and told["places"] == 120
    assert np.allclose(told["margin"], expected.margin, atol=1e-5) and np.shape(told["color"]) == (12, 10, 3)


def test_arguments_have_the_names_of_the_verb(client):
    paths = client.get("/openapi.json").json()["paths"]
    there = {one["name"] for one in paths["/api/models/{model}/attack"]["post"]["parameters"]}
    assert there - {"model", "image", "form", "epoch"} <= set(inspect.signature(verb).parameters)


@pytest.mark.parametrize(
    ("given", "summary"),
    [
        ({"by": "charm"}, "Unknown attack 'charm'"),
        ({"by": "fgsm", "pixels": 3}, "pixels has no effect on fgsm"),
        ({"by": "fgsm", "target": "wasp"}, "wasp"),
        ({"by": "fgsm", "size": 0}, "greater than 0"),
        ({"by": "one-pixel", "queries": 10**9}, "less than or equal"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(client, png, given, summary):
    response = client.post("/api/models/0/attack", params=given, content=png)
    assert 400 <= response.status_code < 500 and summary in response.json()["error"]


@settings(max_examples=12, deadline=None)
@given(
    st.fixed_dictionaries(
        {"queries": st.integers(-3, 50)},  # always few: a search of the U-net's 256 pixels would take minutes
        optional={
            "by": st.sampled_from(["fgsm", "pixel-search", "no"]),
            "target": st.text(max_size=5),
            "of": st.text(max_size=5) | st.sampled_from(["1,1", "99,99", "bee"]),
            "change": st.floats(),
            "pixels": st.integers(-3, 5),
            "seed": st.integers(),
        },
    ),
    st.sampled_from([0, 1]),
)
def test_whatever_is_asked_for_is_answered_or_refused(client, png, given, model):
    with pytest.MonkeyPatch.context() as patch:
        # More places than this are refused: a map of the U-net's 256 would take a minute.
        patch.setattr(sys.modules[pixel_map.__module__], "MOST_PLACES", 200)
        for path in ("attack", "pixel-map"):
            response = client.post(f"/api/models/{model}/{path}", params=given, content=png)
            assert response.status_code < 500 and (response.status_code == 200 or response.json()["error"])
