"""Decomposition of other values: dense layers, normalizations, functions, arithmetic, and moved values.

Shapes: C channels, H height, W width, T terms. A position is (channel, row, column) in a map, (index,) in a vector.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from ..networks.graph.record import Call
from ._decomposition import Group, Place, Sum, grid, group_of, source_place, weight_of


def _dense(calls: Sequence[Call], call: Call, place: Place) -> Sum:
    weight = call.weights["weight"][place[-1]].double().numpy()
    places = grid(*[[position] for position in place[:-1]], np.arange(len(weight)))
    group = group_of(calls[call.inputs[0]], places, weight)
    return Sum(rule="sum of input x weight, + bias", groups=(group,), bias=weight_of(call, "bias", 0, place[-1]))


def _batch_norm(calls: Sequence[Call], call: Call, place: Place) -> Sum:
    channel = place[0]
    mean, variance = weight_of(call, "mean", 0, channel), weight_of(call, "variance", 1, channel)
    return _normalized(calls, call, place, mean, variance, channel, "of the training images")


def _group_norm(calls: Sequence[Call], call: Call, place: Place) -> Sum:
    source = calls[call.inputs[0]].output[0].double()
    size = source.shape[0] // call.settings["groups"]
    first = place[0] // size * size
    numbers = source[first : first + size]
    mean, variance = float(numbers.mean()), float(numbers.var(correction=0))
    return _normalized(calls, call, place, mean, variance, place[0], f"of channels {first} to {first + size - 1}")


def _normalized(
    calls: Sequence[Call], call: Call, place: Place, mean: float, variance: float, channel: int, where: str
) -> Sum:
    scale = weight_of(call, "weight", 1, channel) / (variance + call.settings["epsilon"]) ** 0.5
    shift = weight_of(call, "bias", 0, channel) - mean * scale
    return Sum(
        rule=f"(x - mean) / sqrt(variance + epsilon) x weight + bias = x x scale + shift; mean and variance {where}",
        groups=(group_of(calls[call.inputs[0]], np.array([place]), scale),),
        bias=shift,
        details={
            "mean": mean,
            "variance": variance,
            "scale": scale,
            "shift": shift,
            "epsilon": call.settings["epsilon"],
        },
    )


def _function(rule: str, function: str) -> Callable[[Sequence[Call], Call, Place], Sum]:
    """An elementwise function."""

    def work(calls: Sequence[Call], call: Call, place: Place) -> Sum:
        name = function or str(call.settings.get("function", ""))
        details = {key: value for key, value in call.settings.items() if key != "function"}
        group = group_of(calls[call.inputs[0]], np.array([place]), 1.0)
        return Sum(rule=rule or f"{name}(x)", groups=(group,), function=name, details=details)

    return work


def _softmax(calls: Sequence[Call], call: Call, place: Place) -> Sum:
    """Exponentials of all inputs minus the largest one, to avoid overflow."""
    axis, source = call.settings["dim"] - 1, calls[call.inputs[0]]
    axes = [[position] for position in place]
    axes[axis] = list(range(source.output.shape[axis + 1]))
    group = group_of(source, grid(*axes), 1.0)
    powers = np.exp(group.values - group.values.max())
    details = {
        "numerator": float(powers[place[axis]]),
        "denominator": float(powers.sum()),
        "largest": float(group.values.max()),
    }
    terms = Group(
        name=group.name,
        index=group.index,
        places=group.places,
        values=group.values,
        weights=np.ones_like(powers),
        products=powers,
    )
    rule = "exp(x - largest) / sum of exp(x - largest)"
    rule = f"logarithm of {rule}" if call.kind == "log_softmax" else rule
    return Sum(rule=rule, groups=(terms,), function=call.kind, details=details)


def _move(calls: Sequence[Call], call: Call, place: Place) -> Sum:
    found = source_place(calls, call, place)
    if found is None:
        value = float(call.settings.get("value", 0.0))
        return Sum(rule="padding", groups=(), bias=value)
    source, where = found
    return Sum(
        rule="the same number, from another position"
        if call.kind not in ("dropout", "identity")
        else "the same number",
        groups=(group_of(source, np.array([where]), 1.0),),
    )


def _arithmetic(calls: Sequence[Call], call: Call, place: Place) -> Sum:
    """Sums have a term for each operand, and a constant as bias; products have the other operand as weight."""
    sides = {side: call.settings[side] for side in ("left", "right")}
    sources = iter(calls[index] for index in call.inputs)
    parts = [(next(sources) if kind == "input" else None, kind) for kind in sides.values()]
    numbers = [_side(source, kind, call, place) for source, kind in parts]
    if call.kind in ("add", "subtract"):
        signs = (1.0, 1.0 if call.kind == "add" else -1.0)
        pairs = list(zip(parts, numbers, signs, strict=True))
        groups = tuple(
            group_of(s, np.array([_broadcast(s, place)]), sign) for (s, _), _, sign in pairs if s is not None
        )
        bias = sum(number * sign for (s, _), number, sign in pairs if s is None)
        return Sum(rule="left + right" if call.kind == "add" else "left - right", groups=groups, bias=bias)
    return _product(parts, numbers, call, place)


def _product(parts: list, numbers: list[float], call: Call, place: Place) -> Sum:
    (left, _), (right, _) = parts
    source = left if left is not None else right
    assert source is not None
    if call.kind == "multiply":
        weight, rule = numbers[1] if left is not None else numbers[0], "left x right"
    elif left is not None:
        weight, rule = 1 / numbers[1] if numbers[1] else 0.0, "left / right"
    else:
        weight, rule = numbers[0] / numbers[1] ** 2 if numbers[1] else 0.0, "left / right"
    return Sum(
        rule=rule,
        groups=(group_of(source, np.array([_broadcast(source, place)]), weight),),
        details={"left": numbers[0], "right": numbers[1]},
    )


def _side(source: Call | None, kind: Any, call: Call, place: Place) -> float:
    if source is not None:
        return float(source.output[0][_broadcast(source, place)])
    if kind == "constant":
        constant = call.weights["constant"].double()
        return float(torch.broadcast_to(constant, call.output.shape)[(0, *place)])
    return float(kind)


def _broadcast(source: Call, place: Place) -> Place:
    """The position in an operand with broadcasting."""
    shape = source.shape
    assert len(shape) <= len(place)
    return tuple(p if side > 1 else 0 for p, side in zip(place[len(place) - len(shape) :], shape, strict=True))


NUMBERS: dict[str, Callable[[Sequence[Call], Call, Place], Sum]] = {
    "dense": _dense,
    "batch_norm": _batch_norm,
    "group_norm": _group_norm,
    "relu": _function("max(0, x)", "relu"),
    "tanh": _function("tanh(x)", "tanh"),
    "elementwise": _function("", ""),
    "softmax": _softmax,
    "log_softmax": _softmax,
    "add": _arithmetic,
    "subtract": _arithmetic,
    "multiply": _arithmetic,
    "divide": _arithmetic,
    **dict.fromkeys(("flatten", "reshape", "permute", "slice", "pad", "concatenate", "dropout", "identity"), _move),
    **dict.fromkeys(("pixel_shuffle", "pixel_unshuffle"), _move),
}
"""The function for each kind of call without windows."""
