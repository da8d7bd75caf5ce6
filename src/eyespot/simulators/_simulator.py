"""The simulator protocol: images out, answers in.

Any object with these methods can be driven. A `Course` also knows the road, so that interventions can be counted.
"""

from typing import Protocol

import numpy as np


class Simulator(Protocol):
    """A closed loop: each answer to an image affects the next image."""

    def reset(self, seed: int) -> np.ndarray:
        """Restart; return the first image, uint8 (H, W, 3). The same seed gives the same start."""
        ...

    def step(self, answer: float) -> tuple[np.ndarray, bool]:
        """Apply an answer for one time step; return the next image and whether the drive has ended."""
        ...


class Course(Simulator, Protocol):
    """A simulator with a known road, so that an expert can drive it and interventions can be counted.

    `step_seconds` is the simulated time of one step, `steering_limit` the largest effective steering angle in rad, and
    `name` appears in tables.
    """

    name: str
    step_seconds: float
    steering_limit: float

    def step(self, answer: float) -> tuple[np.ndarray, bool]:
        """Hold a steering angle in rad, positive to the right, for one step; see `Simulator.step`."""
        ...

    @property
    def position(self) -> np.ndarray:
        """Position of the car, (x, y) in simulator units."""
        ...

    @property
    def center_line(self) -> np.ndarray:
        """Points (P, 2) along the center of the road."""
        ...

    @property
    def off_road(self) -> bool:
        """Whether the car has left the road, so that a person would intervene."""
        ...

    @property
    def score(self) -> float:
        """The simulator's return of the drive so far."""
        ...

    def picture(self) -> np.ndarray:
        """The current camera image, uint8 (H, W, 3)."""
        ...

    def expert_steering(self) -> float:
        """The current steering angle in rad of the scripted expert."""
        ...

    def put_back(self) -> np.ndarray:
        """Put the car at the center of the road, in its direction; return the image there."""
        ...
