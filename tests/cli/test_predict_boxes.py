"""Answers with places on the image: one COCO document, and copies of the images with boxes drawn over them."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eyespot.cli._app import run
from eyespot.images import ImageSpec
from eyespot.model import Model
from eyespot.networks import NetworkSpec, build_from
from eyespot.sources.synthetic import objects
from eyespot.tasks._regress import Regress
from eyespot.tasks.detect import Detect


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose threshold is so low that an untrained network answers with boxes."""
    folder = tmp_path_factory.mktemp("detect")
    task = Detect(threshold=0.005).prepare(objects(seed=0, count=8, size=16).train.rows)
    images = ImageSpec(height=16, width=16, channels=3, fit="pad")
    network = build_from(NetworkSpec(name="residual", input=images.shape, output=task.outputs(3), size="tiny"))
    Model(network=network, task=task, images=images).save(folder / "model.safetensors")
    return folder / "model.safetensors"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    Image.fromarray(np.full((20, 32, 3), 128, np.uint8)).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_a_document_in_coco_format_holds_the_boxes_of_all_images_that_could_be_read(trained, photo, tmp_path):
    out = tmp_path / "found" / "answers.json"
    assert run(["predict", str(trained), str(photo), str(tmp_path / "missing.png"), "--out", str(out), "--quiet"]) == 2
    document = json.loads(out.read_text())
    assert [entry["file_name"] for entry in document["images"]] == [str(photo)]
    assert (document["images"][0]["width"], document["images"][0]["height"]) == (32, 20)
    assert document["annotations"] and all(entry["image_id"] == 1 for entry in document["annotations"])
    x, y, width, height = np.array([entry["bbox"] for entry in document["annotations"]]).T
    assert (x >= 0).all() and (y >= 0).all() and (x + width <= 32.001).all() and (y + height <= 20.001).all()
    assert run(["predict", str(trained), str(photo), "--out", str(out), "--quiet"]) == 0  # its own may be replaced


def test_a_users_file_is_not_replaced_by_a_document(trained, photo, tmp_path, capsys):
    theirs = tmp_path / "annotations.json"
    theirs.write_text('{"images": [], "annotations": []}')
    assert run(["predict", str(trained), str(photo), "--out", str(theirs)]) != 0
    assert "not a document of answers" in capsys.readouterr().err
    assert json.loads(theirs.read_text()) == {"images": [], "annotations": []}


def test_boxes_are_drawn_over_copies_in_their_original_size_and_nothing_is_overwritten(trained, photo, tmp_path):
    before, folder = photo.read_bytes(), tmp_path / "drawn"
    for _ in range(2):
        assert run(["predict", str(trained), str(photo), "--annotated", str(folder)]) == 0
    assert [file.name for file in sorted(folder.iterdir())] == ["photo.annotated-2.png", "photo.annotated.png"]
    drawn = np.asarray(Image.open(folder / "photo.annotated.png"))
    assert drawn.shape == (20, 32, 3) and (drawn == 128).any() and (drawn != 128).any()
    assert photo.read_bytes() == before


def test_answers_without_a_place_have_neither(photo, tmp_path, capsys):
    task, images = Regress(), ImageSpec(height=16, width=16, channels=3)
    network = build_from(NetworkSpec(name="residual", input=images.shape, output=task.outputs(3), size="tiny"))
    Model(network=network, task=task, images=images).save(tmp_path / "model.safetensors")
    for option, file, message in (
        ("--out", "answers.json", "the answers of regress cannot be written as COCO"),
        ("--annotated", "drawn", "the answers of regress cannot be drawn on the image"),
    ):
        assert run(["predict", str(tmp_path / "model.safetensors"), str(photo), option, str(tmp_path / file)]) != 0
        assert message in capsys.readouterr().err
        assert not (tmp_path / file).exists()
