"""Answers and explanations over HTTP are those of Python and of the command line."""

import base64
import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eyespot.cli._explain import explain as verb
from eyespot.explanations import METHODS, explain
from eyespot.images import ImageSpec, read_pixels
from eyespot.serving import resources as shown_module

from .conftest import denoiser, small_model

SIZE = 3 * 12 * 10


def test_the_answer_for_a_file_is_that_of_python(client, png):
    answer = client.post("/api/models/0/predict", content=png).json()
    expected = small_model().predict(png)
    assert answer["answer"] == expected["answer"]
    assert answer["probabilities"] == pytest.approx(expected["probabilities"])


def test_the_answer_is_the_same_for_a_file_its_pixels_and_its_number(client, source):
    pixels = client.get("/api/models/0/images/5").content
    named = client.post("/api/models/0/predict", params={"image": 5}).json()
    assert named == client.post("/api/models/0/predict", params={"form": "pixels"}, content=pixels).json()
    assert named["probabilities"] == pytest.approx(small_model().predict(source.rows[5].picture)["probabilities"])


def test_a_picture_that_the_model_makes_comes_as_png(client, png):
    answer = client.post("/api/models/1/predict", content=png).json()
    made = read_pixels(base64.b64decode(answer["picture"]), ImageSpec(height=1, width=1, channels=1, fit="native"))
    assert np.array_equal(made, denoiser().predict(png)["picture"]) and made.shape == (20, 30, 1)


def test_a_model_of_any_size_is_not_asked_for_a_picture_of_too_many_pixels(client, png, monkeypatch):
    monkeypatch.setattr(shown_module, "MOST_NATIVE_PIXELS", 599)
    for path in ("predict", "explain"):
        response = client.post(f"/api/models/1/{path}", content=png)
        assert response.status_code == 400 and "scale it down" in response.json()["error"]


def test_methods_are_listed_with_what_they_take(client):
    listed = {one["name"]: one for one in client.get("/api/methods").json()["methods"]}
    assert list(listed) == list(METHODS)
    assert listed["occlusion"]["takes"] == list(METHODS["occlusion"].takes) and listed["units"]["of"] == "source"


def test_arguments_have_the_names_of_the_verb(client):
    paths = client.get("/openapi.json").json()["paths"]
    there = {one["name"] for one in paths["/api/models/{model}/explain"]["post"]["parameters"]}
    asked = set(inspect.signature(verb).parameters) - {"model", "what", "out", "as_json"}
    assert asked <= there and there - asked == {"model", "image", "form", "answer", "epoch"}


def test_an_explanation_is_that_of_python(client, png):
    found = client.post(
        "/api/models/0/explain", params={"by": "occlusion", "patch": 4, "stride": 4, "of": "bee"}, content=png
    ).json()
    expected = explain(small_model(), png, "occlusion", patch=4, stride=4, of="bee").to_plain()
    assert found["of"] == expected["of"] and found["notes"] == list(expected["notes"])
    assert np.allclose(found["maps"]["heat"], expected["maps"]["heat"], atol=1e-6)


def test_a_reference_is_an_image_of_the_model(client, png):
    found = client.post("/api/models/0/explain", params={"by": "gradient", "reference": 0}, content=png)
    assert found.status_code == 400 and "reference" in found.text  # a classifier compares no images
    missing = client.post("/api/models/0/explain", params={"by": "gradient", "reference": 10_000}, content=png)
    assert missing.status_code == 404


def test_a_place_is_asked_for_as_row_and_column(client):
    found = client.post(
        "/api/models/0/explain", params={"by": "trace", "layer": "stages.conv1", "unit": 1, "at": "2,3", "image": 0}
    ).json()
    assert found["values"]["at"] == [2, 3]


def test_an_explanation_comes_as_a_picture(client):
    response = client.post("/api/models/0/explain", params={"by": "gradient", "image": 1, "answer": "png"})
    assert response.headers["content-type"] == "image/png" and response.content.startswith(b"\x89PNG")


def test_neighbors_are_looked_for_among_a_source(client):
    found = client.post("/api/models/0/explain", params={"by": "neighbors", "image": 0, "among": 0}).json()
    assert found["values"]["nearest"][0]["similarity"] == pytest.approx(1, abs=1e-4)


def test_units_are_told_as_values_and_as_a_page(client):
    asked = {"by": "units", "layer": "stages.conv1", "source": 0, "part": "test"}
    values = client.post("/api/models/0/survey", params=asked).json()
    assert len(values["layers"][0]["units"]) == 4
    page = client.post("/api/models/0/survey", params={**asked, "answer": "html"})
    assert page.headers["content-type"].startswith("text/html") and "What each unit has learned" in page.text


