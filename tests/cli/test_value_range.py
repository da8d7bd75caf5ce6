"""A model reads every image of more than 8 bits by the range of its source: to predict, explain, attack and measure."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import eyespot
from eyespot.cli._app import run
from eyespot.images import ImageSpec, read_pixels

RANGE = (0, 1023)


def values(number: int) -> np.ndarray:
    """An image of a camera of 10 bits in 16 bits: a coarse pattern, darker or brighter."""
    low = 300 + 200 * (number % 2)
    coarse = np.random.default_rng(number).integers(low, low + 200, (4, 4))
    return np.kron(coarse, np.ones((4, 4), int)).astype(np.uint16)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 40 such images, and a model of them in `run`."""
    root = tmp_path_factory.mktemp("deep")
    for number in range(40):
        file = root / "photos" / ("dark", "bright")[number % 2] / f"{number}.tif"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(values(number)).save(file)
    words = [
        "--epochs",
        "2",
        "--precision",
        "float32",
        "--start",
        "scratch",
        "--network",
        "conv 4@3x3, relu, flatten, dense",
    ]
    assert run(["train", str(root / "photos"), "--out", str(root / "run"), "--quiet", *words]) == 0
    return root


@pytest.fixture(scope="module")
def model(place: Path) -> eyespot.Model:
    return eyespot.load(place / "run" / "model.safetensors")


def scaled(number: int) -> np.ndarray:
    return np.rint(values(number) * (255 / RANGE[1])).astype(np.uint8)


def test_the_range_is_in_recipe_and_model(place: Path, model: eyespot.Model) -> None:
    recipe = json.loads((place / "run" / "recipe.json").read_text())
    assert tuple(recipe["images"]["value_range"]) == model.images.value_range == RANGE


def test_explain_reads_an_image_by_the_stored_range(place: Path, model: eyespot.Model) -> None:
    found = eyespot.explain(model, place / "photos" / "dark" / "0.tif", by="gradient")
    expected = eyespot.explain(model, scaled(0), by="gradient")
    assert found.maps and found.maps.keys() == expected.maps.keys()
    for name, each in found.maps.items():
        np.testing.assert_array_equal(each, expected.maps[name])


def test_attack_reads_an_image_by_the_stored_range(place: Path, model: eyespot.Model) -> None:
    found = eyespot.attack(model, place / "photos" / "bright" / "1.tif", by="fgsm", size=0.3)
    expected = eyespot.attack(model, scaled(1), by="fgsm", size=0.3)
    np.testing.assert_array_equal(found.fooled, expected.fooled)
    np.testing.assert_array_equal(found.original, scaled(1)[..., None])


def test_arrays_are_read_by_the_stored_range(model: eyespot.Model) -> None:
    for given in (values(0), values(0).astype(float), torch.from_numpy(values(0).astype(np.int32))):
        assert model.predict(given) == model.predict(scaled(0))


def test_an_image_beyond_the_range_is_an_error_that_names_it(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.fromarray(values(0) * 60).save(place / "far.tif")
    assert run(["predict", str(place / "run"), str(place / "far.tif")]) == 2
    assert "far.tif: holds values from" in (shown := capsys.readouterr().err) and "0 to 1023" in shown


def test_a_model_of_8_bits_refuses_images_that_it_would_see_black(tmp_path: Path) -> None:
    Image.fromarray(values(0)).save(tmp_path / "dark.tif")
    with pytest.raises(eyespot.EyespotError, match=r"dark\.tif: holds values from .*no value range is known"):
        read_pixels(tmp_path / "dark.tif", ImageSpec(height=16, width=16, channels=1))
