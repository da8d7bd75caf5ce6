"""`eyespot rank`: images in the order of a model."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from eyespot import wrap
from eyespot.cli._app import run
from eyespot.images import ImageSpec, read_pixels, write_png
from eyespot.networks import build
from eyespot.pretrained import is_installed
from eyespot.tasks import Rank, Regress


def model_file(folder: Path, task: Rank | Regress) -> Path:
    spec = ImageSpec(channels=3, height=16, width=16)
    network = build("residual", spec.shape, task.outputs(3), size="tiny")
    torch.manual_seed(0)
    for weights in network.parameters():
        nn.init.uniform_(weights, 0, 0.1)
    model = wrap(network.eval(), task, spec)
    return model.save(folder / "model.safetensors")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for brightness in (30, 250, 90, 170):
        write_png(np.full((20, 24, 3), brightness, np.uint8), folder / f"{brightness}.png")
    return folder


@pytest.fixture
def ranker(tmp_path: Path) -> Path:
    return model_file(tmp_path, Rank(ratings=(1.0, 7.0), shares=(0.25, 0.75), count=40))


def test_a_folder_is_listed_from_the_highest_rank_to_the_lowest(photos: Path, ranker: Path, tmp_path: Path, capsys):
    table, grid = tmp_path / "ranked.csv", tmp_path / "grid.png"
    assert run(["rank", str(photos), "--model", str(ranker), "--out", str(table), "--grid", str(grid)]) == 0
    with table.open(newline="") as opened:
        found = list(csv.DictReader(opened))
    ranks = [float(row["rank"]) for row in found]
    assert ranks == sorted(ranks, reverse=True) and len(set(ranks)) == 4
    assert [row["place"] for row in found] == ["1", "2", "3", "4"]
    printed = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[0].split(". ", 1)[1] for line in printed] == [row["image"] for row in found]
    cells = read_pixels(grid, ImageSpec(channels=3, height=128, width=512))
    first = int(Path(found[0]["image"]).stem)
    assert cells[64, 64].tolist() == [first] * 3


def test_an_image_that_cannot_be_read_is_named_and_the_others_are_ranked(photos: Path, ranker: Path, capsys):
    (photos / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno image")
    assert run(["rank", str(photos), "--model", str(ranker), "--json"]) == 2
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert [("error" in row) for row in found] == [False] * 4 + [True]
    assert "broken.png" in captured.err and "1 of 5 images failed" in captured.err


def test_a_model_of_another_task_is_refused(photos: Path, tmp_path: Path, capsys):
    assert run(["rank", str(photos), "--model", str(model_file(tmp_path, Regress()))]) == 2
    assert "answers the task regress" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "name", "message"),
    [
        ("--out", "x.txt", "expected a file ending in .csv"),
        ("--grid", "x.jpg", "expected a file ending in .png"),
        ("--rules", "x.json", "expected a file ending in .csv"),
    ],
)
def test_names_are_checked_before_the_work(photos: Path, ranker: Path, option: str, name: str, message: str, capsys):
    assert run(["rank", str(photos), "--model", str(ranker), option, name]) == 2
    assert message in capsys.readouterr().err


def test_an_existing_grid_is_not_overwritten(photos: Path, ranker: Path, tmp_path: Path, capsys):
    (tmp_path / "grid.png").write_text("mine")
    assert run(["rank", str(photos), "--model", str(ranker), "--grid", str(tmp_path / "grid.png")]) == 2
    assert (tmp_path / "grid.png").read_text() == "mine"
    assert "exists already" in capsys.readouterr().err


def test_the_mean_rank_of_each_group_is_printed(photos: Path, ranker: Path, capsys):
    names = {"30": "dark", "90": "dark", "170": "bright", "250": ""}
    (photos / "t.csv").write_text("\n".join(["file,kind", *(f"{n}.png,{kind}" for n, kind in names.items())]))
    chosen = ["--groups", str(photos / "t.csv"), "--column", "path=file", "--column", "group=kind"]
    assert run(["rank", str(photos), "--model", str(ranker), "--json", *chosen]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {Path(row["image"]).stem: row["group"] for row in found} == names
    dark = [row["rank"] for row in found if row["group"] == "dark"]
    assert run(["rank", str(photos), "--model", str(ranker), *chosen]) == 0
    assert f"dark: {sum(dark) / 2:.2f} (" in capsys.readouterr().out
    assert run(["rank", str(photos), "--model", str(ranker), "--groups", str(photos / "t.csv"), *chosen[2:4]]) == 2
    assert "states no group; expected a column 'group'" in capsys.readouterr().err


def test_the_features_that_explain_the_ranks_are_written(ranker: Path, tmp_path: Path, capsys):
    folder = tmp_path / "many"
    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(30):
        write_png(random.integers(0, 8 * number + 9, (12, 16, 3)).astype(np.uint8), folder / f"{number}.png")
    rules = tmp_path / "rules.csv"
    assert run(["rank", str(folder), "--model", str(ranker), "--rules", str(rules)]) == 0
    with rules.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    features = {row["feature"] for row in rows}
    assert {"brightness", "sharpness", "border"} <= features
    assert ("faces" in features) == ("face area" in features) == is_installed("sface")
    assert "plain features explain" in capsys.readouterr().out
    assert run(["rank", str(folder), "--model", str(ranker), "--rules", str(rules)]) == 2
    assert "exists already" in capsys.readouterr().err
