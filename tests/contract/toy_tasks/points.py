"""A toy task with named targets: where are the bright dots on a picture, and how many?"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self, final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from eyespot.errors import TaskError
from eyespot.images import Frame
from eyespot.networks.network import Output
from eyespot.sources._arrays import from_arrays
from eyespot.sources.source import Row, Source
from eyespot.tasks._target import pad_ragged, unpad_ragged
from eyespot.tasks.statistics import mean_interval
from eyespot.tasks.task import Metric, Task

MOST = 2
"""Dots on one picture."""


@final
@dataclass(frozen=True, kw_only=True)
class Points(Task):
    """Points [x, y] in pixels, as JSON text in the column `dots`: target {"points": (N, 2, 2), "count": (N,)}.

    The network sees and predicts them in shares of its input's sides, from left to right; its output holds two numbers
    for each point, and the count.
    """

    name: ClassVar[str] = "points"
    metric: ClassVar[Metric] = Metric(name="mean_distance", better="lower", unit="pixels")
    columns: ClassVar[tuple[str, ...]] = ("dots",)
    fit: ClassVar[str] = "stretch"

    def prepare(self, rows: Sequence[Row]) -> Self:
        for row in rows:
            self.read(row)
        return self

    def read(self, row: Row) -> list[list[float]]:
        try:
            return [[float(x), float(y)] for x, y in json.loads(row.values["dots"])]
        except (KeyError, ValueError, TypeError):
            raise TaskError(f"{row.location}: dots are '{row.values.get('dots')}'; expected JSON text.") from None

    def stack(self, targets: Sequence[Any]) -> dict[str, Tensor]:
        padded = pad_ragged(targets, width=2)
        points = F.pad(padded, (0, 0, 0, MOST - padded.shape[1]), value=torch.nan)
        return {"points": points, "count": torch.tensor([float(len(target)) for target in targets])}

    def transform_target(self, target: dict[str, Tensor], frame: Frame) -> dict[str, Tensor]:
        shares = frame.apply(target["points"]) / _sides(frame)
        order = shares[..., 0].nan_to_num(torch.inf).argsort(dim=1)  # from left to right, also where mirrored
        return {**target, "points": shares.gather(1, order[..., None].expand_as(shares))}

    def outputs(self, channels: int) -> Output:
        return Output("vector", MOST * 2 + 1)

    def loss(self, output: Tensor, target: dict[str, Tensor], criterion: nn.Module | None = None) -> Tensor:
        count, points = _split(output)
        known = ~target["points"].isnan()
        squared = (points - target["points"].nan_to_num()).square() * known
        return squared.sum((1, 2)) + 0.1 * (count - target["count"]).square()

    def score(self, output: Tensor, target: dict[str, Tensor]) -> dict[str, Tensor]:
        distance = (_split(output)[1] - target["points"]).norm(dim=2)
        return {"mean_distance": distance.nanmean(1)}

    def to_rows(self, output: Tensor, target: dict[str, Tensor], frame: Frame | None = None) -> list[dict[str, Any]]:
        count, points = _split(output)
        found, wanted = _to_original(points, frame), _to_original(target["points"], frame)
        distance = (found - wanted).norm(dim=2).nanmean(1).tolist()
        return [
            {"target": there.tolist(), "answer": answer[: max(0, round(number))].tolist(), "distance": away}
            for there, answer, number, away in zip(unpad_ragged(wanted), found, count.tolist(), distance, strict=True)
        ]

    def evaluate(self, table: Sequence[dict[str, Any]]) -> tuple[float, tuple[float, float], dict[str, Any]]:
        distances = [row["distance"] for row in table if row["distance"] == row["distance"]]
        return float(np.mean(distances)), mean_interval(distances), {}

    def answer(self, output: Tensor, frame: Frame | None = None) -> dict[str, Any]:
        count, points = _split(output[None])
        found = _to_original(points, frame)[0][: max(0, round(float(count[0])))]
        return {"answer": f"{len(found)} points", "points": found.tolist()}

    def objective(self, output: Tensor, of: Any = None) -> Tensor:
        return _split(output)[0]

    def example(self, seed: int) -> Source:
        return dots(seed)


def dots(seed: int, count: int = 90) -> Source:
    """Dark pictures of different sizes with none, one or two bright dots side by side."""
    random = np.random.default_rng(seed)
    images, values = [], []
    for number in range(count):
        height, width = (int(side) for side in random.integers(20, 36, 2))
        image = random.integers(0, 30, (height, width, 1), dtype=np.uint8)
        points = []
        for place in range(number % (MOST + 1)):
            x, y = int(random.integers(1, width // 2 - 4)) + place * width // 2, int(random.integers(1, height - 4))
            image[y : y + 3, x : x + 3] = 250
            points.append([x + 1.5, y + 1.5])
        images.append(image)
        values.append({"dots": json.dumps(points)})
    return from_arrays("example:points", "drawn dots", images, values)


def _split(output: Tensor) -> tuple[Tensor, Tensor]:
    """Counts (N,) and points (N, 2, 2) in shares of the sides."""
    return output[:, 0], output[:, 1:].reshape(len(output), MOST, 2) + 0.5


def _sides(frame: Frame) -> Tensor:
    """Width and height that the network sees, (N, 1, 2) or (2,)."""
    sides = torch.from_numpy(np.ascontiguousarray(frame.size[..., ::-1])).float()
    return sides[:, None] if sides.ndim == 2 else sides


def _to_original(points: Tensor, frame: Frame | None) -> Tensor:
    return points if frame is None else frame.inverse().apply(points * _sides(frame))
