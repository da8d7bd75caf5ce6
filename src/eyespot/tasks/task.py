"""What a task is: what a right answer looks like, and everything that follows from it.

Shapes: N images, C channels, H height, W width, K classes.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from ..networks.network import Output
from ..sources.augment import Change, NotAllowed
from ..sources.source import Row, Source

__all__ = ["Change", "Metric", "NotAllowed", "Task"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """The one number that says how good a set of answers is; `better` is "higher" or "lower"."""

    name: str
    better: str
    unit: str = ""


class Task(ABC):
    """What a right answer is.

    Final tasks are frozen keyword-only dataclasses of plain values, which go into the model file.
    """

    name: ClassVar[str]
    metric: ClassVar[Metric]
    columns: ClassVar[tuple[str, ...]]
    """The columns of a source that the task reads; a source without them cannot serve it."""

    @abstractmethod
    def prepare(self, rows: Sequence[Row]) -> Self:
        """The same task knowing its data: classes, ranges, balance. Looks at training rows only."""

    @abstractmethod
    def read(self, row: Row) -> Any:
        """The target of one row as a plain value; raises `TaskError` naming `row.location`."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the numbers that the network puts out, in their order; empty where they have none."""
        return ()

    def notes(self) -> list[str]:
        """What `prepare` noticed about the data and what is done about it, one sentence each, for a person to read."""
        return []

    def augmentation(self, shape: tuple[int, int, int]) -> str:
        """The key of `sources.augment.PRESETS` that suits pictures of `shape` (C, H, W).

        Pictures of at most 64 pixels a side are shifted by whole pixels: turning and zooming would blur them.
        """
        return "small" if max(shape[1:]) <= 64 else "photos"

    def stack(self, targets: Sequence[Any]) -> Tensor:
        """Targets of several rows as one tensor with N in front."""
        return torch.as_tensor(np.asarray(targets))

    def inputs(self, images: tuple[Tensor, ...], target: Tensor, keys: Tensor) -> tuple[Tensor, Tensor]:
        """What the network sees, and what it should answer.

        `images` holds one float tensor (N, C, H, W) in [0, 1] (two where rows have a second image); `keys` (N,) int64
        come from each sample's content (and, in training, the epoch): noise made here follows from them alone.
        """
        return images[0], target

    @abstractmethod
    def output(self, channels: int) -> Output:
        """What the head must give, for images of `channels` channels."""

    @abstractmethod
    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """How wrong each answer is: (N,), one number per sample, the smaller the better."""

    @abstractmethod
    def score(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        """How good each answer is: named numbers per sample (N,); their mean is watched during training.

        The first is the one that stands for the main metric. NaN means: does not count.
        """

    @abstractmethod
    def to_rows(self, output: Tensor, target: Tensor) -> list[dict[str, Any]]:
        """One row of plain values per sample for the table of predictions: target, answer, probabilities, errors."""

    @abstractmethod
    def evaluate(self, table: Sequence[dict[str, Any]]) -> tuple[float, tuple[float, float], dict[str, Any]]:
        """Main metric, its 95 % interval and the task's own figures, all derived from the table of predictions."""

    @abstractmethod
    def answer(self, output: Tensor) -> dict[str, Any]:
        """The answer for ONE output (without N) as plain values; key "answer" holds it in short."""

    def calibrate(self, output: Tensor, target: Tensor) -> Self:
        """The same task with temperature, thresholds and the like fitted on validation outputs (N, K), all stacked."""
        return self

    @abstractmethod
    def objective(self, output: Tensor, of: Any = None) -> Tensor:
        """The one number per sample (N,) that explanations and attacks work on; `of` names a class, tag or place."""

    @abstractmethod
    def transform_target(self, target: Tensor, change: Change) -> Tensor:
        """Targets (N, ...) under a change of their images; raises `NotAllowed` where it would make the answer wrong."""

    @abstractmethod
    def example(self, seed: int) -> Source:
        """A small synthetic source with a known answer."""
