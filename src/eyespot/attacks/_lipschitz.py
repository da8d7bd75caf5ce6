"""Lipschitz bounds: operator norms layer by layer, and the certified radius of an image.

Szegedy et al. (2013), section 4.3: the product of the layer norms bounds how much the network amplifies a change. It is
an upper bound: a small one proves that an image is safe, a large one proves nothing.
Shapes: N images, K classes, C channels, H height, W width.
"""

import math
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..model import Model
from ..networks.graph.record import Call, record
from ..tasks.task import Task
from ._operator_norms import convolution_bound, dense_norm, power_iteration, sum_bound, without_constant

MOVING = ("flatten", "reshape", "identity", "dropout", "permute", "slice")
SPREADING = ("average_pool", "adaptive_average_pool", "mean", "sum", "upsample")
STEEPEST = {
    "relu": 1.0,
    "tanh": 1.0,
    "softmax": 1.0,
    "maximum": 1.0,
    "sigmoid": 0.25,
    "relu6": 1.0,
    "hardtanh": 1.0,
    "softplus": 1.0,
    "abs": 1.0,
    "neg": 1.0,
}
"""The maximum slope of elementwise functions."""


@dataclass(frozen=True, kw_only=True)
class LayerBound:
    """One layer: its operator norm by power iteration (linear layers only), and upper bounds.

    `at_most` is this layer's own bound, `total` that of the network from the pixels (0 to 1) to its output; None if
    there is no bound, with the `reason`.
    """

    name: str
    kind: str
    norm: float | None = None
    at_most: float | None = None
    total: float | None = None
    reason: str = ""


def layer_bounds(model: Model) -> list[LayerBound]:
    """The bounds of all layers in order of execution; the first is the preprocessing, the last the whole network."""
    calls = _recorded(model)
    rows = [_preprocessing(model)]
    for call in calls[1:]:
        inputs = [calls[index] for index in call.inputs]
        row = _bounded(call, inputs, [rows[index] for index in call.inputs])
        together = _with_convolution(call, calls, rows)
        if together is not None and row.total is not None:
            row = replace(row, total=min(row.total, together))
        rows.append(row)
    return rows


def certified_radii(model: Model, images: Tensor) -> Tensor | None:
    """For each image (N, C, H, W) the L2 radius (pixels 0 to 1) within which the best class provably stays best.

    None without a bound. The margin to class k divided by its Lipschitz constant: before a final dense layer
    |w_best - w_k| times the bound up to it, else sqrt(2) times the bound of the whole network (Tsuzuku et al. 2018).
    """
    calls, rows = _recorded(model), layer_bounds(model)
    with torch.no_grad():
        output = model.outputs(images).double()
    best = output.argmax(1)
    gaps = output.gather(1, best[:, None]) - output
    last, total = calls[-1], rows[-1].total
    if total is None:
        return None
    # The margin is the scalar product of two outputs with (1, -1), whose norm is sqrt(2).
    speed = torch.full_like(gaps, math.sqrt(2) * total)
    before = rows[last.inputs[0]].total
    if last.kind == "dense" and before is not None:
        weight = last.weights["weight"].double()
        speed = torch.minimum(speed, (weight[best][:, None] - weight[None]).norm(dim=2) * before)
    radii = gaps / speed.clamp_min(1e-30)  # classes with equal weights have speed 0: no change separates them
    return radii.scatter(1, best[:, None], torch.inf).amin(1)


def _recorded(model: Model) -> list[Call]:
    """The calls of the network in float64, on a gray image."""
    network = deepcopy(model.network).double()
    channels, height, width = model.images.shape
    gray = torch.full((1, channels, height, width), 0.5, dtype=torch.float64)
    return record(network, model.network_x(gray))


class _NetworkInput(nn.Module):
    """`task.network_input` as a module, so that it can be recorded."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.task = task

    def forward(self, pixels: Tensor) -> Tensor:
        return self.task.network_input(pixels)


def record_input(model: Model, pixels: Tensor) -> list[Call]:
    """The calls of the task on pixels (N, C, H, W) before normalization; the first is the image."""
    return record(_NetworkInput(model.task), pixels)


def _preprocessing(model: Model) -> LayerBound:
    """`task.network_input` and the normalization: a value is divided by its channel's standard deviation."""
    pixels = torch.full((1, *model.images.shape), 0.5, dtype=torch.float64)
    rows = [LayerBound(name="image", kind="input", at_most=1.0, total=1.0)]
    calls = record_input(model, pixels)
    for call in calls[1:]:
        rows.append(_bounded(call, [calls[i] for i in call.inputs], [rows[i] for i in call.inputs]))
    norm = 1 / min(model.images.std)
    if len(calls) == 1:
        return LayerBound(name="preprocessing", kind="input", norm=norm, at_most=norm, total=norm)
    total = None if rows[-1].total is None else rows[-1].total * norm
    return LayerBound(name="preprocessing", kind="input", at_most=total, total=total, reason=rows[-1].reason)


