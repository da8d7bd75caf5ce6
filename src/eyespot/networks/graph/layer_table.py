"""The layer table of a network: output shapes, parameter counts, and cost.

Shapes: C channels, H height, W width, K length of a vector.
"""

from dataclasses import dataclass
from itertools import groupby
from math import prod

import torch
from torch import nn

from ..network import Network
from ..special import TableConvolution, UnitBias
from .record import Call, record

KINDS = {
    "Conv2d": "convolution",
    "TableConvolution": "partial convolution",
    "ConvTranspose2d": "transposed convolution",
    "Linear": "dense",
    "MaxPool2d": "max pooling",
    "AvgPool2d": "average pooling",
    "AdaptiveAvgPool2d": "average pooling",
    "BatchNorm2d": "batch normalization",
    "GroupNorm": "group normalization",
    "UnitBias": "bias per unit",
    "ReLU": "ReLU",
    "LeakyReLU": "leaky ReLU",
    "Tanh": "tanh",
    "ScaledTanh": "scaled tanh",
    "ToYuv": "RGB to YUV",
    "ConstantPad2d": "padding",
    "ReplicationPad2d": "padding",
    "PadToMultiple": "padding",
    "CropLike": "crop",
}
"""Names of modules in the table; others appear by their class name in lower case."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerRow:
    """One row of the layer table: a module without submodules, in order of execution.

    `output` is (C, H, W) or (K,). `formula` counts the parameters: filters x height x width x channels + biases.
    `connections` count pairs of connected units, and units and their biases; `multiply_adds` exclude biases.
    `receptive_field` is the maximum (height, width) of the image region, in pixels, that affects one output position;
    None if an operation before it cannot be followed.
    """

    name: str
    kind: str
    output: tuple[int, ...]
    parameters: int
    formula: str
    connections: int
    multiply_adds: int
    receptive_field: tuple[int, int] | None


def layer_table(network: Network) -> list[LayerRow]:
    """One row for each layer, in order of execution for one image of the network's input size.

    The network is run once and not changed. Shared parameters are counted once.

    >>> from eyespot.networks import Output, build
    >>> network = build("conv 8@3x3, flatten, dense", input=(1, 5, 5), output=Output("vector", 2))
    >>> [row.formula for row in layer_table(network)]
    ['8x3x3x1+8 = 80', '', '2x72+2 = 146']
    """
    calls = record(network, torch.zeros(1, *network.spec.input))[1:]
    rows, counted = [], set()
    for _, steps in groupby(calls, key=lambda call: _place(network, call)):
        *_, last = steps
        module = network.get_submodule(last.module)
        rows.append(_row(last, module, counted=last.module in counted))
        counted.add(last.module)
    return rows


def totals(rows: list[LayerRow]) -> dict[str, int]:
    """Total parameters, connections and multiply-adds of a network."""
    names = ("parameters", "connections", "multiply_adds")
    return {name: sum(getattr(row, name) for row in rows) for name in names}


def _place(network: nn.Module, call: Call) -> str:
    """The key of a row: a module without submodules, or a single operation."""
    has_parts = any(True for _ in network.get_submodule(call.module).children())
    return call.name if has_parts else call.module


def _row(call: Call, module: nn.Module, counted: bool) -> LayerRow:
    parameters, formula = (0, "") if counted else count_parameters(module)
    connections, multiply_adds = count_connections(module, call.shape)
    has_parts = any(True for _ in module.children())
    return LayerRow(
        name=(call.name if has_parts else call.module).removeprefix("stages."),
        kind=KINDS.get(type(module).__name__, call.kind.replace("_", " ")),
        output=call.shape,
        parameters=parameters,
        formula=formula,
        connections=connections,
        multiply_adds=multiply_adds,
        receptive_field=_receptive_field(call),
    )


def _receptive_field(call: Call) -> tuple[int, int] | None:
    field = call.receptive_field
    if field is None:
        return None
    rows, columns = (int((spans[:, 1] - spans[:, 0]).max()) + 1 for spans in (field.rows, field.columns))
    return rows, columns


def count_parameters(module: nn.Module) -> tuple[int, str]:
    """Number of parameters of one module, and its formula: `8x3x3x1+8 = 80`."""
    total = sum(parameter.numel() for parameter in module.parameters(recurse=False))
    if not total:
        return 0, ""
    parts = ["x".join(map(str, _counted_shape(module, name, p))) for name, p in module.named_parameters(recurse=False)]
    return total, f"{'+'.join(parts)} = {total}"


def _counted_shape(module: nn.Module, name: str, parameter: nn.Parameter) -> tuple[int, ...]:
    """Shape of a parameter in the order of the formula: filters x height x width x channels."""
    shape = tuple(parameter.shape)
    if name == "weight" and isinstance(module, nn.Conv2d):
        return shape[0], *shape[2:], shape[1]
    return shape


def count_connections(module: nn.Module, output: tuple[int, ...]) -> tuple[int, int]:
    """Connections and multiply-adds of one module for one image: the weights and biases of all its units.

    Only layers with weighted sums are counted: convolutions, dense layers and biases per unit.
    """
    if isinstance(module, nn.Conv2d | nn.Linear | TableConvolution):
        places = prod(output[1:])
        weights = places * module.weight.numel()
        return weights + (prod(output) if module.bias is not None else 0), weights
    if isinstance(module, UnitBias):
        return prod(output), 0
    return 0, 0
