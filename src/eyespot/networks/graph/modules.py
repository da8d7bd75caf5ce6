"""A recorded network as a chain of modules, each used once, for libraries that use module hooks.

Captum finds ReLUs and layers through hooks on modules; a ReLU that is a function, works in place or is used twice is
silently missed. Here every call is a separate module (weights are shared, not copied).
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .record import Call, output_of
from .replay import require_followed


class Rebuilt(nn.Module):
    """The network recorded in `calls`, computed call by call; `at` returns the module of one call.

    Calls listed in `watched` are followed by an identity, so that their outputs can be hooked. `add` creates the module
    for the sum of two tensors, for libraries that require their own.
    """

    def __init__(
        self, calls: Sequence[Call], watched: Sequence[int] = (), add: Callable[[], nn.Module] | None = None
    ) -> None:
        super().__init__()
        require_followed(calls, "This method")
        self.calls = list(calls)
        modules = {call.index: MODULES[call.kind](call) for call in calls if call.kind in MODULES}
        if add is not None:
            modules |= {call.index: add() for call in calls if call.kind == "add" and len(call.inputs) == 2}
        self.parts = nn.ModuleDict({str(index): module for index, module in modules.items() if module is not None})
        self.parts.update({f"after {index}": nn.Identity() for index in watched})
        self.eval()

    def at(self, index: int) -> nn.Module:
        """The identity after a watched call."""
        return self.parts[f"after {index}"]

    def forward(self, x: Tensor) -> Any:
        """Compute the network's output for images (N, C, H, W); it may be a dict of named outputs."""
        values = [x]
        for call in self.calls[1:]:
            inputs = [values[index] for index in call.inputs]
            part, watch = str(call.index), f"after {call.index}"
            assert call.run is not None
            value = self.parts[part](*inputs) if part in self.parts else call.run(*inputs)
            values.append(self.parts[watch](value) if watch in self.parts else value)
        return output_of(self.calls, values)


def _given(module: nn.Module, weights: dict[str, Tensor]) -> nn.Module:
    """Assign weights to a module created on the meta device; they are shared."""
    for name, value in weights.items():
        if name in dict(module.named_buffers(recurse=False)):
            setattr(module, name, value)
        else:
            setattr(module, name, nn.Parameter(value, requires_grad=False))
    return module


def _convolution(call: Call) -> nn.Module | None:
    kept = call.settings
    filters, depth = call.weights["weight"].shape[:2]
    with torch.device("meta"):
        module = nn.Conv2d(
            depth * kept["groups"],
            filters,
            kept["kernel"],
            kept["stride"],
            "same" if "uneven" in kept else kept["padding"],
            kept["dilation"],
            kept["groups"],
            bias="bias" in call.weights,
        )
    return _given(module, call.weights)


def _dense(call: Call) -> nn.Module:
    outputs, inputs = call.weights["weight"].shape
    with torch.device("meta"):
        module = nn.Linear(inputs, outputs, bias="bias" in call.weights)
    return _given(module, call.weights)


def _batch_norm(call: Call) -> nn.Module | None:
    if not {"weight", "bias"} <= set(call.weights) or len(call.shape) != 3:
        return None
    with torch.device("meta"):
        module = nn.BatchNorm2d(call.shape[0], eps=call.settings["epsilon"])
    module.num_batches_tracked = None
    names = {"weight": "weight", "bias": "bias", "running_mean": "mean", "running_var": "variance"}
    return _given(module, {name: call.weights[role] for name, role in names.items()})


def _max_pool(call: Call) -> nn.Module:
    kept = call.settings
    return nn.MaxPool2d(kept["kernel"], kept["stride"], kept["padding"], kept["dilation"], ceil_mode=kept["ceil_mode"])


def _average_pool(call: Call) -> nn.Module:
    kept = call.settings
    return nn.AvgPool2d(
        kept["kernel"], kept["stride"], kept["padding"], kept["ceil_mode"], kept["count_padding"], kept["divisor"]
    )


MODULES: dict[str, Callable[[Call], nn.Module | None]] = {
    "conv": _convolution,
    "dense": _dense,
    "batch_norm": _batch_norm,
    "max_pool": _max_pool,
    "average_pool": _average_pool,
    "adaptive_average_pool": lambda call: nn.AdaptiveAvgPool2d(call.settings["output"]),
    "relu": lambda _call: nn.ReLU(),
    "tanh": lambda _call: nn.Tanh(),
}
"""Kinds of calls that become modules; None if a call of this kind has no module and is run as it is."""
