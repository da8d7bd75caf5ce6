"""Readers for the arguments of torch functions: kind, settings as plain values, weights by role.

One entry of `READERS` per function name, the same for torch.relu, F.relu and Tensor.relu_. A reader returns None for
an unsupported use, which makes the call opaque. Shapes: N images, C channels, H height, W width.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

Bound = dict[str, Any]
"""Arguments by name, plus: function, args, tracked (the tensors derived from the image), output, part."""
Reading = tuple[str, dict[str, Any], dict[str, Tensor]] | None
"""Kind, settings, weights; or None if unsupported."""


def _pair(value: Any) -> tuple[int, int]:
    """Convert one integer or two to a pair."""
    if isinstance(value, int):
        return value, value
    numbers = tuple(int(part) for part in value)
    return numbers if len(numbers) == 2 else (numbers[0], numbers[0])


def _weights(bound: Bound, **roles: str) -> dict[str, Tensor]:
    return {role: bound[name] for role, name in roles.items() if isinstance(bound.get(name), Tensor)}


def _image_is_input(bound: Bound) -> bool:
    """Return whether only the input is derived from the image (weights derived from it are not supported)."""
    return len(bound["tracked"]) == 1 and bound["tracked"][0] is bound["input"]


def _read_conv(bound: Bound) -> Reading:
    """`padding` is the padding at the top and left, even if it was given as "same".

    "uneven" is set if "same" adds one row or column at the bottom or right.
    """
    weight, dilation = bound["weight"], _pair(bound.get("dilation", 1))
    if weight.dim() != 4 or not _image_is_input(bound):
        return None
    kernel, padding = _pair(weight.shape[2:]), bound.get("padding", 0)
    reach = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
    uneven = padding == "same" and any(side % 2 for side in reach)
    if isinstance(padding, str):
        padding = [side // 2 for side in reach] if padding == "same" else 0
    settings = {
        "kernel": kernel,
        "stride": _pair(bound.get("stride", 1)),
        "padding": _pair(padding),
        "dilation": dilation,
        "groups": bound.get("groups", 1),
        **({"uneven": True} if uneven else {}),
    }
    return "conv", settings, _weights(bound, weight="weight", bias="bias")


def _read_conv_transposed(bound: Bound) -> Reading:
    if bound["weight"].dim() != 4 or not _image_is_input(bound):
        return None
    settings = {
        "kernel": _pair(bound["weight"].shape[2:]),
        "stride": _pair(bound.get("stride", 1)),
        "padding": _pair(bound.get("padding", 0)),
        "output_padding": _pair(bound.get("output_padding", 0)),
        "dilation": _pair(bound.get("dilation", 1)),
        "groups": bound.get("groups", 1),
    }
    return "conv_transposed", settings, _weights(bound, weight="weight", bias="bias")


def _pooling(bound: Bound) -> dict[str, Any]:
    kernel = _pair(bound["kernel_size"])
    stride = bound.get("stride")
    return {
        "kernel": kernel,
        "stride": _pair(stride) if stride not in (None, [], ()) else kernel,
        "padding": _pair(bound.get("padding", 0)),
        "ceil_mode": bool(bound.get("ceil_mode", False)),
    }


def _read_max_pool(bound: Bound) -> Reading:
    return "max_pool", {**_pooling(bound), "dilation": _pair(bound.get("dilation", 1))}, {}


def _read_average_pool(bound: Bound) -> Reading:
    more = {"count_padding": bound.get("count_include_pad", True), "divisor": bound.get("divisor_override")}
    return "average_pool", {**_pooling(bound), "dilation": (1, 1), **more}, {}


def _adaptive(kind: str) -> Callable[[Bound], Reading]:
    return lambda bound: (kind, {"output": _pair(bound["output"].shape[-2:])}, {})


def _read_batch_norm(bound: Bound) -> Reading:
    """Statistics of the batch itself would couple the images of a batch: not supported."""
    if bound.get("training") or bound.get("running_mean") is None:
        return None
    weights = _weights(bound, weight="weight", bias="bias", mean="running_mean", variance="running_var")
    return "batch_norm", {"epsilon": bound.get("eps", 1e-5)}, weights


def _normalizing(kind: str, *plain: str) -> Callable[[Bound], Reading]:
    def read(bound: Bound) -> Reading:
        settings = {name: bound[name] for name in plain if name in bound}
        return kind, {**settings, "epsilon": bound.get("eps", 1e-5)}, _weights(bound, weight="weight", bias="bias")

    return read


def _read_dense(bound: Bound) -> Reading:
    if not _image_is_input(bound):
        return None
    return "dense", {}, _weights(bound, weight="weight", bias="bias")


def _read_dropout(bound: Bound) -> Reading:
    """Dropout that is active in evaluation mode (a functional one without `training=`) is random: not supported."""
    return None if bound.get("training", True) else ("dropout", {"share": bound.get("p", 0.5)}, {})


def _arithmetic(kind: str, reverse: bool = False) -> Callable[[Bound], Reading]:
    def read(bound: Bound) -> Reading:
        if bound.get("alpha", 1) != 1 or bound.get("rounding_mode") or (reverse and len(bound["tracked"]) > 1):
            return None
        tracked_ids = {id(tensor) for tensor in bound["tracked"]}
        sides, weights = [], {}
        for side in (bound["input"], bound["other"]):
            if isinstance(side, Tensor) and id(side) not in tracked_ids:
                weights["constant"] = side
            is_tensor = isinstance(side, Tensor)
            sides.append(side if not is_tensor else "input" if id(side) in tracked_ids else "constant")
        left, right = reversed(sides) if reverse else sides
        return kind, {"left": left, "right": right}, weights

    return read


def _read_concatenate(bound: Bound) -> Reading:
    dim = bound.get("dim", bound.get("axis", 0)) % bound["output"].dim()
    return ("concatenate", {"dim": dim}, {}) if len(bound["tracked"]) == len(bound["tensors"]) and dim else None


def _read_upsample(bound: Bound) -> Reading:
    """Antialiasing, and scale factors that do not give integer sizes, are not supported."""
    if bound["output"].dim() != 4 or bound.get("antialias") or not _whole_sizes(bound):
        return None
    settings = {"mode": bound.get("mode", "nearest"), "align_corners": bool(bound.get("align_corners"))}
    return "upsample", {**settings, "output": _pair(bound["output"].shape[-2:])}, {}


def _whole_sizes(bound: Bound) -> bool:
    """Return whether positions follow from the sizes alone, as they do without a scale factor."""
    factor = bound.get("scale_factor")
    if factor is None or bound.get("recompute_scale_factor"):
        return True
    factors = (factor, factor) if isinstance(factor, int | float) else factor
    sizes = zip(bound["tracked"][0].shape[2:], factors, bound["output"].shape[2:], strict=True)
    return all(before * times == after for before, times, after in sizes)


def _read_pad(bound: Bound) -> Reading:
    pad = [int(side) for side in bound["pad"]]
    if len(pad) > 6:
        return None
    return "pad", {"pad": pad, "mode": bound.get("mode", "constant"), "value": float(bound.get("value") or 0)}, {}


def _shuffling(kind: str) -> Callable[[Bound], Reading]:
    def read(bound: Bound) -> Reading:
        names = ("factor", "upscale_factor", "downscale_factor")
        return kind, {"factor": int(next(bound[name] for name in names if name in bound))}, {}

    return read


def _reducing(kind: str) -> Callable[[Bound], Reading]:
    def read(bound: Bound) -> Reading:
        dims, rank = bound.get("dim", bound.get("axis")), bound["tracked"][0].dim()
        if dims is None or bound.get("dtype") is not None:
            return None
        if dims in ((), []):
            return None
        dims = sorted(dim % rank for dim in ([dims] if isinstance(dims, int) else dims))
        return None if 0 in dims else (kind, {"dims": dims, "keep": bool(bound.get("keepdim", False))}, {})

    return read


def _read_reshape(bound: Bound) -> Reading:
    """A reshape that keeps the batch dimension first; batches are processed image by image."""
    x, output = bound["tracked"][0], bound["output"]
    if x.shape[:1] != output.shape[:1]:
        return None
    return "flatten" if output.dim() == 2 < x.dim() else "reshape", {"shape": tuple(output.shape[1:])}, {}


def _read_permute(bound: Bound) -> Reading:
    given = bound.get("dims") or bound["args"][1:]
    given = given[0] if isinstance(given[0], tuple | list) else given
    dims = tuple(dim % bound["output"].dim() for dim in given)
    return ("permute", {"dims": dims}, {}) if dims[0] == 0 else None


def _read_transpose(bound: Bound) -> Reading:
    order = list(range(bound["output"].dim()))
    first, second = bound["dim0"] % len(order), bound["dim1"] % len(order)
    order[first], order[second] = order[second], order[first]
    return ("permute", {"dims": tuple(order)}, {}) if order[0] == 0 else None


def _read_slice(bound: Bound) -> Reading:
    """Slices in any dimension except N; new axes of length 1 make it a reshape."""
    x, index = bound["tracked"][0], bound["index"]
    index = index if isinstance(index, tuple) else (index,)
    if not all(part is None or part is Ellipsis or isinstance(part, slice) for part in index):
        return None
    if any(part is None for part in index):
        return _read_reshape(bound) if all(part in (None, Ellipsis, slice(None)) for part in index) else None
    if Ellipsis in index:
        place = index.index(Ellipsis)
        index = (*index[:place], *[slice(None)] * (x.dim() - len(index) + 1), *index[place + 1 :])
    ranges = [part.indices(size) for part, size in zip(index, x.shape, strict=False)]
    ranges += [(0, size, 1) for size in x.shape[len(ranges) :]]
    return ("slice", {"ranges": ranges[1:]}, {}) if ranges[0] == (0, x.shape[0], 1) else None


def _parts(divide: Callable[..., Sequence[Tensor]]) -> Callable[[Bound], Reading]:
    """One of the tensors returned by `divide` (chunk or split)."""

    def read(bound: Bound) -> Reading:
        x, part = bound["tracked"][0], bound["part"]
        dim = bound.get("dim", 0) % x.dim()
        sizes = next(bound[name] for name in ("chunks", "split_size", "split_size_or_sections") if name in bound)
        if dim == 0:
            return None
        lengths = [piece.shape[dim] for piece in divide(x, sizes, dim)]
        start = sum(lengths[:part])
        ranges = [(0, size, 1) for size in x.shape]
        ranges[dim] = (start, start + lengths[part], 1)
        return "slice", {"ranges": ranges[1:]}, {}

    return read


def _read_softmax(bound: Bound) -> Reading:
    if bound.get("dim") is None or bound.get("dtype") is not None:
        return None
    dim = bound["dim"] % bound["output"].dim()
    return ("softmax", {"dim": dim}, {}) if dim else None


def _read_log_softmax(bound: Bound) -> Reading:
    reading = _read_softmax(bound)
    return reading and ("log_softmax", reading[1], {})


def _read_clamp(bound: Bound) -> Reading:
    """A clamp with lower limit 0 is a ReLU."""
    low, high = bound.get("min"), bound.get("max")
    if isinstance(low, Tensor) or isinstance(high, Tensor):
        return None
    return ("relu", {}, {}) if low == 0 and high is None else _read_elementwise(bound)


def _read_elementwise(bound: Bound) -> Reading:
    """Elementwise: plain arguments are settings, other tensors are weights."""
    if len(bound["tracked"]) != 1 or bound["tracked"][0].shape != bound["output"].shape:
        return None
    hidden = ("args", "tracked", "output", "part", "input", "inplace")
    tracked_ids = {id(tensor) for tensor in bound["tracked"]}
    others = {name: value for name, value in bound.items() if name not in hidden and id(value) not in tracked_ids}
    weights = {name: value for name, value in others.items() if isinstance(value, Tensor)}
    settings = {name: value for name, value in others.items() if isinstance(value, int | float | str)}
    return "elementwise", settings, weights


def _read_identity(bound: Bound) -> Reading:
    """Conversion to a type with lower precision (integers, half precision) is not an identity."""
    before, after = bound["tracked"][0].dtype, bound["output"].dtype
    return ("identity", {}, {}) if torch.promote_types(before, after) == after else None


def _plain(kind: str) -> Callable[[Bound], Reading]:
    return lambda _bound: (kind, {}, {})


_NORM = "input shape weight bias eps"
_BATCH_NORM = "input running_mean running_var weight bias training momentum eps"
_DROPOUT = ("input p training inplace", _read_dropout)
_IDENTITY = ("input", _read_identity)
_ELEMENTWISE = {
    **dict.fromkeys(("celu", "elu"), "input alpha inplace"),
    "hardtanh": "input min_val max_val inplace",
    "leaky_relu": "input negative_slope inplace",
    "pow": "input exponent",
    "prelu": "input weight",
    "softplus": "input beta threshold",
    "threshold": "input threshold value inplace",
    **dict.fromkeys(("abs", "erf", "exp", "gelu", "hardsigmoid", "hardswish", "log", "log1p", "logsigmoid"), "input"),
    **dict.fromkeys(("mish", "neg", "reciprocal", "relu6", "rsqrt", "selu", "sigmoid", "silu", "softsign"), "input"),
    **dict.fromkeys(("sqrt", "square", "tanhshrink"), "input"),
}

READERS: dict[str, tuple[str, Callable[[Bound], Reading]]] = {
    "conv2d": ("input weight bias stride padding dilation groups", _read_conv),
    "conv_transpose2d": ("input weight bias stride padding output_padding groups dilation", _read_conv_transposed),
    "max_pool2d": ("input kernel_size stride padding dilation ceil_mode", _read_max_pool),
    "avg_pool2d": (
        "input kernel_size stride padding ceil_mode count_include_pad divisor_override",
        _read_average_pool,
    ),
    "adaptive_avg_pool2d": ("input output_size", _adaptive("adaptive_average_pool")),
    "adaptive_max_pool2d": ("input output_size", _adaptive("adaptive_max_pool")),
    "batch_norm": (_BATCH_NORM, _read_batch_norm),
    "group_norm": ("input groups weight bias eps", _normalizing("group_norm", "groups")),
    "layer_norm": (_NORM, _normalizing("layer_norm")),
    "local_response_norm": (
        "input size alpha beta k",
        _normalizing("local_response_norm", "size", "alpha", "beta", "k"),
    ),
    "linear": ("input weight bias", _read_dense),
    "dropout": _DROPOUT,
    "dropout1d": _DROPOUT,
    "dropout2d": _DROPOUT,
    "alpha_dropout": _DROPOUT,
    "feature_alpha_dropout": _DROPOUT,
    "relu": ("input inplace", _plain("relu")),
    "tanh": ("input", _plain("tanh")),
    "softmax": ("input dim", _read_softmax),
    "log_softmax": ("input dim", _read_log_softmax),
    "clamp": ("input min max", _read_clamp),
    "clamp_min": ("input min", _read_clamp),
    "add": ("input other", _arithmetic("add")),
    "iadd": ("input other", _arithmetic("add")),
    "radd": ("input other", _arithmetic("add", reverse=True)),
    "sub": ("input other", _arithmetic("subtract")),
    "isub": ("input other", _arithmetic("subtract")),
    "rsub": ("input other", _arithmetic("subtract", reverse=True)),
    "mul": ("input other", _arithmetic("multiply")),
    "imul": ("input other", _arithmetic("multiply")),
    "rmul": ("input other", _arithmetic("multiply", reverse=True)),
    "div": ("input other", _arithmetic("divide")),
    "truediv": ("input other", _arithmetic("divide")),
    "rtruediv": ("input other", _arithmetic("divide", reverse=True)),
    "cat": ("tensors dim", _read_concatenate),
    "concat": ("tensors dim", _read_concatenate),
    "concatenate": ("tensors dim", _read_concatenate),
    "interpolate": ("input size scale_factor mode align_corners recompute_scale_factor antialias", _read_upsample),
    "pad": ("input pad mode value", _read_pad),
    "pixel_shuffle": ("input factor", _shuffling("pixel_shuffle")),
    "pixel_unshuffle": ("input factor", _shuffling("pixel_unshuffle")),
    "mean": ("input dim keepdim", _reducing("mean")),
    "sum": ("input dim keepdim", _reducing("sum")),
    "amax": ("input dim keepdim", _reducing("maximum")),
    **dict.fromkeys(("flatten", "view", "reshape", "squeeze", "unsqueeze", "unflatten"), ("", _read_reshape)),
    "permute": ("input", _read_permute),
    "transpose": ("input dim0 dim1", _read_transpose),
    "swapaxes": ("input dim0 dim1", _read_transpose),
    "getitem": ("input index", _read_slice),
    "chunk": ("input chunks dim", _parts(torch.chunk)),
    "split": ("input chunks dim", _parts(torch.split)),
    **dict.fromkeys(("contiguous", "clone", "detach", "float", "to", "type_as"), _IDENTITY),
    **{name: (names, _read_elementwise) for name, names in _ELEMENTWISE.items()},
}
