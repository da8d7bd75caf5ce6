"""The verb `check`: a table for people, one JSON document for programs."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eyespot.cli._app import run
from eyespot.images import encode_png


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EYESPOT_CACHE", str(tmp_path / "cache"))
    random = np.random.default_rng(0)
    for number in range(20):
        path = tmp_path / "pets" / ("cat", "[red]dog")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_png(random.integers(0, 256, (9, 9, 3), dtype=np.uint8)))
    (tmp_path / "pets" / "cat" / "bad.jpg").write_text("text")
    (tmp_path / "pets" / "cat" / "copy.png").write_bytes((tmp_path / "pets" / "cat" / "0.png").read_bytes())
    return tmp_path / "pets"


def test_people_get_a_table_and_lists(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "pets: a folder for each class, 21 images" in out and "[red]dog" in out
    assert "Images that cannot be used: 1" in out and "bad.jpg: is not an image" in out
    assert "Exact duplicates: 1" in out and "cat/copy.png" in out


def test_programs_get_one_json_document(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(folder), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["count"] == 21 and found["kind"] == "a folder for each class"
    assert len(found["problems"]) == 1 and len(found["exact"]) == 1


def test_columns_of_a_table_can_be_chosen(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = folder / "cat" / "t.csv"
    table.write_text("file,kind\n0.png,a\n2.png,b\n")
    assert run(["check", str(table), "--column", "path=file", "--column", "label=kind", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)["classes"]) == {"a", "b"}


def test_what_is_not_there_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(tmp_path / "nowhere")]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and "nowhere: there is no such file or folder" in captured.err


def write_table(folder: Path, answers: list[str], header: str = "label") -> Path:
    for number in range(len(answers)):
        image = np.random.default_rng(number).integers(0, 256, (16, 16, 3), dtype=np.uint8)
        (folder / f"{number}.png").write_bytes(encode_png(image))
    lines = [f"{number}.png,{answer}" for number, answer in enumerate(answers)]
    (folder / "table.csv").write_text("\n".join([f"path,{header}", *lines]))
    return folder / "table.csv"


@pytest.mark.parametrize(
    ("header", "answers"),
    [
        ("label", [*["a", "b"] * 20, "", "", ""]),
        ("label", [*["a", "b"] * 20, "c"]),
        ("label", ["a"] * 20),
        ("number", [*map(str, range(30)), "many"]),
        ("kind", ["a", "b"] * 20),
        ("label,group", ["a,all", "b,all"] * 20),
    ],
)
def test_check_reports_the_error_with_which_train_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], header: str, answers: list[str]
) -> None:
    monkeypatch.setenv("EYESPOT_CACHE", str(tmp_path / "cache"))
    table = str(write_table(tmp_path, answers, header))
    assert run(["check", table, "--json"]) == 0
    error = json.loads(capsys.readouterr().out)["training"]["error"]
    assert run(["check", table]) == 0
    assert error and f"Training would fail: {error}\n" in capsys.readouterr().out
    assert run(["train", table, "--out", str(tmp_path / "run"), "--epochs", "1"]) == 2
    assert error in capsys.readouterr().err


def test_check_reports_that_too_many_images_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EYESPOT_CACHE", str(tmp_path / "cache"))
    table = write_table(tmp_path, ["a", "b"] * 10)
    for number in range(4):
        (tmp_path / f"{number}.png").unlink()
    assert run(["check", str(table)]) == 0
    assert "Training would fail: table.csv: 4 of 20 images cannot be used" in capsys.readouterr().out


def test_check_reports_what_train_decides(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(folder), "--json"]) == 0
    training = json.loads(capsys.readouterr().out)["training"]
    assert training["error"] == ""
    for start in ("task classify: ", "start from scratch: ", "images of 9x9: ", "training images are "):
        assert sum(note.startswith(start) for note in training["notes"]) == 1


def test_the_fit_is_reported(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["check", str(folder)])
    assert "Training: fit crop: images of another shape are center-cropped" in capsys.readouterr().out


def test_a_value_range_can_be_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(20):
        path = tmp_path / "cells" / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        values = np.random.default_rng(number).integers(300, 700, (9, 9), dtype=np.uint16)
        Image.fromarray(values).save(path)
    assert run(["check", str(tmp_path / "cells"), "--range", "0,4095", "--json"]) == 0
    assert any("0 becomes black and 4095 white" in note for note in json.loads(capsys.readouterr().out)["notes"])
    assert run(["check", str(tmp_path / "cells"), "--range", "7"]) == 2
    assert "expected LOW,HIGH" in capsys.readouterr().err


def test_rows_without_an_answer_are_named_and_all_wrong_ones_listed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"cat/{number}.png,{number}" for number in range(0, 20, 2)]
    rows += [f"[red]dog/{number}.png,{number}" for number in range(1, 20, 2)]
    (folder / "one.csv").write_text("\n".join(["path,number", *rows]).replace("cat/4.png,4", "cat/4.png,n/a"))
    run(["check", str(folder / "one.csv")])
    assert "left out: 1 image (one.csv line 4: " in capsys.readouterr().out
    (folder / "two.csv").write_text("\n".join(["path,number", *rows]).replace(",6", ",six").replace(",9", ",nine"))
    run(["check", str(folder / "two.csv")])
    found = capsys.readouterr().out
    assert "Training would fail" in found and "'six'" in found and "'nine'" in found


def test_all_classes_of_one_image_are_named_at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("rare", "scarce"):
        (folder / name).mkdir()
        (folder / name / "1.png").write_bytes(encode_png(np.full((9, 9, 3), len(name), np.uint8)))
    run(["check", str(folder)])
    found = capsys.readouterr().out
    assert "2 classes have only one image" in found and "'rare'" in found and "'scarce'" in found
