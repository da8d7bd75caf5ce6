"""The center line of a closed track: the car's position on it, and the expert's steering.

Positions are (x, y) in the simulator's units, headings in rad, counterclockwise from the y-axis.
"""

import math

import numpy as np

SEARCH = 12
"""Number of center line points ahead and behind in which the nearest one is searched: roads may be close."""
WHEELBASE = 3.24
"""Wheelbase of the car."""


class Track:
    """A closed center line (P, 2) with its headings (P,), and a car's position on it."""

    def __init__(self, points: np.ndarray, headings: np.ndarray) -> None:
        self.points = points
        self.headings = headings
        self.place = 0
        self.passed = 0

    def __len__(self) -> int:
        return len(self.points)

    def follow(self, position: np.ndarray) -> None:
        """Move `place` to the nearest point close to the last one; `passed` counts the points since the start."""
        around = self.place + np.arange(-SEARCH, SEARCH + 1)
        distances = np.square(self.points[around % len(self)] - position).sum(axis=1)
        moved = int(distances.argmin()) - SEARCH
        self.passed += moved
        self.place = (self.place + moved) % len(self)

    def offset(self, position: np.ndarray) -> float:
        """Distance from the center line, positive to the right of it."""
        heading = self.headings[self.place]
        away = position - self.points[self.place]
        return float(away[0] * math.cos(heading) + away[1] * math.sin(heading))

    def pursuit(self, position: np.ndarray, heading: float, ahead: float) -> float:
        """Steering angle, positive to the right, toward the point at distance `ahead` (pure pursuit).

        Coulter (1992): the arc through the car and a point of the path at distance d and angle a has the curvature
        2 sin(a) / d.
        """
        target = self._ahead(position, ahead) - position
        right = target[0] * math.cos(heading) + target[1] * math.sin(heading)
        distance = float(np.hypot(*target))
        return math.atan(WHEELBASE * 2 * right / distance**2)

    def _ahead(self, position: np.ndarray, distance: float) -> np.ndarray:
        """The first point of the center line, from the current place on, with at least this distance."""
        following = self.points[(self.place + np.arange(1, 40)) % len(self)]
        far = np.hypot(*(following - position).T) >= distance
        return following[int(far.argmax()) if far.any() else -1]
