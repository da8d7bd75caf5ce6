"""Record of a network's execution on one batch, call by call: the basis of all views into a network.

A module may be used twice, a ReLU may be a function or work in place, a forward may branch: so the record consists of
the calls that PyTorch executed, not of modules. Unknown operations become opaque calls.
Shapes: N images, C channels, H height, W width.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import get_ident
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from eyespot.errors import ExplanationError, NetworkError, unknown

from ._operations import DECISIONS, Operation, full_name, read_operation
from .receptive_fields import Field, field_of_call, field_of_image

NAMED_OUTPUT = "named output"
"""Operation of the calls that represent the entries of a dict returned by the network."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Call:
    """One operation that the network executed.

    `name` is stable for a network: the module's path, the path and the kind for a function inside a module, with ":2"
    for a second use. `inputs` are the indices of earlier calls (0 is the image). `settings` contains kernel, stride,
    padding and the like; `weights` the tensors by role ("weight", "bias", "mean", "variance") and `parameters` their
    names in the network's `state_dict`. `output` is a copy (N, C, H, W) or (N, F). `run` computes the call on other
    inputs with any N, never in place; it is None for an opaque call, whose `operation` names the function.
    """

    index: int
    name: str
    kind: str
    operation: str
    module: str
    inputs: tuple[int, ...]
    settings: dict[str, Any]
    weights: dict[str, Tensor] = field(repr=False)
    parameters: dict[str, str]
    output: Tensor = field(repr=False)
    receptive_field: Field | None = field(repr=False)
    run: Callable[..., Tensor] | None = field(repr=False)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the output, without N."""
        return tuple(self.output.shape[1:])

    @property
    def opaque(self) -> bool:
        """Return whether this operation cannot be followed."""
        return self.run is None and self.kind != "input"


@torch.no_grad()
def record(network: nn.Module, x: Tensor) -> list[Call]:
    """Run `network` in evaluation mode on images `x` (N, C, H, W), and return the calls in order of execution.

    The first call is the image itself. If the network returns one tensor, the last call is that output; if it returns a
    dict of tensors, the last calls are these outputs in order, each with its name. Modes, weights and hooks are left
    unchanged. Raises `NetworkError` for any other output.

    >>> network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(inplace=True))
    >>> [call.kind for call in record(network, torch.zeros(1, 1, 5, 5))]
    ['input', 'conv', 'relu']
    """
    recorder = _Recorder(network, x)
    with answering(network), recorder.watching_modules(), recorder:
        output = network(recorder.image)
    if isinstance(output, dict) and output and all(isinstance(one, Tensor) for one in output.values()):
        recorder.finish_named(output)
    elif isinstance(output, Tensor):
        recorder.finish(output)
    else:
        raise NetworkError(
            f"The network gave a {type(output).__name__}; expected a tensor or a dict of named tensors. Wrap it so "
            "that it gives one."
        )
    return recorder.calls


def output_calls(calls: Sequence[Call]) -> dict[str, int]:
    """Indices of the network's output calls by name; a single tensor has the name ""."""
    named = {call.settings["output"]: call.index for call in calls if call.operation == NAMED_OUTPUT}
    return named or {"": calls[-1].index}


def output_of(calls: Sequence[Call], values: Sequence[Tensor] | Mapping[int, Tensor] | None = None) -> Any:
    """The network's output: a tensor, or a dict of named ones.

    `values` are the outputs of the calls for other images, by index (see `replay`); by default the recorded ones.
    """
    outputs = {
        name: calls[index].output if values is None else values[index] for name, index in output_calls(calls).items()
    }
    return outputs.get("", outputs)


def find_call(calls: list[Call], name: str) -> Call:
    """The call named `name`, or the last one of the module of that name; raise `ExplanationError` if there is none."""
    exact = [call for call in calls if call.name == name] or [call for call in calls if call.module == name]
    inside = exact or [call for call in calls if name and call.module.startswith(name + ".")]
    if not inside:
        raise ExplanationError(unknown("layer", name, [call.name for call in calls]))
    return inside[-1]


def winners(call: Call, calls: list[Call]) -> Tensor:
    """Argmax of a max pooling: the winning cell of each input map, as row * width + column, shaped like the output."""
    assert call.kind in ("max_pool", "adaptive_max_pool"), call.kind
    x = calls[call.inputs[0]].output
    if call.kind == "adaptive_max_pool":
        return F.adaptive_max_pool2d(x, call.output.shape[-2:], return_indices=True)[1]
    kept = {key: call.settings[key] for key in ("stride", "padding", "dilation", "ceil_mode")}
    return F.max_pool2d(x, call.settings["kernel"], return_indices=True, **kept)[1]


@contextmanager
def answering(network: nn.Module) -> Iterator[None]:
    """Set evaluation mode temporarily; the mode of every module is restored afterwards."""
    modes = {module: module.training for module in network.modules()}
    network.eval()
    try:
        yield
    finally:
        for module, training in modes.items():
            module.training = training


