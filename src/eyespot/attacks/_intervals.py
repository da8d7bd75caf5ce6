"""Interval bound propagation: bounds of the outputs if every pixel may change by a small amount.

Gowal et al., "On the Effectiveness of Interval Bound Propagation for Training Verifiably Robust Models" (2018).
Valid for every network, but only tight for small ones: the intervals grow with every layer.
Shapes: N images, K classes, C channels, H height, W width.
"""

from collections.abc import Sequence
from copy import deepcopy

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import AttackError
from ..model import Model
from ..networks.graph.record import Call, record
from ..samples import normalize
from ._lipschitz import MOVING, SPREADING, record_input

RISING = ("relu", "tanh", "maximum", "max_pool", "adaptive_max_pool", "concatenate", "pad", *MOVING, *SPREADING)
"""Monotonically increasing layers."""
RISING_FUNCTIONS = ("sigmoid", "relu6", "hardtanh", "softplus", "exp")
STEPS = 12

Interval = tuple[Tensor, Tensor]


def output_intervals(model: Model, images: Tensor, size: float) -> Interval:
    """The lowest and highest outputs (N, ...) for images (N, C, H, W) if every value changes by up to `size` (0 to 1).

    Raises `AttackError` with the name of a layer that cannot be bounded.
    """
    calls, intervals = _propagate(model, images, size)
    return intervals[calls[-1].index]


def certified_sizes(model: Model, images: Tensor, largest: float = 0.1) -> Tensor:
    """For each image (N, C, H, W) the L-infinity radius within which the best class provably stays the best: (N,).

    Found by bisection between 0 and `largest`; 0 if nothing can be proved.
    """
    with torch.no_grad():
        best = model.outputs(images).argmax(1)
    low, high = torch.zeros(len(images)), torch.full((len(images),), largest)
    for _ in range(STEPS):
        middle = (low + high) / 2
        safe = _safe(model, images, middle, best)
        low, high = torch.where(safe, middle, low), torch.where(safe, high, middle)
    return low


def _safe(model: Model, images: Tensor, size: Tensor, best: Tensor) -> Tensor:
    """Whether class `best` (N,) has the largest output everywhere in the intervals: (N,)."""
    calls, intervals = _propagate(model, images, size[:, None, None, None])
    last = calls[-1]
    if last.kind == "dense":
        # The difference of two outputs is itself a dense layer, whose interval is tighter than the difference of two.
        weight, bias = last.weights["weight"], last.weights.get("bias")
        low, high = intervals[last.inputs[0]]
        lead = weight[best][:, None] - weight[None]
        least = torch.einsum("nkf,nf->nk", lead.clamp_min(0), low) + torch.einsum("nkf,nf->nk", lead.clamp_max(0), high)
        least = least if bias is None else least + bias[best][:, None] - bias[None]
    else:
        low, high = intervals[last.index]
        least = low.gather(1, best[:, None]) - high
    return least.scatter(1, best[:, None], torch.inf).amin(1) > 0


@torch.no_grad()
def _propagate(model: Model, images: Tensor, size: float | Tensor) -> tuple[list[Call], list[Interval]]:
    network = deepcopy(model.network).double()
    images = images.double()
    calls = record(network, model.network_x(images[:1]))
    low, high = ((images + sign * size).clamp(0, 1) for sign in (-1, 1))
    low, high = _through_all(record_input(model, images[:1]), (low, high))[-1]
    return calls, _through_all(calls, (normalize(low, model.images), normalize(high, model.images)))


def _through_all(calls: Sequence[Call], first: Interval) -> list[Interval]:
    """The output intervals of each call; `first` is the interval of the input."""
    intervals = [first]
    for call in calls[1:]:
        intervals.append(_through(call, [intervals[index] for index in call.inputs]))
    return intervals


def _through(call: Call, inputs: Sequence[Interval]) -> Interval:
    """The output interval of one call."""
    if call.run is None:
        raise AttackError(f"The operation {call.operation} ({call.name}) is unknown; no interval can be given.")
    low, high = inputs[0]
    function = call.operation.rsplit(".", 1)[-1].strip("_")
    if call.kind in RISING or function in RISING_FUNCTIONS or (call.kind == "add" and len(inputs) == 2):
        return call.run(*(one for one, _ in inputs)), call.run(*(one for _, one in inputs))
    if call.kind == "subtract" and len(inputs) == 2:
        return low - inputs[1][1], high - inputs[1][0]
    if call.kind in ("conv", "dense"):
        middle, reach = call.run((low + high) / 2), _reach(call, (high - low) / 2)
        return middle - reach, middle + reach
    if call.kind == "batch_norm" or (call.kind in ("add", "subtract", "multiply", "divide") and len(inputs) == 1):
        first, second = call.run(low), call.run(high)
        if call.kind != "divide" or call.settings["left"] == "input":
            return torch.minimum(first, second), torch.maximum(first, second)
    raise AttackError(f"No interval is known for {call.kind} ({call.name}); intervals are for plain networks.")


def _reach(call: Call, radius: Tensor) -> Tensor:
    """The radius of the output interval of a linear layer: |weights| times the radius of the input."""
    weight = call.weights["weight"].abs()
    if call.kind == "dense":
        return F.linear(radius, weight)
    kept = (call.settings[name] for name in ("stride", "padding", "dilation", "groups"))
    return F.conv2d(radius, weight, None, *kept)
