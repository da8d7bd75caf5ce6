"""What eyespot chooses for a network is about as fast as the best choice that there is.

Claim: precision, memory format and number of threads as eyespot chooses them, by measuring once for some seconds, give
at least 0.9 of the speed of the best fixed choice in nine of ten cases. The fixed choices are all of float32 and
bfloat16, contiguous and channels_last, one thread and one for each core; each takes training steps (forward, backward,
optimizer) on a batch in memory, in turns. Choices that take more than four times as long as the best at a first look
take part in no further turn.
"""

import itertools
import time
from functools import partial
from typing import Any

import torch
from _common import finish, in_turns, parse, spread
from _training import clean_place
from torch import nn

from eyespot.device import LAYOUTS, PRECISIONS, ComputeConfig, choose_compute, keeping_memory
from eyespot.networks import Output, build
from eyespot.training.recipe import automatic_batch

LENGTH = "long"
SMALL = {"unet": 16, "efficientnet-lite0": 16}
"""Batches of networks that take long; the others take what eyespot gives to 50,000 images."""
CASES: tuple[tuple[str, str, tuple[int, int, int]], ...] = (
    ("lecun1989", "", (1, 16, 16)),
    ("harley2015", "", (1, 28, 28)),
    ("lenet5", "", (1, 28, 28)),
    ("convnetjs", "", (3, 32, 32)),
    ("tinyvgg", "", (3, 64, 64)),
    ("pilotnet", "", (3, 66, 200)),
    ("residual", "tiny", (1, 28, 28)),
    ("residual", "small", (3, 32, 32)),
    ("residual", "small", (3, 128, 128)),
    ("residual", "medium", (3, 64, 64)),
    ("denoiser", "small", (1, 64, 64)),
    ("unet", "", (3, 64, 64)),
    ("efficientnet-lite0", "", (3, 128, 128)),
    ("conv 16@5x5 same, relu, maxpool 2, conv 32@3x3 same, relu, maxpool 2, flatten, dense", "", (1, 28, 28)),
)
FAR = 4


def main() -> None:
    arguments = parse(__doc__, {"repeats": 5, "seconds": 0.3, "cases": ",".join(map(str, range(len(CASES))))})
    with clean_place(), keeping_memory():
        rows = [
            row_of(*CASES[int(number)], arguments.repeats, arguments.seconds) for number in arguments.cases.split(",")
        ]
    good = sum(row["share of the best"] >= 0.9 for row in rows)
    finish(__file__, arguments, {"repeats": arguments.repeats, "at least 0.9": f"{good} of {len(rows)}"}, rows)


def row_of(name: str, size: str, shape: tuple[int, int, int], repeats: int, seconds: float) -> dict[str, Any]:
    batch = SMALL.get(name) or automatic_batch(50_000, shape[1] * shape[2])
    make = partial(made, name, size or "small", shape)
    cores = torch.get_num_threads()
    began = time.perf_counter()
    chosen = choose_compute(make, shape, batch, f"{name} {size}")
    took = time.perf_counter() - began
    fixed = [
        ComputeConfig(precision=precision, layout=layout, threads=threads)
        for precision, layout, threads in itertools.product(PRECISIONS, LAYOUTS, sorted({1, cores}))
    ]
    steps = {placed: Steps(make, placed, batch, shape) for placed in fixed}
    first = {placed: steps[placed].mean(0.0) for placed in fixed}
    able = {told(placed): placed for placed in fixed if first[placed] <= FAR * min(first.values())}
    times = in_turns({name: partial(steps[placed].mean, seconds) for name, placed in able.items()}, repeats)
    torch.set_num_threads(cores)
    middle = {name: spread(found)["median"] for name, found in times.items()}
    best, ours = min(middle, key=middle.__getitem__), told(chosen)
    shares = spread([theirs / own for theirs, own in zip(times[best], times.get(ours, [9e9] * repeats), strict=True)])
    return {
        "network": f"{name} {size}".strip(),
        "input": "x".join(map(str, shape)),
        "batch": batch,
        "chosen": ours,
        "best": best,
        "share of the best": middle[best] / middle.get(ours, 9e9),
        "least and most": f"{shares['low']:.2f} to {shares['high']:.2f}",
        "best ms": 1000 * middle[best],
        "float32 contiguous, all cores ms": 1000 * first[ComputeConfig(threads=cores)],
        "choosing s": took,
    }


def made(name: str, size: str, shape: tuple[int, int, int]) -> nn.Module:
    picture = name in ("denoiser", "unet")
    output = Output("picture", shape[0]) if picture else Output("vector", 10)
    return build(name, input=shape, output=output, size=size).train()


def told(compute: ComputeConfig) -> str:
    return f"{compute.precision} {compute.layout} {compute.threads}"


class Steps:
    """Training steps of a network of its own, placed in one way."""

    def __init__(self, make: partial[nn.Module], compute: ComputeConfig, batch: int, shape: tuple[int, ...]) -> None:
        self.compute = compute
        torch.manual_seed(0)
        self.network = compute.place(make()).train()
        self.x = torch.rand(batch, *shape).contiguous(memory_format=compute.memory_format)
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=1e-4, fused=True)
        torch.set_num_threads(compute.threads)
        self.step()

    def step(self) -> None:
        with self.compute.autocast():
            output = self.network(self.x)
        output.float().square().mean().backward()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    def mean(self, seconds: float) -> float:
        """Mean seconds of a step over so many seconds, one step at the least."""
        torch.set_num_threads(self.compute.threads)
        began, steps = time.perf_counter(), 0
        while steps < 1 or time.perf_counter() - began < seconds:
            self.step()
            steps += 1
        return (time.perf_counter() - began) / steps


if __name__ == "__main__":
    main()
