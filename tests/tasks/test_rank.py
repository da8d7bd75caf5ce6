"""Ranks from ratings: values worked out by hand."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from eyespot.errors import TaskError
from eyespot.sources.source import Row
from eyespot.tasks import Rank


def rows(*ratings: str) -> list[Row]:
    return [
        Row(
            name=f"{line}.png",
            picture=np.zeros((2, 2, 3), np.uint8),
            values={"rating": rating},
            location=f"ratings.csv:{line}",
        )
        for line, rating in enumerate(ratings, 2)
    ]


def test_a_rank_is_the_share_of_training_images_that_are_rated_lower():
    task = Rank().prepare(rows("1", "3", "3", "7"))
    assert task.ratings == (1.0, 3.0, 7.0)
    assert task.shares == (0.125, 0.5, 0.875)
    assert task.ranks(torch.tensor([3.0, 5.0, 100.0])).tolist() == [0.5, 0.6875, 0.875]


def test_the_loss_is_the_mean_pairwise_logistic_loss_against_the_training_images():
    task = Rank().prepare(rows("1", "3", "3", "7"))
    output, target = torch.tensor([[0.4], [-1.0]]), torch.tensor([3.0, 7.0], dtype=torch.float64)

    def pairwise(logit: float, rating: float) -> float:
        def one(other: float) -> float:
            won, lost = math.log1p(math.exp(-logit)), math.log1p(math.exp(logit))
            return won if rating > other else lost if rating < other else (won + lost) / 2

        return sum(map(one, (1, 3, 3, 7))) / 4

    assert task.loss(output, target).tolist() == pytest.approx([pairwise(0.4, 3), pairwise(-1.0, 7)], abs=1e-6)


def test_the_main_metric_is_spearmans_correlation():
    random = np.random.default_rng(0)
    task = Rank().prepare(rows(*map(str, range(1, 8))))
    target = torch.from_numpy(random.uniform(1, 7, 40))
    output = (target + torch.from_numpy(random.normal(0, 2, 40)))[:, None].float() - 4
    score, (low, high), details = task.evaluate(task.to_rows(output, target))
    assert score == pytest.approx(float(spearmanr(target, output[:, 0])[0]))  # pyright: ignore[reportArgumentType]
    assert low < score < high
    better, called = target > target.median(), output[:, 0] > output[:, 0].median()
    assert details["median_split_accuracy"] == pytest.approx(float((better == called).float().mean()), abs=0.05)


def test_a_reversed_order_has_no_pair_in_order():
    task = Rank().prepare(rows("1", "2", "3"))
    target = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    score, _, details = task.evaluate(task.to_rows(torch.tensor([[3.0], [2.0], [1.0]]), target))
    assert score == -1
    assert details["pairs_in_order"] == 0
    assert details["median_split_auc"] == 0


def test_an_answer_is_a_rank_and_the_rating_that_it_stands_for():
    task = Rank().prepare(rows("1", "3", "3", "7"))
    answer = task.answer(torch.tensor([0.0]))
    assert answer == {"answer": 0.5, "rank": 0.5, "rating": 3.0}
    assert task.answer_text(answer) == "ranks above 50 % of the training images"


@pytest.mark.parametrize("rating", ["", "good", "nan", "inf"])
def test_what_is_no_rating_is_refused_with_its_line(rating: str):
    with pytest.raises(TaskError, match=r"ratings.csv:2: the rating is .* expected a number"):
        Rank().prepare(rows(rating, "3"))


def test_equal_ratings_are_refused():
    with pytest.raises(TaskError, match="different ratings, but all 3 have the same"):
        Rank().prepare(rows("4", "4", "4"))


def test_few_images_are_reported():
    assert "may be chance" in " ".join(Rank().prepare(rows("1", "2", "3")).notes())
    assert "may be chance" not in " ".join(Rank().prepare(rows(*map(str, range(40)))).notes())


def test_many_ratings_are_kept_in_short_and_in_order():
    task = Rank().prepare(rows(*map(str, np.random.default_rng(0).uniform(0, 1, 2000))))
    assert len(task.ratings) == 256
    assert task.ratings == tuple(sorted(task.ratings))
    assert task.ranks(torch.tensor([0.5])).item() == pytest.approx(0.5, abs=0.03)


def test_the_noise_of_the_ratings_sets_a_ceiling():
    given = [
        Row(name=row.name, picture=row.picture, values={**row.values, "rating_sd": "2", "rating_n": "4"}, location="t")
        for row in rows(*map(str, np.random.default_rng(0).normal(0, 2, 200)))
    ]
    task = Rank().prepare(given)
    assert task.noise == pytest.approx(1.0)
    target = torch.tensor([float(row.values["rating"]) for row in given], dtype=torch.float64)
    _, _, details = task.evaluate(task.to_rows(target[:, None].float(), target))
    # Of a variance of 4, 1 is noise: the ratings correlate with the true values by the square root of 3 / 4.
    assert details["ceiling"] == pytest.approx(math.sqrt(0.75), abs=0.03)
    assert "allows a correlation of about 0.8" in task.remarks(details)[1]
    silent = Rank().prepare(rows("1", "2", "3"))
    assert (
        silent.noise == 0
        and silent.evaluate(silent.to_rows(target[:3, None].float(), target[:3]))[2]["ceiling"] is None
    )


@pytest.mark.parametrize(("deviation", "number"), [("-1", "5"), ("1", "0"), ("wide", "5"), ("nan", "5")])
def test_noise_that_cannot_be_read_is_refused(deviation: str, number: str):
    wrong = rows("1", "2")
    wrong[1].values.update({"rating_sd": deviation, "rating_n": number})
    with pytest.raises(TaskError, match="expected a deviation from 0 on and a number of ratings from 1 on"):
        Rank().prepare(wrong)


def test_two_ratings_are_split_between_them():
    task = Rank().prepare(rows("0", "1"))
    target = torch.tensor([0.0, 1.0, 1.0, 1.0], dtype=torch.float64)
    _, _, details = task.evaluate(task.to_rows(torch.tensor([[-1.0], [2.0], [0.5], [1.0]]), target))
    assert details["median_split_accuracy"] == details["median_split_auc"] == 1
    low, high = details["median_split_interval"]
    assert 0 < low < high == 1
