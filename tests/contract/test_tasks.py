"""What every task promises, whatever network serves it."""

import json
import math
from collections.abc import Callable
from importlib import resources

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from eyespot.errors import TaskError
from eyespot.findings import to_json
from eyespot.images import FITS, Frame
from eyespot.model import evaluation
from eyespot.networks import NETWORKS as FAMILIES
from eyespot.sources.warp import motion
from eyespot.tasks import TASKS, Classify, Identify, Regress, guess_task, task_from_json, task_to_json
from eyespot.tasks.colorize._colorize import SCALE, mean_colors
from eyespot.tasks.criterion import Aim
from eyespot.tasks.detect import Detect
from eyespot.tasks.detect._boxes import encode
from eyespot.tasks.detect._loss import assign
from eyespot.tasks.locate import Locate
from eyespot.tasks.task import Task
from tests.contract.pairs import Case, example, make_case

NETWORKS = {
    "classify": "residual",
    "tag": "residual",
    "regress": "residual",
    "rank": "residual",
    "denoise": "denoiser",
    "generate": "dcgan",
    "detect": "residual",
    "colorize": "residual",
    "locate": "residual",
    "identify": "residual",
}
"""A small network for each kind of head."""


def surest(task: Task, target: Tensor) -> Tensor:
    """The logarithm of the smoothed target: no other output has a smaller cross-entropy."""
    assert isinstance(task, Classify)
    count = len(task.classes)
    return torch.log((1 - task.smoothing) * F.one_hot(target, count) + task.smoothing / count)


def standardized(task: Task, target: Tensor) -> Tensor:
    assert isinstance(task, Regress)
    return ((target - task.center) / task.spread)[:, None]


def real_and_of_its_style(task: Task, target: Tensor) -> Tensor:
    """Whatever is sure that each image is real, and of which style it is."""
    styles = F.one_hot(target, len(task.labels) - 1)
    return 100.0 * torch.cat([torch.ones(len(target), 1), styles], dim=1)


def exact_boxes(task: Task, target: Tensor) -> Tensor:
    """Every location answers for its object with a sure score and the object's box; the others are background."""
    assert isinstance(task, Detect)
    output = torch.zeros(len(target), len(task.classes) + 4, 2, 2)
    output[:, : len(task.classes)] = -100
    for image, objects in zip(output, target, strict=True):
        known = objects[~objects.isnan().any(1)]
        number = assign(known[:, :4], 2, 2, task.stride)
        for row, column in (number >= 0).nonzero().tolist():
            found = known[number[row, column]]
            image[int(found[4]), row, column] = 100
            image[-4:, row, column] = encode(found[:4].expand(1, 2, 2, 4), task.stride)[0, :, row, column]
    return output


