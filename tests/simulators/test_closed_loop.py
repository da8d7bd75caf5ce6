"""Interventions, autonomy and returns of drives whose course can be computed by hand."""

import csv
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from eyespot import wrap
from eyespot.errors import SimulatorError
from eyespot.images import ImageSpec, read_pixels
from eyespot.networks import build
from eyespot.simulators import (
    Kicks,
    autonomy,
    drive,
    expert,
    measure,
    parse_tracks,
    record,
    steering_of,
    total,
    write_drive_page,
)
from eyespot.tasks import Classify, Regress
from tests.simulators.toy import Toy


def test_autonomy_is_that_of_the_paper():
    assert autonomy(10, 600.0) == pytest.approx(0.9)
    assert autonomy(0, 20.0) == 1
    assert autonomy(9, 50.0) == 0  # 54 s of interventions are more than the whole drive


def test_a_car_that_leaves_the_road_is_put_back_into_its_middle():
    found = drive(lambda pixels: 0.3, Toy(length=10), 0)  # 0.3, 0.6, 0.9, 1.2: off the road after four steps
    assert found.interventions_at == (4, 8)
    assert found.interventions == 2
    assert found.seconds == 5.0
    np.testing.assert_allclose(found.path[:6, 0], [0, 0.3, 0.6, 0.9, 1.2, 0.3])
    assert found.steering.tolist() == [0.3] * 10


def test_without_put_back_the_car_stays_off_the_road():
    found = drive(lambda pixels: 0.3, Toy(length=10), 0, put_back=False)
    assert found.interventions == 0
    assert found.path[-1, 0] == pytest.approx(3.0)


def test_kicks_disturb_the_last_steps_of_each_interval_and_are_the_same_for_the_same_track():
    kicks = Kicks(angle=0.5, steps=2, every=5)
    first, again, other = ([*islice(kicks.on(track), 50)] for track in (3, 3, 4))
    assert first == again != other
    blocks = np.array(first).reshape(10, 5)
    assert not blocks[:, :3].any()
    assert (np.abs(blocks[:, 3:]) == 0.5).all() and (blocks[:, 3] == blocks[:, 4]).all()
    assert set(blocks[:, 3]) == {-0.5, 0.5}


def test_the_recorded_number_is_the_experts_answer_and_never_the_disturbance(tmp_path: Path):
    drives = record(Toy(length=30), [0, 1], tmp_path / "drives", kicks=Kicks(angle=0.3, steps=2, every=6))
    with (tmp_path / "drives" / "steering.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == 2 * [str(step) for step in range(0, 30, 3)]
    assert [row["drive"] for row in rows] == ["track-00000"] * 10 + ["track-00001"] * 10
    for row in rows:
        x = drives[int(row["drive"][-1])].path[int(row["step"]), 0]
        assert float(row["number"]) == pytest.approx(np.clip(-x, -0.1, 0.1))
        shown = read_pixels(tmp_path / "drives" / row["path"], ImageSpec(height=8, width=8, channels=3))
        assert shown[0, 0, 0] == int(np.clip(128 + 100 * x, 0, 255))
    assert any(abs(drive.path[:, 0]).max() > 0.25 for drive in drives)


def test_a_return_with_put_backs_is_not_counted():
    found = measure(lambda pixels: 0.3, Toy(length=10), [0, 1])
    assert found.returns == pytest.approx([7.0, 7.0])  # 10 - 3.0, although the car was last put back to 0.6
    assert found.expert_returns == [10.0, 10.0]
    summary = found.summary()
    assert summary["relative_return"] == pytest.approx(0.7)
    assert (summary["interventions"], summary["interventions_per_track"], summary["seconds"]) == (4, 2, 10.0)
    assert summary["autonomy"] == 0


def test_the_expert_needs_nobody():
    course = Toy()
    found = drive(expert(course), course, 0, kicks=Kicks(angle=0.2))
    assert total([found]) == {"autonomy": 1.0, "interventions": 0, "interventions_per_track": 0, "seconds": 50.0}


def test_a_model_answers_as_it_predicts():
    torch_model = wrap(
        build("residual", (3, 8, 8), Regress().outputs(3), size="tiny"),
        Regress(center=0.1, spread=0.2),
        ImageSpec(height=8, width=8, channels=3),
    )
    pixels = np.full((8, 8, 3), 90, np.uint8)
    assert steering_of(torch_model)(pixels) == torch_model.predict(pixels)["number"]


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (Classify(classes=("left", "right")), "runs/x: answers the task classify, and driving takes a number"),
        (Regress(unit="degrees"), "runs/x: answers in degrees; expected steering angles in rad"),
    ],
)
def test_a_model_of_another_task_or_unit_is_refused(task, message: str):
    network = build("residual", (3, 8, 8), task.outputs(3), size="tiny")
    with pytest.raises(SimulatorError, match=message):
        steering_of(wrap(network, task, ImageSpec(height=8, width=8, channels=3)), "runs/x")


@pytest.mark.parametrize("text", ["", "a", "3-1", "1,1", "0-3,2", "-1", "0-99999", "1.5", "1--2"])
def test_tracks_that_make_no_sense_are_refused(text: str):
    with pytest.raises(SimulatorError, match=f"tracks are '{text}'"):
        parse_tracks(text)


def test_the_page_shows_each_track_with_its_interventions(tmp_path: Path):
    drives = [drive(lambda pixels: 0.3, Toy(length=10), track) for track in (0, 7)]
    page = write_drive_page(tmp_path / "index.html", "a <model>", drives, {"simulator": "toy"}).read_text()
    assert "Track 7: 2 interventions in 5 s, autonomy 0.0 %" in page
    assert page.count("<circle") == 4
    assert "a &lt;model&gt;" in page and "<script" not in page and "http" not in page.replace("http-equiv", "")
