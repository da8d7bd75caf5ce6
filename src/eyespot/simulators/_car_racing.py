"""CarRacing-v3 of Gymnasium as a course: a car with constant speed, steered from its camera.

Steering is the angle of the front wheels in rad, positive to the right, limited to 0.4. One step holds it for two steps
of the physics (0.04 s).
"""

import math
from typing import Any

import numpy as np

from ..errors import SimulatorError
from ._environment import environment_class
from ._track import Track

ROWS = 84
"""Rows of the image that show the road; below them are gauges, which would reveal the steering."""
HALF_WIDTH, HALF_CAR = 40 / 6, 1.2
"""Half the width of the road, and of the car."""
SPEED = 50.0
"""Target speed, in simulator units per second."""
LIMIT = 0.4
PHYSICS_STEPS = 2
PHYSICS_SECONDS = 0.02
MOST_STEPS = 900
"""Maximum number of steps of a drive, 36 s: a lap takes 480 to 590."""
AHEAD = 12.0
"""Distance of the point that the expert steers toward."""
COLORS = ("default", "random", "random-per-image")
BRIGHTEST = 210
PAINTED = ("bg_color", "grass_color")


class CarRacing:
    """Random tracks, seen from above; the seed is the track number.

    With `colors` "random", the colors of road and grass vary between tracks (as with the environment's
    `domain_randomize`, but with the same tracks), and with "random-per-image" between images: training data in which
    no color means road. With `draw` False no image is drawn, which is 50 times faster: images
    are then black. Raises `SimulatorError` if the extra `drive` is not installed.
    """

    name = "CarRacing-v3"
    step_seconds = PHYSICS_STEPS * PHYSICS_SECONDS
    steering_limit = LIMIT

    def __init__(self, colors: str = "default", draw: bool = True) -> None:
        if colors not in COLORS:
            raise SimulatorError(f"colors is '{colors}'; expected one of {', '.join(COLORS)}.")
        self.colors = colors
        self.draw = draw
        self.environment_class = environment_class()

    def undrawn(self) -> "CarRacing":
        """The same course without images, for the expert."""
        return CarRacing(self.colors, draw=False)

    def reset(self, seed: int) -> np.ndarray:
        """Build a track and put the car at its start, at full speed; return the image (84, 96, 3)."""
        # A new environment for each track: Box2D's results depend on the previous content of its world.
        self.environment = self.environment_class()
        self.environment.drawn = False
        self.random = np.random.default_rng((seed, 1))
        if self.colors != "default":
            _color(self.environment, self.random)
        self.environment.reset(seed=seed)
        track = np.array(self.environment.track)
        self.track = Track(track[:, 2:4], track[:, 1])
        self.steps = 0
        return self.put_back()

    def step(self, answer: float) -> tuple[np.ndarray, bool]:
        """Hold a steering angle for 0.04 s; the drive ends after a lap, far off the road, or after 36 s."""
        over = False
        for _ in range(PHYSICS_STEPS):
            gas, brake = self._pedals()
            *_, terminated, _, _ = self.environment.step(np.array([np.clip(answer, -LIMIT, LIMIT), gas, brake]))
            over |= terminated
        self.steps += 1
        self.track.follow(self.position)
        lap = self.track.passed >= len(self.track)
        return self._seen(), over or lap or self.steps >= MOST_STEPS

    @property
    def position(self) -> np.ndarray:
        """Position of the car, (x, y)."""
        return np.array(self._car.hull.position)

    @property
    def center_line(self) -> np.ndarray:
        """Center line of the road (P, 2), a closed loop."""
        return self.track.points

    @property
    def offset(self) -> float:
        """Distance of the car's center from the center line, positive to the right."""
        return self.track.offset(self.position)

    @property
    def off_road(self) -> bool:
        """Whether a wheel is off the road, assuming that the car is parallel to it."""
        return abs(self.offset) > HALF_WIDTH - HALF_CAR

    @property
    def score(self) -> float:
        """The environment's return: 1,000 for a whole lap, minus 0.1 per step of the physics."""
        return float(self.environment.reward)

    def expert_steering(self) -> float:
        """Pure pursuit of the center line."""
        steering = self.track.pursuit(self.position, self._car.hull.angle, AHEAD)
        return float(np.clip(steering, -LIMIT, LIMIT))

    def put_back(self) -> np.ndarray:
        """Put the car at the center of the road, at full speed in its direction; return the image there."""
        heading = float(self.track.headings[self.track.place])
        forward = np.array([-math.sin(heading), math.cos(heading)])
        self._place(self._car.hull, self.track.points[self.track.place], heading, forward)
        for wheel in self._car.wheels:
            anchor = np.array(wheel.joint.anchorA)  # follows the hull
            self._place(wheel, anchor, heading, forward)
            wheel.omega = SPEED / wheel.wheel_rad
        return self._seen()

    def picture(self) -> np.ndarray:
        """The current camera image, uint8 (84, 96, 3); always drawn."""
        if self.colors == "random-per-image":
            _color(self.environment, self.random)
            _color_road(self.environment)
        self.environment.drawn = True
        pixels = self.environment._render("state_pixels")
        self.environment.drawn = False
        assert pixels is not None
        return np.ascontiguousarray(pixels[:ROWS])

    def road(self) -> np.ndarray:
        """Whether each pixel of the current image shows road, with or without the car on it: bool (84, 96)."""
        environment = self.environment
        kept = {name: getattr(environment, name) for name in (*PAINTED, "road_poly")}
        colors, draw, car = self.colors, self._car.draw, self._car
        try:
            environment.bg_color, environment.grass_color = np.zeros(3), np.zeros(3)
            tiles = [(corners, color) for corners, color in environment.road_poly if not isinstance(color, tuple)]
            environment.road_poly = [(corners, np.full(3, 255.0)) for corners, _ in tiles]
            self.colors, car.draw = "default", lambda *_: None
            return self.picture()[..., 0] > 127
        finally:
            self.colors, car.draw = colors, draw
            for name, value in kept.items():
                setattr(environment, name, value)

    def _seen(self) -> np.ndarray:
        return self.picture() if self.draw else np.zeros((ROWS, 96, 3), np.uint8)

    @property
    def _car(self) -> Any:
        assert self.environment.car is not None
        return self.environment.car

    def _place(self, body: Any, position: np.ndarray, heading: float, forward: np.ndarray) -> None:
        body.position = position.tolist()
        body.angle = heading
        body.linearVelocity = (SPEED * forward).tolist()
        body.angularVelocity = 0.0

    def _pedals(self) -> tuple[float, float]:
        """Gas and brake that keep the target speed."""
        missing = SPEED - float(np.hypot(*self._car.hull.linearVelocity))
        return float(np.clip(0.1 * missing, 0, 1)), float(np.clip(-0.02 * missing, 0, 0.2))


def _color(environment: Any, random: np.random.Generator) -> None:
    """Draw random colors as the environment's `domain_randomize` does."""
    environment.road_color = random.uniform(0, BRIGHTEST, size=3)
    environment.bg_color = random.uniform(0, BRIGHTEST, size=3)
    environment.grass_color = environment.bg_color.copy()
    environment.grass_color[random.integers(3)] += 20


def _color_road(environment: Any) -> None:
    """Give the road of a track the environment's color; its tiles differ a little, and curbs are tuples of a color."""
    tiles = [place for place, (_, color) in enumerate(environment.road_poly) if not isinstance(color, tuple)]
    for number, place in enumerate(tiles):
        environment.road_poly[place] = (environment.road_poly[place][0], environment.road_color + 2.55 * (number % 3))