class _Recorder(TorchFunctionMode):
    """Intercepts every torch function call, and keeps those that depend on the image."""

    def __init__(self, network: nn.Module, x: Tensor) -> None:
        super().__init__()
        self.network = network
        self.image = x.detach().clone()
        self.calls: list[Call] = []
        self.names: dict[str, int] = {}
        self.path: list[str] = [""]
        self.thread = get_ident()
        self.weight_names = {id(t): n for n, t in [*network.named_buffers(), *network.named_parameters()]}
        # Tensors are identified by id, so each is kept alive with its call and its version at that time.
        self.known: dict[int, tuple[int, int, Tensor]] = {}
        self._learn(self.image, Operation(kind="input", name="image", run=None), ())

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        tracked = self._tracked((args, kwargs))
        if not tracked:
            return function(*args, **kwargs)
        sources = tuple(self._source(tensor) for tensor in tracked)
        versions = [tensor._version for tensor in tracked]
        others = self._others((args, kwargs))
        result = function(*args, **kwargs)
        if full_name(function).rsplit(".", 1)[-1] in DECISIONS:
            self._learn(tracked[0], _opaque(full_name(function)), sources)
        if full_name(function) == "torch.Tensor.data.__get__":
            self._doubt(tracked[0])
        for tensor, version in others:
            if tensor._version != version:
                self._learn(tensor, _opaque(f"{full_name(function)} into another tensor"), sources)
        outputs = [leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor)]
        written = versions != [tensor._version for tensor in tracked]
        for part, output in enumerate(outputs):
            read = read_operation(function, args, kwargs, tracked, output, part if len(outputs) > 1 else None)
            read = read or _opaque(full_name(function))
            if written or id(output) not in self.known or read.kind == "dropout":
                self._learn(output, read, sources)
        return result

    def finish_named(self, outputs: dict[str, Tensor]) -> None:
        """Append an identity call for each named output, with its name."""
        for name, output in outputs.items():
            settings = {"output": name, "function": name}
            operation = Operation(kind="identity", name=NAMED_OUTPUT, settings=settings, run=lambda x: x)
            self._learn(output, operation, (self._source(output),))

    def finish(self, output: Tensor) -> None:
        """Make the network's output the last call, by an identity if other calls came later."""
        source = self._source(output)
        if source != len(self.calls) - 1:
            self._learn(output, Operation(kind="identity", name="output", run=lambda x: x), (source,))

    @contextmanager
    def watching_modules(self) -> Iterator[None]:
        """Track the current module through temporary hooks."""
        hooks = []
        for name, module in self.network.named_modules():
            hooks.append(module.register_forward_pre_hook(lambda _m, _a, name=name: self._enter(name)))
            hooks.append(module.register_forward_hook(self._leave, with_kwargs=True))
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _enter(self, name: str) -> None:
        # Hooks run in every thread that uses the network, for example for two pages of one server.
        if get_ident() == self.thread:
            self.path.append(name)

    def _leave(self, _module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        """Handle a tensor that no recorded torch function created: it was computed inside the module, unseen."""
        if get_ident() != self.thread:
            return
        inside = self._tracked((args, kwargs))
        for leaf in tree_leaves(output):
            if inside and isinstance(leaf, Tensor) and id(leaf) not in self.known:
                self._learn(leaf, _opaque("unseen"), tuple(self._source(tensor) for tensor in inside))
        self.path.pop()

    def _tracked(self, values: Any) -> list[Tensor]:
        """The tensors among `values` that are derived from the image, in order."""
        return [leaf for leaf in tree_leaves(values) if isinstance(leaf, Tensor) and id(leaf) in self.known]

    def _others(self, values: Any) -> list[tuple[Tensor, int]]:
        """The other tensors among `values`, with their versions: a call may write to one."""
        leaves = [leaf for leaf in tree_leaves(values) if isinstance(leaf, Tensor) and id(leaf) not in self.known]
        return [(leaf, leaf._version) for leaf in leaves if not leaf.is_inference()]

    def _doubt(self, tensor: Tensor) -> None:
        """Mark a tensor that may be written to unseen (through `.data`): its next use is not followed."""
        index, _, tensor = self.known[id(tensor)]
        self.known[id(tensor)] = (index, -1, tensor)

    def _source(self, tensor: Tensor) -> int:
        """The call that created a tensor; one that was modified since, through an alias, is not followed."""
        index, version, _ = self.known[id(tensor)]
        if tensor._version != version:
            self._learn(tensor, _opaque("written into through another tensor"), (index,))
            index = self.known[id(tensor)][0]
        return index

    def _learn(self, output: Tensor, operation: Operation, inputs: tuple[int, ...]) -> None:
        """Record one call and remember its output."""
        before = [(self.calls[i].output.shape, self.calls[i].receptive_field) for i in inputs]
        ids = {role: self.weight_names.get(id(weight), "") for role, weight in operation.weights.items()}
        call = Call(
            index=len(self.calls),
            name=self._name(operation.settings.get("function", operation.kind)),
            kind=operation.kind,
            operation=operation.name,
            module=self.path[-1],
            inputs=inputs,
            settings=operation.settings,
            weights={role: weight.detach() for role, weight in operation.weights.items()},
            parameters={role: name for role, name in ids.items() if name},
            output=output.detach().clone(),
            receptive_field=field_of_call(operation.kind, operation.settings, before, output.shape)
            if inputs
            else field_of_image(output.shape),
            run=operation.run,
        )
        self.calls.append(call)
        self.known[id(output)] = (call.index, output._version, output)

    def _name(self, kind: str) -> str:
        """The path of a module without submodules, else the path and the kind; ":2" for a second use."""
        module = self.network.get_submodule(self.path[-1])
        leaf = self.path[-1] and not any(True for _ in module.children())
        name = self.path[-1] if leaf else ".".join(filter(None, (self.path[-1], kind)))
        self.names[name] = self.names.get(name, 0) + 1
        return name if self.names[name] == 1 else f"{name}:{self.names[name]}"


def _opaque(name: str) -> Operation:
    return Operation(kind="opaque", name=name, run=None)
