"""The manifest of a model for the page: every call with its shape, counts and receptive fields, and the weights.

page/FORMAT.md describes the fields. Shapes: N images, C channels, H height, W width, K length of a vector.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import NetworkError
from ..images import ImageSpec
from ..model import Model
from ..networks.graph.layer_table import count_connections, count_parameters
from ..networks.graph.receptive_fields import Field
from ..networks.graph.record import Call, record
from ..samples import network_shape
from ._plain import finite

FORMAT = 1
WEIGHTED = ("conv", "conv_transposed", "dense")
INSIDE = "network."
"""Prefix of the network's own modules while it is recorded together with its task."""


class Answering(nn.Module):
    """A model's network followed by its task's `activate`, so that one record contains both."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.network = model.network
        self.task = model.task

    def forward(self, x: Tensor) -> Tensor:
        """Map scaled images (N, C, H, W) to probabilities, the number in its unit, or an image."""
        return self.task.activate(self.network(x))


def record_answer(model: Model, x: Tensor) -> list[Call]:
    """Record network and task for scaled images `x` (N, C, H, W), call by call, with the names of the network."""
    return record(Answering(model).eval(), x)


@dataclass(kw_only=True)
class Blob:
    """All weights, concatenated as float32 numbers; shared ones are stored once."""

    parts: list[np.ndarray] = field(default_factory=list)
    numbers: int = 0
    _offsets: dict[Any, int] = field(default_factory=dict)

    def add(self, weight: Tensor) -> int:
        """Add a weight, and return its offset in numbers."""
        place = (weight.data_ptr(), weight.dtype, tuple(weight.shape), weight.stride())
        if place not in self._offsets:
            self._offsets[place] = self.numbers
            self.parts.append(weight.detach().cpu().float().contiguous().numpy().astype("<f4", copy=False).reshape(-1))
            self.numbers += weight.numel()
        return self._offsets[place]


def make_manifest(model: Model, images: ImageSpec, name: str) -> tuple[dict[str, Any], list[np.ndarray]]:
    """The manifest of a model for images of `images`, and its weights as float32 arrays in the order of the blob.

    Raises `NetworkError` if the network does not give one tensor.
    """
    calls = record_answer(model, torch.zeros(1, *network_shape(model.task, images)))
    blob = Blob()
    manifest = {
        "format": FORMAT,
        "name": name,
        "network": network_name(model),
        "task": model.task.name,
        "labels": labels_of(model, calls[-1].shape),
        "images": {**describe_images(model, images), "weights": input_weights(model, images.channels)},
        "picture": _is_picture(model, images, calls[-1].shape),
        "parameters": sum(weight.numel() for weight in model.network.parameters()),
        "calls": [_describe_call(model, call, calls, blob) for call in calls],
    }
    return manifest, blob.parts


def network_name(model: Model) -> str:
    """The name or text of a network, or the name of a user-defined class."""
    spec = getattr(model.network, "spec", None)
    return spec.name if spec is not None else type(model.network).__name__


def labels_of(model: Model, shape: Sequence[int]) -> list[str]:
    """The labels of an answer of `shape` (K,); empty for an image."""
    if len(shape) != 1:
        return []
    return list(model.task.labels) or [f"number {place + 1}" if shape[0] > 1 else "number" for place in range(shape[0])]


def _is_picture(model: Model, images: ImageSpec, shape: Sequence[int]) -> bool:
    """Whether the last call returns the pixels of an answer that is an image."""
    return bool(model.task.answer_suffix) and tuple(shape) == images.shape


def describe_images(model: Model, images: ImageSpec) -> dict[str, Any]:
    """The preprocessing of images, with the mean and standard deviation of each input channel."""
    received = network_shape(model.task, images)[0]
    return {
        "channels": images.channels,
        "height": images.height,
        "width": images.width,
        "mean": _each_channel(images.mean, received),
        "std": _each_channel(images.std, received),
    }


def input_weights(model: Model, channels: int) -> list[list[float]] | None:
    """The weights of `task.network_input` for `channels` channels, (C', C + 1), with the offset in the last column.

    It works on each pixel separately, so that a few pixels determine it; None if it is the identity. Raises
    `NetworkError` if it is not linear.
    """
    probes = torch.cat([torch.eye(channels), torch.zeros(1, channels), torch.linspace(0, 1, channels)[None]])
    received = model.task.network_input(probes.T[None, :, None].contiguous())[0, :, 0]
    added = received[:, channels : channels + 1]
    weights = received[:, :channels] - added
    if not torch.allclose(weights @ probes[-1] + added[:, 0], received[:, -1], atol=1e-5):
        raise NetworkError("The network receives something else than weighted sums of colors; the page cannot show it.")
    unchanged = weights.shape == (channels, channels) and torch.equal(weights, torch.eye(channels)) and not added.any()
    return None if unchanged else torch.cat([weights, added], dim=1).tolist()


def _each_channel(values: Sequence[float], channels: int) -> list[float]:
    return list(values) if len(values) == channels else [values[0]] * channels


def _describe_call(model: Model, call: Call, calls: Sequence[Call], blob: Blob) -> dict[str, Any]:
    stored = model.network.state_dict().keys()
    names = {role: name.removeprefix(INSIDE) for role, name in call.parameters.items()}
    weights = {
        role: {
            "name": names[role] if names.get(role) in stored else "",
            "shape": list(weight.shape),
            "offset": blob.add(weight),
        }
        for role, weight in call.weights.items()
    }
    return {
        "id": call.index,
        "name": call.name.removeprefix(INSIDE),
        "kind": call.kind,
        "inputs": list(call.inputs),
        "settings": finite(_settings(call)),
        "weights": weights,
        "shape": list(call.shape),
        "formula": _formula(model, call),
        "multiplyAdds": _multiply_adds(model, call, calls),
        "field": _describe_field(call.receptive_field),
    }


def _settings(call: Call) -> dict[str, Any]:
    """The settings of a call; PyTorch computes ReLU6 as a hard tanh from 0 to 6, which the page knows as ReLU6."""
    function, low, high = (call.settings.get(name) for name in ("function", "min_val", "max_val"))
    return {"function": "relu6"} if (function, low, high) == ("hardtanh", 0.0, 6.0) else dict(call.settings)


def _formula(model: Model, call: Call) -> str:
    """Formula of the parameter count: filters · (height · width · channels + 1)."""
    if _is_derived(call):
        return count_parameters(_module(model, call))[1].replace("x", " · ").replace("+", " + ")
    learned = {name for name, _ in model.network.named_parameters()}
    counted = [w for role, w in call.weights.items() if call.parameters.get(role, "").removeprefix(INSIDE) in learned]
    if not counted:
        return ""
    total = sum(weight.numel() for weight in counted)
    if call.kind in ("conv", "dense") and "weight" in call.parameters:
        filters, *rest = call.weights["weight"].shape
        inside = " · ".join(str(side) for side in (*rest[1:], rest[0]))
        return f"{filters} · ({inside} + 1) = {total}" if len(counted) > 1 else f"{filters} · {inside} = {total}"
    return f"{' + '.join(' · '.join(str(side) for side in weight.shape) for weight in counted)} = {total}"


def _multiply_adds(model: Model, call: Call, calls: Sequence[Call]) -> int:
    """Multiply-adds for one image, including those on padding."""
    weight = call.weights.get("weight")
    if weight is None or call.kind not in WEIGHTED:
        return 0
    if _is_derived(call):
        return count_connections(_module(model, call), call.shape)[1]
    if call.kind == "conv_transposed":  # each input value is multiplied by all weights of its own channel
        return weight.numel() * math.prod(calls[call.inputs[0]].shape[1:])
    return math.prod(weight.shape[1:]) * math.prod(call.shape)


def _is_derived(call: Call) -> bool:
    """Return whether a weight is computed from others, as in a convolution with a connection table."""
    return "weight" in call.weights and "weight" not in call.parameters


def _module(model: Model, call: Call) -> nn.Module:
    return model.network.get_submodule(call.module.removeprefix("network").removeprefix("."))


def _describe_field(found: Field | None) -> dict[str, Any] | None:
    if found is None:
        return None
    size = list(found.size) if found.size else None
    return {"rows": found.rows.tolist(), "columns": found.columns.tolist(), "size": size}
