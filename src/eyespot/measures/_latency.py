"""Seconds per image of several backends, alternating with a fixed reference kernel that detects a busy machine."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..decoding import decode
from ..images import Picture, fit_pixels, frame_of, load_image, read_size
from ..networks.network import map_output
from ..samples import to_batch
from ._backends import Backend

STAGES = ("decode", "preprocessing", "network", "postprocessing")
WARM_UP, FEWEST, MOST = 3, 20, 1000
"""Number of warm-up runs of each backend, and the minimum and maximum number of timed runs."""
BATCHES = (1, 2, 4, 8, 16, 32, 64)
LONGEST_BATCH = 0.5
"""No larger batch is tried after one that takes this many seconds."""
REPEATS = 3
SIDE = 256
"""The reference kernel multiplies two float32 matrices of 256 x 256: 17 million multiply-adds."""
BUSY = 1.5
"""The machine counts as busy if the 95th percentile of the reference kernel is this many times its median."""


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Percentiles of milliseconds over `count` repetitions."""

    p50: float
    p95: float
    p99: float
    count: int


def timing(seconds: Sequence[float] | np.ndarray) -> Timing:
    """The percentiles of repeated seconds, in milliseconds.

    >>> timing([0.001] * 50 + [0.003] * 51).p50
    3.0
    """
    p50, p95, p99 = (float(value) for value in 1000 * np.percentile(np.asarray(seconds), [50, 95, 99]))
    return Timing(p50=p50, p95=p95, p99=p99, count=len(seconds))


def is_busy(reference: Timing) -> bool:
    """Whether other programs disturbed the measurement."""
    return reference.p95 > BUSY * reference.p50


def time_answers(
    backends: Sequence[Backend], pictures: Sequence[Picture], seconds: float
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Seconds of each stage, float64 (R, 4), by backend, and of the reference kernel (R,), for R runs on one image.

    Each round runs the reference kernel and every backend once, in alternating order, so that a disturbance does not
    affect only one of them. Rounds continue for about `seconds` per backend.
    """
    seconds_by_backend: dict[str, list[list[float]]] = {backend.name: [] for backend in backends}
    reference: list[float] = []
    matrix = torch.full((SIDE, SIDE), 0.5)
    for backend in backends:
        for number in range(WARM_UP):
            _stages(backend, pictures[number % len(pictures)])
    began = time.perf_counter()
    while len(reference) < FEWEST or (len(reference) < MOST and time.perf_counter() - began < seconds * len(backends)):
        start = time.perf_counter()
        torch.mm(matrix, matrix)
        reference.append(time.perf_counter() - start)
        picture = pictures[len(reference) % len(pictures)]
        for backend in backends[:: 1 if len(reference) % 2 else -1]:
            seconds_by_backend[backend.name].append(_stages(backend, picture))
    return {name: np.array(values) for name, values in seconds_by_backend.items()}, np.array(reference)


@torch.no_grad()
def _stages(backend: Backend, picture: Picture) -> list[float]:
    """Seconds of decoding, preprocessing, network and postprocessing for one image: together the work of `predict`."""
    images, clock = backend.images, [time.perf_counter()]
    frame = frame_of(read_size(picture)[:2], images)

    def read(opened: Any) -> np.ndarray:
        loaded = load_image(opened, images)
        clock.append(time.perf_counter())
        return fit_pixels(loaded, images)

    pixels = to_batch(decode(picture, "", read, images.value_range)[None])
    clock.append(time.perf_counter())
    output = backend.outputs(pixels)
    clock.append(time.perf_counter())
    backend.task.answer(map_output(output, lambda one: one[0]), frame)
    clock.append(time.perf_counter())
    return np.diff(clock).tolist()


def best_batch(backends: Sequence[Backend], pixels: Tensor) -> dict[str, tuple[int, float]]:
    """The batch size with the most images per second, and that number, by backend; network only.

    `pixels` (1, C, H, W) is repeated. Larger batches are tried until one takes longer than half a second.
    """
    best = {backend.name: (1, 0.0) for backend in backends}
    trying = list(backends)
    for size in BATCHES:
        batch = pixels.repeat(size, 1, 1, 1)
        taken = {backend.name: float("inf") for backend in trying}
        for _ in range(REPEATS):
            for backend in trying:
                start = time.perf_counter()
                backend.outputs(batch)
                taken[backend.name] = min(taken[backend.name], time.perf_counter() - start)
        for name, seconds in taken.items():
            best[name] = max(best[name], (size, size / seconds), key=lambda found: found[1])
        trying = [backend for backend in trying if taken[backend.name] < LONGEST_BATCH]
    return best
