"""The curve: measured on images held out, fitted by a known power law, honest about what it cannot know."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as strategy

from eyespot.embeddings.embed import Embeddings
from eyespot.measures import curve, write_curve
from eyespot.measures._learning_curve import curve_of, power_law
from eyespot.sources.source import part_of
from tests.measures.few_digits import few_digits

COUNTS = np.array([8.0, 16, 32, 64, 128, 256])


@settings(max_examples=20, deadline=None)
@given(strategy.floats(0, 0.3), strategy.floats(0.2, 1), strategy.floats(0.2, 1.5))
def test_a_known_power_law_is_found_again(floor, factor, power):
    errors = floor + factor * COUNTS**-power
    a, b, c = power_law(COUNTS, errors)
    assert a + b * COUNTS**-c == pytest.approx(errors, abs=0.004)
    assert min(a, b, c) >= 0


def test_a_flat_curve_promises_nothing():
    a, b, c = power_law(COUNTS, np.full(6, 0.1))
    assert a + b * 512**-c == pytest.approx(0.1, abs=1e-3)


@pytest.fixture(scope="module")
def found(digits):
    return curve(digits, repeats=3)


def test_sizes_double_and_accuracy_grows(found):
    images = np.array([point.images for point in found.points])
    assert (images[1:] / images[:-1]) == pytest.approx(2, rel=0.35)
    assert found.points[-1].accuracy > found.points[0].accuracy
    assert all(point.interval[0] <= point.accuracy <= point.interval[1] for point in found.points)


def test_the_look_ahead_has_an_interval_around_it(found):
    twice, four = found.extrapolation
    assert twice.images == 480 and four.images == 960
    assert twice.interval[0] <= twice.gain <= twice.interval[1] and 0 <= twice.gain <= four.gain
    assert "Twice as many images would change the accuracy by about +" in found.summary


def test_the_same_seed_gives_the_same_numbers(found, digits):
    assert curve(digits, repeats=3) == found


def test_too_few_images_say_so():
    small = curve(few_digits(24), repeats=2)
    assert small.extrapolation == () and "too few" in small.summary


def test_labels_that_mean_nothing_promise_little(digits):
    random = np.random.default_rng(0)
    blind = Embeddings(
        part=part_of(digits, "all"),
        numbers=random.normal(size=(240, 5)),
        given=random.integers(0, 2, 240),
        groups=np.arange(240),
        classes=("a", "b"),
        by="scratch",
    )
    found = curve_of(blind, "noise", repeats=4)
    assert found.points[-1].interval[0] < 0.55 and found.extrapolation[0].gain < 0.05


def test_the_page_stands_alone(found, tmp_path):
    page = write_curve(found, tmp_path).read_text()
    assert found.summary in page and "mathdefault" not in page and "<svg" in page
