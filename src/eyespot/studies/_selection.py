"""Which points survive, lie on the Pareto front, and are recommended; validation scores only."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ._budget import Budget
from ._candidates import Candidate

KEEP = 3
"""Successive halving keeps one of three candidates, trained three times as long, until at most three are left."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """Another way to run a trained candidate: `backend` torch, onnx or int8, threads, and the file that it reads.

    `option` is an option of the task, such as "candidates=50", if the file has another one than the trained model.
    """

    backend: str
    threads: int
    file: str
    option: str = ""


@dataclass(frozen=True, kw_only=True)
class Point:
    """One candidate after its longest training: the validation score with its standard error, and what it cost.

    `goodness` is the score, negated where lower is better. `test` is the result on test images, of the front alone.
    `peak_memory` is in bytes beyond an idle process, None where it was not measured. `deployment` is None for torch
    with its usual number of threads, by which candidates are compared before they are trained.
    """

    candidate: Candidate
    score: float
    standard_error: float
    goodness: float
    rung: int
    seconds: float
    folder: str
    front: bool = False
    test: dict[str, Any] | None = None
    peak_memory: int | None = None
    deployment: Deployment | None = None


def rung_sizes(count: int) -> list[int]:
    """How many candidates are trained in each rung.

    >>> rung_sizes(14), rung_sizes(2)
    ([14, 5, 2], [2])
    """
    sizes = [count]
    while sizes[-1] > KEEP:
        sizes.append(math.ceil(sizes[-1] / KEEP))
    return sizes


def on_front(points: Sequence[Point]) -> list[bool]:
    """Whether no other point is at least as good in latency and score and better in one of them."""
    return [not any(_dominates(other, point) for other in points) for point in points]


def _dominates(one: Point, other: Point) -> bool:
    pairs = [
        (one.goodness, other.goodness),
        (-one.candidate.milliseconds, -other.candidate.milliseconds),
    ]
    return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)


def survivors(points: Sequence[Point], budget: Budget, count: int) -> list[Point]:
    """The points that the next rung trains: within the budget first, then front after front, the better ones first."""
    left, ranked = list(points), []
    while left:
        front = [point for point, kept in zip(left, on_front(left), strict=True) if kept]
        ranked += sorted(front, key=lambda point: -point.goodness)
        left = [point for point in left if point not in front]
    affordable = [point for point in ranked if is_affordable(point, budget)]
    return [*affordable, *(point for point in ranked if point not in affordable)][:count]


def is_affordable(point: Point, budget: Budget) -> bool:
    """Whether latency and size are within the budget."""
    return budget.excess(point.candidate.milliseconds, point.candidate.size) <= 1


def knee(points: Sequence[Point]) -> Point | None:
    """The point of the front farthest above the line between its ends, latency on a logarithmic scale.

    None for a front of fewer than three points.
    """
    front = sorted((point for point in points if point.front), key=lambda point: point.candidate.milliseconds)
    if len(front) < 3:
        return None
    x = [math.log(point.candidate.milliseconds) for point in front]
    slope = (front[-1].goodness - front[0].goodness) / (x[-1] - x[0])
    above = [point.goodness - front[0].goodness - slope * (at - x[0]) for point, at in zip(front, x, strict=True)]
    return front[above.index(max(above))]


def recommend(points: Sequence[Point], budget: Budget, sign: int) -> tuple[Point, bool]:
    """The recommended point, and whether it is within the whole budget; otherwise it is the closest one.

    With a score to reach, the fastest that reaches it. Without one, the fastest whose score is at most one standard
    error below the best within the budget. `sign` is 1 where higher scores are better, else -1.
    """
    affordable = [point for point in points if is_affordable(point, budget)]
    if not affordable:
        return min(points, key=lambda point: budget.excess(point.candidate.milliseconds, point.candidate.size)), False
    best = max(affordable, key=lambda point: point.goodness)
    if budget.score is not None:
        least = sign * budget.score
        if best.goodness < least:
            return best, False
    else:
        least = best.goodness - best.standard_error
    return min((p for p in affordable if p.goodness >= least), key=lambda p: p.candidate.milliseconds), True