def _bounded(call: Call, inputs: Sequence[Call], before: Sequence[LayerBound]) -> LayerBound:
    totals = [row.total for row in before]
    own = own_bound(call, inputs)
    if own.at_most is None:
        return own
    if any(total is None for total in totals):
        return replace(own, reason="a layer before it has no bound")
    known = [total for total in totals if total is not None]
    # Concatenated changes are orthogonal, so their norms add in squares; in sums they can add up in the worst case.
    joined = math.hypot(*known) if call.kind == "concatenate" else sum(known)
    return replace(own, total=own.at_most * joined)


def own_bound(call: Call, inputs: Sequence[Call]) -> LayerBound:
    """The bound of a single layer."""
    row = LayerBound(name=call.name, kind=call.kind)
    if call.run is None:
        return replace(row, reason=f"the operation {call.operation} is unknown")
    x = inputs[0].output
    if call.kind in ("conv", "dense", "batch_norm", *SPREADING):
        linear = without_constant(call.run, x)
        return replace(row, norm=power_iteration(linear, x), at_most=_linear_bound(call, x))
    if call.kind in ("add", "subtract", "concatenate", *MOVING):
        return replace(row, at_most=1.0)
    if call.kind == "pad" and call.settings["mode"] == "constant":
        return replace(row, at_most=1.0)
    if call.kind == "max_pool":
        return replace(row, at_most=_overlap(call, x))
    if call.kind in ("multiply", "divide") and len(inputs) == 1:
        return replace(row, at_most=_factor(call, x))
    slope = STEEPEST.get(call.operation.rsplit(".", 1)[-1].strip("_"), STEEPEST.get(call.kind))
    if slope is None:
        return replace(row, reason=f"no bound is known for {call.kind} ({call.operation})")
    return replace(row, at_most=slope)


def _with_convolution(call: Call, calls: Sequence[Call], rows: Sequence[LayerBound]) -> float | None:
    """The bound up to a batch normalization that follows a convolution, treating both as one convolution."""
    if call.kind != "batch_norm" or calls[call.inputs[0]].kind != "conv":
        return None
    conv = calls[call.inputs[0]]
    before = rows[conv.inputs[0]].total
    weight = conv.weights["weight"] * batch_norm_scale(call)[:, None, None, None]
    both = replace(conv, weights={"weight": weight})
    return None if before is None else before * _linear_bound(both, calls[conv.inputs[0]].output)


def _linear_bound(call: Call, x: Tensor) -> float:
    assert call.run is not None
    if call.kind == "conv":
        settings = call.settings
        kept = (settings[name] for name in ("stride", "dilation", "groups"))
        return convolution_bound(call.weights["weight"], x.shape[2], x.shape[3], *kept)
    if call.kind == "dense":
        return dense_norm(call.weights["weight"])
    if call.kind == "batch_norm":
        return float(batch_norm_scale(call).abs().max())
    return sum_bound(without_constant(call.run, x), x)


def batch_norm_scale(call: Call) -> Tensor:
    """The factor of a batch normalization for each channel at inference: (C,)."""
    scale = (call.weights["variance"] + call.settings["epsilon"]).rsqrt()
    return scale * call.weights["weight"] if "weight" in call.weights else scale


def _overlap(call: Call, x: Tensor) -> float:
    """Square root of the number of max pooling windows that contain one value."""
    settings = call.settings
    if settings["dilation"] != (1, 1):
        return math.sqrt(math.prod(settings["kernel"]))
    ones = torch.ones(1, 1, *x.shape[2:], dtype=x.dtype)

    def windows(values: Tensor) -> Tensor:
        return F.avg_pool2d(
            values,
            settings["kernel"],
            settings["stride"],
            settings["padding"],
            settings["ceil_mode"],
            divisor_override=1,
        )

    with torch.enable_grad():
        given = ones.requires_grad_(True)
        counts = torch.autograd.grad(windows(given).sum(), given)[0]
    return math.sqrt(float(counts.max()))


def _factor(call: Call, x: Tensor) -> float:
    """The largest factor of a multiplication or division by a constant."""
    assert call.run is not None
    if call.kind == "divide" and call.settings["left"] != "input":
        return math.inf
    linear = without_constant(call.run, x)
    return float(linear(torch.ones_like(x)).abs().max())
