"""The network base class: named stages, a head, and the plain values that it is built from."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from eyespot.errors import NetworkError, unknown

OUTPUT_KINDS = ("vector", "map", "named", "generator")
HEADS = {
    "linear": "1x1 convolution",
    "pyramid": "feature pyramid",
    "window": "sliding window",
    "regions": "second stage",
}
STRIDES = (1, 2, 4, 8, 16, 32, 64, 128)
"""Strides of maps: stages halve the image, so that other strides could not be reached by integer factors."""
HAVE_HEAD = {
    "pyramid": "'residual' has one",
    "regions": "'residual' has one",
    "window": "'ciresan-dnn1' and 'ciresan-dnn2' have one",
}
"""Networks with the heads that not all networks of maps have."""
PART_NAME = re.compile("[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Output:
    """The output that a task requires of a network.

    "vector": `size` numbers (N, size). "map": `size` channels for each `stride` x `stride` pixels of the image,
    (N, size, ceil(H / stride), ceil(W / stride)). "named": one output for each entry of `parts`, which are vectors and
    maps themselves; the network then returns a dict[str, Tensor]. `parts` may be given as a dict and is stored as a
    tuple of (name, Output), in the same order. "generator": the network is a discriminator with `size` numbers per
    image, (N, size), and has a submodule `generator` that computes images in [0, 1] from noise
    (N, `generator.latent`). `head` is the head of a map: "linear", a 1x1 convolution on one stage, "pyramid",
    convolutions on the stages of all coarser strides together (a feature pyramid), "regions": a pyramid that proposes a
    box for each location, and then looks into it, or "window": the vector that a classifier of small windows answers
    with, for the window around each location.

    >>> Output("named", parts={"boxes": Output("map", 4, stride=8), "scene": Output("vector", 3)}).parts[0]
    ('boxes', Output(kind='map', size=4, stride=8, parts=(), head='linear'))
    """

    kind: str
    size: int = 0
    stride: int = 1
    parts: "Mapping[str, Output] | tuple[tuple[str, Output], ...]" = ()
    head: str = "linear"

    def __post_init__(self) -> None:
        entries = self.parts.items() if isinstance(self.parts, Mapping) else self.parts
        object.__setattr__(self, "parts", tuple((name, part) for name, part in entries))

    @property
    def by_name(self) -> "dict[str, Output]":
        """The parts of a "named" output by their names."""
        return dict(self.parts)

    def __str__(self) -> str:
        """Text for messages: "vector", "map at stride 8", "named outputs"."""
        if self.kind == "named":
            return "set of named outputs"
        return f"map at stride {self.stride}" if self.kind == "map" and self.stride > 1 else self.kind


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkSpec:
    """The plain values that a network is built from; they are saved in the model file, and `build` recreates it.

    `name` is a key of `NETWORKS` or a network as text; `input` is (C, H, W); `size` is "tiny" to "large" (networks of
    a fixed size ignore it); `norm` is "batch", "group" or "none" if the network supports a choice. `graph` is the
    description of an imported network as JSON (see `graph_module`), otherwise empty.
    """

    name: str
    input: tuple[int, int, int]
    output: Output
    size: str = "small"
    norm: str = "batch"
    graph: str = ""


def check_output(output: Output) -> None:
    """Raise `NetworkError` for an invalid output."""
    if output.kind not in OUTPUT_KINDS:
        raise NetworkError(unknown("kind of output", str(output.kind), OUTPUT_KINDS))
    if output.kind == "named":
        _check_parts(output)
        return
    if not isinstance(output.size, int) or not 1 <= output.size <= 1_000_000:
        raise NetworkError(f"{output.size} outputs: give a whole number from 1 to 1,000,000.")
    if output.head not in HEADS or (output.head != "linear" and output.kind != "map"):
        raise NetworkError(f"A {output.kind} has the head '{output.head}'; expected {' or '.join(HEADS)}, of maps.")
    strides = STRIDES if output.kind == "map" else (1,)
    if output.stride not in strides or output.parts:
        raise NetworkError(
            f"A {output.kind} of stride {output.stride} with {len(output.parts)} parts; expected no parts, and stride "
            f"{' or '.join(map(str, strides))}."
        )


def _check_parts(output: Output) -> None:
    names = [name for name, _ in output.parts]
    if not names or len(set(names)) != len(names):
        raise NetworkError(f"Named outputs: {', '.join(names) or 'none'}; give one or more, each name once.")
    for name, part in output.by_name.items():
        if not (isinstance(name, str) and PART_NAME.fullmatch(name)) or hasattr(nn.ModuleDict, name):
            raise NetworkError(
                f"'{name}' cannot name an output; expected a small letter, then small letters, digits or '_', and no "
                "name that PyTorch's ModuleDict uses itself."
            )
        if part.kind == "named":
            raise NetworkError(f"The named output '{name}' has parts itself; expected a vector or a map.")
        check_output(part)


def require_full_size(spec: NetworkSpec) -> None:
    """Raise `NetworkError` for maps at a stride other than 1, in networks that do not support them."""
    if spec.output.head != "linear":
        raise NetworkError(without_head(spec.output))
    if spec.output.stride != 1:
        raise NetworkError(f"it puts out a map at stride 1; the task needs one at stride {spec.output.stride}.")


def without_head(output: Output) -> str:
    """The message of a network that does not have the head of `output`."""
    return f"it has no {HEADS[output.head]}, which the task needs; {HAVE_HEAD[output.head]}."


class Network(nn.Module):
    """A network with named stages, run in sequence, and a head. Independent of labels and files.

    The head receives the output of the last stage or, if `reads` names stages, a dict of their outputs and (height,
    width) of the images. In a network whose stages are not a chain (a U-Net) the branching part is one stage.
    """

    def __init__(
        self, spec: NetworkSpec, stages: Mapping[str, nn.Module], head: nn.Module, reads: Collection[str] = ()
    ) -> None:
        super().__init__()
        self.spec = spec
        self.stages = nn.ModuleDict(dict(stages))
        self.head = head
        self.reads = frozenset(reads)

    def forward(self, x: Tensor) -> Any:
        """Map images (N, C, H, W), scaled as in the model's `ImageSpec`, to the output described by `spec.output`."""
        seen, sides = {}, x.shape[-2:]
        for name, stage in self.stages.items():
            x = stage(x)
            if name in self.reads:
                seen[name] = x
        return self.head(seen, sides) if self.reads else self.head(x)


def map_output(output: Any, change: Callable[[Tensor], Any]) -> Any:
    """Apply `change` to a network's output: to the single tensor, or to each named one."""
    return {name: change(one) for name, one in output.items()} if isinstance(output, dict) else change(output)


def join_outputs(outputs: Sequence[Any]) -> Any:
    """Concatenate the outputs of several batches along N."""
    if isinstance(outputs[0], dict):
        return {name: torch.cat([output[name] for output in outputs]) for name in outputs[0]}
    return torch.cat(list(outputs))


def answer_layer(network: nn.Module) -> tuple[str, nn.Module]:
    """Name and module of the layer that is replaced for a new task: the last dense layer, or the head of a map."""
    if isinstance(network, Network) and network.spec.output.kind == "map":
        return "head", network.head
    return last_dense(network)


def last_dense(network: nn.Module) -> tuple[str, nn.Linear]:
    """Name and module of the dense output layer; raises `NetworkError` if there is none."""
    layers = [(name, module) for name, module in network.named_modules() if isinstance(module, nn.Linear)]
    if not layers:
        raise NetworkError(
            "The network has no dense layer, so there are no features to train on; use one that has a dense layer."
        )
    return layers[-1]
