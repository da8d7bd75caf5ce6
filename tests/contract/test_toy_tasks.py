"""Toy tasks with ragged targets go the whole way: trained, resumed, saved, asked, evaluated, explained, attacked."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

import eyespot
from eyespot.attacks._attacking import attack
from eyespot.attacks._corruptions import corruption_curves
from eyespot.cli._answers import answers
from eyespot.explanations import explain
from eyespot.images import ImageSpec, frame_of, read_pixels, write_png
from eyespot.model import wrap
from eyespot.samples import load_samples, make_problem, to_batch
from eyespot.sources.augment import Preset, augment
from eyespot.sources.source import Source
from eyespot.tasks import TASKS, guess_task
from eyespot.tasks.task import Task
from eyespot.training import _loop as loop
from eyespot.training.options import TrainOptions
from eyespot.training.run import Run, run_training
from tests.contract.toy_tasks.boxes import Boxes, rectangles
from tests.contract.toy_tasks.points import Points, dots

TOYS: dict[str, type[Task]] = {"boxes": Boxes, "points": Points}
SOURCES: dict[str, Callable[[int], Source]] = {"boxes": rectangles, "points": dots}
NETWORK = "conv 8@3x3 same, tanh, maxpool 2, flatten, dense 16, tanh, dense"
Train = Callable[..., Run]


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, task in TOYS.items():
        monkeypatch.setitem(TASKS, name, task)
    monkeypatch.setattr(loop, "SAVED_EPOCH", 0.0)


@pytest.fixture(params=TOYS)
def task(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def source(task: str) -> Source:
    return SOURCES[task](0)


@pytest.fixture
def train(source: Source, task: str, tmp_path: Path) -> Train:
    def train(folder: str = "run", show: Callable[[dict[str, Any]], None] = lambda entry: None, **options: Any) -> Run:
        chosen = {"task": task, "network": NETWORK, "input": "32x32", "epochs": 3, "batch": 16, **options}
        chosen = {"precision": "float32", "augment": "photos", **chosen}
        return run_training(source, TrainOptions(**chosen), tmp_path / folder, show)

    return train


def test_it_is_trained_saved_asked_evaluated_explained_and_attacked(train: Train, source: Source, task: str):
    run = train(epochs=12, optimizer="adamw", rate=3e-3)
    losses = [line["loss"] for line in run.log]
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])
    model = eyespot.load(run.folder / "model.safetensors")
    assert model.images.fit == model.task.fit
    assert model.evaluate(source.test).score == pytest.approx(run.result["score"])
    row = source.test.rows[0]
    assert json.dumps(model.predict(row.picture))
    for method in ("gradient", "occlusion"):
        assert explain(model, row.picture, method).panels
    found = attack(model, row.picture, "pgd")
    assert found.outcome in ("fooled", "resisted") and found.fooled.shape[:2] == (32, 32)
    assert found.moved is not None and found.moved > 0
    assert (run.folder / "report" / "index.html").exists()


def test_killed_and_resumed_it_ends_with_the_same_bits(train: Train):
    def kill(entry: dict[str, Any]) -> None:
        if entry.get("step", 0) >= 5:
            raise OSError("killed")

    straight = train("straight")
    with pytest.raises(OSError, match="killed"):
        train("broken", kill)
    broken = train("broken")
    assert 0 < broken.result["resumed_from"] < broken.result["steps"]
    first, second = (load_file(run.result["model"]) for run in (straight, broken))
    assert first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def test_predictions_hold_lists_in_json_lines_beside_the_csv(train: Train, source: Source, task: str):
    run = train(epochs=1)
    lines = [json.loads(line) for line in (run.folder / "predictions.jsonl").read_text().splitlines()]
    with (run.folder / "predictions.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert len(lines) == len(table) == len(source.test)
    assert "target" not in table[0] and set(table[0]) < set(lines[0])
    assert [line["image"] for line in lines] == [row["image"] for row in table]
    [column] = TOYS[task].columns
    wanted = [json.loads(row.values[column]) for row in source.test.rows]
    for line, targets in zip(lines, wanted, strict=True):
        assert len(line["target"]) == len(targets)
        if targets:  # in original pixels, which the network has not seen
            np.testing.assert_allclose(line["target"], targets, atol=1e-3)


class Fixed(torch.nn.Module):
    """Gives the same output for every image."""

    def __init__(self, output: list[float]) -> None:
        super().__init__()
        self.output = torch.nn.Parameter(torch.tensor(output))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.output.expand(len(x), -1) + 0 * x.mean()


@pytest.mark.parametrize(
    ("fit", "box"),
    [("stretch", [15.0, 20.0, 30.0, 30.0]), ("pad", [15.0, 20.0, 30.0, 35.0]), ("crop", [20.0, 20.0, 30.0, 30.0])],
)
def test_boxes_are_answered_in_pixels_of_the_original_picture(fit: str, box: list[float]):
    """The box from a quarter to a half of the width, a half to three quarters of the height, of 60 x 40 pixels."""
    network = Fixed([1.0, -0.25, 0.0, 0.0, 0.25, -1.0, 0.0, 0.0, 0.0, 0.0])
    model = wrap(network, Boxes(), ImageSpec(height=60, width=60, channels=3, fit=fit))
    answer = model.predict(np.zeros((40, 60, 3), np.uint8))
    assert answer["answer"] == "1 boxes"
    assert answer["boxes"] == [pytest.approx(box)]


def test_many_files_are_answered_in_pixels_of_each_original_picture(tmp_path: Path):
    network = Fixed([1.0, -0.25, 0.0, 0.0, 0.25, -1.0, 0.0, 0.0, 0.0, 0.0])
    model = wrap(network, Boxes(), ImageSpec(height=60, width=60, channels=3, fit="pad"))
    files = []
    for name, size in (("wide", (40, 60)), ("tall", (60, 40)), ("small", (10, 10))):
        files.append(str(write_png(np.zeros((*size, 3), np.uint8), tmp_path / f"{name}.png")))
    for file, found in answers(model, files):
        assert found == model.predict(file), file


def test_points_are_answered_in_pixels_of_the_original_picture():
    network = Fixed([1.0, -0.25, 0.0, 0.0, 0.0])
    model = wrap(network, Points(), ImageSpec(height=16, width=16, channels=3, fit="stretch"))
    assert model.predict(np.zeros((40, 60, 3), np.uint8))["points"] == [pytest.approx([15.0, 20.0])]


def test_batches_hold_named_targets_of_their_samples(train: Train):
    source = dots(3)
    spec = ImageSpec(height=32, width=32, channels=1, fit="stretch")
    samples = load_samples(source.train, Points(), spec)
    rows = np.array([4, 1, 2])
    batch = make_problem(Points(), samples.batch(rows))
    assert isinstance(batch.target, dict)
    assert batch.target["points"].shape == (3, 2, 2) and batch.target["count"].shape == (3,)
    piece = batch[1:]
    assert isinstance(piece.target, dict) and torch.equal(piece.target["count"], batch.target["count"][1:])
    for target, row in zip(batch.target["points"], rows, strict=True):
        points = np.array(json.loads(source.train.rows[row].values["dots"])).reshape(-1, 2)
        height, width, _ = source.train.sizes[row]
        found = target[~target.isnan().any(1)].numpy() * [width, height]
        np.testing.assert_allclose(found, points, atol=1e-3)


GEOMETRY = Preset(flip=True, shift=0.15, rotate=15, zoom=0.2)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), fit=st.sampled_from(["pad", "stretch", "crop"]))
def test_a_rectangle_and_its_box_stay_together_in_training(seed: int, fit: str):
    """Inside its box, as the network is told, the picture is bright; just around it, it is dark."""
    source = rectangles(seed, count=100)
    samples = load_samples(source.train, Boxes(), ImageSpec(height=64, width=64, channels=3, fit=fit))
    decoded = samples.batch(np.arange(len(samples)))
    (images,), changes = augment(decoded.images, GEOMETRY, seed, 0, decoded.rows)
    targets = Boxes().transform_target(decoded.target, decoded.frames.then(changes)) * 64
    fitted = Boxes().transform_target(decoded.target, decoded.frames) * 64
    whole = torch.cat([targets, fitted], dim=-1).clamp(0, 64) == torch.cat([targets, fitted], dim=-1)
    seen = 0
    for image, boxes, inside in zip(images.mean(1), targets, whole.all(-1), strict=True):  # the fit may cut a rectangle
        for x1, y1, x2, y2 in boxes[inside].tolist():
            seen += 1
            assert image[int((y1 + y2) / 2), int((x1 + x2) / 2)] > 0.7
    assert seen > 5


class Brightest(torch.nn.Module):
    """Answers with the place of the brightest dot of 48 x 48 pixels."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        place = torch.nn.functional.avg_pool2d(x, 3, stride=1, padding=1).flatten(1).argmax(1)
        across, down = (place % 48 + 0.5) / 48 - 0.5, (place // 48 + 0.5) / 48 - 0.5
        return torch.stack([torch.ones(len(x)), across, down, across, down], 1)


def test_targets_follow_corruptions_that_move_the_picture():
    spec = ImageSpec(height=48, width=48, channels=1, fit="stretch")
    random = np.random.default_rng(0)
    corners = random.integers(14, 24, (12, 2))  # near the middle, so that they are moved out of no picture
    images = np.zeros((12, 40, 40, 1), np.uint8)
    for image, (x, y) in zip(images, corners, strict=True):
        image[y : y + 3, x : x + 3] = 255
    truths = [[[x + 1.5, y + 1.5]] for x, y in corners.tolist()]
    pixels = to_batch(np.stack([read_pixels(image, spec) for image in images]))
    frames = frame_of(np.tile([40, 40], (12, 1)), spec)
    model = wrap(Brightest(), Points(), spec)
    curves = {curve.name: curve for curve in corruption_curves(model, pixels, truths, frames)}
    assert max(*curves["rotate"].scores, *curves["shift"].scores) < 1.5


def test_their_own_examples_are_recognized(task: str):
    example = TASKS[task]().example(1)
    assert guess_task(example)[0] == task
    assert len([TASKS[task]().read(row) for row in example.rows]) == len(example)