def exact_points(task: Task, target: Tensor) -> Tensor:
    """The location whose cell a point lies in is sure of it and knows its place; the others are background."""
    assert isinstance(task, Locate)
    output = torch.zeros(len(target), 3, 4, 4)
    output[:, 0] = -100
    for image, points in zip(output, target, strict=True):
        for x, y in points[~points.isnan().any(1)].tolist():
            column, row = int(x // task.stride), int(y // task.stride)
            shift = [x / task.stride - column - 0.5, y / task.stride - row - 0.5]
            image[:, row, column] = torch.tensor([100, *shift])
    return output


def along_its_axis(task: Task, target: Tensor) -> Tensor:
    """The direction that the loss has learned for each identity: the axis of its place."""
    assert isinstance(task, Identify)
    places = [task.identities.index(name) for name in task.strata(target)]
    return torch.eye(task.dimensions)[places]


PERFECT: dict[str, Callable[[Task, Tensor], Tensor]] = {
    "classify": surest,
    "tag": lambda task, target: 200 * target - 100,
    "regress": standardized,
    "rank": lambda task, target: task.ranks(target).logit()[:, None],
    "denoise": lambda task, target: target[:, 0],
    "generate": real_and_of_its_style,
    "detect": exact_boxes,
    "colorize": lambda task, target: mean_colors(target, task.stride) / SCALE,
    "locate": exact_points,
    "identify": along_its_axis,
}
"""The output that answers a target without any error."""
LEARNED: dict[str, Callable[[dict[str, Tensor]], bool]] = {
    "classify": lambda score: bool(score["accuracy"].all()),
    "tag": lambda score: bool((score["right_tags"] == 1).all()),
    "regress": lambda score: bool(score["mean_absolute_error"].max() < 4),
    "rank": lambda score: bool(score["rank_error"].max() < 0.1),
    "denoise": lambda score: bool(score["gain"].mean() > 3),
    "generate": lambda score: bool(score["believed"].all()),
    "detect": lambda score: bool(score["AP50"].nanmean() > 0.9),
    "colorize": lambda score: bool(score["gain"].mean() > 0.1),
    "locate": lambda score: bool(score["F1"].nanmean() > 0.9),
    "identify": lambda score: bool((score["equal_error_rate"] == 0).all()),
}
"""Whether eight samples have been learned by heart (degrees for steer; dB for denoise)."""
BEST = {
    "classify": 1.0,
    "tag": 1.0,
    "regress": 0.0,
    "rank": 1.0,
    "denoise": 100.0,
    "generate": math.nan,
    "detect": 1.0,
    "colorize": 1.0,
    "locate": 1.0,
    "identify": 0.0,
}
"""NaN: the images of a generator are judged together, in tests/test_generated.py."""


TOLERANCE = {"colorize": 0.02}
"""How far from the best score a perfect output may be: colors are answered for 4 x 4 pixels at a time."""


def by_label(task: Task, before: Tensor, after: Tensor) -> Tensor:
    return before.argmax(1) != after.argmax(1)


def by_tag(task: Task, before: Tensor, after: Tensor) -> Tensor:
    answers = [[task.answer(output)["answer"] for output in outputs] for outputs in (before, after)]
    return torch.tensor([one != other for one, other in zip(*answers, strict=True)])


def by_distance(task: Task, before: Tensor, after: Tensor) -> Tensor:
    return (task.objective(after) - task.objective(before)).abs() > task.significant_change


def by_disappearance(task: Task, before: Tensor, after: Tensor) -> Tensor:
    """Nothing is left of the surest object's class at locations whose centers lie in its box."""
    assert isinstance(task, Detect)
    gone = []
    for first, second in zip(task.activate(before), task.activate(after), strict=True):
        count = len(task.classes)
        kind, row, column = np.unravel_index(int(first[:count].argmax()), first[:count].shape)
        x1, y1, x2, y2 = first[count:, row, column].tolist()
        scores = [
            float(second[kind, y, x])
            for y in range(2)
            for x in range(2)
            if (x1 <= 8 * x + 4 <= x2 and y1 <= 8 * y + 4 <= y2) or (y, x) == (row, column)
        ]
        gone.append(max(scores) < task.threshold)
    return torch.tensor(gone)


def by_disappearance_of_a_point(task: Task, before: Tensor, after: Tensor) -> Tensor:
    """Nothing is left of the surest point at locations whose centers lie within the radius."""
    assert isinstance(task, Locate)
    gone = []
    for first, second in zip(task.activate(before), task.activate(after), strict=True):
        row, column = np.unravel_index(int(first[0].argmax()), first[0].shape)
        x, y = first[1:, row, column].tolist()
        scores = [
            float(second[0, i, j])
            for i in range(4)
            for j in range(4)
            if math.hypot(4 * j + 2 - x, 4 * i + 2 - y) <= task.radius or (i, j) == (row, column)
        ]
        gone.append(max(scores) < task.threshold)
    return torch.tensor(gone)


def by_similarity(task: Task, before: Tensor, after: Tensor) -> Tensor:
    assert isinstance(task, Identify)
    return F.cosine_similarity(before, after) < task.threshold


WRONG: dict[str, Callable[[Task, Tensor, Tensor], Tensor]] = {
    "classify": by_label,
    "tag": by_tag,
    "regress": by_distance,
    "rank": by_distance,
    "denoise": by_distance,
    "generate": by_distance,
    "detect": by_disappearance,
    "colorize": by_distance,
    "locate": by_disappearance_of_a_point,
    "identify": by_similarity,
}
"""Whether each answer of the second outputs is wrong, where those of the first are right."""


@pytest.fixture(params=TASKS)
def case(request: pytest.FixtureRequest) -> Case:
    return make_case(request.param, NETWORKS[request.param])


def perfect(case: Case) -> Tensor:
    return PERFECT[case.task.name](case.task, case.target)


def test_every_task_takes_part():
    assert set(TASKS) == set(NETWORKS) == set(PERFECT) == set(BEST) == set(LEARNED) == set(WRONG)


def test_a_perfect_output_scores_perfectly(case: Case):
    task, best = case.task, pytest.approx(BEST[case.task.name], abs=TOLERANCE.get(case.task.name, 1e-5), nan_ok=True)
    score, (low, high), _ = task.evaluate(task.to_rows(perfect(case), case.target))
    assert score == best
    assert task.generates or low - 1e-9 <= score <= high + 1e-9
    [first, *_] = task.score(perfect(case), case.target).values()
    assert first[~first.isnan()].tolist() == [best] * int((~first.isnan()).sum())


def test_a_perfect_output_loses_less_than_any_other(case: Case):
    assert (case.loss(perfect(case)) < case.loss(case.outputs())).all()


def test_eight_samples_can_be_learned_by_heart(case: Case):
    case = make_case(case.task.name, NETWORKS[case.task.name], norm="group")
    network, task = case.model.network.train(), case.task
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    learned = False
    for step in range(1, 101):
        optimizer.zero_grad()
        case.loss(network(case.images)).mean().backward()
        optimizer.step()
        learned = step % 10 == 0 and LEARNED[task.name](task.score(case.outputs(), case.target))
        if learned:
            break
    assert learned, f"not learned in 100 steps: {task.score(case.outputs(), case.target)}"


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
    assert case.task.evaluate(parts)[0] == pytest.approx(case.task.evaluate(table)[0], abs=1e-5, nan_ok=True)


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
    assert torch.equal(wanted[2:].nan_to_num(), last_wanted.nan_to_num())


def test_its_own_example_is_recognized(case: Case):
    """A task that reads no column is only done when it is requested: any image could be denoised."""
    example = case.task.example(seed=1)
    if case.task.columns:
        assert guess_task(example)[0] == case.task.name
    elif "label" in example.columns:
        assert guess_task(example)[0] == "classify"
    else:
        with pytest.raises(TaskError, match="no task follows"):
            guess_task(example)


def test_the_example_holds_rows_that_the_prepared_task_can_read(case: Case):
    task, _ = example(case.task.name)
    source = task.example(seed=0)
    assert len([task.read(row) for row in source.rows]) == len(source)


def test_what_a_task_states_of_itself_exists(case: Case):
    kind = type(case.task)
    assert kind.fit in FITS
    assert kind.default_network in FAMILIES
    assert set(kind.unsupported) <= {"pretrained", "robust", "corruptions", "predict"}
    assert kind.text_columns == () or "answer" in kind.text_columns
    assert resources.files("eyespot").joinpath("templates", kind.report_template).is_file()


def test_activated_outputs_are_in_range_and_keep_gradient_and_precision(case: Case):
    output = case.outputs().double().requires_grad_()
    activated = case.task.activate(output)
    assert activated.dtype == torch.float64 and len(activated) == 8
    activated.square().sum().backward()
    assert output.grad is not None and output.grad.isfinite().all() and output.grad.any()
    if case.task.choices:
        assert torch.allclose(activated.sum(1), torch.ones(8, dtype=torch.float64))
    if case.task.value_name == "probability":
        assert activated.min() >= 0 and activated.max() <= 1


def test_the_value_is_what_the_answer_holds(case: Case):
    task, output = case.task, case.outputs()
    answer = task.answer(output[0])
    of = task.default_target(output[:1])
    expected = {
        "classify": lambda: answer["probability"],
        "tag": lambda: max(answer["probabilities"].values()),
        "regress": lambda: answer["number"],
        "rank": lambda: answer["rank"],
        "denoise": lambda: output[0].mean(),
        "generate": lambda: answer["real"],
        "detect": lambda: answer["score"],
        "colorize": lambda: answer["chroma"],
        "locate": lambda: answer["score"],
        "identify": lambda: 1,
    }
    assert float(task.value(output[:1], of)) == pytest.approx(float(expected[task.name]()), rel=1e-5)


def test_the_default_target_gives_an_objective_and_can_be_named(case: Case):
    task, output = case.task, case.outputs()[:1]
    of = task.default_target(output)
    assert task.parse_target(of) == of
    assert task.objective(output, of).shape == (1,)
    assert task.target_name(of)
    if task.labels:
        assert task.parse_target(task.target_name(of)) == of
        with pytest.raises(TaskError, match=f"There is no {task.label_kind} {len(task.labels)}"):
            task.parse_target(len(task.labels))
    with pytest.raises(TaskError):
        task.parse_target("nothing of this name")


@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0])
def test_a_margin_is_below_zero_exactly_where_the_answer_is_wrong(case: Case, scale: float):
    before, which = case.outputs(), torch.arange(8)
    drawn = torch.randn(before.shape, generator=torch.Generator().manual_seed(1))
    after = before + scale * (drawn + drawn.flatten(1).mean(1).reshape(-1, *[1] * (drawn.ndim - 1)))
    plan = case.task.attack_criterion(Aim(), before, None, farthest=False)
    assert plan.skipped == [""] * 8
    assert not (plan.criterion.margin(before, which) < 0).any()
    wrong = WRONG[case.task.name](case.task, before, after)
    assert torch.equal(plan.criterion.margin(after, which) < 0, wrong)
    assert torch.equal(plan.criterion.fooled(after, which), wrong)
    rows = torch.tensor([6, 2])
    some = plan.criterion.only(rows)
    assert torch.equal(some.margin(after[rows], torch.arange(2)), plan.criterion.margin(after, which)[rows])


