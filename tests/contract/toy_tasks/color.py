"""Which color does each place of a gray image have? A map at half the size, of what the input no longer holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self, final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from eyespot.images import Frame
from eyespot.networks.network import Output
from eyespot.sources import from_arrays
from eyespot.sources.source import Row, Source
from eyespot.tasks.statistics import mean_interval
from eyespot.tasks.task import Metric, Target, Task

STRIDE = 2
LUMINANCE = (0.299, 0.587, 0.114)


@final
@dataclass(frozen=True, kw_only=True)
class Color(Task):
    """The network receives the luminance Y alone, and answers blue - Y and red - Y of every 2 x 2 pixels."""

    name: ClassVar[str] = "color"
    metric: ClassVar[Metric] = Metric(name="color_error", better="lower")
    columns: ClassVar[tuple[str, ...]] = ()

    def prepare(self, rows: Sequence[Row]) -> Self:
        return self

    def read(self, row: Row) -> float:
        return 0.0

    def outputs(self, channels: int) -> Output:
        return Output("map", 2, stride=STRIDE)

    def make_problem(self, images: tuple[Tensor, ...], target: Target, keys: Tensor) -> tuple[Tensor, Tensor]:
        """The target is made from the colors of the image itself."""
        pixels = images[0]
        return pixels, F.avg_pool2d(pixels[:, [2, 0]] - self.network_input(pixels), STRIDE, ceil_mode=True)

    def network_input(self, pixels: Tensor) -> Tensor:
        weights = torch.tensor(LUMINANCE, dtype=pixels.dtype, device=pixels.device)
        return F.conv2d(pixels, weights.view(1, 3, 1, 1))

    def loss(self, output: Tensor, target: Tensor, criterion: nn.Module | None = None) -> Tensor:
        return (output - target).square().mean((1, 2, 3))

    def score(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        return {"color_error": (output - target).abs().mean((1, 2, 3))}

    def to_rows(self, output: Tensor, target: Tensor, frame: Frame | None = None) -> list[dict[str, Any]]:
        return [{"color_error": error} for error in self.score(output, target)["color_error"].tolist()]

    def evaluate(self, table: Sequence[dict[str, Any]]) -> tuple[float, tuple[float, float], dict[str, Any]]:
        errors = [row["color_error"] for row in table]
        return sum(errors) / len(errors), mean_interval(errors), {}

    def answer(self, output: Tensor, frame: Frame | None = None) -> dict[str, Any]:
        return {"answer": f"{output.shape[2]} x {output.shape[1]} colors", "mean": output.mean((1, 2)).tolist()}

    def objective(self, output: Tensor, of: Any = None) -> Tensor:
        return output[:, 1].mean((1, 2))

    def example(self, seed: int) -> Source:
        return colored(seed)


def colored(seed: int = 0, count: int = 60) -> Source:
    """16 x 16 images whose left or right half is red, the other one green; the red half is the darker one."""
    random = np.random.default_rng(seed)
    images = random.integers(0, 30, (count, 16, 16, 3), dtype=np.uint8)
    for image, red_left in zip(images, random.random(count) < 0.5, strict=True):
        left, right = (0, 1) if red_left else (1, 0)
        image[:, :8, left] += 150
        image[:, 8:, right] += 150
    split = ["train"] * (count - 24) + ["validation"] * 12 + ["test"] * 12
    return from_arrays("colored", "arrays", images, [{}] * count, split)
