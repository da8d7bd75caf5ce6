"""The page as one file holds what the page needs, within its bounds, and nothing that could run beside its script."""

import base64
import hashlib
import json
import re

import numpy as np
import pytest

from eyespot.errors import EyespotError, ImageError
from eyespot.images import ImageSpec
from eyespot.networks import Output
from eyespot.serving.one_file import in_page, row_of, usual_rows, write_one_file
from eyespot.serving.resources import ModelResource
from eyespot.sources.source import Row
from eyespot.tasks._classify import Classify

from .conftest import denoiser, picture, small_model

CODE = 'document.title = "</script><!-- a page -->";'


@pytest.fixture
def alone(tmp_path):
    """A page that is built already."""
    folder = tmp_path / "alone"
    folder.mkdir()
    (folder / "page.js").write_text(CODE)
    (folder / "page.css").write_text("body { margin: 0 }")
    return folder


def rows(count):
    return [
        Row(picture=picture(seed=i), name=f"<b>{i}</b>.png", values={"label": "bee"}, location="") for i in range(count)
    ]


def data_of(page):
    return json.loads(re.search(r'id="eyespot-data">(.*?)</script>', page.read_text(), re.DOTALL)[1])


def numbers(text, kind):
    return np.frombuffer(base64.b64decode(text), kind)


def test_model_and_pictures_are_in_it_unrounded(alone, tmp_path):
    shown = ModelResource(name="bees", model=small_model())
    written = write_one_file(shown, rows(2), tmp_path / "out.html", alone=alone)
    [model] = data_of(written.path)["models"]
    assert model["manifest"] == json.loads(shown.manifest[0])
    assert np.array_equal(numbers(model["weights"], "<f4"), np.concatenate(shown.manifest[1]))
    assert [image["name"] for image in model["images"]] == written.images == ["<b>0</b>.png", "<b>1</b>.png"]
    assert [image["label"] for image in model["images"]] == ["bee", "bee"] and not written.left_out
    assert numbers(model["images"][1]["pixels"], "u1").tobytes() == shown.pixels(picture(seed=1))
    assert written.size == written.path.stat().st_size


def test_texts_of_people_cannot_leave_their_place_and_only_the_pages_own_script_runs(alone, tmp_path):
    shown = ModelResource(name="</title><script>alert(1)</script>", model=small_model())
    page = write_one_file(shown, rows(1), tmp_path / "out.html", alone=alone).path.read_text()
    assert page.count("<script") == page.count("</script>") == 2 and "alert(1)" in page
    code = re.search(r'<script type="module">(.*?)</script>', page, re.DOTALL)[1]
    assert code == CODE.replace("</script", "<\\/script").replace("<!--", "<\\!--")
    allowed = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    assert f"script-src 'sha256-{allowed}'" in policy and "default-src 'none'" in policy and "http" not in policy


def test_only_what_the_page_cannot_compute_is_stored_beside_the_pixels(alone, tmp_path):
    images = ImageSpec(height=20, width=20, channels=1)
    network = small_model(Classify(classes=("a", "b")), images, "lenet5", Output("vector", 2))
    shown = ModelResource(name="digits", model=network)  # repeats the border, which the page does not
    data = data_of(write_one_file(shown, rows(1), tmp_path / "out.html", alone=alone).path)["models"][0]
    asked = [call for call in data["manifest"]["calls"] if not in_page(call)]
    assert [call["settings"]["mode"] for call in asked] == ["replicate"]
    [(place, stored)] = data["images"][0]["calls"].items()
    outputs = shown.outputs(shown.pixels(picture(seed=0)))
    assert int(place) == asked[0]["id"]
    assert np.array_equal(numbers(stored, "<f4"), outputs[int(place)].numpy().ravel())


@pytest.mark.parametrize(
    ("kind", "settings", "shape", "weights", "inside"),
    [
        ("conv", {}, [3, 4, 4], {"weight": {}}, True),
        ("dense", {}, [4], {}, True),
        ("dense", {}, [2, 4], {}, False),
        ("softmax", {}, [3, 4, 4], {}, False),
        ("elementwise", {"function": "silu"}, [4], {}, True),
        ("elementwise", {"function": "prelu"}, [4], {"weight": {}}, False),
        ("concatenate", {"dim": 2}, [3, 4, 4], {}, False),
        ("upsample", {"mode": "bilinear", "align_corners": True}, [3, 4, 4], {}, False),
        ("upsample", {"mode": "nearest"}, [3, 4, 4], {}, True),
        ("pad", {"mode": "constant", "pad": [1, 1, 1, 1]}, [3, 4, 4], {}, True),
        ("pad", {"mode": "constant", "pad": [1, 1]}, [3, 4, 4], {}, False),
        ("opaque", {}, [4], {}, False),
    ],
)
def test_what_the_page_computes_itself(kind, settings, shape, weights, inside):
    assert in_page({"kind": kind, "settings": settings, "shape": shape, "weights": weights}) is inside


def test_pictures_without_room_are_left_out_and_named(alone, tmp_path):
    shown = ModelResource(name="bees", model=small_model())
    one = write_one_file(shown, rows(1), tmp_path / "one.html", alone=alone)
    less = write_one_file(shown, rows(3), tmp_path / "out.html", most=one.size + 300, alone=alone)
    assert less.images == ["<b>0</b>.png"] and less.left_out == ["<b>1</b>.png", "<b>2</b>.png"]
    assert less.size == one.size
    with pytest.raises(EyespotError, match="eyespot serve"):
        write_one_file(shown, rows(1), tmp_path / "none.html", most=1000, alone=alone)


def test_a_page_that_is_not_built_and_a_picture_that_is_none_are_told(alone, tmp_path):
    shown = ModelResource(name="clean", model=denoiser())
    with pytest.raises(EyespotError, match="make page"):
        write_one_file(shown, rows(1), tmp_path / "out.html", alone=tmp_path / "nowhere")
    (tmp_path / "notes.png").write_text("no picture")
    with pytest.raises(ImageError, match=r"notes\.png"):
        write_one_file(shown, [row_of(tmp_path / "notes.png")], tmp_path / "out.html", alone=alone)
    assert not (tmp_path / "out.html").exists()


def test_the_usual_pictures_are_spread_over_all():
    assert [row.name[3] for row in usual_rows(rows(8))] == ["0", "2", "4", "6"]
    assert len(usual_rows(rows(2))) == 2 and usual_rows([]) == []
