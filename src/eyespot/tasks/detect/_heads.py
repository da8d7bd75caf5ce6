"""Heads of detectors: the outputs that each needs of a network, and how they become scores and boxes of L locations.

Shapes: N images, K classes, M objects, L locations of all levels together, h x w locations of one level.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, final

import torch
import torch.nn.functional as F
from torch import Tensor

from ...networks.network import Output
from ...networks.regions import PROPOSAL, centers, decode, pool_by_position
from ._anchors import ASPECTS, anchors_of, decode_anchors, multibox_loss
from ._loss import detection_loss, level_loss, region_loss

PRIOR = -4.6
"""Added to class logits: the initial score is 1 %, since most locations are background (Lin 2017)."""
LEVELS = (8, 16, 32)
"""Strides of detectors with several levels."""
BINS = 3
"""Parts of a proposal along each side."""
NEAREST_TO_ONE = 1e-6
"""Products of probabilities are at most 1 minus this: the logit of 1 would be infinite."""


@dataclass(frozen=True, kw_only=True)
class Head(ABC):
    """How a detector with `classes` classes answers; `stride` is that of a head with one level."""

    classes: int
    stride: int
    one_level: ClassVar[bool] = False

    @abstractmethod
    def outputs(self) -> Output:
        """The output that is required of the network."""

    @abstractmethod
    def logits(self, output: Any) -> Tensor:
        """Logits (N, K, L) of the scores."""

    @abstractmethod
    def boxes(self, output: Any) -> Tensor:
        """Boxes (N, L, 4) in pixels of the input."""

    @abstractmethod
    def cells(self, output: Any) -> Tensor:
        """The center x, y and the side of the cell of each location (L, 3), in pixels of the input."""

    @abstractmethod
    def loss(self, output: Any, target: Tensor) -> Tensor:
        """The loss (N,), summed over the objects (N, M, 5) of an image: box and class, padded with NaN."""

    def activate(self, output: Any) -> Any:
        """Scores (N, K, L) and boxes (N, L, 4)."""
        return {"scores": self.logits(output).sigmoid(), "boxes": self.boxes(output)}


def cells_of(level: Tensor, stride: int) -> Tensor:
    """The cells (h * w, 3) of one level (N, ..., h, w), row by row."""
    middle = centers(level.shape[2], level.shape[3], stride, level).flatten(0, 1)
    return torch.cat([middle, torch.full_like(middle[:, :1], stride)], dim=1)


@final
class AnchorFree(Head):
    """One level: K class logits and four box numbers for each location (FCOS, Tian et al. 2020)."""

    one_level: ClassVar[bool] = True

    def outputs(self) -> Output:
        return Output("map", self.classes + 4, stride=self.stride, head="pyramid")

    def logits(self, output: Tensor) -> Tensor:
        return self._logit_map(output).flatten(2)

    def boxes(self, output: Tensor) -> Tensor:
        return self._box_map(output).flatten(1, 2)

    def cells(self, output: Tensor) -> Tensor:
        return cells_of(output, self.stride)

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        return detection_loss(self._logit_map(output), self._box_map(output), target, self.stride)

    def activate(self, output: Tensor) -> Tensor:
        """Scores of the K classes, then x1, y1, x2, y2 of the box: (N, K + 4, h, w)."""
        return torch.cat([self._logit_map(output).sigmoid(), self._box_map(output).permute(0, 3, 1, 2)], dim=1)

    def _logit_map(self, output: Tensor) -> Tensor:
        return output[:, : self.classes] + PRIOR

    def _box_map(self, output: Tensor) -> Tensor:
        return decode(output[:, self.classes :], self.stride)


@final
class Yolox(Head):
    """Three levels: four box numbers, a logit of being an object and K class logits (YOLOX, Ge et al. 2021)."""

    def outputs(self) -> Output:
        parts = {f"stride{stride}": Output("map", 5 + self.classes, stride=stride, head="pyramid") for stride in LEVELS}
        return Output("named", parts=parts)

    def logits(self, output: dict[str, Tensor]) -> Tensor:
        return torch.cat([product_logit(x[:, 4:5], x[:, 5:]).flatten(2) for x in output.values()], dim=2)

    def boxes(self, output: dict[str, Tensor]) -> Tensor:
        return torch.cat([boxes.flatten(1, 2) for boxes in self._box_maps(output)], dim=1)

    def cells(self, output: dict[str, Tensor]) -> Tensor:
        pairs = zip(LEVELS, output.values(), strict=True)
        return torch.cat([cells_of(x, stride) for stride, x in pairs])

    def loss(self, output: dict[str, Tensor], target: Tensor) -> Tensor:
        logits = [product_logit(x[:, 4:5], x[:, 5:]) for x in output.values()]
        return level_loss(logits, self._box_maps(output), target, LEVELS)

    def _box_maps(self, output: dict[str, Tensor]) -> list[Tensor]:
        return [_from_corner(x[:, :4], stride) for stride, x in zip(LEVELS, output.values(), strict=True)]


def _from_corner(raw: Tensor, stride: int) -> Tensor:
    """Boxes (N, h, w, 4) of maps (N, 4, h, w): offsets from a cell's corner and log sides, both in strides."""
    raw = raw.permute(0, 2, 3, 1)
    middle = centers(raw.shape[1], raw.shape[2], stride, raw) - stride / 2 + stride * raw[..., :2]
    half = stride * raw[..., 2:].clamp(max=8).exp() / 2
    return torch.cat([middle - half, middle + half], dim=-1)


