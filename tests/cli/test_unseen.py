"""No command measures a model on images that it was trained on, whatever became of them since; and says so."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eyespot.cli._app import run

PICTURES = 80


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """80 pictures of two classes, a dark and a bright one, from which no two look alike."""
    monkeypatch.setenv("EYESPOT_CACHE", str(tmp_path / "cache"))
    for number in range(PICTURES):
        save(tmp_path / "photos", number)
    return tmp_path / "photos"


def save(folder: Path, number: int) -> None:
    label = number % 2
    path = folder / ("dark", "bright")[label] / f"{number}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(number).integers(100 * label, 100 * label + 150, (4, 4, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize((16, 16)).save(path)


@pytest.fixture
def trained(folder: Path) -> tuple[Path, int]:
    """The model of a training on the folder, and how many images it learned from or was chosen by."""
    out = folder.parent / "run"
    options = ["--epochs", "1", "--precision", "float32", "--start", "scratch", "--augment", "none", "--quiet"]
    assert (
        run(["train", str(folder), "--out", str(out), "--network", "conv 4@3x3, relu, flatten, dense", *options]) == 0
    )
    return out / "model.safetensors", PICTURES - json.loads((out / "result.json").read_text())["count"]


def evaluated(model: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """How many images a model is evaluated on, and what standard error shows."""
    capsys.readouterr()
    assert run(["evaluate", str(model), str(folder), "--json"]) == 0
    shown = capsys.readouterr()
    return json.loads(shown.out)["count"], shown.err


def note(count: int) -> str:
    return f"left out: {count} images that the model was trained on"


def test_evaluate_leaves_them_out_after_a_picture_was_added_and_the_cache_is_gone(
    trained: tuple[Path, int], folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model, count = trained
    found, shown = evaluated(model, folder, capsys)
    assert found == PICTURES - count and note(count) in shown
    save(folder, PICTURES)
    monkeypatch.setenv("EYESPOT_CACHE", str(folder.parent / "another"))
    found, shown = evaluated(model, folder, capsys)
    assert found == PICTURES + 1 - count and note(count) in shown


def test_evaluate_leaves_them_out_when_they_are_saved_in_another_format(
    trained: tuple[Path, int], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, count = trained
    for file in folder.glob("*/*.png"):
        with Image.open(file) as image:
            image.save(file.with_suffix(".bmp"))
        file.unlink()
    found, shown = evaluated(model, folder, capsys)
    assert found == PICTURES - count and note(count) in shown


def test_attack_leaves_them_out(trained: tuple[Path, int], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, count = trained
    out = folder.parent / "attack"
    many = str(2 * PICTURES)
    assert run(["attack", str(model), str(folder), "--by", "fgsm", "--count", many, "--out", str(out), "--json"]) == 0
    shown = capsys.readouterr()
    [found] = json.loads(shown.out)["models"].values()
    assert found["right"]["count"] == PICTURES - count and note(count) in shown.err


def test_curve_leaves_them_out(trained: tuple[Path, int], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, count = trained
    for number in range(PICTURES, 2 * PICTURES):
        save(folder, number)
    assert run(["curve", str(folder), "--weights", str(model), "--json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["count"] == 2 * PICTURES - count and note(count) in shown.err


def test_attack_leaves_out_what_any_of_the_compared_models_was_trained_on(
    trained: tuple[Path, int], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, _ = trained
    others = folder.parent / "others"
    for number in range(PICTURES, PICTURES + 40):
        save(others, number)
    second = folder.parent / "second"
    options = ["--epochs", "1", "--precision", "float32", "--start", "scratch", "--augment", "none", "--quiet"]
    network = ["--network", "conv 4@3x3, relu, flatten, dense"]
    assert run(["train", str(others), "--out", str(second), *network, *options]) == 0
    learned = 40 - json.loads((second / "result.json").read_text())["count"]
    out = folder.parent / "attacked"
    asked = ["attack", str(model), str(others), "--out", str(out), "--by", "fgsm", "--count", "3", "--quiet"]
    capsys.readouterr()
    assert run([*asked, "--against", str(second)]) == 0
    assert note(learned) in capsys.readouterr().err
