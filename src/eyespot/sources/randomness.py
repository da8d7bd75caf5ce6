"""Random numbers that follow from (seed, epoch, index) alone: a hash of them, no state."""

import numpy as np

GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def uniforms(seed: int, epochs: int | np.ndarray, indices: int | np.ndarray, count: int) -> np.ndarray:
    """`count` numbers in [0, 1) for each sample, (N, count).

    They are SplitMix64 (Steele et al. 2014), begun at a hash of (seed, epoch, index).

    >>> import numpy as np
    >>> all_of_them = uniforms(seed=0, epochs=3, indices=np.arange(7), count=2)
    >>> bool((all_of_them[5:] == uniforms(seed=0, epochs=3, indices=np.array([5, 6]), count=2)).all())
    True
    """
    return (splitmix(hashed(seed, epochs, indices), count) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def hashed(*numbers: int | np.ndarray) -> np.ndarray:
    """A hash of whole numbers, uint64 (N,): the finalizer of SplitMix64, once for each of them.

    Python's own `hash` may change with its version, and numbers that are only added or multiplied collide: seed 1 in
    epoch 2 must not draw what seed 2 draws in epoch 1.
    """
    state = np.zeros(1, np.uint64)
    for number in numbers:
        state = _mix((state ^ _unsigned(number)) + GOLDEN)
    return state


def _unsigned(number: int | np.ndarray) -> np.ndarray:
    if isinstance(number, np.ndarray):
        return number.astype(np.uint64)
    return np.array([number & 0xFFFFFFFFFFFFFFFF], dtype=np.uint64)


def splitmix(states: np.ndarray, count: int) -> np.ndarray:
    """The first `count` numbers of SplitMix64 from each uint64 state (N,): (N, count)."""
    return _mix(states[:, None] + GOLDEN * np.arange(1, count + 1, dtype=np.uint64))


def _mix(z: np.ndarray) -> np.ndarray:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
