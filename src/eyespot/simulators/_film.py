"""A video of a drive: each image with its VisualBackProp mask and the steering."""

from pathlib import Path

import numpy as np
import torch

from ..explanations.visualbackprop import visual_backprop
from ..files import written
from ..images import frame_of, write_animation
from ..model import Model
from ..networks.graph.record import output_of, record

SCALE = 3
"""Scale of the video relative to the camera image."""
BAR = 24
"""Number of rows below the image that show the steering."""
EVERY = 2
"""One in this many steps is shown."""
BLUE, DARK, LIGHT = (40, 120, 255), (24, 24, 28), (230, 230, 235)


@torch.no_grad()
def look(model: Model, pixels: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the steering angle in rad for an image (H, W, 3), and its VisualBackProp mask (H, W) from 0 to 1."""
    calls = record(model.network, model.network_x(model.read(pixels)))
    return float(model.task.answer(output_of(calls)[0])["number"]), _mask(model, calls, pixels)


class Film:
    """A model as a driver that stores its camera images; see `steering_of`, which checks the model."""

    def __init__(self, model: Model, limit: float, every: int = EVERY) -> None:
        self.model = model
        self.every = every
        self.limit = limit
        self.frames: list[np.ndarray] = []
        self.steps = 0

    @torch.no_grad()
    def steer(self, pixels: np.ndarray) -> float:
        """Return the steering angle for an image; one image in `every` is stored with its mask."""
        calls = record(self.model.network, self.model.network_x(self.model.read(pixels)))
        angle = float(self.model.task.answer(output_of(calls)[0])["number"])
        if self.steps % self.every == 0:
            self.frames.append(shown(pixels, _mask(self.model, calls, pixels), angle / self.limit))
        self.steps += 1
        return angle

    def write(self, path: Path, step_seconds: float) -> Path:
        """Write the stored images as an animated WebP file at the speed of the simulator."""
        with written(path):
            return write_animation(self.frames, path, round(1000 * self.every * step_seconds))


def _mask(model: Model, calls: list, pixels: np.ndarray) -> np.ndarray:
    """The mask (H, W) in the camera's pixels, 0 outside the network's crop."""
    mask = visual_backprop(calls)[0, 0].numpy()
    height, width = pixels.shape[:2]
    y, x = np.mgrid[:height, :width] + 0.5
    places = frame_of((height, width), model.images).apply(np.stack([x, y], axis=-1))
    column, row = np.floor(places).astype(int).transpose(2, 0, 1)
    inside = (row >= 0) & (row < mask.shape[0]) & (column >= 0) & (column < mask.shape[1])
    found = mask[row.clip(0, mask.shape[0] - 1), column.clip(0, mask.shape[1] - 1)]
    return np.where(inside, found, 0.0)


def shown(pixels: np.ndarray, mask: np.ndarray, steering: float) -> np.ndarray:
    """An image (H, W, 3) with its mask (H, W) from 0 to 1 in blue, and a bar for the steering from -1 to 1 below."""
    strength = 0.8 * mask[..., None]
    overlay = (pixels * (1 - strength) + np.array(BLUE) * strength).round().astype(np.uint8)
    large = overlay.repeat(SCALE, axis=0).repeat(SCALE, axis=1)
    width = large.shape[1]
    bar = np.full((BAR, width, 3), DARK, np.uint8)
    middle, end = width // 2, round(width / 2 * (1 + float(np.clip(steering, -1, 1))))
    bar[6:-6, min(middle, end) : max(middle, end)] = BLUE
    bar[:, middle - 1 : middle + 1] = LIGHT
    return np.concatenate([large, bar])
