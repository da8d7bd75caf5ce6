"""The samples of a training in the order in which it learns from them, ready for the network.

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
"""Numbers that may lie ready for later steps (4 MiB), so that they are still in the processor's cache when needed."""
LARGE_STEPS, MOST_AHEAD = 5, 2**23
"""Of large batches, which no cache holds anyway, so many are made at once, while they are no more numbers than this
(32 MiB): what each operation takes to begin is shared."""


class Stream:
    """Takes samples from the stream of all epochs; what each becomes follows from its place in the stream alone.

    They are made for several steps at once: many of the operations take as long for a batch of small images as for ten.
    Where batches are cut into pieces, other processes need what comes next, and only what is asked for is made.
    """

    def __init__(self, training: Training) -> None:
        self.training = training
        recipe = training.recipe
        self.numbers = math.prod(training.images.shape)
        self.end = recipe.steps * recipe.batch
        self.first = self.made_to = 0
        self.made: Batch | None = None

    def take(self, seen: int, count: int) -> Batch:
        """The `count` samples that come after `seen` others."""
        if self.made is None or not (self.first <= seen and seen + count <= self.made_to):
            self.first = seen
            self.made_to = seen + max(count, min(self._steps(count) * count, self.end - seen))
            self.made = make_batch(self.training, seen, self.made_to - seen)
        chosen = slice(seen - self.first, seen - self.first + count)
        return self.made[chosen]

    def _steps(self, count: int) -> int:
        """For how many steps of `count` samples to make batches at once."""
        if self.training.recipe.micro_batches > 1:
            return 1
        numbers = count * self.numbers
        return max(AHEAD // numbers, min(LARGE_STEPS, MOST_AHEAD // numbers))


def make_batch(training: Training, seen: int, count: int) -> Batch:
    """Samples, changed as the recipe says, on the training's device: scaled, but where they are hardened first."""
    recipe, compute, samples = training.recipe, training.compute, training.train
    epochs, indices = samples_at(recipe.seed, seen, count, recipe.count, training.order)
    if samples.native:
        decoded = samples.crops(indices, recipe.seed, epochs, middle=not training.task.allows("crop"))
    else:
        decoded = samples.batch(indices)
    images, changes = augment(decoded.images, training.preset, recipe.seed, epochs, indices)
    frames = decoded.frames.then(changes)
    target = training.task.transform_target(decoded.target, frames)
    # Other noise for every seed, in every epoch and for every piece of an image.
    keys = decoded.keys ^ torch.from_numpy(hashed(recipe.seed, epochs, indices).view(np.int64))
    x, target = training.task.make_problem(images, target, keys)
    x = x.to(compute.device)
    x = x if recipe.robust is not None else network_x(training, x)
    return Batch(x=x, target=target_to(target, compute.device), keys=keys, rows=decoded.rows, frames=frames)


def network_x(training: Training, pixels: Tensor) -> Tensor:
    """What the network receives for pixels, as `samples.network_x` computes it, but faster and in the right layout."""
    x = training.task.network_input(pixels)
    images, channels = training.images, x.shape[1]
    factors = 1 / torch.tensor(images.std, device=x.device).expand(channels)
    offsets = -torch.tensor(images.mean, device=x.device) * factors
    return scale(x, factors, offsets).contiguous(memory_format=training.compute.memory_format)
