"""Occlusion maps: eyespot's incremental computation is several times faster than captum's at its best batch size.

Claims. 64x64 pixels, patch 8, stride 1: `tinyvgg` at least 8 times, the default residual network at least 1.5 times and
at least 0.7 times the ratio of multiply-adds saved. Residual at 224x224, patch 32, stride 8: at least 1.8 times. The
outputs are the same to 1e-4 of the largest. Captum tries the batch sizes below first, and the fastest takes part.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from _common import finish, in_turns, parse, seconds_of, spread
from captum.attr import Occlusion
from torch import Tensor, nn

from eyespot.networks import build
from eyespot.networks.graph.incremental import Incremental
from eyespot.networks.network import Output

LENGTH = "short"
BATCHES = (8, 32, 128)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One network and one sweep of a patch."""

    network: str
    side: int
    patch: int
    stride: int
    bar: float


CASES = (
    Case(network="tinyvgg", side=64, patch=8, stride=1, bar=8.0),
    Case(network="residual", side=64, patch=8, stride=1, bar=1.5),
    Case(network="residual", side=224, patch=32, stride=8, bar=1.8),
)


def main() -> None:
    arguments = parse(__doc__, {"repeats": 3, "threads": 2})
    torch.set_num_threads(arguments.threads)
    rows = [measure(case, arguments.repeats) for case in CASES]
    finish(__file__, arguments, {"threads": arguments.threads, "repeats": arguments.repeats}, rows)


@torch.no_grad()
def measure(case: Case, repeats: int) -> dict:
    torch.manual_seed(0)
    network = build(case.network, (3, case.side, case.side), Output("vector", 10)).eval()
    x = torch.randn(1, 3, case.side, case.side)
    incremental = Incremental(network, x)
    ours = sweep(incremental, case)
    off = float((ours - plainly(network, x, case)).abs().max() / ours.abs().max())
    times = {batch: seconds_of(captum(network, x, case, batch)) for batch in BATCHES}
    best = min(times, key=lambda batch: times[batch])
    contestants = {
        "eyespot": lambda: seconds_of(lambda: sweep(Incremental(network, x), case)),
        "captum": lambda: seconds_of(captum(network, x, case, best)),
    }
    figures = in_turns(contestants, repeats)
    ratios = [theirs / own for own, theirs in zip(figures["eyespot"], figures["captum"], strict=True)]
    ratio = spread(ratios)
    return {
        "network": case.network,
        "side": case.side,
        "patch": case.patch,
        "stride": case.stride,
        "places": len(ours),
        "captum s": spread(figures["captum"])["median"],
        "captum batch": best,
        "eyespot s": spread(figures["eyespot"])["median"],
        "ratio": ratio["median"],
        "ratio low": ratio["low"],
        "ratio high": ratio["high"],
        "bar": case.bar,
        "multiply-adds saved": incremental.saved,
        "largest difference": off,
    }


def sweep(incremental: Incremental, case: Case) -> Tensor:
    """The outputs at every place of the patch."""
    side = torch.arange(0, case.side - case.patch + 1, case.stride)
    rows, columns = torch.meshgrid(side, side, indexing="ij")
    return incremental.outputs(rows.flatten(), columns.flatten(), torch.zeros(1, 3, case.patch, case.patch))


def plainly(network: nn.Module, x: Tensor, case: Case) -> Tensor:
    """The same, every image computed whole."""
    side = range(0, case.side - case.patch + 1, case.stride)
    outputs = []
    for row in side:
        images = x.repeat(len(side), 1, 1, 1)
        for image, column in zip(images, side, strict=True):
            image[:, row : row + case.patch, column : column + case.patch] = 0
        outputs.append(network(images))
    return torch.cat(outputs)


def captum(network: nn.Module, x: Tensor, case: Case, batch: int) -> Callable[[], Tensor]:
    window, strides = (3, case.patch, case.patch), (3, case.stride, case.stride)
    return lambda: Occlusion(network).attribute(
        x, window, strides=strides, target=0, baselines=0, perturbations_per_eval=batch
    )


if __name__ == "__main__":
    main()
