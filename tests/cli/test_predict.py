"""Batch prediction: answers as they are computed, failures named, folders, patterns and lists; the latest run."""

import csv
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from eyespot.cli._answers import image_files
from eyespot.cli._app import run
from eyespot.images import write_png

SMALL = ["--network", "conv 4@3x3, relu, maxpool 2, flatten, dense", "--epochs", "1", "--precision", "float32"]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    random = np.random.default_rng(0)
    for label, low in (("dark", 0), ("bright", 128)):
        (folder / label).mkdir()
        for number in range(20):
            pixels = random.integers(low, low + 128, (12, 12, 3), dtype=np.uint8)
            write_png(pixels, folder / label / f"{number:02}.png")
    return folder


@pytest.fixture(scope="module")
def trained(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "photos"
    assert run(["train", str(photos), "--out", str(out), *SMALL, "--quiet"]) == 0
    return out


@pytest.fixture
def mixed(photos: Path, tmp_path: Path) -> list[str]:
    """Three good images, a damaged one and a missing one."""
    (tmp_path / "bad.png").write_bytes(b"half a download")
    good = [str(photos / "dark" / f"{number:02}.png") for number in range(3)]
    return [good[0], str(tmp_path / "bad.png"), good[1], str(tmp_path / "missing.png"), good[2]]


def test_every_good_image_is_answered_and_every_bad_one_named(trained, mixed, capsys):
    assert run(["predict", str(trained), *mixed]) == 2
    printed = capsys.readouterr()
    assert [line.partition(": ")[0] for line in printed.out.splitlines()] == [mixed[0], mixed[2], mixed[4]]
    assert "bad.png: is not an image" in printed.err and "missing.png: there is no such file" in printed.err
    assert "2 of 5 images failed" in printed.err


def test_json_holds_answers_and_errors_in_order(trained, mixed, capsys):
    assert run(["predict", str(trained), *mixed, "--json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert [each["image"] for each in found] == mixed
    assert [("error" in each, "answer" in each) for each in found] == [
        (False, True),
        (True, False),
        (False, True),
        (True, False),
        (False, True),
    ]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_answers_are_written_as_a_table(trained, mixed, tmp_path, suffix, capsys):
    table = tmp_path / f"answers{suffix}"
    assert run(["predict", str(trained), mixed[1], *mixed, "--out", str(table)]) == 2
    assert capsys.readouterr().out == ""
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file)) if suffix == ".csv" else [json.loads(line) for line in file]
    assert sorted(row["image"] for row in rows) == sorted([mixed[1], *mixed])
    assert sum(bool(row.get("error")) for row in rows) == 3
    assert {row["answer"] for row in rows if row.get("answer")} <= {"dark", "bright"}
    if suffix == ".csv":
        assert {"probabilities.dark", "probabilities.bright"} <= rows[0].keys()


def test_folders_patterns_and_lists_name_images(photos):
    dark = [str(photos / "dark" / f"{number:02}.png") for number in range(20)]
    assert list(image_files([str(photos / "dark")], ())) == dark
    assert list(image_files([str(photos / "dark" / "*.png")], ())) == dark
    assert list(image_files(["-"], io.StringIO(f"{dark[3]}\n\n{dark[5]}\n"))) == [dark[3], dark[5]]
    assert len(list(image_files([str(photos)], ()))) == 40


def test_an_empty_folder_or_pattern_is_named_and_loses_no_other_answer(trained, photos, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    good = [str(photos / "dark" / f"{number:02}.png") for number in range(4)]
    given = [good[0], good[1], str(tmp_path / "empty"), good[2], str(tmp_path / "*.jpg"), good[3]]
    assert run(["predict", str(trained), *given]) == 2
    printed = capsys.readouterr()
    assert [line.partition(": ")[0] for line in printed.out.splitlines()] == good
    assert "empty: is a folder that holds no image" in printed.err and "no file matches this pattern" in printed.err
    assert "2 of 6 images failed" in printed.err


def test_a_web_address_is_named_as_one(trained, capsys):
    assert run(["predict", str(trained), "https://example.org/cat.jpg"]) == 2
    assert "https://example.org/cat.jpg: is a URL" in capsys.readouterr().err


def test_without_a_model_the_latest_run_is_used_and_named(photos, trained, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    picture = str(photos / "dark" / "00.png")
    assert run(["predict", picture]) == 2
    assert "runs/ has no finished run" in capsys.readouterr().err
    shutil.copytree(trained, "runs/older")
    shutil.copytree(trained, "runs/newer")
    (Path("runs/newer") / "model.safetensors").touch()
    assert run(["predict", picture]) == 0
    assert "runs/newer (the latest run)" in capsys.readouterr().err
    assert run(["evaluate", str(photos), "--json"]) == 0
    printed = capsys.readouterr()
    assert "runs/newer (the latest run)" in printed.err and json.loads(printed.out)["part"] == "test"


def test_a_training_without_a_folder_is_named_after_its_source_resumed_or_numbered(
    photos, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(photos, "pets")
    assert run(["train", "pets", *SMALL, "--quiet"]) == 0
    assert "run folder: runs/pets" in capsys.readouterr().err
    assert run(["train", "pets", *SMALL, "--quiet"]) == 0
    assert "run folder: runs/pets (the same training, resumed)" in capsys.readouterr().err
    assert run(["train", "pets", *SMALL, "--quiet", "--seed", "1"]) == 0
    assert "run folder: runs/pets-2 (runs/pets holds another training)" in capsys.readouterr().err
    assert Path("runs/pets-2/model.safetensors").is_file()


@pytest.fixture
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails where a model is loaded: an invalid option is reported before."""

    def load(path: Path) -> None:
        raise AssertionError(f"{path} was loaded")

    monkeypatch.setattr("eyespot.model.load", load)


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("answers.xlsx", "answers.xlsx: has the suffix .xlsx; expected .csv, .jsonl, .ndjson"),
        ("folder.csv", "folder.csv: is a folder; give the name of a file"),
        ("notes.txt/answers.csv", "notes.txt: is a file; choose a folder"),
        ("labels.csv", "labels.csv: exists and is not a table of answers"),
        ("notes/more", "notes: is a file; choose a folder"),
    ],
)
def test_an_output_that_cannot_be_written_is_refused_before_the_model_is_read(
    trained, photos, tmp_path, out, message, monkeypatch, no_model, capsys
):
    monkeypatch.chdir(tmp_path)
    Path("folder.csv").mkdir()
    Path("notes.txt").touch()
    Path("notes").touch()
    Path("labels.csv").write_text("path,label\n")
    assert run(["predict", str(trained), str(photos / "dark" / "00.png"), "--out", out]) == 2
    error = capsys.readouterr().err
    assert message in error and "(option --out)" in error
    assert Path("labels.csv").read_text() == "path,label\n"


@pytest.mark.parametrize("name", ["answers.csv", "answers.jsonl"])
def test_an_earlier_table_of_answers_is_replaced(trained, photos, tmp_path, name, capsys):
    for number in range(2):
        assert (
            run(["predict", str(trained), str(photos / "dark" / f"0{number}.png"), "--out", str(tmp_path / name)]) == 0
        )
    table = (tmp_path / name).read_text()
    assert "01.png" in table and "00.png" not in table


def test_a_folder_for_images_is_refused_where_the_model_produces_none(trained, photos, tmp_path, capsys):
    assert run(["predict", str(trained), str(photos / "dark" / "00.png"), "--out", str(tmp_path / "made")]) == 2
    assert "this model makes none; give a file ending in .csv or .jsonl" in capsys.readouterr().err
    assert not (tmp_path / "made").exists()
