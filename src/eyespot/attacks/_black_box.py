"""Black-box searches for many images at once: one forward pass evaluates the candidates of all of them.

A search is a generator: it yields `Changes` to evaluate, and receives the results. It is independent of
other images, batches and query counts. Shapes: N images, n candidates, d changed pixels, C channels.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ._quantization import SURE
from ._settings import Attempt
from ._victim import Changes, Victim, apply, joined

AT_ONCE = 32
"""Number of images that are searched in parallel."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Reply:
    """The results of candidates: margin (n,), negative if the model is fooled, and fitness (n,) to minimize."""

    margin: Tensor
    fitness: Tensor


Search = Generator[Changes, Reply, None]


@dataclass(kw_only=True, eq=False)
class _Running:
    """The search of one image, its pending candidates, and the best evaluated one."""

    number: int
    search: Search
    pending: Changes
    best: Changes | None = None
    margin: float = float("inf")
    frames: list[dict[str, Any]] = field(default_factory=list)


def run_searches(victim: Victim, images: Tensor, begin: Callable[[int], Search], queries: int) -> Attempt:
    """Run one search per image until the model is fooled, the search ends, or its queries are used up.

    `begin(number)` starts the search for an image. Success is confirmed with the full network.
    """
    waiting = list(range(len(images)))
    pixels = images.clone()
    history: list[list[dict[str, Any]]] = [[] for _ in waiting]
    running: list[_Running] = []
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            search = begin(waiting[0])
            running.append(_Running(number=waiting.pop(0), search=search, pending=next(search)))
        replies = _answer(victim, images, running, queries)
        still = [
            one for one, reply in zip(running, replies, strict=True) if _goes_on(victim, images, one, reply, queries)
        ]
        for one in running:
            if one not in still:
                victim.forget(one.number)
                history[one.number] = one.frames
                if one.best is not None:
                    pixels[one.number] = apply(images[one.number, None], one.best, torch.zeros(1, dtype=torch.long))[0]
        running = still
    return Attempt(pixels=pixels, history=history)


def _answer(victim: Victim, images: Tensor, running: list[_Running], queries: int) -> list[Reply]:
    """Evaluate all pending candidates within the query limits, grouped by the number of changed pixels."""
    replies: dict[int, Reply] = {}
    for one in running:
        one.pending = one.pending[: max(1, queries - int(victim.queries[one.number]))]
    for pixels in sorted({one.pending.places.shape[1] for one in running}):
        some = [one for one in running if one.pending.places.shape[1] == pixels]
        counts = [len(one.pending) for one in some]
        which = torch.repeat_interleave(torch.tensor([one.number for one in some]), torch.tensor(counts))
        margins, fitness = victim.tried(images, joined([one.pending for one in some]), which)
        parts = zip(some, margins.split(counts), fitness.split(counts), strict=True)
        replies |= {one.number: Reply(margin=margin, fitness=fit) for one, margin, fit in parts}
    return [replies[one.number] for one in running]


def _goes_on(victim: Victim, images: Tensor, one: _Running, reply: Reply, queries: int) -> bool:
    """Update the best candidate, send the results to the search, and return whether it continues."""
    best = int(reply.margin.argmin())
    if reply.margin[best] < one.margin:
        one.best, one.margin = one.pending[best : best + 1], float(reply.margin[best])
    assert one.best is not None, "margins must be numbers"
    one.frames.append(_frame(one, reply, int(victim.queries[one.number])))
    if _fooled(victim, images, one) or victim.queries[one.number] >= queries:
        return False
    try:
        one.pending = one.search.send(reply)
    except StopIteration:
        return False
    return True


def _fooled(victim: Victim, images: Tensor, one: _Running) -> bool:
    """Evaluate apparent successes again with the full network."""
    if one.margin >= -SURE or one.best is None:
        return False
    which = torch.tensor([one.number])
    one.margin = float(victim.margins(apply(images, one.best, which), which))
    return one.margin < -SURE


def _frame(one: _Running, reply: Reply, queries: int) -> dict[str, Any]:
    """One frame of the animation: the best candidate so far, and the positions of the current ones."""
    assert one.best is not None
    pairs = zip(one.best.places[0].tolist(), one.best.colors[0].tolist(), strict=True)
    return {
        "queries": queries,
        "fitness": float(reply.fitness.min()),
        "margin": one.margin,
        "best": [{"row": row, "column": column, "color": color} for (row, column), color in pairs],
        "tried": one.pending.places[:, 0].tolist(),
    }
