"""The view of a camera that was moved or turned a little, computed from a recorded image.

On a flat road, a pixel r rows below the horizon shows a point at the distance f h / r (f: focal length in pixels, h:
height of the camera). A camera that is moved to the right by s sees it r s / h pixels farther left; one that is turned
to the right by the angle a sees everything about f tan(a) pixels farther left (Bojarski et al. 2016 transform
viewpoints under the same assumption). Shapes: H rows, W columns, C channels.
"""

import math
from dataclasses import dataclass

import numpy as np

from ..errors import SimulatorError

RETURN_SECONDS = 2.0
"""The time in which a shifted car is to be back in position and direction, as in the paper."""


@dataclass(frozen=True, kw_only=True)
class Vehicle:
    """A car with its camera: lengths in meters, `lock` in rad, `speed` in meters per second.

    `focal` is the focal length as a fraction of the image's width, `lock` the angle of the front wheels at a steering
    of 1, `side` the distance of the side cameras from the center, and `limit` that distance from the recorded path at
    which a person would intervene.
    """

    camera_height: float
    focal: float
    wheelbase: float
    lock: float
    speed: float
    side: float
    limit: float

    def curvature(self, steering: float) -> float:
        """Curvature of the path in 1 / m, positive to the right, at a steering from -1 to 1: tan(angle) / wheelbase."""
        return math.tan(self.lock * min(1.0, max(-1.0, steering))) / self.wheelbase

    def steering(self, curvature: float) -> float:
        """The steering, from -1 to 1, that has a curvature in 1 / m: the inverse of `curvature`, limited to the lock.

        >>> round(VEHICLES["udacity"].steering(VEHICLES["udacity"].curvature(0.5)), 6)
        0.5
        """
        return min(1.0, max(-1.0, math.atan(self.wheelbase * curvature) / self.lock))

    def returning(self, steering: float, shift: float, turn: float) -> float:
        """The steering of a car that is beside its path by `shift` meters and `turn` rad, both positive to the right.

        The cubic that leads to the path within the distance D of two seconds begins with the curvature
        -6 shift / D^2 - 4 turn / D, to which that of the path is added.
        """
        distance = RETURN_SECONDS * self.speed
        return self.steering(self.curvature(steering) - 6 * shift / distance**2 - 4 * turn / distance)


VEHICLES = {
    "udacity": Vehicle(
        camera_height=1.2, focal=0.43, wheelbase=2.6, lock=math.radians(25), speed=13.0, side=0.84, limit=1.0
    ),
    "donkeycar": Vehicle(
        camera_height=0.12, focal=0.43, wheelbase=0.17, lock=math.radians(25), speed=1.0, side=0.0, limit=0.1
    ),
}
"""The simulator of Udacity, whose side cameras fit images shifted by 0.7 camera heights, and a model car."""


def vehicle_named(name: str) -> Vehicle:
    """A vehicle by its name; raise `SimulatorError` for an unknown one."""
    if name not in VEHICLES:
        raise SimulatorError(f"vehicle is '{name}'; expected {' or '.join(VEHICLES)}.", argument="vehicle")
    return VEHICLES[name]


def check_horizon(horizon: float) -> None:
    """Raise `SimulatorError` unless the horizon is a fraction of the image's height."""
    if not 0 <= horizon < 1:
        raise SimulatorError(
            f"horizon is {horizon:g}; expected a fraction of the image's height, from 0 (the top) to 1.",
            argument="horizon",
        )


def from_viewpoint(pixels: np.ndarray, vehicle: Vehicle, horizon: float, shift: float, turn: float) -> np.ndarray:
    """An image (H, W, C), uint8, as a camera sees it that is moved by `shift` meters and turned by `turn` rad.

    `horizon` is the horizon's row as a fraction of the height; both movements are positive to the right. Columns that
    the recorded image does not show repeat its border.

    >>> image = np.arange(8, dtype=np.uint8).reshape(1, 8, 1).repeat(2, axis=0)
    >>> car = VEHICLES["udacity"]
    >>> from_viewpoint(image, car, 0.25, car.camera_height, 0.0)[..., 0].tolist()
    [[0, 1, 2, 3, 4, 5, 6, 7], [1, 2, 3, 4, 5, 6, 7, 7]]
    """
    height, width = pixels.shape[:2]
    below = np.maximum(np.arange(height) + 0.5 - horizon * height, 0.0)
    moved = shift / vehicle.camera_height * below + vehicle.focal * width * math.tan(turn)
    columns = np.clip(np.arange(width) + moved[:, None], 0, width - 1)
    left = np.floor(columns).astype(int)
    right, share = np.minimum(left + 1, width - 1), (columns - left)[..., None]
    rows = np.arange(height)[:, None]
    return np.round(pixels[rows, left] * (1 - share) + pixels[rows, right] * share).astype(np.uint8)
