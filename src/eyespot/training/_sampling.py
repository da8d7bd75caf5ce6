"""The samples of each step: a pure function of the seed and the number of previous samples.

The order depends on nothing else, so a training that resumes in the middle of an epoch, or with another number of
processes, sees the same images in the same order.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from ..errors import TaskError
from ..tasks.task import Target, Task

Order = Callable[[int, int, int], np.ndarray]
"""The order of one epoch from (seed, epoch, count): (count,) numbers of samples."""


@lru_cache(maxsize=4)
def permutation(seed: int, epoch: int, count: int) -> np.ndarray:
    """A random order of `count` samples in one epoch."""
    return np.random.default_rng([seed, epoch]).permutation(count)


def epoch_order(task: Task, targets: Target, samples: int) -> Order:
    """The task's own order of its `samples`, or a random permutation where it has none."""

    @lru_cache(maxsize=4)
    def order(seed: int, epoch: int, count: int) -> np.ndarray:
        views = count // samples  # several crops per image and epoch: each pass over all images uses another one
        chosen = [task.sampling_order(targets, seed, epoch * views + view) for view in range(views)]
        given = [_checked(one, samples) + view * samples for view, one in enumerate(chosen) if one is not None]
        return np.concatenate(given) if given else permutation(seed, epoch, count)

    return order


def samples_at(
    seed: int, seen: int, batch: int, count: int, order: Order = permutation
) -> tuple[np.ndarray, np.ndarray]:
    """Epochs and indices of the `batch` samples that come after `seen` others, for all processes together.

    Epochs follow each other without a gap, so that every batch is full: one batch may hold the end of an epoch and the
    beginning of the next.

    >>> epochs, indices = samples_at(seed=0, seen=8, batch=4, count=10)
    >>> epochs.tolist()
    [0, 0, 1, 1]
    """
    positions = np.arange(seen, seen + batch)
    epochs, places = positions // count, positions % count
    indices = np.empty_like(places)
    for epoch in range(epochs[0], epochs[-1] + 1):
        chosen = epochs == epoch
        indices[chosen] = order(seed, epoch, count)[places[chosen]]
    return epochs, indices


def _checked(order: np.ndarray, samples: int) -> np.ndarray:
    """Check that the order has `samples` valid sample numbers; raises `TaskError` otherwise."""
    order = np.asarray(order)
    if order.shape != (samples,) or order.dtype.kind not in "iu" or order.min() < 0 or order.max() >= samples:
        raise TaskError(
            f"The task's sampling order has shape {order.shape}, dtype {order.dtype}; "
            f"expected {samples} whole numbers from 0 to {samples - 1}."
        )
    return order
