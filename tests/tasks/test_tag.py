"""Any of K tags: what is known, what is not, and what is made of it."""

import json
import math

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score

from eyespot.cli._output import format_score
from eyespot.errors import TaskError
from eyespot.model import evaluation
from eyespot.tasks import Tag
from eyespot.tasks._tag_figures import _resampled_precisions
from eyespot.training.report.write import format_value
from tests.tasks.rows import rows_of

NAN = float("nan")
PETS = Tag(tags=("cat", "dog"))


def test_tags_are_read_as_there_not_there_and_not_known():
    texts = ("cat|dog", "dog", "-", "cat|?dog", "", "?", "cat|?")
    targets = [PETS.read(row) for row in rows_of("tags", *texts)]
    np.testing.assert_equal(targets, [[1, 1], [0, 1], [0, 0], [1, NAN], [NAN, NAN], [NAN, NAN], [1, NAN]])


@pytest.mark.parametrize("text", ["cat||dog", "cat|-", "|"])
def test_tags_that_cannot_be_read_are_refused_by_place(text: str):
    with pytest.raises(TaskError, match=r"table\.csv line 2: the tags are"):
        PETS.read(rows_of("tags", text)[0])


def test_a_tag_that_was_not_learned_is_refused_by_place():
    with pytest.raises(TaskError, match=r"line 2: the tag 'fox' does not occur.*cat, dog"):
        PETS.read(rows_of("tags", "cat|fox")[0])


def test_prepare_learns_tags_and_counts():
    task = Tag().prepare(rows_of("tags", "dog|cat", "dog", "-", ""))
    assert (task.tags, task.counts, task.thresholds) == (("cat", "dog"), (1, 2), (0.5, 0.5))
    assert task.labels == task.tags


def test_a_rare_tag_weighs_more_and_is_named():
    task = Tag().prepare(rows_of("tags", *["cat"] * 9, "cat|dog", *["-"] * 6))
    assert task.weights == pytest.approx((1.0, math.sqrt(15)))
    assert "'dog' is rare" in task.notes()[0]


def test_even_tags_have_no_weights():
    task = Tag().prepare(rows_of("tags", "cat", "dog"))
    assert (task.weights, task.notes()) == ((), [])


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (("", ""), "none of the 2 has one"),
        (("cat", "cat|dog"), "The tag 'cat' is on 2 training images and known to be missing on 0.*without it"),
        (("cat", "?dog"), "The tag 'dog' is on 0 training images"),
    ],
)
def test_tags_that_cannot_be_learned_are_refused(texts: tuple[str, ...], message: str):
    with pytest.raises(TaskError, match=message):
        Tag().prepare(rows_of("tags", *texts))


def test_what_is_not_known_has_no_part_in_the_loss():
    output = torch.tensor([[0.3, 5.0]], requires_grad=True)
    loss = PETS.loss(output, torch.tensor([[1.0, NAN]]))
    loss.sum().backward()
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-0.3)))
    assert output.grad is not None
    assert output.grad[0, 1] == 0


def test_a_row_of_which_nothing_is_known_does_not_count():
    output = torch.randn(1, 2, requires_grad=True)
    loss = PETS.loss(output, torch.full((1, 2), NAN))
    loss.sum().backward()
    assert loss.item() == 0
    assert output.grad is not None
    assert not output.grad.any()


def test_weights_multiply_the_loss_of_what_is_there():
    output, target = torch.zeros(1, 2), torch.tensor([[1.0, 0.0]])
    weighted = Tag(tags=PETS.tags, weights=(3.0, 3.0)).loss(output, target)
    assert weighted.item() == pytest.approx((3 + 1) / 2 * math.log(2))


def test_average_precision_within_an_image_worked_by_hand():
    task = Tag(tags=("a", "b", "c", "d"))
    # Sorted by output: a (there), b (not there), c (there), d (not known): (1/1 + 2/3) / 2.
    score = task.score(torch.tensor([[4.0, 3.0, 2.0, 9.0]]), torch.tensor([[1.0, 0.0, 1.0, NAN]]))
    assert score["mean_average_precision"].item() == pytest.approx(5 / 6)
    assert score["right_tags"].item() == pytest.approx(2 / 3)


def test_an_image_without_tags_has_no_average_precision():
    score = PETS.score(torch.zeros(1, 2), torch.zeros(1, 2))
    assert score["mean_average_precision"].isnan().item()


