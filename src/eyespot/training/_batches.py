"""Batches of training samples in training order, ready for the network.

Shapes: N samples, C channels, H height, W width.
"""

import math

import numpy as np
import torch
from torch import Tensor

from ..samples import Batch
from ..sources.augment import augment
from ..sources.colors import scale
from ..sources.randomness import hashed
from ..tasks.task import target_to
from ._sampling import samples_at
from .state import Training

AHEAD = 2**20
"""Values prepared ahead for later steps (4 MiB), few enough to stay in the CPU cache until they are used."""
LARGE_STEPS, MOST_AHEAD = 5, 2**23
"""Large batches exceed the cache anyway. As many as fit into this number of values are made at once
(32 MiB), which amortizes the overhead of each operation."""


class Stream:
    """Takes samples from the stream of all epochs; augmentation depends only on the position in the stream.

    Several steps are prepared at once: many operations take as long for one batch of small images as for ten.
    With micro-batches, other processes need the following samples, so only the requested ones are made.
    """

    def __init__(self, training: Training) -> None:
        self.training = training
        recipe = training.recipe
        self.numbers = math.prod(training.images.shape)
        self.end = recipe.steps * recipe.batch
        self.first = self.made_to = 0
        self.made: Batch | None = None

    def take(self, seen: int, count: int) -> Batch:
        """The `count` samples after the first `seen` ones."""
        if self.made is None or not (self.first <= seen and seen + count <= self.made_to):
            self.first = seen
            self.made_to = seen + max(count, min(self._steps(count) * count, self.end - seen))
            self.made = make_batch(self.training, seen, self.made_to - seen)
        chosen = slice(seen - self.first, seen - self.first + count)
        return self.made[chosen]

    def _steps(self, count: int) -> int:
        """The number of steps of `count` samples to prepare at once."""
        if self.training.recipe.micro_batches > 1:
            return 1
        numbers = count * self.numbers
        return max(AHEAD // numbers, min(LARGE_STEPS, MOST_AHEAD // numbers))


def make_batch(training: Training, seen: int, count: int) -> Batch:
    """Augmented samples on the training device: normalized, unless adversarial training perturbs them first."""
    recipe, compute, samples = training.recipe, training.compute, training.train
    epochs, indices = samples_at(recipe.seed, seen, count, recipe.count, training.order)
    if samples.native:
        decoded = samples.crops(indices, recipe.seed, epochs, middle=not training.task.allows("crop"))
    else:
        decoded = samples.batch(indices)
    images, changes = augment(decoded.images, training.preset, recipe.seed, epochs, indices)
    frames = decoded.frames.then(changes)
    target = training.task.transform_target(decoded.target, frames)
    # Different noise for every seed, epoch and crop of an image.
    keys = decoded.keys ^ torch.from_numpy(hashed(recipe.seed, epochs, indices).view(np.int64))
    x, target = training.task.make_problem(images, target, keys)
    x = x.to(compute.device)
    x = x if recipe.robust is not None else network_x(training, x)
    return Batch(x=x, target=target_to(target, compute.device), keys=keys, rows=decoded.rows, frames=frames)


def network_x(training: Training, pixels: Tensor) -> Tensor:
    """The network input for pixels, as in `samples.network_x`, but faster and in the memory format of the training."""
    x = training.task.network_input(pixels)
    images, channels = training.images, x.shape[1]
    factors = 1 / torch.tensor(images.std, device=x.device).expand(channels)
    offsets = -torch.tensor(images.mean, device=x.device) * factors
    return scale(x, factors, offsets).contiguous(memory_format=training.compute.memory_format)
