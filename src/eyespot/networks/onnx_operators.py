"""ONNX operators used in image networks, as functions of tensors.

A function takes the operator's inputs and its attributes. Shapes (results of Shape, and integer constants) are lists
of ints, not tensors, so that N stays free when a graph is traced again. Unsupported cases raise `NetworkError`; the
comparison with onnxruntime during import detects all other differences.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from eyespot.errors import NetworkError

Attributes = dict[str, Any]


def pad_sides(x: Tensor, pads: Sequence[int], value: float = 0.0) -> Tensor:
    """Pad images (N, C, H, W) with [top, left, bottom, right] pixels of `value`."""
    top, left, bottom, right = pads
    return F.pad(x, (left, right, top, bottom), value=value) if any(pads) else x


def window_pads(x: Tensor, attributes: Attributes) -> list[int]:
    """The pads [top, left, bottom, right] of a convolution or pooling, including automatic ones."""
    kind = attributes.get("auto_pad", "NOTSET")
    if kind in ("NOTSET", "VALID"):
        return list(attributes.get("pads", [0, 0, 0, 0])) if kind == "NOTSET" else [0, 0, 0, 0]
    kernel, before, after = attributes["kernel_shape"], [], []
    strides, dilations = attributes.get("strides", [1, 1]), attributes.get("dilations", [1, 1])
    for side, k, s, d in zip(x.shape[2:], kernel, strides, dilations, strict=True):
        total = max(0, (-(-side // s) - 1) * s + d * (k - 1) + 1 - side)
        small, large = total // 2, total - total // 2
        before.append(small if kind == "SAME_UPPER" else large)
        after.append(large if kind == "SAME_UPPER" else small)
    return [*before, *after]


def _max_pool(inputs: list[Any], attributes: Attributes) -> Tensor:
    x = pad_sides(inputs[0], window_pads(inputs[0], attributes), float("-inf"))
    return F.max_pool2d(
        x,
        attributes["kernel_shape"],
        attributes.get("strides", [1, 1]),
        dilation=attributes.get("dilations", [1, 1]),
        ceil_mode=bool(attributes.get("ceil_mode", 0)),
    )


def _average_pool(inputs: list[Any], attributes: Attributes) -> Tensor:
    pads = window_pads(inputs[0], attributes)
    counted = bool(attributes.get("count_include_pad", 0))
    if pads[:2] != pads[2:] and not counted:
        raise NetworkError("AveragePool pads its sides differently, which is not supported")
    x = pad_sides(inputs[0], pads) if counted else inputs[0]
    return F.avg_pool2d(
        x,
        attributes["kernel_shape"],
        attributes.get("strides", [1, 1]),
        padding=[0, 0] if counted else pads[:2],
        ceil_mode=bool(attributes.get("ceil_mode", 0)),
        count_include_pad=False,
    )


def _reshape(inputs: list[Any], attributes: Attributes) -> Tensor:
    x, shape = inputs[0], list(inputs[1])
    sides = [x.shape[at] if side == 0 else side for at, side in enumerate(shape)]
    if attributes.get("keeps_n") and sides[0] == 1:  # exported for one image: N stays free
        sides[0] = x.shape[0]
    return x.reshape(sides)


def _slice(inputs: list[Any], attributes: Attributes) -> Any:
    x = inputs[0]
    starts, ends = (inputs[1], inputs[2]) if len(inputs) > 2 else (attributes["starts"], attributes["ends"])
    axes = inputs[3] if len(inputs) > 3 else attributes.get("axes", list(range(len(starts))))
    steps = inputs[4] if len(inputs) > 4 else [1] * len(starts)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if isinstance(x, list):
            x = x[start:end:step]
            continue
        if step < 0:
            raise NetworkError("Slice with a negative step is not supported")
        place = axis % x.ndim
        x = x[(slice(None),) * place + (slice(start, end, step),)]
    return x


def _gather(inputs: list[Any], attributes: Attributes) -> Any:
    x, places = inputs[0], inputs[1]
    if isinstance(x, list):
        return [x[place] for place in places] if isinstance(places, list) else x[places]
    axis = attributes.get("axis", 0)
    if isinstance(places, int):
        return x.select(axis, places)
    return x.index_select(axis, torch.tensor(places, device=x.device))


def _concat(inputs: list[Any], attributes: Attributes) -> Any:
    if all(isinstance(each, list) for each in inputs):
        return [one for each in inputs for one in each]
    return torch.cat([_tensor(each) for each in inputs], dim=attributes["axis"])


def _tensor(value: Any) -> Tensor:
    return value if isinstance(value, Tensor) else torch.tensor(value)


def _binary(function: Callable[[Any, Any], Any]) -> Callable[[list[Any], Attributes], Any]:
    """A binary operator on tensors or lists of integers."""

    def compute(inputs: list[Any], attributes: Attributes) -> Any:
        one, other = inputs
        if isinstance(one, Tensor) or isinstance(other, Tensor):
            return function(*(_tensor(each) if isinstance(each, list) else each for each in inputs))
        ones, others = (each if isinstance(each, list) else [each] for each in (one, other))
        found = [function(a, b) for a, b in zip(_wide(ones, others), _wide(others, ones), strict=True)]
        return found if isinstance(one, list) or isinstance(other, list) else found[0]

    return compute


def _wide(values: list[int], other: list[int]) -> list[int]:
    return values * len(other) if len(values) == 1 else values


def _divide(one: Any, other: Any) -> Any:
    return one / other if isinstance(one, Tensor) or isinstance(other, Tensor) else one // other


def _axes(inputs: list[Any], attributes: Attributes) -> list[int] | None:
    """The axes of an operator: an input in newer operator sets, an attribute in older ones."""
    return inputs[1] if len(inputs) > 1 and inputs[1] is not None else attributes.get("axes")


def _reduce(function: Callable[..., Tensor]) -> Callable[[list[Any], Attributes], Tensor]:
    def compute(inputs: list[Any], attributes: Attributes) -> Tensor:
        axes = _axes(inputs, attributes)
        every = list(range(inputs[0].ndim))
        return function(inputs[0], dim=axes or every, keepdim=bool(attributes.get("keepdims", 1)))

    return compute


def _squeeze(inputs: list[Any], attributes: Attributes) -> Any:
    x, axes = inputs[0], _axes(inputs, attributes)
    if isinstance(x, list):
        return x[0]
    return x.squeeze() if axes is None else x.squeeze(dim=tuple(axes))


def _unsqueeze(inputs: list[Any], attributes: Attributes) -> Any:
    x, axes = inputs[0], _axes(inputs, attributes) or []
    if not isinstance(x, Tensor):
        return [x]
    for axis in sorted(axes):
        x = x.unsqueeze(axis)
    return x


def _clip(inputs: list[Any], attributes: Attributes) -> Tensor:
    low = inputs[1] if len(inputs) > 1 else attributes.get("min")
    high = inputs[2] if len(inputs) > 2 else attributes.get("max")
    return torch.clamp(inputs[0], min=low, max=high)


def _pad(inputs: list[Any], attributes: Attributes) -> Tensor:
    x, pads = inputs[0], inputs[1] if len(inputs) > 1 else attributes["pads"]
    half, modes = len(pads) // 2, {"constant": "constant", "reflect": "reflect", "edge": "replicate"}
    around = [side for axis in reversed(range(half)) for side in (pads[axis], pads[axis + half])]
    mode = modes[attributes.get("mode", "constant")]
    if mode != "constant":
        return F.pad(x, around[:4], mode=mode)
    value = inputs[2] if len(inputs) > 2 and inputs[2] is not None else attributes.get("value", 0.0)
    return F.pad(x, around, value=float(value))


def _resize(inputs: list[Any], attributes: Attributes) -> Tensor:
    x, mode = inputs[0], attributes.get("mode", "nearest")
    lists = [value for value in inputs[1:] if isinstance(value, list) and value]
    if mode not in ("nearest", "linear") or not lists or len(lists[-1]) != 4:
        raise NetworkError(f"Resize of mode {mode} with these inputs is not supported")
    last = lists[-1]
    whole = len(inputs) > 3 and inputs[3] is not None  # sizes; otherwise scale factors
    sides = (
        list(last[2:]) if whole else [int(side * factor) for side, factor in zip(x.shape[2:], last[2:], strict=True)]
    )
    if mode == "nearest":
        return F.interpolate(x, size=sides, mode="nearest")
    corners = attributes.get("coordinate_transformation_mode") == "align_corners"
    return F.interpolate(x, size=sides, mode="bilinear", align_corners=corners)


def _split(inputs: list[Any], attributes: Attributes) -> tuple[Tensor, ...]:
    x, axis = inputs[0], attributes.get("axis", 0)
    sizes = inputs[1] if len(inputs) > 1 else attributes.get("split")
    return x.split(sizes or x.shape[axis] // attributes["num_outputs"], dim=axis)


def _depth_to_space(inputs: list[Any], attributes: Attributes) -> Tensor:
    if attributes.get("mode", "DCR") != "CRD":
        raise NetworkError("DepthToSpace of mode DCR is not supported")
    return F.pixel_shuffle(inputs[0], attributes["blocksize"])


def _cast(inputs: list[Any], attributes: Attributes) -> Any:
    float32 = 1
    return inputs[0].float() if isinstance(inputs[0], Tensor) and attributes["to"] == float32 else inputs[0]


def _instance_normalization(inputs: list[Any], attributes: Attributes) -> Tensor:
    x, scale, bias = inputs
    return F.instance_norm(x, weight=scale, bias=bias, eps=attributes.get("epsilon", 1e-5))


def _local_response(inputs: list[Any], attributes: Attributes) -> Tensor:
    values = [attributes.get(name, default) for name, default in (("alpha", 1e-4), ("beta", 0.75), ("bias", 1.0))]
    return F.local_response_norm(inputs[0], attributes["size"], *values)


def _hard_sigmoid(inputs: list[Any], attributes: Attributes) -> Tensor:
    return torch.clamp(attributes.get("alpha", 0.2) * inputs[0] + attributes.get("beta", 0.5), 0.0, 1.0)


OPERATORS: dict[str, Callable[[list[Any], Attributes], Any]] = {
    "Abs": lambda inputs, _: inputs[0].abs(),
    "Add": _binary(operator.add),
    "AveragePool": _average_pool,
    "Cast": _cast,
    "Clip": _clip,
    "Concat": _concat,
    "DepthToSpace": _depth_to_space,
    "Div": _binary(_divide),
    "Dropout": lambda inputs, _: inputs[0],
    "Elu": lambda inputs, attributes: F.elu(inputs[0], attributes.get("alpha", 1.0)),
    "Erf": lambda inputs, _: torch.erf(inputs[0]),
    "Exp": lambda inputs, _: inputs[0].exp(),
    "Flatten": lambda inputs, attributes: inputs[0].flatten(attributes.get("axis", 1)),
    "Gather": _gather,
    "Gelu": lambda inputs, attributes: F.gelu(inputs[0], approximate=attributes.get("approximate", "none")),
    "GlobalAveragePool": lambda inputs, _: inputs[0].mean((2, 3), keepdim=True),
    "GlobalMaxPool": lambda inputs, _: inputs[0].amax((2, 3), keepdim=True),
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": lambda inputs, _: F.hardswish(inputs[0]),
    "Identity": lambda inputs, _: inputs[0],
    "InstanceNormalization": _instance_normalization,
    "LRN": _local_response,
    "LeakyRelu": lambda inputs, attributes: F.leaky_relu(inputs[0], attributes.get("alpha", 0.01)),
    "Log": lambda inputs, _: inputs[0].log(),
    "LogSoftmax": lambda inputs, attributes: F.log_softmax(inputs[0], attributes.get("axis", -1)),
    "MatMul": _binary(torch.matmul),
    "Max": _binary(torch.maximum),
    "MaxPool": _max_pool,
    "Min": _binary(torch.minimum),
    "Mul": _binary(operator.mul),
    "Neg": lambda inputs, _: -inputs[0],
    "PRelu": lambda inputs, _: torch.where(inputs[0] > 0, inputs[0], inputs[0] * inputs[1]),
    "Pad": _pad,
    "Pow": _binary(operator.pow),
    "ReduceMax": _reduce(torch.amax),
    "ReduceMean": _reduce(torch.mean),
    "ReduceSum": _reduce(torch.sum),
    "Relu": lambda inputs, _: F.relu(inputs[0]),
    "Reshape": _reshape,
    "Resize": _resize,
    "Shape": lambda inputs, attributes: list(inputs[0].shape)[attributes.get("start", 0) : attributes.get("end")],
    "Sigmoid": lambda inputs, _: torch.sigmoid(inputs[0]),
    "Slice": _slice,
    "Softmax": lambda inputs, attributes: F.softmax(inputs[0], attributes.get("axis", -1)),
    "Softplus": lambda inputs, _: F.softplus(inputs[0]),
    "Split": _split,
    "Sqrt": lambda inputs, _: inputs[0].sqrt(),
    "Squeeze": _squeeze,
    "Sub": _binary(operator.sub),
    "Tanh": lambda inputs, _: torch.tanh(inputs[0]),
    "Transpose": lambda inputs, attributes: inputs[0].permute(attributes["perm"]),
    "Unsqueeze": _unsqueeze,
}
"""Operators without weights; `graph_module.LAYERS` contains those with weights."""
