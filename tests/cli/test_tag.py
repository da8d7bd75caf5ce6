"""`eyespot tag` and `eyespot colors`: tables, sidecar files, the order of review."""

import csv
import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from eyespot import wrap
from eyespot.cli._app import run
from eyespot.images import ImageSpec, write_png
from eyespot.networks import build
from eyespot.sources import open_source
from eyespot.tasks import Regress, Tag

TAGS = ("color:blue", "color:red & white", "season:fall", "season:spring", "new", "sale")
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    spec = ImageSpec(channels=3, height=16, width=16, mean=(0.5,) * 3, std=(0.25,) * 3)
    task = Tag(tags=TAGS, thresholds=(0.0, 0.0, 0.9, 0.9, 0.5, 0.5))
    torch.manual_seed(0)
    network = build("conv 4@3x3, relu, flatten, dense", spec.shape, task.outputs(3)).eval()
    return wrap(network, task, spec).save(tmp_path / "tags.safetensors")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for name, brightness in (("a.png", 250), ("b.png", 10), ("more/a.png", 140)):
        file = tmp_path / "photos" / name
        file.parent.mkdir(exist_ok=True, parents=True)
        write_png(np.full((20, 24, 3), brightness, np.uint8), file)
    return tmp_path / "photos"


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as opened:
        return list(csv.DictReader(opened))


def test_the_table_has_a_column_for_each_group_and_can_be_trained_on(photos: Path, model: Path, tmp_path: Path):
    table = photos / "tags.csv"
    assert run(["tag", str(photos), "--model", str(model), "--out", str(table), "--colors", "basic", "--quiet"]) == 0
    rows = rows_of(table)
    assert len(rows) == 3 and list(rows[0])[:4] == ["image", "tags:color", "tags:season", "tags"]
    for row in rows:
        assert row["tags:color"] in ("blue", "red & white") and row["tags:season"] == ""
        assert row["unsure"] == "season" and set(row["tags"].split("|")) <= {"-", "new", "sale"}
        assert float(row["expected_errors"]) > 0 and row["colors"].endswith("100%")
    source = open_source(table, columns={"path": "image"})
    assert all("color:" in row.values["tags"] for row in source.rows)


def test_what_is_least_sure_comes_first_for_review(photos: Path, model: Path, capsys):
    assert run(["tag", str(photos), "--model", str(model), "--review", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    errors = [row["expected_errors"] for row in found]
    assert errors == sorted(errors, reverse=True) and len(set(errors)) == 3
    assert set(found[0]) == {"image", "answer", "implied", "unsure", "expected_errors", "probabilities"}


def test_sidecar_files_hold_the_tags_and_no_image_or_other_sidecar_is_changed(photos: Path, model: Path, capsys):
    before = {file: file.read_bytes() for file in photos.rglob("*.png")}
    (photos / "b.png.xmp").write_text("mine")
    for _ in range(2):  # a second time nothing is to be done
        assert run(["tag", str(photos), "--model", str(model), "--xmp", str(photos)]) == 0
        assert "1 other sidecar files exist" in capsys.readouterr().err
    assert {file: file.read_bytes() for file in photos.rglob("*.png")} == before
    assert (photos / "b.png.xmp").read_text() == "mine"
    assert sorted(str(file.relative_to(photos)) for file in photos.rglob("*.xmp")) == [
        "a.png.xmp",
        "b.png.xmp",
        "more/a.png.xmp",
    ]
    words = [word.text for word in ElementTree.parse(photos / "more/a.png.xmp").iter(RDF)]
    color = words[0]
    assert color in ("blue", "red & white") and f"color|{color}" in words


def test_a_broken_image_is_named_and_the_others_are_tagged(photos: Path, model: Path, capsys):
    (photos / "broken.png").write_bytes(b"no image")
    assert run(["tag", str(photos / "broken.png"), str(photos / "a.png"), "--model", str(model)]) == 2
    captured = capsys.readouterr()
    assert "(unsure: season)" in captured.out
    assert "broken.png" in captured.err and "1 of 2 images failed" in captured.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--out", "tags.txt"], "expected a file ending in .csv"),
        (["--colors", "basics"], "Did you mean 'basic'"),
        (["--xmp", "photos/a.png"], "is a file; choose a folder"),
    ],
)
def test_what_cannot_be_done_is_refused_before_the_work(
    photos: Path, model: Path, options: list[str], message: str, monkeypatch, capsys
):
    monkeypatch.chdir(photos.parent)
    assert run(["tag", "photos", "--model", str(model), *options]) == 2
    assert message in capsys.readouterr().err


def test_a_model_of_another_task_is_refused(photos: Path, tmp_path: Path, capsys):
    spec = ImageSpec(channels=3, height=16, width=16)
    network = build("residual", spec.shape, Regress().outputs(3), size="tiny").eval()
    file = wrap(network, Regress(), spec).save(tmp_path / "number.safetensors")
    assert run(["tag", str(photos), "--model", str(file)]) == 2
    assert "answers the task regress" in capsys.readouterr().err


def test_colors_need_no_model(photos: Path, tmp_path: Path, capsys):
    (photos / "broken.png").write_bytes(b"no image")
    assert run(["colors", str(photos), "--json", "--quiet"]) == 2
    found = {Path(row["image"]).name: row for row in json.loads(capsys.readouterr().out)}
    assert found["b.png"]["colors"][0]["name"] == "black"
    assert "error" in found["broken.png"]
    assert run(["colors", str(photos / "b.png"), "--out", str(tmp_path / "colors.csv")]) == 0
    assert rows_of(tmp_path / "colors.csv")[0]["colors"] == "black #0a0a0a 100%"
