"""A toy task with ragged targets: up to two bright rectangles on a picture, each with its box."""

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
"""Boxes on one picture."""


@final
@dataclass(frozen=True, kw_only=True)
class Boxes(Task):
    """Boxes [x1, y1, x2, y2] in pixels, as JSON text in the column `rectangles`.

    The network sees and predicts them in shares of its input's width and height, from left to right: (N, 2, 4). Its
    output holds five numbers for each of two boxes: whether there is one (a logit), and its four sides.
    """

    name: ClassVar[str] = "boxes"
    metric: ClassVar[Metric] = Metric(name="mean_iou", better="higher")
    columns: ClassVar[tuple[str, ...]] = ("rectangles",)
    fit: ClassVar[str] = "pad"

    def prepare(self, rows: Sequence[Row]) -> Self:
        for row in rows:
            self.read(row)
        return self

    def read(self, row: Row) -> list[list[float]]:
        try:
            boxes = json.loads(row.values["rectangles"])
            return [[float(side) for side in box] for box in boxes]
        except (KeyError, ValueError, TypeError):
            raise TaskError(f"{row.location}: boxes are '{row.values.get('rectangles')}'; expected JSON.") from None

    def stack(self, targets: Sequence[Any]) -> Tensor:
        padded = pad_ragged(targets, width=4)
        return F.pad(padded, (0, 0, 0, MOST - padded.shape[1]), value=torch.nan)

    def transform_target(self, target: Tensor, frame: Frame) -> Tensor:
        shares = frame.apply_boxes(target) / _sides(frame)
        order = shares[..., 0].nan_to_num(torch.inf).argsort(dim=1)  # from left to right, also where mirrored
        return shares.gather(1, order[..., None].expand_as(shares))

    def outputs(self, channels: int) -> Output:
        return Output("vector", MOST * 5)

    def loss(self, output: Tensor, target: Tensor, criterion: nn.Module | None = None) -> Tensor:
        logits, boxes = _split(output)
        known = ~target.isnan()
        there = F.binary_cross_entropy_with_logits(logits, known[..., 0].to(logits.dtype), reduction="none").mean(1)
        distance = F.smooth_l1_loss(boxes, target.nan_to_num(), reduction="none", beta=0.1) * known
        return there + 10 * distance.sum((1, 2)) / known.sum((1, 2)).clamp(min=1)

    def score(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        _, boxes = _split(output)
        return {"mean_iou": _overlap(boxes, target).nanmean(1)}

    def to_rows(self, output: Tensor, target: Tensor, frame: Frame | None = None) -> list[dict[str, Any]]:
        logits, boxes = _split(output)
        overlap = _overlap(boxes, target).nanmean(1).tolist()
        found, wanted = _to_original(boxes, frame), _to_original(target, frame)
        return [
            {"target": there.tolist(), "answer": answer[on].tolist(), "iou": iou}
            for there, answer, on, iou in zip(unpad_ragged(wanted), found, logits > 0, overlap, strict=True)
        ]

    def evaluate(self, table: Sequence[dict[str, Any]]) -> tuple[float, tuple[float, float], dict[str, Any]]:
        overlaps = [row["iou"] for row in table if row["iou"] == row["iou"]]
        return float(np.mean(overlaps)), mean_interval(overlaps), {"boxes": sum(len(row["target"]) for row in table)}

    def answer(self, output: Tensor, frame: Frame | None = None) -> dict[str, Any]:
        logits, boxes = _split(output[None])
        found = _to_original(boxes, frame)[0][logits[0] > 0]
        return {"answer": f"{len(found)} boxes", "boxes": found.tolist()}

    def objective(self, output: Tensor, of: Any = None) -> Tensor:
        return _split(output)[0].sum(1)

    def example(self, seed: int) -> Source:
        return rectangles(seed)


def rectangles(seed: int, count: int = 90) -> Source:
    """Dark pictures of different sizes with none, one or two bright rectangles side by side."""
    random = np.random.default_rng(seed)
    images, values = [], []
    for number in range(count):
        height, width = (int(side) for side in random.integers(24, 40, 2))
        image = random.integers(0, 30, (height, width, 3), dtype=np.uint8)
        boxes = []
        for place in range(number % (MOST + 1)):
            x1, y1 = int(random.integers(1, 4)) + place * width // 2, int(random.integers(1, height // 2))
            x2, y2 = x1 + int(random.integers(4, width // 2 - 4)), y1 + int(random.integers(4, height // 2))
            image[y1:y2, x1:x2] = 220
            boxes.append([x1, y1, x2, y2])
        images.append(image)
        values.append({"rectangles": json.dumps(boxes)})
    return from_arrays("example:boxes", "drawn rectangles", images, values)


def _split(output: Tensor) -> tuple[Tensor, Tensor]:
    """Logits (N, 2) and boxes (N, 2, 4) in shares of the sides."""
    parts = output.view(len(output), MOST, 5)
    return parts[..., 0], parts[..., 1:] + 0.5


def _sides(frame: Frame) -> Tensor:
    """Width, height, width, height that the network sees, (N, 1, 4) or (4,)."""
    sides = torch.from_numpy(np.ascontiguousarray(frame.size[..., [1, 0, 1, 0]])).float()
    return sides[:, None] if sides.ndim == 2 else sides


def _to_original(boxes: Tensor, frame: Frame | None) -> Tensor:
    return boxes if frame is None else frame.inverse().apply_boxes(boxes * _sides(frame))


def _overlap(boxes: Tensor, target: Tensor) -> Tensor:
    """Intersection over union (N, 2), NaN where there is no box."""
    low, high = torch.maximum(boxes[..., :2], target[..., :2]), torch.minimum(boxes[..., 2:], target[..., 2:])
    common = (high - low).clamp(min=0).prod(-1)
    areas = [(each[..., 2:] - each[..., :2]).clamp(min=0).prod(-1) for each in (boxes, target)]
    return common / (areas[0] + areas[1] - common)
