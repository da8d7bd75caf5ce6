"""What every task promises, whatever network serves it."""

import json
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from eyespot.findings import to_json
from eyespot.images import Frame
from eyespot.sources.warp import motion
from eyespot.tasks import TASKS, Classify, Regress, guess_task, task_from_json, task_to_json
from eyespot.tasks.task import Task
from tests.contract.pairs import Case, example, make_case

NETWORKS = {"classify": "residual", "tag": "residual", "regress": "residual", "denoise": "denoiser"}
"""A small network for each kind of head."""


def surest(task: Task, target: Tensor) -> Tensor:
    """The logarithm of the smoothed target: no other output has a smaller cross-entropy."""
    assert isinstance(task, Classify)
    count = len(task.classes)
    return torch.log((1 - task.smoothing) * F.one_hot(target, count) + task.smoothing / count)


def standardized(task: Task, target: Tensor) -> Tensor:
    assert isinstance(task, Regress)
    return ((target - task.center) / task.spread)[:, None]


PERFECT: dict[str, Callable[[Task, Tensor], Tensor]] = {
    "classify": surest,
    "tag": lambda task, target: 200 * target - 100,
    "regress": standardized,
    "denoise": lambda task, target: target[:, 0],
}
"""The output that answers a target without any error."""
LEARNED: dict[str, Callable[[dict[str, Tensor]], bool]] = {
    "classify": lambda score: bool(score["accuracy"].all()),
    "tag": lambda score: bool((score["right_tags"] == 1).all()),
    "regress": lambda score: bool(score["mean_absolute_error"].max() < 4),
    "denoise": lambda score: bool(score["gain"].mean() > 3),
}
"""Whether eight samples have been learned by heart (degrees for steer; dB for denoise)."""
BEST = {"classify": 1.0, "tag": 1.0, "regress": 0.0, "denoise": 100.0}


@pytest.fixture(params=TASKS)
def case(request: pytest.FixtureRequest) -> Case:
    return make_case(request.param, NETWORKS[request.param])


def perfect(case: Case) -> Tensor:
    return PERFECT[case.task.name](case.task, case.target)


def test_every_task_takes_part():
    assert set(TASKS) == set(NETWORKS) == set(PERFECT) == set(BEST) == set(LEARNED)


def test_a_perfect_output_scores_perfectly(case: Case):
    task, best = case.task, pytest.approx(BEST[case.task.name], abs=1e-5)
    score, (low, high), _ = task.evaluate(task.to_rows(perfect(case), case.target))
    assert score == best
    assert low <= score + 1e-9
    assert score <= high + 1e-9
    [first, *_] = task.score(perfect(case), case.target).values()
    assert first[~first.isnan()].tolist() == [best] * int((~first.isnan()).sum())


def test_a_perfect_output_loses_less_than_any_other(case: Case):
    assert (case.task.loss(perfect(case), case.target) < case.task.loss(case.outputs(), case.target)).all()


def test_eight_samples_can_be_learned_by_heart(case: Case):
    case = make_case(case.task.name, NETWORKS[case.task.name], norm="group")
    network, task = case.model.network.train(), case.task
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    for _ in range(100):
        optimizer.zero_grad()
        task.loss(network(case.images), case.target).mean().backward()
        optimizer.step()
    assert LEARNED[task.name](task.score(case.outputs(), case.target))


def test_the_name_of_the_first_score_is_that_of_the_metric(case: Case):
    assert next(iter(case.task.score(case.outputs(), case.target))) == case.task.metric.name
    assert case.task.metric.better in ("higher", "lower")


def test_figures_and_table_survive_json(case: Case):
    table = case.task.to_rows(case.outputs(), case.target)
    _, _, details = case.task.evaluate(table)
    assert len(table) == 8
    assert json.loads(to_json([table, details]))


def test_figures_follow_from_the_table_alone(case: Case):
    table = case.task.to_rows(case.outputs(), case.target)
    parts = [
        row for part in (slice(0, 3), slice(3, 8)) for row in case.task.to_rows(case.outputs(part), case.target[part])
    ]
    assert case.task.evaluate(parts)[0] == pytest.approx(case.task.evaluate(table)[0], abs=1e-5)


def test_the_answer_survives_json_and_is_short(case: Case):
    answer = json.loads(to_json(case.task.answer(case.outputs()[0])))
    assert "answer" in answer
    assert len(str(answer["answer"])) < 200


def test_a_settled_task_is_still_the_same_kind_and_survives_json(case: Case):
    calibrated = case.task.calibrate([(case.outputs(), case.target)])
    assert type(calibrated) is type(case.task)
    assert task_from_json(json.loads(json.dumps(task_to_json(calibrated)))) == calibrated


def test_focus_is_one_number_per_sample_with_a_gradient(case: Case):
    images = case.images.clone().requires_grad_()
    focus = case.task.objective(case.model.network(images))
    focus.sum().backward()
    assert focus.shape == (8,)
    assert images.grad is not None
    assert images.grad.abs().sum() > 0


def moved(**motions: np.ndarray) -> Frame:
    return motion((20, 20), **motions)


def test_moving_the_images_keeps_the_shape_of_the_target(case: Case):
    frames = moved(flip=np.arange(8) % 2 == 0, rotate=np.arange(8.0), zoom=1 + np.arange(8) / 10)
    target = case.task.transform_target(case.target, frames)
    assert target.shape == case.target.shape
    assert target.dtype == case.target.dtype


def test_to_mirror_twice_is_to_do_nothing(case: Case):
    flip = moved(flip=np.arange(8) % 2 == 0)
    assert torch.equal(
        case.task.transform_target(case.task.transform_target(case.target, flip), flip).nan_to_num(),
        case.target.nan_to_num(),
    )


def test_a_frame_that_moves_nothing_changes_nothing(case: Case):
    still = case.task.transform_target(case.target, moved(flip=np.zeros(8, bool)))
    assert torch.equal(still.nan_to_num(), case.target.nan_to_num())


def test_a_task_says_of_every_change_whether_it_is_allowed(case: Case):
    changes = ("flip", "shift", "rotate", "zoom", "color", "erase", "crop")
    assert {type(case.task.allows(change)) for change in changes} == {bool}
    assert case.task.allows("crop")


def test_inputs_follow_from_the_keys(case: Case):
    images, target, keys = (
        torch.rand(3, 3, 8, 8),
        case.task.stack([case.task.read(row) for row in case.rows[:3]]),
        [3, 4, 5],
    )
    x, wanted = case.task.make_problem((images,), target, torch.tensor(keys))
    last, last_wanted = case.task.make_problem((images[2:],), target[2:], torch.tensor(keys[2:]))
    assert torch.equal(x[2:], last)
    assert torch.equal(wanted[2:], last_wanted)


def test_its_own_example_is_recognized(case: Case):
    assert guess_task(case.task.example(seed=1))[0] == case.task.name


def test_the_example_holds_rows_that_the_prepared_task_can_read(case: Case):
    task, _ = example(case.task.name)
    source = task.example(seed=0)
    assert len([task.read(row) for row in source.rows]) == len(source)
