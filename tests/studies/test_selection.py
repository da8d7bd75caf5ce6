"""Budgets, fronts, knees and recommendations with values worked out by hand."""

import pytest

from eyespot.errors import EyespotError
from eyespot.studies._budget import Budget, parse_budget
from eyespot.studies._candidates import Candidate
from eyespot.studies._rungs import within
from eyespot.studies._selection import Point, knee, on_front, recommend, rung_sizes, survivors
from eyespot.tasks.task import Metric

ACCURACY = Metric(name="accuracy", better="higher")
ERROR = Metric(name="mean_absolute_error", better="lower", unit="degrees")


def candidate(key, milliseconds=1, size=1_000_000, seconds=1.0):
    return Candidate(
        key=key,
        options={},
        milliseconds=milliseconds,
        p95=milliseconds,
        size=size,
        parameters=1,
        multiply_adds=1,
        epochs=9,
        training_seconds=seconds,
    )


def point(key, milliseconds, score, size=1_000_000, error=0.01, front=False):
    return Point(
        candidate=candidate(key, milliseconds, size),
        score=score,
        standard_error=error,
        goodness=score,
        rung=0,
        seconds=1,
        folder="",
        front=front,
    )


def keys(points):
    return [each.candidate.key for each in points]


def test_a_budget_is_read():
    assert parse_budget("5ms, 2MB,accuracy=95", ACCURACY) == Budget(milliseconds=5, size=2e6, score=0.95)
    assert parse_budget("0.5 MS", ACCURACY) == Budget(milliseconds=0.5)
    assert parse_budget("300kb,accuracy=99.5%", ACCURACY) == Budget(size=3e5, score=0.995)
    assert parse_budget("mean_absolute_error=2.5", ERROR) == Budget(score=2.5)
    assert parse_budget(None, ACCURACY) == Budget()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fast", "'fast' cannot be read; expected parts such as 5ms, 2MB or accuracy=95"),
        ("", "'' cannot be read"),
        ("5ms,,2MB", "'' cannot be read"),
        ("-5ms", "'-5ms' cannot be read"),
        ("5", "'5' cannot be read"),
        ("5ms,6ms", "limits the milliseconds twice"),
        ("2MB,accuracy=90,1kb", "limits the size twice"),
        ("0ms", "expected a number above 0"),
        ("psnr=30", "the score of this task is accuracy"),
        ("accuracy=120", "a percentage above 0, up to 100"),
        ("accuracy=0", "a percentage above 0"),
    ],
)
def test_a_budget_that_cannot_be_is_refused(text, message):
    with pytest.raises(EyespotError, match=message.replace("(", r"\(")):
        parse_budget(text, ACCURACY)


def test_the_excess_is_that_of_the_worst_limit():
    assert Budget(milliseconds=5, size=2e6).excess(4, 3e6) == 1.5
    assert Budget().excess(1e9, 1e9) == 0


def test_rungs_keep_a_third():
    assert rung_sizes(1) == [1] and rung_sizes(3) == [3]
    assert rung_sizes(14) == [14, 5, 2] and rung_sizes(10) == [10, 4, 2]


def test_the_front_holds_what_nothing_dominates():
    points = [point("a", 1, 0.5), point("b", 2, 0.4), point("c", 3, 0.8), point("d", 3, 0.7), point("e", 9, 0.8)]
    assert on_front(points) == [True, False, True, False, False]
    twins = [point("a", 1, 0.5), point("b", 1, 0.5)]
    assert on_front(twins) == [True, True]


def test_affordable_points_survive_first_and_fronts_before_dominated_ones():
    points = [point("slow", 20, 0.9), point("good", 4, 0.8), point("fast", 1, 0.5), point("poor", 4, 0.3)]
    assert keys(survivors(points, Budget(milliseconds=5), 4)) == ["good", "fast", "poor", "slow"]
    assert keys(survivors(points, Budget(), 2)) == ["slow", "good"]


def test_the_knee_is_farthest_above_the_line_between_the_ends():
    front = [point("a", 1, 0.5, front=True), point("b", 10, 0.85, front=True), point("c", 100, 0.9, front=True)]
    assert knee(front).candidate.key == "b"  # 0.15 above the line, which is at 0.7
    assert knee(front[:2]) is None
    assert knee([*front, point("not on it", 2, 2.0)]).candidate.key == "b"


def test_the_fastest_within_one_standard_error_is_recommended():
    points = [point("a", 1, 0.85), point("b", 2, 0.895), point("c", 5, 0.9), point("d", 50, 0.99)]
    assert recommend(points, Budget(milliseconds=10), 1)[0].candidate.key == "b"
    assert recommend(points, Budget(), 1)[0].candidate.key == "d"
    assert recommend(points, Budget(size=2e6, score=0.8), 1)[0].candidate.key == "a"


def test_where_nothing_fits_the_closest_is_given():
    points = [point("a", 10, 0.8), point("b", 20, 0.9)]
    assert recommend(points, Budget(milliseconds=5), 1) == (points[0], False)
    assert recommend(points, Budget(milliseconds=15, score=0.85), 1) == (points[0], False)


def test_lower_scores_are_better_where_the_metric_says_so():
    points = [point("a", 1, -5.0, error=0.1), point("b", 2, -2.0, error=0.1)]
    assert recommend(points, Budget(score=3.0), -1) == (points[1], True)
    assert recommend(points, Budget(score=6.0), -1) == (points[0], True)
    assert recommend(points, Budget(score=1.0), -1) == (points[1], False)


def test_trainings_that_do_not_fit_into_the_time_are_passed_over_but_not_the_best():
    ranked = [candidate("a", seconds=6.0), candidate("b", seconds=9.0), candidate("c", seconds=3.0)]
    assert [each.key for each in within(ranked, 1.0, 10.0)] == ["a", "c"]
    assert [each.key for each in within(ranked, 1 / 3, 10.0)] == ["a", "b", "c"]
    assert [each.key for each in within(ranked, 1.0, 1.0)] == ["a"]
