"""Verbs speak to people and to programs, and refuse what cannot be with one sentence and exit code 2."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from eyespot.cli import _train as verbs
from eyespot.cli._app import main, run
from eyespot.images import write_png

SMALL = ["--network", "conv 4@3x3, relu, maxpool 2, flatten, dense", "--epochs", "1", "--precision", "float32"]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a folder per class: 30 dark and 30 bright pictures."""
    folder = tmp_path_factory.mktemp("photos")
    random = np.random.default_rng(0)
    for label, low in (("dark", 0), ("bright", 128)):
        (folder / label).mkdir()
        for number in range(30):
            pixels = random.integers(low, low + 128, (12, 12, 3), dtype=np.uint8)
            write_png(pixels, folder / label / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def trained(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "photos"
    assert run(["train", str(photos), "--out", str(out), *SMALL, "--quiet"]) == 0
    return out


def document(capsys: pytest.CaptureFixture[str]) -> dict:
    """Standard output as the one JSON document that it has to be."""
    return json.loads(capsys.readouterr().out)


def test_train_prints_the_documented_keys(photos, tmp_path, capsys):
    assert run(["train", str(photos), "--out", str(tmp_path / "run"), *SMALL, "--json"]) == 0
    found = document(capsys)
    keys = {
        "task",
        "metric",
        "better",
        "score",
        "interval",
        "count",
        "run",
        "model",
        "seconds",
        "steps",
        "resumed_from",
    }
    assert keys <= found.keys()
    assert Path(found["model"]).is_file()


def test_the_same_command_on_a_finished_run_prints_its_result_again(photos, trained, capsys):
    assert run(["train", str(photos), "--out", str(trained), *SMALL, "--json"]) == 0
    first = document(capsys)
    assert run(["resume", str(trained), "--json"]) == 0
    assert document(capsys) == first


def test_another_recipe_is_refused(photos, trained, capsys):
    assert run(["train", str(photos), "--out", str(trained), *SMALL, "--seed", "5"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "seed 0 then, 5 now" in said.err


def test_predict_lists_image_answer_and_probabilities(photos, trained, capsys):
    pictures = [str(photos / "dark" / "0.png"), str(photos / "bright" / "1.png")]
    assert run(["predict", str(trained / "model.safetensors"), *pictures, "--json"]) == 0
    found = document(capsys)
    assert [each["image"] for each in found] == pictures
    assert {"answer", "label", "probability", "probabilities"} <= found[0].keys()
    assert found[0]["probabilities"].keys() == {"bright", "dark"}


def test_the_command_line_python_and_a_new_process_answer_alike(photos, trained, capsys):
    picture = str(photos / "dark" / "0.png")
    run(["predict", str(trained), picture, "--json"])
    here = document(capsys)[0]
    answer = f"eyespot.load({str(trained / 'model.safetensors')!r}).predict({picture!r})"
    code = f"import eyespot, json; print(json.dumps({answer}))"
    there = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
    assert {name: here[name] for name in there} == there


def test_evaluate_looks_at_the_test_part_of_the_training_images_and_at_all_of_others(photos, trained, tmp_path, capsys):
    result = json.loads((trained / "result.json").read_text())
    assert run(["evaluate", str(trained), str(photos), "--json"]) == 0
    found = document(capsys)
    assert (found["part"], found["score"], found["count"]) == ("test", result["score"], result["count"])
    assert len(found["table"]) == found["count"]
    assert run(["evaluate", str(trained), "synthetic:shapes", "--json"]) == 2


def test_help_comes_without_torch():
    code = "import sys; from eyespot.cli._app import main, run; run(['--help']); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "summary"),
    [
        (["trian", "x"], "Did you mean 'train'"),
        (["train", "x", "--out", "y", "--epoch", "3"], "--epochs"),
        (["train", "{photos}", "--out", "{tmp}/r", "--network", "resnett"], "residual"),
        (["train", "{photos}", "--out", "{tmp}/r", "--task", "clasify"], "Did you mean 'classify'"),
        (["train", "{photos}", "--out", "{tmp}/r", "--task", "denoise:sigmaa=3"], "Did you mean 'sigma'"),
        (["train", "{photos}", "--out", "{tmp}/r", "--augment", "phots"], "Did you mean 'photos'"),
        (["train", "{photos}", "--out", "{tmp}/r", "--epochs", "0"], "epochs is 0"),
        (["train", "{photos}", "--out", "{tmp}/r", "--epochs", "1", "--minutes", "1"], "only one of them"),
        (["train", "{photos}", "--out", "{photos}"], "has other files"),
        (["train", "{photos}", "--out", "{photos}/dark/0.png"], "is a file"),
        (["train", "{tmp}/nowhere", "--out", "{tmp}/r"], "nowhere"),
        (["predict", "{tmp}/no.safetensors", "x.png"], "no.safetensors"),
        (["predict", "{trained}", "{tmp}/no.png"], "no.png"),
        (["resume", "{tmp}"], "recipe.json"),
        (["evaluate", "{trained}", "{photos}", "--part", "tset"], "Did you mean 'test'"),
    ],
)
def test_wrong_use_is_one_sentence_and_code_2(arguments, summary, photos, trained, tmp_path, capsys):
    filled = [part.format(photos=photos, tmp=tmp_path, trained=trained) for part in arguments]
    assert run(filled) == 2
    said = capsys.readouterr()
    assert summary in said.err
    assert said.out == ""
    assert "Traceback" not in said.err


def test_a_run_in_use_is_refused(photos, tmp_path, capsys):
    from eyespot.device import World
    from eyespot.training._run_folder import locked

    with locked(tmp_path / "run", World()):
        assert run(["train", str(photos), "--out", str(tmp_path / "run"), *SMALL]) == 2
    assert "another training is using it" in capsys.readouterr().err


def test_sigterm_saves_and_ends_with_130_and_the_run_goes_on(photos, tmp_path):
    out = tmp_path / "run"
    command = [sys.executable, "-m", "eyespot", "train", str(photos), "--out", str(out), *SMALL[:2], "--epochs", "4000"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = ""
        for line in process.stderr:
            said += line
            if line.startswith("epoch 3"):
                process.terminate()
    assert process.returncode == 130, said
    assert "Stopped and saved at step" in said
    assert (out / "checkpoint.safetensors").is_file()
    assert not (out / "result.json").exists()


def test_the_demo_trains_and_says_what_to_do_next(tmp_path, capsys):
    assert run(["demo", "--out", str(tmp_path / "demo"), "--epochs", "0.05", "--quiet"]) == 0
    said = capsys.readouterr().out
    for text in ("95 % interval", "weakest class", "report:", "model:", "eyespot train photos/"):
        assert text in said
    assert said.split("Next:\n")[1].split()[:3] == ["eyespot", "serve", str(tmp_path / "demo")]
    assert (tmp_path / "demo" / "snapshots" / "epoch-0000.safetensors").exists()  # the page goes through the epochs


@pytest.mark.parametrize("said", ["weakest class: cat (50.0 % of 4 images found)\n", ""])
def test_a_training_tells_what_the_task_remarks(said, capsys):
    score = {"metric": "accuracy", "score": 0.9, "better": "higher", "interval": [0.8, 1.0], "unit": "", "count": 8}
    made = {"steps": 3, "seconds": 1.0, "parameters": 9, "report": "r", "model": "m"}
    result = {"task": "classify", "part": "test", "remarks": said.splitlines(), **score, **made}
    verbs.print_training(result, as_json=False)
    lines = capsys.readouterr().out.splitlines(keepends=True)
    assert "".join(line for line in lines if line.startswith("weakest")) == said


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            ["explain", "MODEL", "photo.png", "--out", "why.html"],
            "'occlusion' is saved as .png or .svg or .pdf or .json",
        ),
        (["explain", "MODEL", "photos", "--by", "units", "--out", "units.png"], "'units' is saved as .html or .json"),
        (
            ["explain", "MODEL", "photo.png", "--out", "taken/why.png"],
            "taken: is a file; choose a folder. (option --out)",
        ),
        (["check", "photos", "--deep", "--out", "taken"], "taken: is a file; choose a folder. (option --out)"),
        (["curve", "photos", "--out", "taken/page"], "taken: is a file; choose a folder. (option --out)"),
        (["train", "photos", "--out", "taken"], "taken: is a file. Choose a folder. (option --out)"),
    ],
)
def test_a_wrong_file_is_refused_before_any_work(photos, tmp_path, monkeypatch, capsys, arguments, expected):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("")
    importlib.import_module("eyespot.embeddings")  # not first imported below, where it would keep the patched function
    for work in (
        "eyespot.model.load",
        "eyespot.measures.curve",
        "eyespot.measures.audit",
        "eyespot.training.run.prepare",
    ):
        monkeypatch.setattr(work, lambda *_, **__: pytest.fail("worked first"))
    assert run([str(photos) if argument == "photos" else argument for argument in arguments]) == 2
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize(("before", "after"), [(None, "1000"), ("7", "7")])
def test_threads_of_a_finished_operation_soon_sleep_unless_the_user_set_it(before, after, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["eyespot", "--help"])
    monkeypatch.setenv("GOMP_SPINCOUNT", before or "")
    if before is None:
        monkeypatch.delenv("GOMP_SPINCOUNT")
    with pytest.raises(SystemExit):
        main()
    assert os.environ["GOMP_SPINCOUNT"] == after
