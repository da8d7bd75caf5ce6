"""Statistics, against hand-worked values and other libraries."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchmetrics.functional.classification import multiclass_calibration_error

from eyespot.tasks.statistics import (
    balancing_weights,
    calibration,
    mean_interval,
    precision_recall_f1,
    rejected_for,
    rejection,
    wilson_interval,
)


@given(st.lists(st.integers(1, 100_000), min_size=2, max_size=20))
def test_balancing_weights_leave_the_mean_over_samples_at_one(counts: list[int]):
    weights = np.array(balancing_weights(counts))
    assert np.average(weights, weights=counts) == pytest.approx(1)


def test_a_class_with_a_hundredth_of_the_images_weighs_ten_times_as_much():
    often, rarely = balancing_weights([500, 5])
    assert rarely / often == pytest.approx(10)


def test_wilson_interval_agrees_with_the_textbook():
    # 8 of 10: center (0.8 + 1.96^2 / 20) / (1 + 1.96^2 / 10), from Wilson's formula worked by hand.
    assert wilson_interval(8, 10) == pytest.approx((0.4902, 0.9433), abs=2e-4)


def test_wilson_interval_of_a_flawless_score_does_not_reach_below_it_by_nothing():
    low, high = wilson_interval(20, 20)
    assert high == pytest.approx(1)
    assert 0.8 < low < 0.9


def test_mean_interval_holds_the_mean_and_is_the_same_every_time():
    values = np.random.default_rng(0).normal(3, 1, 400)
    low, high = mean_interval(values)
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 / 20, rel=0.15)
    assert mean_interval(values) == (low, high)


@pytest.mark.parametrize("values", [[2.5], [1.0, 1.0, 1.0]])
def test_mean_interval_of_equal_values_is_a_point(values: list[float]):
    assert mean_interval(values) == (values[0], values[0])


def test_calibration_error_agrees_with_torchmetrics():
    torch.manual_seed(0)
    chances = torch.softmax(3 * torch.randn(500, 4), dim=1)
    target = torch.randint(0, 4, (500,))
    confidences, labels = chances.max(1)
    error, bins = calibration(confidences.numpy(), (labels == target).numpy())
    assert error == pytest.approx(multiclass_calibration_error(chances, target, 4, n_bins=15).item(), abs=1e-6)
    assert sum(row["count"] for row in bins) == 500


def test_calibration_error_worked_by_hand():
    # Two bins of two images: sure by 0.9 and half right; sure by 0.6 and all right.
    error, bins = calibration(np.array([0.9, 0.9, 0.6, 0.6]), np.array([True, False, True, True]))
    assert error == pytest.approx((0.4 + 0.4) / 2)
    assert [row["accuracy"] for row in bins] == [1.0, 0.5]


def test_precision_of_a_label_that_was_never_given_is_zero():
    figures = precision_recall_f1(["a", "b"], ["a", "a"], ["a", "b"])
    assert figures[0].tolist() == [0.5, 0.0]
    assert figures[3].tolist() == [1, 1]


def test_the_surest_answers_are_kept_and_their_errors_counted():
    # Sorted by confidence the answers are right, wrong, right, wrong, wrong.
    confidences, right = np.array([0.5, 0.9, 0.7, 0.6, 0.8]), np.array([False, True, True, False, False])
    found = rejection(confidences, right)
    assert [point["rejected"] for point in found] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
    assert [point["error"] for point in found] == pytest.approx([3 / 5, 2 / 4, 1 / 3, 1 / 2, 0])


def test_the_least_share_is_rejected_even_where_more_would_not_do():
    confidences, right = np.arange(200, 0, -1) / 200, np.ones(200, bool)
    right[[0, 199]] = False
    assert rejected_for(confidences, right, error=0.01) == 0
    assert rejected_for(confidences, right, error=0.006) == pytest.approx(1 / 200)
    assert rejected_for(confidences, right, error=0.001) == 1
