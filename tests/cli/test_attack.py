"""`eyespot attack` writes a page, figures and fooled images, and refuses what cannot be with one sentence."""

import json

import numpy as np
import pytest

from eyespot.attacks import ATTACKS
from eyespot.cli.app import run
from eyespot.cli.attack import NAMES, _tell
from tests.attacks.small_models import bright_or_dark


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("attack")
    model, images, labels = bright_or_dark()
    (folder / "halves").mkdir()
    model.save(folder / "halves" / "model.safetensors")
    pixels = (images * 255).round().byte().permute(0, 2, 3, 1).numpy()
    np.savez(folder / "images.npz", x=pixels, y=np.array([("right", "left")[label] for label in labels.tolist()]))
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


def test_all_is_the_default_set_and_a_model_can_be_compared(place, tmp_path, capsys):
    settings = ("--count", 3, "--queries", 400, "--steps", 20, "--out", tmp_path / "out", "--json")
    assert call(place, "--against", place / "halves", *settings) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found["models"]) == ["halves", "halves 2"]
    assert len(found["models"]["halves"]["attacks"]) == 5 and found["transfer"]["cells"]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--by", "one-pixl"), "Did you mean 'one-pixel'"),
        (("--by", "one-pixel", "--queries", -1), "queries is -1"),
        (("--target", "up"), "Unknown class 'up'"),
        (("--count", 0), "count is 0"),
        (("--change", 3), "mean nothing"),
    ],
)
def test_wrong_use_is_one_sentence_and_code_2(place, tmp_path, capsys, more, says):
    assert call(place, *more, "--out", tmp_path / "out") == 2
    said = capsys.readouterr()
    assert says in said.err and len(said.err.strip().splitlines()) == 1
    assert not (tmp_path / "out" / "index.html").exists()


def test_an_interruption_says_how_to_go_on(place, tmp_path, capsys, monkeypatch):
    from eyespot.attacks import report

    def interrupted(*_args, **_more):
        raise KeyboardInterrupt

    monkeypatch.setattr(report, "attack_many", interrupted)
    assert call(place, "--by", "fgsm", "--count", 3, "--out", tmp_path / "out") == 130
    assert "the same command goes on" in capsys.readouterr().err


def test_of_a_number_it_is_told_how_far_it_moves(capsys):
    tried = {"share": 0.0, "interval": [0.0, 0.3], "hits": 0, "count": 10}
    attack = {"title": "one-pixel", "fooled": tried, "distortion": None, "moved": {"median": 1.776, "largest": 3.0278}}
    _tell({"models": {"wheel": {"right": {**tried, "share": 1.0}, "attacks": [attack]}}})
    assert (
        "one-pixel: fools 0.0 % (0.0 to 30.0 %) of 10, moves the answer by 1.78, at most 3.03\n"
        in capsys.readouterr().out
    )