def test_resampled_average_precisions_are_those_of_scikit_learn():
    random = np.random.default_rng(0)
    truths, chances = (random.random((60, 3)) < 0.3).astype(float), random.random((60, 3)).round(1)  # ties
    truths[:10, 1], truths[:, 2] = np.nan, 0
    drawn = [random.integers(60, size=60) for _ in range(5)]
    counts = np.stack([np.bincount(rows, minlength=60) for rows in drawn])
    found = _resampled_precisions(truths, chances, counts)
    for rows, row in zip(drawn, found, strict=True):
        for tag in (0, 1):
            known = rows[~np.isnan(truths[rows, tag])]
            expected = average_precision_score(truths[known, tag], chances[known, tag])
            assert row[tag] == pytest.approx(expected)
    assert np.isnan(found[:, 2]).all()


def test_mean_average_precision_is_that_of_scikit_learn_over_what_is_known():
    torch.manual_seed(0)
    output, target = torch.randn(60, 2), (torch.rand(60, 2) < 0.4).float()
    target[:10, 1] = NAN
    score, (low, high), details = PETS.evaluate(PETS.to_rows(output, target))
    expected = [
        average_precision_score(target[:, 0], output[:, 0]),
        average_precision_score(target[10:, 1], output[10:, 1]),
    ]
    assert score == pytest.approx(np.mean(expected))
    assert low < score < high
    assert [row["known"] for row in details["per_tag"]] == [60, 50]


def test_a_tag_that_cannot_be_judged_is_left_out_of_the_mean():
    output, target = torch.tensor([[1.0, 0.0], [0.0, 0.0]]), torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    score, _, details = PETS.evaluate(PETS.to_rows(output, target))
    assert score == 1
    assert details["per_tag"][1]["average_precision"] is None
    assert details["weakest"]["tag"] == "cat"


def test_settle_chooses_the_threshold_of_the_best_f1():
    chances = torch.tensor([0.9, 0.3, 0.25, 0.1])
    output = torch.logit(torch.stack([chances, chances], dim=1))
    target = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    task = PETS.calibrate([(output, target)])
    assert task.thresholds == pytest.approx((0.3, 0.5))
    assert task.answer(output[1])["answer"] == ["cat"]


def test_the_answer_lists_tags_and_all_probabilities():
    answer = PETS.answer(torch.tensor([2.0, -2.0]))
    assert answer["answer"] == ["cat"]
    assert sum(answer["probabilities"].values()) == pytest.approx(1)


def test_the_table_says_what_is_not_known():
    [row] = PETS.to_rows(torch.zeros(1, 2), torch.tensor([[1.0, NAN]]))
    assert row["target"] == {"cat": 1, "dog": None}


def test_focus_is_the_output_of_a_tag_or_of_the_surest_one():
    output = torch.tensor([[1.0, 2.0]])
    assert PETS.objective(output, "cat") == PETS.objective(output, 0) == 1
    assert PETS.objective(output) == 2
    with pytest.raises(TaskError, match="Did you mean 'cat'"):
        PETS.objective(output, "cta")


def test_nothing_is_erased_nor_mirrored_where_that_was_decided():
    assert PETS.allows("flip") and not PETS.allows("erase")
    assert not Tag(mirror="no").allows("flip")


@pytest.mark.parametrize("settings", [{"tags": ("a", "a")}, {"tags": ("a", "b"), "thresholds": (0.5,)}])
def test_settings_that_make_no_sense_are_refused(settings: dict):
    with pytest.raises(TaskError):
        Tag(**settings)


def test_the_text_of_an_answer_lists_the_tags():
    assert Tag().answer_text({"answer": ["a", "b"]}) == "a, b"
    assert Tag().answer_text({"answer": []}) == "no tag"


@pytest.mark.filterwarnings("error")
def test_where_no_tag_can_be_judged_the_score_is_not_available_anywhere(tmp_path):
    table = [{"image": "a.png", **row} for row in PETS.to_rows(torch.zeros(1, 2), torch.tensor([[1.0, NAN]]))]
    found = evaluation(PETS, table)
    result = json.loads(found.to_json())
    assert math.isnan(found.score) and result["score"] is None and result["interval"] == [None, None]
    assert format_score(result) == "mean average precision not available: none of 1 image has a score"
    assert format_value(found.score, found) == "not available"
    assert PETS.remarks(found.details) == []
