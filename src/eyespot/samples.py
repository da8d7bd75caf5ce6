"""Decoded images with their targets: what training and evaluation take batches from."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .errors import TaskError
from .images import ImageSpec
from .sources.augment import random_crops
from .sources.cache import Images, decode_once
from .sources.source import Part
from .tasks.task import Task


@dataclass(frozen=True, kw_only=True)
class Samples:
    """The images of one part, decoded once, with their targets and keys."""

    part: Part
    images: tuple[Images, ...]
    targets: Tensor
    task: Task
    native: bool

    def __len__(self) -> int:
        return len(self.targets)

    def batch(self, indices: np.ndarray) -> tuple[tuple[Tensor, ...], Tensor, Tensor]:
        """uint8 images (N, C, H, W) of equal size, targets (N, ...) and keys (N,) int64 of some samples."""
        images = tuple(torch.from_numpy(kind.take(indices)).permute(0, 3, 1, 2) for kind in self.images)
        return images, self._targets(indices), self._keys(indices)

    def crops(
        self, indices: np.ndarray, seed: int, epochs: np.ndarray, spec: ImageSpec
    ) -> tuple[tuple[Tensor, ...], Tensor, Tensor]:
        """Random pieces of the size of `spec`, like `batch`; indices beyond the number of images are further pieces."""
        rows = indices % len(self)
        pictures = [tuple(kind.image(int(row)) for kind in self.images) for row in rows]
        return (
            random_crops(pictures, spec.height, spec.width, seed, epochs, indices),
            self._targets(rows),
            self._keys(rows),
        )

    def single(self, index: int) -> tuple[tuple[Tensor, ...], Tensor, Tensor]:
        """One sample at its image's own size, as a batch of one."""
        images = tuple(torch.from_numpy(kind.image(index)[None].copy()).permute(0, 3, 1, 2) for kind in self.images)
        chosen = np.array([index])
        return images, self._targets(chosen), self._keys(chosen)

    def batches(
        self, size: int, rank: int = 0, world: int = 1
    ) -> Iterator[tuple[np.ndarray, tuple[Tensor, ...], Tensor, Tensor]]:
        """All samples of one process, in order: row numbers, images, targets, keys. Native sizes come one by one.

        Processes take turns by whole batches, so that each batch is the same however many they are.
        """
        step = 1 if self.native else size
        for start in range(rank * step, len(self), world * step):
            rows = np.arange(start, min(start + step, len(self)))
            yield rows, *(self.single(int(rows[0])) if self.native else self.batch(rows))

    def _targets(self, indices: np.ndarray) -> Tensor:
        return self.targets[torch.from_numpy(indices)]

    def _keys(self, indices: np.ndarray) -> Tensor:
        return torch.from_numpy(self.part.keys[indices].astype(np.uint64).view(np.int64))


def load_samples(part: Part, task: Task, images: ImageSpec) -> Samples:
    """Decode a part's images (from the cache where they were decoded before) and read its targets.

    Raises `TaskError` where some rows have a paired image and others have none.
    """
    targets = task.stack([task.read(row) for row in part.rows])
    seconds = sum(row.paired is not None for row in part.rows)
    if seconds not in (0, len(part)):
        raise TaskError(f"{seconds} of {len(part)} {part.name} rows have a paired image; give one to all or to none.")
    kinds = [decode_once(part, images)] + ([decode_once(part, images, paired=True)] if seconds else [])
    return Samples(part=part, images=tuple(kinds), targets=targets, task=task, native=images.fit == "native")


def to_pixels(images: Tensor) -> Tensor:
    """uint8 to float32 in [0, 1], channel after channel: with 1 or 3 channels, all that follows is quicker so."""
    return images.to(torch.float32, memory_format=torch.contiguous_format).div_(255)