def test_the_strongest_images_of_a_unit_are_those_of_the_gallery(client, source):
    asked = {"layer": "stages.conv1", "unit": 2, "source": 0}
    told = client.get("/api/models/0/unit", params=asked).json()
    gallery = explain(small_model(), source.test, "units", layer="stages.conv1").to_plain()["layers"][0]
    assert told["layer"] == "stages.conv1" and told["mean"] == pytest.approx(gallery["units"][2]["mean"])
    names = [one["image"] for one in told["strongest"]]
    assert names == [one["image"] for one in gallery["units"][2]["strongest"]] and len(names) == 9
    strip = read_pixels(base64.b64decode(told["strip"]), ImageSpec(height=1, width=1, channels=3, fit="native"))
    assert strip.shape == (2 * 3 + 2, 9 * 3 + 8 * 2, 3)


@pytest.mark.parametrize(
    ("asked", "status", "summary"),
    [
        ({"layer": "stages.conv1", "unit": 4, "source": 0}, 404, "There is no unit 4; there are 0 to 3"),
        ({"layer": "conv", "unit": 0, "source": 0}, 400, "Unknown layer"),
        ({"layer": "stages.conv1", "unit": 0, "source": 1}, 404, "There is no source 1"),
        ({"unit": 0, "source": 0}, 422, "'layer'"),
    ],
)
def test_a_unit_that_is_not_there_is_refused(client, asked, status, summary):
    response = client.get("/api/models/0/unit", params=asked)
    assert response.status_code == status and summary in response.json()["error"]


@pytest.mark.parametrize(
    ("path", "asked", "status", "summary"),
    [
        ("explain", {"by": "oclusion", "image": 0}, 400, "Did you mean 'occlusion'"),
        ("explain", {"image": 0, "of": "bear"}, 400, "bear"),
        ("explain", {"image": 0, "seed": 1}, 400, "has no effect"),
        ("explain", {"by": "trace", "layer": "stages.conv1", "unit": 4, "image": 0}, 400, "units are 0 to 3"),
        ("explain", {"by": "units", "image": 0}, 400, "give a source"),
        ("explain", {"by": "neighbors", "image": 0, "among": 3}, 404, "There is no source 3"),
        ("explain", {"image": 60}, 404, "There is no image 60"),
        ("explain", {"image": 0, "at": "1;2"}, 422, "'at'"),
        ("explain", {"image": 0, "fill": "nan"}, 422, "'fill'"),
        ("explain", {"image": 0, "patch": 0}, 422, "'patch'"),
        ("explain", {"image": 0, "answer": "pdf"}, 422, "'answer'"),
        ("explain", {"image": 0, "by": "gradient", "answer": "html"}, 400, "not available as html"),
        ("explain", {}, 400, "the picture: "),
        ("predict", {}, 400, "the picture: "),
        ("predict", {"form": "pixels"}, 400, "0 bytes of pixels"),
        ("survey", {"by": "units"}, 422, "'source'"),
        ("survey", {"by": "units", "source": 1}, 404, "There is no source 1"),
        ("survey", {"by": "units", "source": 0, "part": "tset"}, 400, "Did you mean 'test'"),
        ("survey", {"by": "occlusion", "source": 0}, 400, "explains a single image"),
        ("survey", {"by": "units", "source": 0, "part": "test", "answer": "png"}, 400, "not available as png"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_sentence(client, path, asked, status, summary):
    response = client.post(f"/api/models/0/{path}", params=asked)
    assert response.status_code == status, response.text
    assert summary in response.json()["error"] and set(response.json()) == {"error", "code"}


words = st.text(max_size=12)


@given(
    by=st.sampled_from(["trace", "deconvnet", "contributions", "activations"]) | words,
    of=st.none() | words,
    layer=st.none() | st.sampled_from(["stages.conv1", "stages", "input"]) | words,
    unit=st.none() | st.integers(-3, 6) | st.integers(),
    at=st.none() | st.from_regex(r"[0-9]{1,6},[0-9]{1,6}", fullmatch=True) | words,
)
@settings(max_examples=80, deadline=None)
def test_no_question_makes_the_server_fail(client, by, of, layer, unit, at):
    asked = {"by": by, "of": of, "layer": layer, "unit": unit, "at": at, "image": 0}
    response = client.post(
        "/api/models/0/explain", params={name: value for name, value in asked.items() if value is not None}
    )
    assert response.status_code in (200, 400, 404, 422)
    assert response.status_code == 200 or response.json()["error"]


@given(
    form=st.sampled_from(["picture", "pixels"]), body=st.binary(max_size=64) | st.binary(min_size=SIZE, max_size=SIZE)
)
@settings(max_examples=40, deadline=None)
def test_any_body_is_answered_or_refused(client, form, body):
    response = client.post("/api/models/0/predict", params={"form": form}, content=body)
    assert response.status_code == (200 if form == "pixels" and len(body) == SIZE else 400)
