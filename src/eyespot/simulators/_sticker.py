"""A sticker on the camera: a small square, the same in every image, that turns the wheel as far as it can.

The square is optimized for many images together (Brown et al. 2017, "Adversarial Patch"), since it stays where it is
while the road moves. Shapes: N images, C channels, H rows, W columns.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import SimulatorError
from ..model import Model
from ._driver import Driver, steering_of
from ._simulator import Course

EVERY = 15
"""One in this many images of the expert's drive is used to optimize the sticker."""
STEPS, STEP = 60, 0.06
"""Signed gradient steps, and the size of each as a share of full brightness."""


@dataclass(frozen=True, kw_only=True)
class Sticker:
    """A square (C, S, S) with its place in the network's input, and the mean change of the steering in degrees."""

    pixels: Tensor
    top: int
    left: int
    degrees: float

    def on(self, images: Tensor) -> Tensor:
        """Images (N, C, H, W) with the sticker."""
        side = self.pixels.shape[-1]
        outside = torch.ones(images.shape[2:], dtype=torch.bool)
        outside[self.top : self.top + side, self.left : self.left + side] = False
        room = (self.left, images.shape[3] - self.left - side, self.top, images.shape[2] - self.top - side)
        return torch.where(outside, images, F.pad(self.pixels, room))


def find_sticker(model: Model, course: Course, track: int, side: int) -> Sticker:
    """Optimize a sticker that steers to the right, on images of the expert's drive on a track.

    It lies where the gradient of the answer is largest. Raises `SimulatorError` if it is larger than half the image.
    """
    steering_of(model)
    if not 1 <= side <= min(model.images.height, model.images.width) // 2:
        raise SimulatorError(
            f"sticker is {side}; expected a side of 1 to {min(model.images.height, model.images.width) // 2} pixels of "
            "the network's input.",
            argument="sticker",
        )
    images = torch.cat([model.read(pixels) for pixels in _views(course, track)])
    slope = _slope(model, images)
    top, left = _strongest(slope.abs().sum((0, 1)), side)
    sticker = Sticker(pixels=torch.full((images.shape[1], side, side), 0.5), top=top, left=left, degrees=0.0)
    for _ in range(STEPS):
        slope = _slope(model, sticker.on(images))[:, :, top : top + side, left : left + side].mean(0)
        pixels = (sticker.pixels + STEP * slope.sign()).clamp(0, 1)
        sticker = Sticker(pixels=pixels, top=top, left=left, degrees=0.0)
    rounded = Sticker(pixels=(sticker.pixels * 255).round() / 255, top=top, left=left, degrees=0.0)
    with torch.no_grad():
        change = _answers(model, rounded.on(images)) - _answers(model, images)
    return Sticker(pixels=rounded.pixels, top=top, left=left, degrees=math.degrees(float(change.mean())))


def with_sticker(model: Model, sticker: Sticker) -> Driver:
    """A driver whose camera has the sticker on it."""

    @torch.no_grad()
    def steer(pixels: np.ndarray) -> float:
        return float(_answers(model, sticker.on(model.read(pixels)))[0])

    return steer


def _answers(model: Model, images: Tensor) -> Tensor:
    """The steering angles (N,) in rad for images as the network receives them."""
    return model.task.objective(model.outputs(images))


def _slope(model: Model, images: Tensor) -> Tensor:
    """The gradient of the sum of the answers, (N, C, H, W)."""
    images = images.detach().requires_grad_()
    return torch.autograd.grad(_answers(model, images).sum(), images)[0]


def _strongest(values: Tensor, side: int) -> tuple[int, int]:
    """Row and column of the square with the largest sum of values (H, W)."""
    sums = F.avg_pool2d(values[None, None], side, stride=1)[0, 0]
    row, column = divmod(int(sums.argmax()), sums.shape[1])
    return row, column


def _views(course: Course, track: int) -> list[np.ndarray]:
    """Images of the expert's drive."""
    pixels, over = course.reset(track), False
    views, steps = [], 0
    while not over:
        if steps % EVERY == 0:
            views.append(pixels)
        pixels, over = course.step(course.expert_steering())
        steps += 1
    return views