def product_logit(one: Tensor, other: Tensor) -> Tensor:
    """The logit of the product of the probabilities of two logits.

    >>> product_logit(torch.tensor(0.0), torch.tensor(0.0)).sigmoid().item()
    0.25
    """
    return _logit(F.logsigmoid(one) + F.logsigmoid(other))


def _logit(log: Tensor) -> Tensor:
    """The logit of a probability, from its logarithm."""
    log = log.clamp(max=-NEAREST_TO_ONE)
    return log - torch.log(-torch.expm1(log))


@final
class Ssd(Head):
    """Three levels without a pyramid: scores of the K classes and the background for anchors (SSD, Liu et al. 2016)."""

    def outputs(self) -> Output:
        size = len(ASPECTS) * (self.classes + 5)
        return Output("named", parts={f"stride{stride}": Output("map", size, stride=stride) for stride in LEVELS})

    def logits(self, output: dict[str, Tensor]) -> Tensor:
        scores = self._numbers(output)[..., : self.classes + 1]
        return _logit(scores.log_softmax(-1))[..., 1:].transpose(1, 2)

    def boxes(self, output: dict[str, Tensor]) -> Tensor:
        return decode_anchors(self._numbers(output)[..., self.classes + 1 :], self._anchors(output))

    def cells(self, output: dict[str, Tensor]) -> Tensor:
        pairs = zip(LEVELS, output.values(), strict=True)
        return torch.cat([cells_of(x, stride).repeat_interleave(len(ASPECTS), 0) for stride, x in pairs])

    def loss(self, output: dict[str, Tensor], target: Tensor) -> Tensor:
        scores, offsets = self._numbers(output).split([self.classes + 1, 4], dim=-1)
        return multibox_loss(scores, offsets, self._anchors(output), target)

    def _numbers(self, output: dict[str, Tensor]) -> Tensor:
        """The numbers of all anchors: (N, L, K + 5)."""
        parts = [x.unflatten(1, (len(ASPECTS), -1)).permute(0, 3, 4, 1, 2).flatten(1, 3) for x in output.values()]
        return torch.cat(parts, dim=1)

    def _anchors(self, output: dict[str, Tensor]) -> Tensor:
        pairs = zip(LEVELS, output.values(), strict=True)
        return torch.cat([anchors_of(x.shape[2], x.shape[3], stride, x) for stride, x in pairs])


@dataclass(frozen=True, kw_only=True)
class Proposing(Head):
    """Two stages: each location proposes a box, and what is inside decides about its class and corrects it.

    Of the output, the first channels are a proposal: a logit of being an object, and a box.
    """

    one_level: ClassVar[bool] = True

    def logits(self, output: Tensor) -> Tensor:
        return self._second(output)[:, : self.classes] + PRIOR

    def boxes(self, output: Tensor) -> Tensor:
        return refine(self._proposals(output).detach(), self._second(output)[:, self.classes :].transpose(1, 2))

    def cells(self, output: Tensor) -> Tensor:
        return cells_of(output, self.stride)

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        of_any_class = torch.cat([target[..., :4], 0 * target[..., 4:]], dim=-1)
        boxes = decode(output[:, 1:PROPOSAL], self.stride)
        first = detection_loss(output[:, :1] + PRIOR, boxes, of_any_class, self.stride)
        return first + region_loss(self.logits(output), self.boxes(output), self._proposals(output), target)

    @abstractmethod
    def _second(self, output: Tensor) -> Tensor:
        """K class logits and four corrections of the box for each location: (N, K + 4, L)."""

    def _proposals(self, output: Tensor) -> Tensor:
        return decode(output[:, 1:PROPOSAL], self.stride).flatten(1, 2)


def refine(boxes: Tensor, shifts: Tensor) -> Tensor:
    """Boxes (N, L, 4), moved by two fractions of their sides and scaled by the exponentials of two more numbers."""
    middle, sides = (boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]
    middle, half = middle + shifts[..., :2] * sides, sides * shifts[..., 2:].clamp(-4, 4).exp() / 2
    return torch.cat([middle - half, middle + half], dim=-1)


@final
class TwoStage(Proposing):
    """The network itself looks into the proposals (Faster R-CNN, Ren et al. 2015)."""

    def outputs(self) -> Output:
        return Output("map", PROPOSAL + self.classes + 4, stride=self.stride, head="regions")

    def _second(self, output: Tensor) -> Tensor:
        return output[:, PROPOSAL:].flatten(2)


@final
class PositionSensitive(Proposing):
    """Each of 3 x 3 parts of a proposal has maps of its own, which are averaged over the parts (R-FCN, Dai 2016)."""

    def outputs(self) -> Output:
        return Output("map", PROPOSAL + BINS**2 * (self.classes + 4), stride=self.stride, head="pyramid")

    def _second(self, output: Tensor) -> Tensor:
        return pool_by_position(output[:, PROPOSAL:], self._proposals(output).detach(), BINS, self.stride)


HEADS: dict[str, type[Head]] = {
    "anchor-free": AnchorFree,
    "yolox": Yolox,
    "ssd": Ssd,
    "two-stage": TwoStage,
    "position-sensitive": PositionSensitive,
}
"""The heads by their names: `detect:head=NAME`."""
