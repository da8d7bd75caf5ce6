"""Every task can be trained and asked from the command line, from files on disk."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eyespot.cli._app import run
from eyespot.images import write_png
from eyespot.sources.source import Row
from eyespot.sources.synthetic import MAKERS
from eyespot.tasks import TASKS

SMALL = "conv 8@3x3 stride 2, relu, conv 8@3x3 stride 2, relu, flatten, dense"
SOURCES = {
    "classify": "shapes",
    "tag": "scenes",
    "regress": "road",
    "rank": "rated",
    "denoise": "textures",
    "detect": "objects",
    "colorize": "dawns",
    "locate": "dots",
    "identify": "signs",
}
NETWORKS = {
    "classify": SMALL,
    "tag": SMALL,
    "regress": SMALL,
    "rank": SMALL,
    "denoise": "denoiser",
    "detect": "residual",
    "colorize": "residual",
    "locate": "residual",
    "identify": SMALL,
}
EPOCHS = {"detect": "20", "locate": "20"}
"""Passes until a model gives answers that can be attacked, where two are not enough."""
COLUMNS: tuple[str, ...] = ("path", "label", "tags", "number", "rating", "boxes", "points", "identity", "split")


def write_table(rows: list[Row], folder: Path) -> Path:
    """Write rows as PNG files and one table beside them."""
    with (folder / "table.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        for number, row in enumerate(rows):
            write_png(np.asarray(row.picture), folder / f"{number}.png")
            table.writerow({"path": f"{number}.png", **row.values})
    return folder / "table.csv"


# Generators answer no image: tests/test_generated.py trains one and runs `eyespot generate`.
@pytest.mark.parametrize("task", [name for name, task in TASKS.items() if not task.generates])
def test_a_task_is_trained_and_asked(task: str, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setenv("EYESPOT_CACHE", str(tmp_path / "cache"))
    table = write_table(MAKERS[SOURCES[task]](count=80, size=16).rows, tmp_path)

    def said(*words: str) -> Any:
        assert run([*words, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    how = ("--network", NETWORKS[task], "--size", "tiny", "--epochs", EPOCHS.get(task, "2"), "--precision", "float32")
    out = tmp_path / "run"
    if not TASKS[task].columns:  # no column says what the images are for, so nothing is guessed
        how = ("--task", task, *how)
    trained = said("train", str(table), "--out", str(out), *how)
    measured = said("evaluate", str(out), str(table))
    monkeypatch.chdir(tmp_path)  # where images that a model produces are written
    [answer] = said("predict", str(out), str(tmp_path / "0.png"))
    assert (trained["task"], trained["metric"]) == (task, TASKS[task].metric.name)
    assert measured["score"] == trained["score"]
    assert trained["interval"][0] <= trained["score"] <= trained["interval"][1]
    assert "answer" in answer
    fooled = said("attack", str(out), str(table), "--by", "fgsm", "--count", "2", "--out", str(tmp_path / "fooled"))
    assert fooled["task"] == task and (tmp_path / "fooled" / "index.html").exists()
    assert run(["train", str(table), "--out", str(out), *how]) == 0
    assert TASKS[task].metric.name.replace("_", " ") in capsys.readouterr().out
