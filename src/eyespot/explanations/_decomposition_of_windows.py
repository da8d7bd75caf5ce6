"""Decomposition of values computed from windows: convolution, pooling, means, upsampling.

Shapes: C channels, H height, W width, T terms. A position is (channel, row, column) in a map, (index,) in a vector.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F

from ..networks.graph.receptive_fields import OUTSIDE, taps
from ..networks.graph.record import Call
from ._decomposition import Place, Sum, grid, group_of, weight_of


def _window(calls: Sequence[Call], call: Call, place: Place) -> tuple[np.ndarray, np.ndarray]:
    """Input rows and columns that one position of a map reads; OUTSIDE for padding."""
    before, after = calls[call.inputs[0]].output.shape, call.output.shape
    sides = [taps(call.kind, call.settings, 0, before, after, axis) for axis in (-2, -1)]
    assert sides[0] is not None and sides[1] is not None
    return sides[0][place[1]], sides[1][place[2]]


def _conv(calls: Sequence[Call], call: Call, place: Place) -> Sum:
    weight = call.weights["weight"].double().numpy()
    filters, depth = weight.shape[0] // call.settings["groups"], weight.shape[1]
    channels = place[0] // filters * depth + np.arange(depth)
    places = grid(channels, *_window(calls, call, place))
    group = group_of(calls[call.inputs[0]], places, weight[place[0]].ravel())
    return Sum(rule="sum of input x weight, + bias", groups=(group,), bias=weight_of(call, "bias", 0, place[0]))


def _conv_transposed(calls: Sequence[Call], call: Call, place: Place) -> Sum:
    """Each tap of a row has one weight of the kernel, so the terms have the order of the weights."""
    weight, source = call.weights["weight"].double().numpy(), calls[call.inputs[0]]
    inside = call.output.shape[1] // call.settings["groups"]
    depth = weight.shape[0] // call.settings["groups"]
    channels = place[0] // inside * depth + np.arange(depth)
    places = grid(channels, *_window(calls, call, place))
    kernels = weight[channels, place[0] % inside].ravel()
    kept = (places != OUTSIDE).all(1)
    group = group_of(source, places[kept], kernels[kept])
    return Sum(
        rule="sum of input x weight over the inputs that reach this position, + bias",
        groups=(group,),
        bias=weight_of(call, "bias", 0, place[0]),
    )


def _pool_places(calls: Sequence[Call], call: Call, place: Place) -> np.ndarray:
    places = grid([place[0]], *_window(calls, call, place))
    return places[(places != OUTSIDE).all(1)]


def _maximum(calls: Sequence[Call], call: Call, places: np.ndarray) -> Sum:
    """The first maximum wins, as in PyTorch; its weight is 1, that of the others 0."""
    source = calls[call.inputs[0]]
    values = group_of(source, places, 1.0).values
    winner = int(values.argmax()) if len(values) else -1
    group = group_of(source, places, np.arange(len(values)) == winner)
    return Sum(
        rule="the largest of the window",
        groups=(group,),
        details={"winner": places[winner].tolist() if len(values) else None},
    )


def _max_pool(calls: Sequence[Call], call: Call, place: Place) -> Sum:
    return _maximum(calls, call, _pool_places(calls, call, place))


def _average_pool(calls: Sequence[Call], call: Call, place: Place) -> Sum:
    """The divisor is determined by pooling an image of ones."""
    places, source = _pool_places(calls, call, place), calls[call.inputs[0]]
    assert call.run is not None
    share = float(call.run(torch.ones_like(source.output[:1, :1], dtype=torch.float64))[0, 0, place[1], place[2]])
    weight = share / max(1, len(places))
    rule = f"sum of the window, divided by {round(1 / weight) if weight else 0}"
    return Sum(rule=rule, groups=(group_of(source, places, weight),))


def _reduced_places(calls: Sequence[Call], call: Call, place: Place) -> np.ndarray:
    """All input cells that a mean, sum or maximum over some axes combines."""
    source = calls[call.inputs[0]].output
    rest = iter(place)
    axes = []
    for axis in range(1, source.dim()):
        reduced = axis in call.settings["dims"]
        position = next(rest) if not reduced or call.settings["keep"] else 0
        axes.append(np.arange(source.shape[axis]) if reduced else [position])
    return grid(*axes)


def _mean(calls: Sequence[Call], call: Call, place: Place) -> Sum:
    places = _reduced_places(calls, call, place)
    weight = 1 / len(places) if call.kind == "mean" else 1.0
    rule = f"mean of {len(places)} numbers" if call.kind == "mean" else f"sum of {len(places)} numbers"
    return Sum(rule=rule, groups=(group_of(calls[call.inputs[0]], places, weight),))


def _largest(calls: Sequence[Call], call: Call, place: Place) -> Sum:
    return _maximum(calls, call, _reduced_places(calls, call, place))


def _upsample(calls: Sequence[Call], call: Call, place: Place) -> Sum:
    """Weights along rows and columns, determined by upsampling a unit matrix."""
    source = calls[call.inputs[0]]
    rows, columns = (_stretch(call, source.shape[axis], call.shape[axis], place[axis]) for axis in (1, 2))
    weights = np.outer(rows, columns)
    kept = np.argwhere(weights != 0)
    places = np.concatenate([np.full((len(kept), 1), place[0]), kept], 1)
    return Sum(
        rule=f"{call.settings['mode']} mean of near inputs", groups=(group_of(source, places, weights[tuple(kept.T)]),)
    )


def _stretch(call: Call, before: int, after: int, position: int) -> np.ndarray:
    mode = call.settings["mode"]
    aligned = call.settings["align_corners"] if mode in ("bilinear", "bicubic") else None
    unit = torch.eye(before, dtype=torch.float64)[None, :, :, None].expand(-1, -1, -1, 2)
    return F.interpolate(unit, size=(after, 2), mode=mode, align_corners=aligned)[0, :, position, 0].numpy()


WINDOWS: dict[str, Callable[[Sequence[Call], Call, Place], Sum]] = {
    "conv": _conv,
    "conv_transposed": _conv_transposed,
    "max_pool": _max_pool,
    "adaptive_max_pool": _max_pool,
    "average_pool": _average_pool,
    "adaptive_average_pool": _average_pool,
    "mean": _mean,
    "sum": _mean,
    "maximum": _largest,
    "upsample": _upsample,
}
"""The function for each kind of call with windows."""
