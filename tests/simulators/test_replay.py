"""Recorded frames from other viewpoints: geometry and vehicle by hand, written images, and the command `replay`."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from eyespot import open_source, wrap
from eyespot.cli._app import run
from eyespot.errors import SimulatorError
from eyespot.images import ImageSpec, read_native, write_png
from eyespot.networks import build
from eyespot.simulators import (
    VEHICLES,
    Replay,
    drive,
    expert,
    from_viewpoint,
    play,
    recordings,
    vehicle_named,
    write_viewpoints,
)
from eyespot.tasks import Regress

CAR = VEHICLES["udacity"]
HORIZON = 0.25


def log_of(folder: Path, steering: list[float], size: tuple[int, int] = (8, 16)) -> Path:
    """A driving log whose frames have a bright column in the middle; the first three have side cameras."""
    lines = ["center,steering,throttle,drive,split"]
    for number, angle in enumerate(steering):
        for name in ("center", "left", "right")[: 3 if number < 3 else 1]:
            pixels = np.full((*size, 3), {"center": 10, "left": 20, "right": 30}[name] + number, np.uint8)
            pixels[:, size[1] // 2] = 200
            (folder / "IMG").mkdir(parents=True, exist_ok=True)
            write_png(pixels, folder / "IMG" / f"{name}_{number:03}.png")
        part = ("train", "validation", "test")[number * 3 // len(steering)]
        lines.append(f"IMG/center_{number:03}.png,{angle},0.5,one,{part}")
    (folder / "log.csv").write_text("\n".join(lines))
    return folder / "log.csv"


def course_of(folder: Path, steering: list[float]) -> Replay:
    drives = recordings(open_source(log_of(folder, steering)), "test")
    return Replay(drives, CAR, horizon=HORIZON)


def test_a_camera_that_moves_to_the_right_sees_near_rows_move_to_the_left():
    image = np.zeros((8, 33, 1), np.uint8)
    image[:, 16] = 200
    moved = from_viewpoint(image, CAR, HORIZON, CAR.camera_height, 0.0)[..., 0]
    # Row 7 is 5.5 pixels below the horizon at 2: the bright pixel moves by 5.5, halved between two columns.
    assert moved[:2, 16].tolist() == [200, 200]
    assert moved[7, 10:12].tolist() == [100, 100] and moved[7].sum() == 200
    back = from_viewpoint(image, CAR, HORIZON, -CAR.camera_height, 0.0)[..., 0]
    np.testing.assert_array_equal(back[:, ::-1], moved)


def test_a_camera_that_turns_to_the_right_sees_everything_move_to_the_left():
    image = np.zeros((8, 40, 1), np.uint8)
    image[:, 20] = 200
    turn = math.atan(5 / (CAR.focal * 40))
    moved = from_viewpoint(image, CAR, HORIZON, 0.0, turn)[..., 0]
    assert (moved.argmax(axis=1) == 15).all() and (moved.max(axis=1) == 200).all()
    np.testing.assert_array_equal(from_viewpoint(image, CAR, HORIZON, 0.0, 0.0), image)


def test_the_returning_steering_is_that_of_the_cubic_and_of_the_lock():
    distance = 2 * CAR.speed
    angle = math.atan(-CAR.wheelbase * 6 * 0.5 / distance**2)
    assert CAR.returning(0.0, 0.5, 0.0) == pytest.approx(angle / CAR.lock)
    assert CAR.returning(0.3, 0.0, 0.0) == pytest.approx(0.3)
    assert CAR.returning(0.0, 0.0, 3.0) == -1.0


def test_a_car_that_answers_as_recorded_stays_on_the_path_and_another_leaves_it(tmp_path: Path):
    course = course_of(tmp_path, [0.1, -0.2, 0.3] * 10)
    recorded = course.drives[0].steering
    course.reset(0)
    for steering in recorded[:-1]:
        course.step(float(steering))
    assert (course.shift, course.turn, course.score) == (0.0, 0.0, 1.0)
    course.reset(0)
    course.step(1.0)
    turn = (CAR.curvature(1.0) - CAR.curvature(recorded[0])) * CAR.speed * 0.2
    assert course.turn == pytest.approx(turn)
    assert course.shift == pytest.approx(math.sin(turn / 2) * CAR.speed * 0.2)


def test_the_expert_returns_from_beside_the_path_and_never_needs_anyone(tmp_path: Path):
    course = course_of(tmp_path, [0.1] * 120)
    course.reset(0)
    course.shift, course.turn = 0.9, 0.02
    shifts = [course.step(course.expert_steering())[0] is not None and abs(course.shift) for _ in range(38)]
    assert max(shifts) < CAR.limit and shifts[-1] < 0.05
    assert drive(expert(course.undrawn()), course.undrawn(), 0).interventions == 0


def test_a_car_that_never_steers_is_put_back_in_a_curve(tmp_path: Path):
    course = course_of(tmp_path, [0.2] * 60)
    found = drive(lambda pixels: 0.0, course, 0)
    assert found.interventions > 0 and found.center_line.shape == (20, 2)
    path = found.center_line
    assert path[-1, 0] > 0 and path[-1, 1] > 0  # ahead, and in a curve to the right
    alone = drive(lambda pixels: 0.0, course, 0, put_back=False)
    assert len(alone.steering) < 19 and alone.score < 1
    assert len(play(lambda pixels: 0.2, course, 0)) == 19


def test_training_frames_get_further_views_and_others_are_copied(tmp_path: Path):
    source = open_source(log_of(tmp_path, [0.1] * 30))
    counts = write_viewpoints(source, tmp_path / "out", CAR, horizon=HORIZON, copies=2)
    with (tmp_path / "out" / "steering.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert counts == {"train": 10 * 3 + 3 * 2, "validation": 10, "test": 10}
    first = [row for row in rows if row["split"] == "train" and row["step"] == "0"]
    images = [read_native(tmp_path / "out" / row["path"]) for row in first]
    assert [image[0, 0, 0] for image in images[:3]] == [10, 20, 30]  # center, left, right
    numbers = [float(row["number"]) for row in first]
    assert numbers[0] == 0.1
    assert numbers[1] - 0.1 == pytest.approx(0.1 - numbers[2], abs=1e-3) and numbers[1] > 0.1
    shown = read_native(tmp_path / "out" / "preview.png")
    assert shown.shape == (3 * 8, 3 * 16, 3)  # three frames: moved to the left, as recorded, moved to the right
    assert [row for row in range(24) if tuple(shown[row, 16]) == (255, 0, 0)] == [2, 10, 18]  # 0.25 of 8 rows
    assert shown[7, 16 + 8, 0] == 200  # the mark, where it was recorded
    # Of a camera a meter to the right, row 7, 5.5 pixels below the horizon, moves 5.5 / 1.2 pixels to the left.
    assert shown[7, 32:].argmax(axis=0)[0] == 8 - round(5.5 / CAR.camera_height)
    opened = open_source(tmp_path / "out")
    assert [len(part) for part in opened.parts] == [36, 10, 10]
    write_viewpoints(source, tmp_path / "again", CAR, horizon=HORIZON, copies=2)
    assert (tmp_path / "again" / "steering.csv").read_bytes() == (tmp_path / "out" / "steering.csv").read_bytes()


def test_steering_is_averaged_within_a_part(tmp_path: Path):
    source = open_source(log_of(tmp_path, [0.0, 0.0, 0.3, 0.9, 0.9, 0.9, 0.0, 0.0, 0.0]))
    assert len(recordings(source, "all")[0].rows) == 9
    [drive] = recordings(source, "train", smooth=3)
    np.testing.assert_allclose(drive.steering, [0.0, 0.1, 0.2])


def test_the_command_writes_images_and_lets_a_model_drive(tmp_path: Path, capsys):
    log = log_of(tmp_path / "log", [0.2] * 60)
    frames, out = tmp_path / "frames", tmp_path / "out"
    assert run(["replay", str(log), "--horizon", "0.25", "--out", str(frames)]) == 0
    assert f"eyespot train {frames} --task regress" in capsys.readouterr().out
    torch.manual_seed(0)
    task = Regress(center=0.2, spread=1e-6)
    network = build("residual", (3, 8, 16), task.outputs(3), size="tiny")
    model = wrap(network, task, ImageSpec(height=8, width=16, channels=3)).save(tmp_path / "model.safetensors")
    arguments = ["replay", str(log), "--model", str(model), "--horizon", "0.25", "--out", str(out), "--json"]
    assert run(arguments) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["autonomy"] == 1 and found["relative_return"] == pytest.approx(1)
    assert "<svg" in (out / "index.html").read_text()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--vehicle", "bus"], "vehicle is 'bus'; expected udacity or donkeycar"),
        (["--smooth", "4"], "smooth is 4; expected an odd number of frames"),
        (["--horizon", "1.5"], "horizon is 1.5; expected a fraction of the image's height"),
    ],
)
def test_options_that_make_no_sense_are_refused(tmp_path: Path, capsys, given: list[str], message: str):
    log = log_of(tmp_path, [0.1] * 12)
    assert run(["replay", str(log), "--out", str(tmp_path / "out"), *given]) == 2
    assert message in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()


def test_frames_without_steering_are_refused(tmp_path: Path):
    source = open_source(log_of(tmp_path, [0.1] * 12))
    source.test.rows[0].values["number"] = ""
    with pytest.raises(SimulatorError, match="the steering is ''; expected a share of the full lock"):
        recordings(source, "test")
    with pytest.raises(SimulatorError, match="vehicle is 'x'"):
        vehicle_named("x")
