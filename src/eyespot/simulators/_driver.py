"""A model as a driver: from an image to a steering angle."""

from collections.abc import Callable

import numpy as np

from ..errors import SimulatorError
from ..model import Model

Driver = Callable[[np.ndarray], float]
"""Returns a steering angle in rad, positive to the right, for an image, uint8 (H, W, 3)."""

RADIANS = ("", "rad", "radian", "radians")


def steering_of(model: Model, name: str = "the model") -> Driver:
    """Return a driver that steers by a regression model; raise `SimulatorError` for another task or unit."""
    if "number" not in model.task.columns:
        raise SimulatorError(
            f"{name}: answers the task {model.task.name}, and driving takes a number, the steering angle; train one "
            "with 'eyespot train DRIVES --task regress --network pilotnet'."
        )
    black = np.zeros((model.images.height, model.images.width, 3), np.uint8)
    if (unit := str(model.predict(black).get("unit", ""))) not in RADIANS:
        raise SimulatorError(f"{name}: answers in {unit}; expected steering angles in rad.")
    return lambda pixels: float(model.predict(pixels)["number"])
