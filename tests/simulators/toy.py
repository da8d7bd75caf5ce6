"""A course without any package: a straight road, along which the car moves by itself and sideways as it is steered."""

import numpy as np


class Toy:
    name = "toy"
    step_seconds = 0.5
    steering_limit = 1.0

    def __init__(self, length: int = 100) -> None:
        self.length = length

    def reset(self, seed: int) -> np.ndarray:
        self.x, self.steps = 0.0, 0
        return self.picture()

    def step(self, answer: float) -> tuple[np.ndarray, bool]:
        self.x += answer
        self.steps += 1
        return self.picture(), self.steps >= self.length

    def picture(self) -> np.ndarray:
        """Brighter, the farther right the car is."""
        return np.full((8, 8, 3), np.clip(128 + 100 * self.x, 0, 255), np.uint8)

    def put_back(self) -> np.ndarray:
        self.x = 0.0
        return self.picture()

    def expert_steering(self) -> float:
        return float(np.clip(-self.x, -0.1, 0.1))

    @property
    def position(self) -> np.ndarray:
        return np.array([self.x, float(self.steps)])

    @property
    def center_line(self) -> np.ndarray:
        return np.array([[0.0, 0.0], [0.0, self.length]])

    @property
    def off_road(self) -> bool:
        return abs(self.x) > 1

    @property
    def score(self) -> float:
        return 10.0 - abs(self.x)
