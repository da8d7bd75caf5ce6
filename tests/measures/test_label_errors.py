"""Confident learning by hand: margins, thresholds, and pairs of classes that are mixed up."""

import numpy as np
import pytest
from hypothesis import given as given_by
from hypothesis import strategies

from eyespot.measures._label_errors import CONFUSED, confusable, label_errors, margins, proposals

CHANCES = np.array([[0.9, 0.1, 0.0], [0.2, 0.7, 0.1], [0.1, 0.8, 0.1], [0.0, 0.1, 0.9], [0.8, 0.1, 0.1]])
GIVEN = np.array([0, 0, 1, 2, 2])


def test_margins_are_worked_by_hand():
    assert margins(CHANCES, GIVEN) == pytest.approx([0.8, -0.5, 0.7, 0.8, -0.7])


def test_the_best_other_label_is_proposed():
    assert proposals(CHANCES, GIVEN).tolist() == [1, 1, 0, 1, 0]


def test_an_image_is_suspicious_where_another_class_passes_its_own_mean():
    # thresholds: (0.9 + 0.2) / 2, 0.8, (0.9 + 0.1) / 2; the paired image's 0.7 does not pass 0.8
    assert label_errors(CHANCES, GIVEN).tolist() == [False, False, False, False, True]


def test_a_class_without_images_makes_nothing_suspicious():
    assert not label_errors(np.array([[0.6, 0.4, 0.0]] * 4), np.zeros(4, int)).any()


def test_classes_that_are_mixed_up_are_named_with_the_surest_mistakes_first():
    given = np.repeat([0, 1, 2], 40)
    chances = np.eye(3)[given] * 0.8 + 0.1
    wrong = np.arange(0, 40, 2)
    chances[wrong] = [0.1, 0.8, 0.1]
    chances[10] = [0.0, 1.0, 0.0]
    (pair,) = confusable(chances, given)
    assert pair.classes == (0, 1) and pair.count == 80 and pair.share == 20 / 80
    assert pair.images[0] == 10 and set(pair.images) == set(wrong.tolist())
    assert pair.interval[0] > CONFUSED


def test_few_mistakes_prove_nothing():
    given = np.repeat([0, 1], 4)
    chances = np.eye(2)[given]
    chances[0] = [0.0, 1.0]
    assert confusable(chances, given) == []


@given_by(strategies.integers(0, 2**16), strategies.integers(2, 5))
def test_an_image_that_is_surely_right_is_never_suspicious(seed, classes):
    random = np.random.default_rng(seed)
    given = np.arange(20) % classes
    chances = random.dirichlet(np.ones(classes), 20)
    chances[0] = np.eye(classes)[given[0]]
    assert not label_errors(chances, given)[0]
    assert (np.abs(margins(chances, given)) <= 1).all()
