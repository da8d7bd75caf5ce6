"""`eyespot drive`: the expert's recordings, and a model in a closed loop."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from eyespot import wrap
from eyespot.cli._app import run
from eyespot.images import ImageSpec, read_pixels
from eyespot.networks import build
from eyespot.sources import open_source
from eyespot.tasks import Classify, Regress
from tests.simulators.toy import Toy


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short course that needs no extra takes the place of CarRacing; its real drives are tested by themselves."""

    class Course(Toy):
        def __init__(self, colors: str = "default", draw: bool = True) -> None:
            super().__init__(length=30)
            self.colors = colors

        def undrawn(self) -> "Course":
            return Course()

        def road(self) -> np.ndarray:
            return np.arange(64).reshape(8, 8) % 8 < 4

    monkeypatch.setattr("eyespot.simulators.CarRacing", Course)


def model_file(folder: Path, task: Regress | Classify) -> Path:
    torch.manual_seed(0)
    network = build("residual", (3, 8, 8), task.outputs(3), size="tiny")
    return wrap(network, task, ImageSpec(height=8, width=8, channels=3)).save(folder / "model.safetensors")


def test_recorded_drives_are_a_source(tmp_path: Path, capsys):
    out = tmp_path / "drives"
    assert run(["drive", "--expert", "--tracks", "0-4", "--out", str(out)]) == 0
    captured = capsys.readouterr()
    assert "expert: autonomy" in captured.out and f"eyespot train {out} --task regress" in captured.out
    assert captured.err.count("track ") == 5
    source = open_source(out)
    assert len(source) == 50
    assert source.columns >= {"number", "drive", "split"}


def test_a_model_drives_and_the_result_is_written(tmp_path: Path, capsys):
    model = model_file(tmp_path, Regress(center=0.3, spread=1e-6))
    out = tmp_path / "out"
    arguments = ["drive", str(model), "--tracks", "3,7", "--out", str(out), "--json"]
    assert run(arguments) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == json.loads((out / "drive.json").read_text())
    # 0.3 to the right in each step: off the road after every fourth one, 7 times in 30 steps
    assert [(row["track"], row["interventions"]) for row in found["tracks"]] == [(3, 7), (7, 7)]
    assert found["interventions_per_track"] == 7 and found["autonomy"] == 0
    assert found["tracks"][0]["return"] == pytest.approx(10 - 9, abs=1e-3)
    assert found["relative_return"] == pytest.approx(0.1, abs=1e-3)
    page = (out / "index.html").read_text()
    assert "Track 3: 7 interventions" in page and "data:image/webp" not in page


def test_a_video_is_written_and_shown_on_the_page_with_the_tests_of_the_network(tmp_path: Path, capsys):
    model, out = model_file(tmp_path, Regress()), tmp_path / "out"
    tests = ["--video", "--saliency", "--sticker", "2"]
    assert run(["drive", str(model), "--tracks", "3", "--out", str(out), "--quiet", *tests]) == 0
    printed = capsys.readouterr().out
    assert f"video:  {out / 'track-00003.webp'}" in printed
    assert "rad per pixel of shift: all " in printed and "sticker of 2 x 2 pixels: turns the wheel by " in printed
    found = json.loads((out / "drive.json").read_text())
    assert found["saliency"]["images"] == 2 and {"degrees", "autonomy"} <= found["sticker"].keys()
    assert "attention on the road" in (out / "index.html").read_text()
    assert (out / "track-00003.webp").read_bytes()[8:12] == b"WEBP"
    assert "data:image/webp;base64," in (out / "index.html").read_text()


@pytest.fixture
def off_center(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the car start beside the center, so that the expert steers."""
    reset = Toy.reset

    def start(self: Toy, seed: int) -> np.ndarray:
        reset(self, seed)
        self.x = 0.4 if seed % 2 else -0.6
        return self.picture()

    monkeypatch.setattr(Toy, "reset", start)


@pytest.mark.usefixtures("off_center")
def test_the_demo_records_trains_and_drives_another_track(tmp_path: Path, capsys):
    out = tmp_path / "demo"
    arguments = ["demo", "drive", "--out", str(out), "--epochs", "0.1", "--quiet"]
    assert run(arguments) == 0
    assert f"video:  {out / 'drive' / 'track-00100.webp'}" in capsys.readouterr().out
    before = (out / "drives" / "steering.csv").stat().st_mtime_ns
    assert run(arguments) == 0
    assert (out / "drives" / "steering.csv").stat().st_mtime_ns == before


@pytest.mark.usefixtures("off_center")
def test_corrections_add_the_images_of_a_models_own_drives(tmp_path: Path, capsys):
    drives, model, out = tmp_path / "drives", tmp_path / "run", tmp_path / "out"
    assert run(["drive", "--expert", "--tracks", "0-3", "--out", str(drives), "--quiet"]) == 0
    options = ["--network", "conv 2@3x3, relu, flatten, dense", "--input", "8x8x3", "--epochs", "0.2", "--quiet"]
    assert run(["train", str(drives), "--task", "regress", *options, "--out", str(model)]) == 0
    assert run(["drive", str(model), "--correct", "2", "--tracks", "9", "--out", str(out), "--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert len(found["autonomy_by_round"]) == 3 and found == json.loads((out / "drive.json").read_text())
    rows = (out / "round-2" / "drives" / "steering.csv").read_text().splitlines()[1:]
    assert len(rows) == 3 * 40  # 4 tracks of 30 steps, every third one, by the expert and in two rounds
    corrected = [row.split(",") for row in rows if row.startswith("round-2-track-00001/")]
    for path, number, *_ in corrected:  # brightness tells where the car was, and so what the expert would have done
        position = (
            read_pixels(out / "round-2" / "drives" / path, ImageSpec(height=8, width=8, channels=3)).mean() - 128
        ) / 100
        assert float(number) == pytest.approx(np.clip(-position, -0.1, 0.1), abs=0.01)


def test_corrections_need_a_run_on_recorded_drives(tmp_path: Path, capsys):
    model = model_file(tmp_path, Regress())
    assert run(["drive", str(model), "--correct", "1", "--tracks", "9", "--out", str(tmp_path / "out")]) == 2
    assert "expected a folder with recipe.json" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--expert", "--correct", "1"], "--correct needs the run folder"),
        (["--tracks", "0"], "give either a model to drive or --expert"),
        (["MODEL", "--expert"], "give either a model to drive or --expert"),
        (["--expert", "--video"], "--video needs a model"),
        (["--expert", "--sticker", "2"], "--sticker needs a model"),
        (["MODEL", "--tracks", "9-3"], "3 is below 9"),
        (["MODEL", "--kicks", "3"], "kicks is 3.0; expected rad from 0 to 2.0"),
        (["MODEL", "--kicks", "nan"], "kicks is nan; expected rad from 0 to 2.0"),
    ],
)
def test_wrong_use_is_refused_in_one_sentence(tmp_path: Path, capsys, arguments: list[str], message: str):
    model = model_file(tmp_path, Regress())
    given = [str(model) if word == "MODEL" else word for word in arguments]
    assert run(["drive", *given, "--out", str(tmp_path / "out")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_model_of_another_task_is_refused_before_anything_is_written(tmp_path: Path, capsys):
    model = model_file(tmp_path, Classify(classes=("a", "b")))
    assert run(["drive", str(model), "--out", str(tmp_path / "out")]) == 2
    assert "answers the task classify" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_nothing_is_overwritten(tmp_path: Path, capsys):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("kept")
    assert run(["drive", "--expert", "--out", str(tmp_path / "out")]) == 2
    assert "nothing is overwritten" in capsys.readouterr().err