def test_an_image_that_is_answered_wrong_is_not_attacked(case: Case):
    if case.task.choices:
        answers = case.outputs().argmax(1)
        truths = [(place + 1) % len(case.task.choices) for place in answers.tolist()]
        assert all(case.task.attack_criterion(Aim(), case.outputs(), truths, farthest=True).skipped)


def test_an_answer_has_a_short_text_from_json_too(case: Case):
    answer = case.task.answer(case.outputs()[0])
    assert 0 < len(case.task.answer_text(json.loads(to_json(answer)))) < 100


def test_answers_that_are_images_are_in_range(case: Case):
    made = case.task.answer_image(100 * case.outputs(), case.images.clamp(0, 1))
    assert (made is not None) == bool(case.task.answer_suffix)
    assert made is None or (made.shape == case.images.shape and made.min() >= 0 and made.max() <= 1)


def test_how_sure_an_answer_is_is_told_of_each(case: Case):
    if found := case.task.abstention(case.outputs()):
        confidence, abstains = found
        assert confidence.shape == abstains.shape == (8,)
        assert confidence.min() >= 0 and confidence.max() <= 1


def test_folds_are_balanced_by_a_name_for_each_sample(case: Case):
    targets = case.task.stack([case.task.read(row) for row in case.rows])
    assert [type(name) for name in case.task.strata(targets)] == [str] * 8


def test_a_report_has_tiles_and_pictures_of_samples(case: Case):
    table = [{"image": "a.png", **row} for row in case.task.to_rows(case.outputs(), case.target)]
    found = evaluation(case.task, table)
    shown = case.task.illustrate((case.images[:1],), case.images[:1], case.model.network)
    assert shown and all(picture.shape == case.images[0].shape for picture in shown)
    values = case.task.report_values(found, lambda row: np.zeros((8, 8, 3), np.uint8))
    assert {"tiles", "examples"} <= values.keys()
    assert all(len(tile) == 3 for tile in values["tiles"])
    assert all(isinstance(line, str) for line in case.task.remarks(found.details))
