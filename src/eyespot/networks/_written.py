"""Networks from text: all shapes are computed and all limits checked before any layer is created.

Shapes: C channels, H height, W width, K length of a vector.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import prod

from torch import nn

from eyespot.errors import NetworkError

from ._blocks import MaxPool2d, initialize
from .arithmetic import convolution_parameters, dense_parameters, output_size, same_padding
from .network import Network, NetworkSpec, Output
from .text import Layer, parse

MOST_WEIGHTS = 200_000_000
MOST_NUMBERS = 200_000_000
"""Limits: total number of weights, and output values per layer and image."""

Shape = tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """A planned layer: its output shape (C, H, W) or (K,), its number of weights, and how to create it."""

    shape: Shape
    weights: int
    make: Callable[[], nn.Module]


def make_written(spec: NetworkSpec, text: str) -> Network:
    """Create the network described by `text`: a stage per layer, named by kind and count; the last one is the head.

    Raise `NetworkError` with the layer, its input, and what would fit.
    """
    layers = parse(text)
    plans = _plan_all(layers, spec)
    counts: Counter[str] = Counter()
    stages: dict[str, nn.Module] = {}
    for layer, plan in zip(layers[:-1], plans[:-1], strict=True):
        counts[layer.kind] += 1
        stages[f"{layer.kind}{counts[layer.kind]}"] = initialize(plan.make())
    return Network(spec, stages, plans[-1].make())


def _plan_all(layers: list[Layer], spec: NetworkSpec) -> list[Plan]:
    """One plan for each layer; the last one gets the number of outputs that the task needs."""
    shape: Shape = spec.input
    plans: list[Plan] = []
    for layer in layers:
        last = layer.number == len(layers)
        filters = _outputs(layer, spec.output) if last else layer.filters
        plans.append(_plan(layer, filters, shape))
        shape = plans[-1].shape
        _check_bounds(layer, plans)
    if spec.output.kind == "map":
        _check_map(shape, spec)
    return plans


def _check_map(shape: Shape, spec: NetworkSpec) -> None:
    """Raise for a map with another stride than the task needs."""
    stride = spec.output.stride
    expected = shape[0], *(-(-side // stride) for side in spec.input[1:])
    if shape != expected:
        raise NetworkError(
            f"From images of {_format_shape(spec.input)} the task needs a map at stride {stride}, "
            f"{_format_shape(expected)}, but the text makes {_format_shape(shape)}; use 'same' padding, and strides "
            f"and poolings whose product is {stride}."
        )


def _outputs(layer: Layer, output: Output) -> int:
    """Number of outputs of the last layer, which must have the kind that the task needs."""
    kind, example = ("dense", "flatten, dense") if output.kind == "vector" else ("conv", "conv 3x3 same")
    if layer.kind != kind:
        raise NetworkError(f"{layer} is the last layer; this task needs '{example}' there.")
    if layer.filters not in (0, output.size):
        raise NetworkError(
            f"{layer} is the last layer, but the task needs {output.size} outputs; leave out its number ('{example}')."
        )
    return output.size


def _plan(layer: Layer, filters: int, shape: Shape) -> Plan:
    try:
        return PLANS[layer.kind](layer, filters, shape)
    except NetworkError as error:
        raise NetworkError(f"{layer} gets {_format_shape(shape)}: {error}") from error


def _convolution(layer: Layer, filters: int, shape: Shape) -> Plan:
    channels, height, width = _picture(shape)
    if not filters:
        raise NetworkError(f"how many filters? Write 'conv 8@{layer.kernel[0]}x{layer.kernel[1]}'.")
    padding = _padding(layer)
    stride = 1 if layer.stride is None else layer.stride
    rows, columns = (
        output_size(side, kernel, pad, stride, layer.dilation)
        for side, kernel, pad in zip((height, width), layer.kernel, padding, strict=True)
    )
    make = partial(nn.Conv2d, channels, filters, layer.kernel, stride, padding, layer.dilation)
    weights = convolution_parameters(filters, channels, *layer.kernel)
    return Plan(shape=(filters, rows, columns), weights=weights, make=make)


def _padding(layer: Layer) -> tuple[int, int]:
    if layer.padding == "valid":
        return 0, 0
    if layer.padding == "same":
        return same_padding(layer.kernel[0], layer.dilation), same_padding(layer.kernel[1], layer.dilation)
    assert isinstance(layer.padding, int)
    return layer.padding, layer.padding


def _pooling(layer: Layer, _filters: int, shape: Shape) -> Plan:
    channels, height, width = _picture(shape)
    strides = layer.kernel if layer.stride is None else (layer.stride, layer.stride)
    rows, columns = (
        output_size(side, kernel, stride=stride)
        for side, kernel, stride in zip((height, width), layer.kernel, strides, strict=True)
    )
    return Plan(shape=(channels, rows, columns), weights=0, make=partial(POOLINGS[layer.kind], layer.kernel, strides))


def _normalization(_layer: Layer, _filters: int, shape: Shape) -> Plan:
    channels = _picture(shape)[0]
    return Plan(shape=shape, weights=2 * channels, make=partial(nn.BatchNorm2d, channels))


def _flatten(_layer: Layer, _filters: int, shape: Shape) -> Plan:
    return Plan(shape=(prod(_picture(shape)),), weights=0, make=nn.Flatten)


def _dense(_layer: Layer, filters: int, shape: Shape) -> Plan:
    if len(shape) != 1:
        raise NetworkError("it takes a row of numbers; write 'flatten' before it.")
    if not filters:
        raise NetworkError("how many numbers? Write 'dense 64'; only the last layer leaves it to the task.")
    make = partial(nn.Linear, shape[0], filters)
    return Plan(shape=(filters,), weights=dense_parameters(shape[0], filters), make=make)


def _dropout(layer: Layer, _filters: int, shape: Shape) -> Plan:
    if not 0 <= layer.share < 1:
        raise NetworkError(f"a share of {layer.share:g} cannot be dropped; take one from 0 to below 1, such as 0.5.")
    return Plan(shape=shape, weights=0, make=partial(nn.Dropout, layer.share))


def _unchanged(make: Callable[[], nn.Module]) -> Callable[[Layer, int, Shape], Plan]:
    """The plan of an elementwise layer."""
    return lambda _layer, _filters, shape: Plan(shape=shape, weights=0, make=make)


POOLINGS: dict[str, Callable[..., nn.Module]] = {
    "maxpool": MaxPool2d,
    "avgpool": nn.AvgPool2d,
    # Average pooling with divisor 1 is the sum.
    "sumpool": partial(nn.AvgPool2d, divisor_override=1),
}
PLANS: dict[str, Callable[[Layer, int, Shape], Plan]] = {
    "conv": _convolution,
    "maxpool": _pooling,
    "avgpool": _pooling,
    "sumpool": _pooling,
    "batchnorm": _normalization,
    "flatten": _flatten,
    "dense": _dense,
    "dropout": _dropout,
    "relu": _unchanged(nn.ReLU),
    "tanh": _unchanged(nn.Tanh),
}


def _picture(shape: Shape) -> Shape:
    if len(shape) != 3:
        raise NetworkError("it takes an image; write it before 'flatten'.")
    return shape


def _check_bounds(layer: Layer, plans: list[Plan]) -> None:
    """Raise for networks that would exceed memory, before any weight is created."""
    weights, numbers = sum(plan.weights for plan in plans), prod(plans[-1].shape)
    if weights > MOST_WEIGHTS:
        raise NetworkError(
            f"{layer} brings the network to {weights:,} weights; at most {MOST_WEIGHTS:,} are allowed. "
            f"Shrink the image before it (stride or pooling), or take fewer filters or numbers."
        )
    if numbers > MOST_NUMBERS:
        raise NetworkError(
            f"{layer} makes {numbers:,} numbers of one image; at most {MOST_NUMBERS:,} are allowed. "
            f"Take fewer filters, or shrink the image before it (stride or pooling)."
        )


def _format_shape(shape: Shape) -> str:
    """Format a shape: 64x64x3 is height x width x channels."""
    if len(shape) == 1:
        return f"{shape[0]} numbers"
    return f"{shape[1]}x{shape[2]}x{shape[0]} (height x width x channels)"
