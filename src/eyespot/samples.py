"""Decoded images with their targets: what training and evaluation take batches from."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .errors import TaskError
from .images import Frame, ImageSpec, frame_of
from .sources.augment import random_crops
from .sources.cache import Images, decode_once
from .sources.source import Part
from .tasks.task import Target, Task, index_target

BATCH_PIXELS = 1 << 18
"""Of larger batches, the activations do not fit into the processor's cache: each image takes up to twice as long."""


def answered_at_once(images: ImageSpec) -> int:
    """How many images to compute answers for at once, without gradients: 5 of 224 x 224, at most 256."""
    return max(1, min(256, BATCH_PIXELS // (images.height * images.width)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """N samples: images, targets, keys that everything random follows from, and their numbers in the part.

    As decoded, `x` is uint8 (N, C, H, W), `paired` the second images where rows have them, and `target` in original
    pixels. After `make_problem` it is what the network is asked, float32 in [0, 1], `target` is in pixels of `x`, and
    nothing is paired any more. `frames` (N) lead from original pixels to those of `x`.
    """

    x: Tensor
    target: Target
    keys: Tensor
    rows: np.ndarray
    frames: Frame
    paired: Tensor | None = None

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, chosen: slice) -> "Batch":
        """Some of the samples, without copying."""
        return Batch(
            x=self.x[chosen],
            target=index_target(self.target, chosen),
            keys=self.keys[chosen],
            rows=self.rows[chosen],
            frames=self.frames[chosen],
            paired=None if self.paired is None else self.paired[chosen],
        )

    @property
    def images(self) -> tuple[Tensor, ...]:
        """The images, and the paired ones where there are any."""
        return (self.x,) if self.paired is None else (self.x, self.paired)


def make_problem(task: Task, batch: Batch) -> Batch:
    """Decoded samples as the task asks them: pixels (N, C, H, W) in [0, 1], noise added where it is denoised."""
    target = task.transform_target(batch.target, batch.frames)
    x, target = task.make_problem(tuple(to_pixels(images) for images in batch.images), target, batch.keys)
    return Batch(x=x, target=target, keys=batch.keys, rows=batch.rows, frames=batch.frames)


@dataclass(frozen=True, kw_only=True)
class Samples:
    """The images of one part, decoded once, with their targets and keys."""

    part: Part
    images: tuple[Images, ...]
    targets: Target
    spec: ImageSpec

    def __len__(self) -> int:
        return len(self.part)

    @property
    def native(self) -> bool:
        """Whether each image keeps its own size."""
        return self.spec.fit == "native"

    def frames(self, rows: np.ndarray) -> Frame:
        """N frames from original pixels to those of the decoded images."""
        return frame_of(self.part.sizes[rows, :2], self.spec)

    def batch(self, rows: np.ndarray) -> Batch:
        """Some samples, their images of equal size."""
        images = tuple(_channels_first(images.take(rows)) for images in self.images)
        return self._batch(images, rows, self.frames(rows))

    def crops(self, indices: np.ndarray, seed: int, epochs: np.ndarray, middle: bool = False) -> Batch:
        """Random pieces of the size of `spec`, like `batch`; indices beyond the number of images are further pieces.

        With `middle` each piece is the middle of its image.
        """
        rows = indices % len(self)
        pictures = [tuple(images.image(int(row)) for images in self.images) for row in rows]
        images, frames = random_crops(pictures, self.spec.height, self.spec.width, seed, epochs, indices, middle)
        return self._batch(images, rows, self.frames(rows).then(frames))

    def single(self, row: int) -> Batch:
        """One sample at its image's own size, as a batch of one."""
        images = tuple(_channels_first(images.image(row)[None].copy()) for images in self.images)
        rows = np.array([row])
        return self._batch(images, rows, self.frames(rows))

    def batches(self, size: int, rank: int = 0, world: int = 1) -> Iterator[Batch]:
        """All samples of one process, in order. Native sizes come one by one.

        Processes take turns by whole batches, so that each batch is the same however many they are.
        """
        step = 1 if self.native else size
        for start in range(rank * step, len(self), world * step):
            yield self.single(start) if self.native else self.batch(np.arange(start, min(start + step, len(self))))

    def _batch(self, images: tuple[Tensor, ...], rows: np.ndarray, frames: Frame) -> Batch:
        first, *others = images
        return Batch(
            x=first,
            target=index_target(self.targets, rows),
            keys=self._keys(rows),
            rows=rows,
            frames=frames,
            paired=others[0] if others else None,
        )

    def _keys(self, rows: np.ndarray) -> Tensor:
        return torch.from_numpy(self.part.keys[rows].astype(np.uint64).view(np.int64))


def _channels_first(images: np.ndarray) -> Tensor:
    return torch.from_numpy(images).permute(0, 3, 1, 2)


def load_samples(part: Part, task: Task, images: ImageSpec) -> Samples:
    """Decode a part's images (from the cache where they were decoded before) and read its targets.

    Raises `TaskError` where some rows have a paired image and others have none.
    """
    targets = task.stack([task.read(row) for row in part.rows])
    seconds = sum(row.paired is not None for row in part.rows)
    if seconds not in (0, len(part)):
        raise TaskError(f"{seconds} of {len(part)} {part.name} rows have a paired image; give one to all or to none.")
    kinds = [decode_once(part, images)] + ([decode_once(part, images, paired=True)] if seconds else [])
    return Samples(part=part, images=tuple(kinds), targets=targets, spec=images)


def to_batch(pixels: np.ndarray) -> Tensor:
    """uint8 or uint16 (N, H, W, C) to float32 (N, C, H, W) in [0, 1]."""
    return to_pixels(torch.from_numpy(np.array(pixels)).permute(0, 3, 1, 2))


def network_x(pixels: Tensor, task: Task, images: ImageSpec) -> Tensor:
    """What a network receives for pixels (N, C, H, W) in [0, 1]: `task.network_input`, normalized; a new tensor.

    The one definition: training, prediction, explanations, attacks, serving and export all use it. `images` has one
    mean and deviation for each channel that `task.network_input` returns. Gradients flow through.
    """
    return normalize(task.network_input(pixels), images)


def network_shape(task: Task, images: ImageSpec) -> tuple[int, int, int]:
    """(C', H, W) of what a network receives for one image of `images`: `task.network_input` may change the channels."""
    channels, height, width = task.network_input(torch.zeros(1, *images.shape)).shape[1:]
    return channels, height, width


def normalize(x: Tensor, images: ImageSpec) -> Tensor:
    """(x - mean) / deviation, channel by channel."""
    mean = torch.tensor(images.mean, dtype=x.dtype, device=x.device).view(1, -1, 1, 1)
    std = torch.tensor(images.std, dtype=x.dtype, device=x.device).view(1, -1, 1, 1)
    return (x - mean).div_(std)


def to_pixels(images: Tensor) -> Tensor:
    """uint8 or uint16 to float32 in [0, 1], channel after channel: with 1 or 3, all that follows is quicker so."""
    white = 65535 if images.dtype == torch.uint16 else 255
    return images.to(torch.float32, memory_format=torch.contiguous_format).div_(white)
