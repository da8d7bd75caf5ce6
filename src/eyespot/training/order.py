"""Which samples at which step: a pure function of the seed and of how many were seen before.

Nothing else decides the order, so a training that goes on in the middle of an epoch, or with another number of
processes, sees the same images in the same order.
"""

from functools import lru_cache

import numpy as np


@lru_cache(maxsize=4)
def permutation(seed: int, epoch: int, count: int) -> np.ndarray:
    """The order of `count` samples in one epoch."""
    return np.random.default_rng([seed, epoch]).permutation(count)


def samples_at(seed: int, seen: int, batch: int, count: int) -> tuple[np.ndarray, np.ndarray]:
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
        indices[chosen] = permutation(seed, epoch, count)[places[chosen]]
    return epochs, indices
