"""Driving in a closed loop, judged by autonomy (Bojarski et al. 2016).

Where the car leaves the road, a person would intervene: it is put back into the middle of the road, and six seconds
are counted for it. Autonomy is the share of the time that is left.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from ._driver import Driver
from ._simulator import Course, Simulator

INTERVENTION_SECONDS = 6.0


@dataclass(frozen=True, kw_only=True)
class Kicks:
    """Disturbances of the steering: `angle` rad are added for `steps` steps, at the end of every `every` steps.

    To the left or to the right at random, the same for the same track.
    """

    angle: float
    steps: int = 5
    every: int = 50

    def on(self, track: int) -> Iterator[float]:
        """What is added to the steering, step by step."""
        random = np.random.default_rng((track, 2))
        while True:
            yield from [0.0] * (self.every - self.steps)
            yield from [self.angle * random.choice((-1, 1))] * self.steps


@dataclass(frozen=True, kw_only=True)
class Drive:
    """One drive: the track, its time in simulated seconds, and the number of interventions.

    `score` is the simulator's return, which means little where the car was put back. `path` (T, 2) and `steering` (T,)
    are position and answer of each step, `interventions_at` the steps at which the car was put back, `center_line`
    (P, 2) the middle of the road.
    """

    track: int
    seconds: float
    interventions: int
    score: float
    path: np.ndarray = field(repr=False)
    steering: np.ndarray = field(repr=False)
    interventions_at: tuple[int, ...] = ()
    center_line: np.ndarray = field(repr=False)


def autonomy(interventions: int, seconds: float) -> float:
    """The share of the time without a person: 1 - 6 s x interventions / time, at least 0.

    >>> autonomy(10, 600.0)
    0.9
    """
    return max(0.0, 1 - INTERVENTION_SECONDS * interventions / seconds)


def expert(course: Course) -> Driver:
    """The scripted expert of a course as a driver."""
    return lambda pixels: course.expert_steering()


def drive(driver: Driver, course: Course, track: int, *, kicks: Kicks | None = None, put_back: bool = True) -> Drive:
    """Drive one track; where the car leaves the road it is put back, unless `put_back` is False."""
    pixels, over = course.reset(track), False
    disturbances = kicks.on(track) if kicks else None
    path, steering, interventions = [course.position], [], []
    while not over:
        steering.append(driver(pixels))
        pixels, over = course.step(steering[-1] + (next(disturbances) if disturbances else 0.0))
        path.append(course.position)
        if put_back and course.off_road and not over:
            interventions.append(len(steering))
            pixels = course.put_back()
    return Drive(
        track=track,
        seconds=len(steering) * course.step_seconds,
        interventions=len(interventions),
        score=course.score,
        path=np.array(path),
        steering=np.array(steering),
        interventions_at=tuple(interventions),
        center_line=course.center_line,
    )


def play(driver: Driver, simulator: Simulator, seed: int, most: int = 10_000) -> list[float]:
    """Drive any simulator until the drive is over, or for `most` steps; returns the answer of each step."""
    pixels, over = simulator.reset(seed), False
    answers: list[float] = []
    while not over and len(answers) < most:
        answers.append(driver(pixels))
        pixels, over = simulator.step(answers[-1])
    return answers


def total(drives: Sequence[Drive]) -> dict[str, float]:
    """Autonomy and interventions of several drives together."""
    seconds, interventions = sum(one.seconds for one in drives), sum(one.interventions for one in drives)
    return {
        "autonomy": autonomy(interventions, seconds),
        "interventions": interventions,
        "interventions_per_track": interventions / len(drives),
        "seconds": seconds,
    }
