"""`eyespot attack` writes a page, figures and fooled images, and refuses what cannot be with one sentence."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eyespot.attacks import ATTACKS
from eyespot.cli._app import run
from eyespot.cli._attack import NAMES, _print_result
from eyespot.networks import Output, build
from tests.attacks.small_models import bright_or_dark, wheel


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("attack")
    model, images, labels = bright_or_dark()
    (folder / "halves").mkdir()
    model.save(folder / "halves" / "model.safetensors")
    pixels = (images * 255).round().byte().permute(0, 2, 3, 1).numpy()
    np.savez(folder / "images.npz", x=pixels, y=np.array([("right", "left")[label] for label in labels.tolist()]))
    return folder


@pytest.fixture(scope="module")
def steered(tmp_path_factory):
    """A model whose answer is a number, and eight pictures with numbers."""
    folder = tmp_path_factory.mktemp("steered")
    network = build("flatten, dense", (1, 6, 6), Output("vector", 1))
    replace(wheel(), network=network).save(folder / "wheel.safetensors")
    pixels = np.random.default_rng(0).integers(60, 200, (8, 6, 6, 1), dtype=np.uint8)
    np.savez(folder / "images.npz", x=pixels, y=np.linspace(10.0, 80.0, 8))
    return folder


def call(place, *more):
    return run(["attack", str(place / "halves"), str(place / "images.npz"), *map(str, more)])


def test_the_names_are_those_of_the_attacks():
    assert tuple(NAMES) == tuple(ATTACKS)


def test_a_report_is_written_and_told(place, tmp_path, capsys):
    code = call(place, "--by", "pixel-search", "--pixels", 3, "--count", 4, "--queries", 500, "--out", tmp_path / "out")
    said = capsys.readouterr()
    assert code == 0
    assert "halves: pixel-search, 3 pixels: 4 of 4 images" in said.err
    assert "fools" in said.out and "of 4" in said.out
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("plan.json", "attacks.jsonl", "fooled", "report.json", "index.html")
    }


def test_json_is_one_document(place, tmp_path, capsys):
    assert call(place, "--by", "fgsm,pgd", "--size", 0.2, "--count", 4, "--out", tmp_path / "out", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert [attack["by"] for attack in found["models"]["halves"]["attacks"]] == ["fgsm", "pgd"]


def test_every_saved_file_is_answered_by_predict_as_the_report_says(place, tmp_path, capsys):
    out = tmp_path / "out"
    settings = ("--by", "minimum-noise,pixel-search", "--count", 4, "--queries", 500)
    assert call(place, *settings, "--out", out, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    rows = {
        str(out / row["file"]): row
        for attack in said["models"]["halves"]["attacks"]
        for row in attack["images"]
        if row["outcome"] == "fooled"
    }
    assert rows and {Path(file).name for file in rows} == {path.name for path in (out / "fooled").iterdir()}
    assert run(["predict", str(place / "halves"), *rows, "--json"]) == 0
    for answer in json.loads(capsys.readouterr().out):
        row = rows[answer["image"]]
        assert answer["answer"] == row["after"]["answer"] != row["before"]["answer"]
        assert answer["probability"] == pytest.approx(row["after"]["probability"], abs=1e-6)


def test_a_target_that_every_image_already_is_is_refused(place, tmp_path, capsys):
    images = np.load(place / "images.npz")
    left = images["y"] == "left"
    np.savez(tmp_path / "left.npz", x=images["x"][left], y=images["y"][left])
    words = ["attack", str(place / "halves"), str(tmp_path / "left.npz"), "--target", "left"]
    assert run([*words, "--out", str(tmp_path / "out")]) == 2
    assert "the target 'left' is the label of every image" in capsys.readouterr().err


def test_misread_images_and_those_of_the_target_class_are_counted(place, tmp_path, capsys):
    images = np.load(place / "images.npz")
    labels = images["y"].copy()
    labels[:5] = np.where(labels[:5] == "left", "right", "left")
    np.savez(tmp_path / "some.npz", x=images["x"], y=labels)
    words = ["attack", str(place / "halves"), str(tmp_path / "some.npz"), "--by", "fgsm", "--target", "left"]
    assert run([*words, "--out", str(tmp_path / "out"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["models"]["halves"]
    assert found["misread"] >= 5 and found["examined"] == 40
    assert found["attacks"][0]["skipped"] + found["attacks"][0]["fooled"]["count"] == 40 - found["misread"]


def test_all_is_the_default_set_and_a_model_can_be_compared(place, tmp_path, capsys):
    settings = ("--count", 3, "--queries", 400, "--steps", 20, "--out", tmp_path / "out", "--json")
    assert call(place, "--against", place / "halves", *settings) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found["models"]) == ["halves", "halves 2"]
    assert len(found["models"]["halves"]["attacks"]) == 5 and found["transfer"]["cells"]


@pytest.mark.parametrize(
    ("more", "summary"),
    [
        (("--by", "one-pixl"), "Did you mean 'one-pixel'"),
        (("--by", "one-pixel", "--queries", -1), "queries is -1"),
        (("--target", "up"), "Unknown class 'up'"),
        (("--count", 0), "count is 0"),
        (("--change", 3), "have no effect"),
        (("--of", "left"), "have no effect"),
        (("--by", "one-pixel", "--pixels", 0), "pixels is 0"),
        (("--by", "fgsm", "--size", -0.1), "size is -0.1"),
        (("--part", "exam"), "exam"),
        (("--out-of-distribution", "nowhere/"), "nowhere"),
        (("--against", "nowhere"), "nowhere"),
    ],
)
def test_wrong_use_is_one_sentence_and_code_2(place, tmp_path, capsys, more, summary):
    assert call(place, *more, "--out", tmp_path / "out") == 2
    said = capsys.readouterr()
    assert summary in said.err and said.err.count("eyespot: ") == 1 and "Traceback" not in said.err
    assert not (tmp_path / "out" / "index.html").exists()


@pytest.mark.parametrize(
    ("more", "summary"),
    [
        (("--target", "left"), "expected up, down or none"),
        (("--target", "all"), "'all' is for classes"),
        (("--change", -2), "change is -2"),
    ],
)
def test_a_number_is_not_asked_for_what_it_cannot_be(steered, tmp_path, capsys, more, summary):
    words = ["attack", str(steered / "wheel.safetensors"), str(steered / "images.npz"), *map(str, more)]
    assert run([*words, "--out", str(tmp_path / "out")]) == 2
    assert summary in capsys.readouterr().err


def test_killed_it_keeps_what_is_done_and_goes_on(place, tmp_path, capsys):
    out = tmp_path / "out"
    words = ["attack", str(place / "halves"), str(place / "images.npz"), "--by", "one-pixel", "--count", "12"]
    words += ["--queries", "3000", "--out", str(out), "--json"]
    process = subprocess.Popen([sys.executable, "-m", "eyespot", *words], stdout=subprocess.DEVNULL)
    while not (lines := (out / "attacks.jsonl")).exists() and process.poll() is None:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept = lines.read_bytes()
    assert kept and not (out / "report.json").exists()
    assert run(words) == 0
    assert len(json.loads(capsys.readouterr().out)["models"]["halves"]["attacks"][0]["images"]) == 12
    assert lines.read_bytes().startswith(kept[: kept.rfind(b"\n") + 1])


def test_an_interruption_says_how_to_go_on(place, tmp_path, capsys, monkeypatch):
    from eyespot.attacks.report import write as report

    def interrupted(*_args, **_more):
        raise KeyboardInterrupt

    monkeypatch.setattr(report, "attack_many", interrupted)
    assert call(place, "--by", "fgsm", "--count", 3, "--out", tmp_path / "out") == 130
    assert "rerun the same command" in capsys.readouterr().err


def test_of_a_number_it_is_told_how_far_it_moves(capsys):
    tried = {"share": 0.0, "interval": [0.0, 0.3], "hits": 0, "count": 10}
    attack = {"title": "one-pixel", "fooled": tried, "distortion": None, "moved": {"median": 1.776, "largest": 3.0278}}
    _print_result({"models": {"wheel": {"right": {**tried, "share": 1.0}, "attacks": [attack]}}})
    assert (
        "one-pixel: fools 0.0 % (0.0 to 30.0 %) of 10, moves the answer by 1.78, at most 3.03\n"
        in capsys.readouterr().out
    )
