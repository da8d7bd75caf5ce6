"""What a simulator is: something that shows images and takes answers.

Any object with these methods can be driven. One that also knows the road (`Course`) lets interventions be counted.
"""

from typing import Protocol

import numpy as np


class Simulator(Protocol):
    """A closed loop: each answer to an image decides what the next image shows."""

    def reset(self, seed: int) -> np.ndarray:
        """Start anew; returns the first image, uint8 (H, W, 3). The same seed gives the same start."""
        ...

    def step(self, answer: float) -> tuple[np.ndarray, bool]:
        """Carry out an answer for one time step; returns the next image and whether the drive is over."""
        ...


class Course(Simulator, Protocol):
    """A simulator that knows its road, so that an expert can drive it and interventions can be counted.

    `step_seconds` is the simulated time of one step, `steering_limit` the largest steering angle in rad that has an
    effect, and `name` stands in tables.
    """

    name: str
    step_seconds: float
    steering_limit: float

    def step(self, answer: float) -> tuple[np.ndarray, bool]:
        """Hold a steering angle in rad, positive to the right, for one step; see `Simulator.step`."""
        ...

    @property
    def position(self) -> np.ndarray:
        """Where the car is, (x, y) in units of the simulator."""
        ...

    @property
    def center_line(self) -> np.ndarray:
        """Points (P, 2) along the middle of the road."""
        ...

    @property
    def off_road(self) -> bool:
        """Whether the car has left the road, so that a person would intervene."""
        ...

    @property
    def score(self) -> float:
        """What the simulator rewards of the drive so far, its return."""
        ...

    def picture(self) -> np.ndarray:
        """What the camera sees now, uint8 (H, W, 3)."""
        ...

    def expert_steering(self) -> float:
        """The steering angle in rad by which the scripted expert would answer now."""
        ...

    def put_back(self) -> np.ndarray:
        """Put the car into the middle of the road, in its direction; returns the image there."""
        ...
