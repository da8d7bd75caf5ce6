"""Groups of tags of which exactly one applies: values worked out by hand."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from eyespot.errors import TaskError
from eyespot.tasks import Tag
from eyespot.tasks.criterion import Aim
from tests.tasks.rows import rows_of

NAN = float("nan")
TAGS = ("color:blue", "color:red", "size:big", "size:small", "striped")
TASK = Tag(tags=TAGS)


def test_of_a_group_one_tag_applies_and_a_missing_one_is_not_known():
    texts = ("color:red|size:big|striped", "color:blue", "striped", "-", "color:red|?", "color:red|?striped", "")
    targets = [TASK.read(row) for row in rows_of("tags", *texts)]
    expected = [
        [0, 1, 1, 0, 1],
        [1, 0, NAN, NAN, 0],
        [NAN, NAN, NAN, NAN, 1],
        [NAN, NAN, NAN, NAN, 0],
        [0, 1, NAN, NAN, NAN],
        [0, 1, NAN, NAN, NAN],
        [NAN] * 5,
    ]
    np.testing.assert_equal(targets, expected)


def test_two_tags_of_one_group_are_refused_by_place():
    with pytest.raises(TaskError, match=r"line 2: the tags are .* of a group such as 'color' exactly one applies"):
        TASK.read(rows_of("tags", "color:red|color:blue")[0])


def test_a_tag_of_a_group_that_was_not_learned_is_known_to_be_none_of_the_others():
    np.testing.assert_equal(TASK.read(rows_of("tags", "color:green|?")[0]), [0, 0, NAN, NAN, NAN])
    with pytest.raises(TaskError, match="'shape:round' does not occur"):
        TASK.read(rows_of("tags", "shape:round")[0])


def test_prepare_finds_the_groups_and_pools_rare_tags():
    colors = ["red"] * 8 + ["blue"] * 7 + ["teal"] * 3 + ["rust"] * 2
    task = Tag().prepare(rows_of("tags", *(f"color:{color}" for color in colors), "striped"))
    assert task.tags == ("color:blue", "color:other", "color:red", "striped")
    assert task.counts == (7, 5, 8, 1)
    assert task.rare == ("color:rust", "color:teal")
    assert task.read(rows_of("tags", "color:teal")[0]) == task.read(rows_of("tags", "color:new")[0]) == [0, 1, 0, 0]
    notes = " ".join(task.notes())
    assert "color (3)" in notes and "color:rust, color:teal; they count as the tag 'other'" in notes


def test_rare_tags_that_are_too_few_together_are_left_out():
    colors = ["red"] * 8 + ["blue"] * 7 + ["teal"] * 3
    task = Tag().prepare(rows_of("tags", *(f"color:{color}" for color in colors)))
    assert task.tags == ("color:blue", "color:red")
    assert task.read(rows_of("tags", "color:teal")[0]) == [0, 0]


@pytest.mark.parametrize("colors", [["red"] * 9, ["red"] * 9 + ["blue"] * 4])
def test_a_group_with_one_tag_is_refused(colors: list[str]):
    with pytest.raises(TaskError, match=r"The group 'color' needs two tags or more .*'color:red' \(9\)"):
        Tag().prepare(rows_of("tags", *(f"color:{color}" for color in colors)))
    with pytest.raises(TaskError, match="only one tag"):
        Tag(tags=("color:red", "striped"))


def test_the_loss_is_the_cross_entropy_of_each_group_and_free_tag():
    torch.manual_seed(0)
    output = torch.randn(3, 5)
    target = torch.tensor([[0, 1, 1, 0, 1], [1, 0, NAN, NAN, NAN], [0, 0, NAN, NAN, NAN]])
    colors = F.cross_entropy(output[:2, :2], torch.tensor([1, 0]), reduction="none")
    size = F.cross_entropy(output[:1, 2:4], torch.tensor([0]))
    striped = F.softplus(-output[0, 4])
    expected = [(colors[0] + size + striped) / 3, colors[1], 0.0]
    torch.testing.assert_close(TASK.loss(output, target), torch.tensor([float(value) for value in expected]))


def test_probabilities_of_a_group_sum_to_one_and_its_best_tag_is_the_answer():
    output = torch.tensor([1.0, 2.0, -1.0, -3.0, -0.5])
    answer = TASK.answer(output)
    chances = torch.tensor(list(answer["probabilities"].values()))
    torch.testing.assert_close(chances[:2], output[:2].softmax(0))
    assert answer["answer"] == ["color:red", "size:big"]
    wrong = 1 - chances[1] + 1 - chances[2] + chances[4]
    assert answer["expected_errors"] == pytest.approx(wrong.item())


def test_below_its_threshold_a_group_has_no_answer():
    task = Tag(tags=TAGS, thresholds=(0.9, 0.9, 0.5, 0.5, 0.5))
    answer = task.answer(torch.tensor([1.0, 2.0, 3.0, 0.0, 0.0]))
    assert (answer["answer"], answer["unsure"]) == (["size:big", "striped"], ["color"])


def test_a_tag_that_another_one_implies_answers_its_group():
    task = Tag(tags=TAGS, thresholds=(0.9, 0.9, 0.5, 0.5, 0.5), implied=((2, 1), (4, 0)))
    answer = task.answer(torch.tensor([1.0, 2.0, 3.0, 0.0, -9.0]))
    assert answer["answer"] == ["size:big", "color:red"]
    assert (answer["implied"], answer["unsure"]) == (["color:red"], [])


def test_implied_tags_are_learned_from_the_table():
    kinds = [("cat", "mammal"), ("dog", "mammal"), ("owl", "bird"), ("jay", "bird")] * 25
    rows = rows_of("tags", *(f"kind:{kind}|class:{of}" for kind, of in kinds))
    task = Tag().prepare(rows)
    assert {(task.tags[a], task.tags[b]) for a, b in task.implied} == {(f"kind:{k}", f"class:{c}") for k, c in kinds}
    assert "In all training images, every tag of 'kind' implies one of 'class'." in task.notes()
    few = Tag().prepare(rows[:20])  # 5 of each: 2 ** -5 is no proof
    assert few.implied == ()


def test_the_threshold_for_a_precision_is_the_lowest_that_keeps_it():
    confidence = torch.linspace(0.99, 0.6, 40)
    output = torch.stack([confidence.logit(), torch.zeros(40)], 1)
    right = torch.ones(40)
    right[[25, 28, 30, 31, 33]] = 0
    target = torch.stack([right, 1 - right], 1)
    task = Tag(tags=("color:blue", "color:red"), target_precision=0.9).calibrate([(output, target)])
    chances = task.activate(output.double())[:, 0]
    # (wrong + 1) / (answers + 1) is at most 0.1: 2 / 28, 3 / 30 and no more after the third wrong one.
    assert task.thresholds[0] == task.thresholds[1] == pytest.approx(chances[29].item())
    assert task.answer(output[29])["answer"] == ["color:blue"] and task.answer(output[30])["unsure"] == ["color"]


def test_a_precision_that_is_never_reached_gives_no_answer():
    task = Tag(tags=("color:blue", "color:red", "striped"), target_precision=0.9)
    target = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]).repeat(8, 1)
    calibrated = task.calibrate([(torch.zeros(16, 3), target)])
    assert calibrated.answer(torch.tensor([9.0, 0.0, 9.0]))["answer"] == []


def test_calibration_brings_a_confident_group_down():
    torch.manual_seed(0)
    truth = torch.rand(400) < 0.7
    output = torch.stack([torch.full((400,), 5.0), torch.zeros(400), torch.full((400,), 5.0)], 1)
    target = torch.stack([truth, ~truth, truth], 1).float()
    task = Tag(tags=("color:blue", "color:red", "striped")).calibrate([(output, target)])
    blue, _, striped = task.activate(output[0].double()).tolist()
    assert blue == pytest.approx(truth.float().mean().item(), abs=0.01) == pytest.approx(striped, abs=0.01)


def test_figures_of_groups_worked_by_hand():
    output = torch.tensor([[2.0, 0, 0, 0, -9], [2.0, 0, 0, 0, -9], [0, 2.0, 0, 0, -9], [0, 2.0, 0, 0, -9]])
    target = torch.tensor([[1.0, 0, NAN, NAN, 0], [0, 1, NAN, NAN, 0], [NAN, NAN, NAN, NAN, 0], [0, 0, NAN, NAN, 0]])
    task = Tag(tags=TAGS, thresholds=(0.0, 0.0, 0.9, 0.9, 0.5))
    _, _, details = task.evaluate(task.to_rows(output, target))
    color, size = details["groups"]
    assert (color["known"], color["accuracy"], color["coverage"]) == (3, pytest.approx(1 / 3), 1)
    assert (size["known"], size["accuracy"]) == (0, None)
    # One hit of three answers of which it is known, and of three tags: the last one was never learned.
    assert details["micro_f1"] == pytest.approx(1 / 3)
    assert task.remarks(details)[0].startswith("color: 33.3% right")


def test_an_attack_on_a_group_makes_another_tag_the_best():
    output = torch.tensor([[1.0, 2.0, 4.0, 0.0, 1.0]])
    plan = TASK.attack_criterion(Aim(), output, [[0.0, 1.0, NAN, NAN, 1.0]], farthest=False)
    which = torch.tensor([0])
    assert plan.criterion.margin(output, which).item() == pytest.approx(1.0)
    flipped = torch.tensor([[2.1, 2.0, 4.0, 0.0, 1.0]])
    assert plan.criterion.fooled(flipped, which).item()
    assert not plan.criterion.fooled(torch.tensor([[1.0, 2.0, 0.0, 4.0, 1.0]]), which).item()


@pytest.mark.parametrize("precision", [0.0, 1.0, -1.0])
def test_a_precision_out_of_range_is_refused(precision: float):
    with pytest.raises(TaskError, match="between 0 and 1"):
        Tag(target_precision=precision)


def test_tags_of_a_group_that_are_apart_are_refused():
    with pytest.raises(TaskError, match="do not follow each other"):
        Tag(tags=("a:x", "a:y", "b:x", "b:y", "a:z", "a:w"))


def test_a_group_without_validation_images_stays_as_it_is():
    task = TASK.calibrate([(torch.zeros(3, 5), torch.full((3, 5), math.nan))])
    assert task.scales == (1.0,) * 5 and task.thresholds == (0.0, 0.0, 0.0, 0.0, 0.5)


def test_rare_tags_that_are_not_drawn_do_not_move_the_interval_away_from_the_score():
    torch.manual_seed(3)
    output, target = torch.randn(60, 8), torch.zeros(60, 8)
    target[:30, :2] = 1
    output[:30, :2] += 9  # two tags that are always right, and six with one image each that are always missed
    target[torch.arange(6), torch.arange(2, 8)] = 1
    output[torch.arange(6), torch.arange(2, 8)] = -9
    score, (low, high), _ = (task := Tag(tags=tuple("abcdefgh"))).evaluate(task.to_rows(output, target))
    assert low <= score <= high and high < score + 0.05
