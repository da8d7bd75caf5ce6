"""A task reads a column of its own, whatever its name: it can be renamed, and a changed answer is noticed."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eyespot.cli._app import run
from eyespot.images import encode_png
from eyespot.sources import open_source
from eyespot.sources.source import answers_fingerprint
from eyespot.tasks import TASKS

PAGE = Path(__file__).parents[2] / "docs" / "add-a-task.md"


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    [code] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    names: dict[str, Any] = {"__name__": "rate"}
    exec(compile(code, str(PAGE), "exec"), names)
    monkeypatch.setitem(TASKS, "rate", names["Rate"])
    monkeypatch.setenv("EYESPOT_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """40 images, each with its stars in the column `grade` and a remark that no task reads."""
    random = np.random.default_rng(0)
    lines = ["path,grade,remark"]
    for number in range(40):
        image = random.integers(0, 256, (16, 16, 3), dtype=np.uint8)
        (tmp_path / f"{number}.png").write_bytes(encode_png(image))
        lines.append(f"{number}.png,{number % 5 + 1},fine")
    (tmp_path / "table.csv").write_text("\n".join(lines))
    return tmp_path / "table.csv"


def train(table: Path) -> int:
    options = ["--epochs", "1", "--precision", "float32", "--start", "scratch", "--quiet"]
    network = ["--network", "conv 4@3x3, relu, flatten, dense"]
    return run(["train", str(table), "--column", "stars=grade", "--out", str(table.parent / "run"), *options, *network])


def test_a_changed_answer_is_refused_and_a_changed_remark_is_not(table: Path, capsys: pytest.CaptureFixture[str]):
    assert train(table) == 0
    out = table.parent / "run"
    (out / "result.json").unlink()  # as if it had been stopped
    text = table.read_text()
    table.write_text(text.replace("7.png,3,fine", "7.png,3,dark"))
    assert run(["resume", str(out), "--quiet"]) == 0
    (out / "result.json").unlink()
    table.write_text(text.replace("7.png,3,fine", "7.png,5,fine"))
    capsys.readouterr()
    for command in (lambda: train(table), lambda: run(["resume", str(out), "--quiet"])):
        assert command() == 2
        assert "the answers are not the same" in capsys.readouterr().err


def test_only_the_columns_of_the_task_are_in_its_fingerprint(table: Path):
    def now(*columns: str) -> str:
        return answers_fingerprint(open_source(table), columns)

    before = now("grade"), now("remark")
    table.write_text(table.read_text().replace("7.png,3,fine", "7.png,5,fine"))
    assert now("grade") != before[0] and now("remark") == before[1]
