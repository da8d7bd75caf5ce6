"""A network imported from ONNX: its graph is plain values and its weights are tensors; neither contains code.

The description of a graph is a dictionary: "input" and "output" name values, "constants" contains numbers and lists
of integers, "tensors" the shapes of further float32 tensors, and "nodes" the steps in order, each with "op", "name",
"inputs", "outputs", "attributes" and, if it has weights, "layer": the arguments of one of `LAYERS`.
"""

import json
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from eyespot.errors import NetworkError

from .network import Network, NetworkSpec
from .onnx_operators import OPERATORS, pad_sides, window_pads

IMPORTED = "imported"
"""The name of every imported network; `NetworkSpec.graph` describes it."""
MOST_NODES = 100_000


def _convolution(layer: dict[str, Any]) -> nn.Module:
    return nn.Conv2d(
        layer["channels"],
        layer["filters"],
        tuple(layer["kernel"]),
        tuple(layer["strides"]),
        tuple(layer["padding"]),
        tuple(layer["dilations"]),
        layer["groups"],
        layer["bias"],
    )


def _transposed_convolution(layer: dict[str, Any]) -> nn.Module:
    return nn.ConvTranspose2d(
        layer["channels"],
        layer["filters"],
        tuple(layer["kernel"]),
        tuple(layer["strides"]),
        tuple(layer["padding"]),
        tuple(layer["output_padding"]),
        layer["groups"],
        layer["bias"],
        tuple(layer["dilations"]),
    )


class _BatchNormalization(nn.BatchNorm2d):
    """Batch normalization of maps and of vectors, which ONNX does not distinguish."""

    def _check_input_dim(self, input: Tensor) -> None:
        return


LAYERS: dict[str, Callable[[dict[str, Any]], nn.Module]] = {
    "Conv": _convolution,
    "ConvTranspose": _transposed_convolution,
    "Dense": lambda layer: nn.Linear(layer["inputs"], layer["outputs"], layer["bias"]),
    "BatchNormalization": lambda layer: _BatchNormalization(layer["channels"], layer["epsilon"]),
    "Relu": lambda layer: nn.ReLU(),
}
"""Operators that become torch modules, so that explanations and fine-tuning find them."""


class GraphModule(nn.Module):
    """Runs the steps of a graph: from scaled images (N, C, H, W) to the graph's output."""

    def __init__(self, graph: dict[str, Any]) -> None:
        super().__init__()
        if len(graph["nodes"]) > MOST_NODES:
            raise NetworkError(f"A graph of {len(graph['nodes']):,} nodes; at most {MOST_NODES:,} are read.")
        self.input, self.output = graph["input"], graph["output"]
        self.nodes = graph["nodes"]
        self.fixed = graph["constants"]
        self.tensors = list(graph["tensors"])
        self.layers = nn.ModuleDict()
        for number, node in enumerate(self.nodes):
            kinds = LAYERS if "layer" in node else OPERATORS
            if node["op"] not in kinds:
                raise NetworkError(f"The operator '{node['op']}' (node '{node['name']}') is not supported.")
            if "layer" in node:
                self.layers[str(number)] = LAYERS[node["op"]](node["layer"])
        for number, shape in enumerate(graph["tensors"].values()):
            self.register_buffer(f"tensor{number}", torch.zeros(shape))

    def forward(self, x: Tensor) -> Tensor:
        return self.values(x)[self.output]

    def values(self, x: Tensor) -> dict[str, Any]:
        """Every named value of the graph for images x."""
        known: dict[str, Any] = {"": None, self.input: x, **self.fixed}
        known |= {name: getattr(self, f"tensor{number}") for number, name in enumerate(self.tensors)}
        for number, node in enumerate(self.nodes):
            inputs = [known[name] for name in node["inputs"]]
            outputs = self._step(number, node, inputs)
            known |= dict(zip(node["outputs"], outputs if isinstance(outputs, tuple) else (outputs,), strict=False))
        return known

    def _step(self, number: int, node: dict[str, Any], inputs: list[Any]) -> Any:
        if "layer" not in node:
            return OPERATORS[node["op"]](inputs, node["attributes"])
        x = inputs[0]
        if node["attributes"].get("pads_first"):
            x = pad_sides(x, window_pads(x, node["attributes"]))
        return self.layers[str(number)](x)


def _set_outputs(graph: dict[str, Any], count: int) -> None:
    """Give the dense layer that puts out the answer as many outputs as a new task needs."""
    for node in graph["nodes"]:
        if node["op"] == "Dense" and graph["output"] in node["outputs"]:
            node["layer"]["outputs"] = count


def make_graph(spec: NetworkSpec) -> Network:
    """Create the network described by `spec.graph`, with new weights; raise `NetworkError` if it is invalid.

    The last dense layer gives as many outputs as `spec.output` states, so that a network can learn other classes.
    """
    try:
        graph = json.loads(spec.graph)
        _set_outputs(graph, spec.output.size)
        return Network(spec, {"graph": GraphModule(graph)}, nn.Identity())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, NetworkError):
            raise
        raise NetworkError(f"The description of an imported network is damaged ({error}).") from error
