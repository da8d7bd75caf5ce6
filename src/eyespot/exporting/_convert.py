"""From an ONNX graph to plain values and weights: what `networks.graph_module` makes a network of."""

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import ModelError
from ..networks.graph_module import LAYERS
from ..networks.onnx_operators import OPERATORS
from ._packages import require

FLOAT = 1
CONSTANT_NUMBERS = 100_000
"""At most so many whole numbers of a constant are kept in the description; larger ones would be no shapes."""


@dataclass(frozen=True, kw_only=True)
class Converted:
    """The description of a graph and its weights by their names in `GraphModule.state_dict()`."""

    graph: dict[str, Any]
    weights: dict[str, Tensor]


class _Reader:
    """Reads the nodes of one graph in order; what follows from constants alone is computed once."""

    def __init__(self, model: Any, start: str, single: bool) -> None:
        self.model, self.start, self.single = model, start, single
        self.opset = next(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
        self.arrays: dict[str, np.ndarray] = {}
        self.nodes: list[dict[str, Any]] = []
        self.weights: dict[str, Tensor] = {}
        self.constants: dict[str, Any] = {}
        self.tensors: dict[str, list[int]] = {}

    def read(self, nodes: list[Any]) -> None:
        """Every node: folded, a layer with weights, or an operator."""
        onnx = require("onnx")
        for value in self.model.graph.initializer:
            if value.data_location == onnx.TensorProto.EXTERNAL:
                raise ModelError(f"the weights are in another file ('{value.name}'); save the graph as one file.")
            self.arrays[value.name] = onnx.numpy_helper.to_array(value)
        self._check_operators(nodes)
        uses = Counter(name for node in nodes for name in node.input)
        for node in nodes:
            names = [name for name in node.input if name]
            if all(name in self.arrays for name in names):
                self._fold(node)
            elif not (node.op_type == "Add" and self._is_bias(node, uses)):
                self._add(node)

    def _check_operators(self, nodes: list[Any]) -> None:
        known = {*OPERATORS, *LAYERS, "Gemm", "Constant", "DequantizeLinear", "ConstantOfShape"}
        for node in nodes:
            if node.op_type not in known or node.domain not in ("", "ai.onnx"):
                raise ModelError(
                    f"the operator '{node.op_type}' (node '{node.name or node.output[0]}') is not supported; expected "
                    f"one of {', '.join(sorted(known))}."
                )

    def _fold(self, node: Any) -> None:
        from onnx import helper
        from onnx.reference import ReferenceEvaluator

        graph = helper.make_graph(
            [node], "one", [], [helper.make_empty_tensor_value_info(name) for name in node.output]
        )
        for name in node.input:
            if name:
                graph.initializer.append(require("onnx").numpy_helper.from_array(self.arrays[name], name))
        alone = helper.make_model(graph, opset_imports=list(self.model.opset_import))
        self.arrays |= dict(zip(node.output, ReferenceEvaluator(alone).run(None, {}), strict=True))

    def _add(self, node: Any) -> None:
        attributes = {entry.name: _plain(entry) for entry in node.attribute}
        step = {
            "op": node.op_type,
            "name": node.name or node.output[0],
            "inputs": list(node.input),
            "outputs": list(node.output),
            "attributes": attributes,
        }
        make = {
            "Conv": self._convolution,
            "ConvTranspose": self._transposed,
            "BatchNormalization": self._normalization,
            "Gemm": self._dense,
            "MatMul": self._product,
            "Relu": lambda step: ({}, {}),
        }.get(node.op_type)
        made = make(step) if make else None
        if made is not None:
            step["layer"], weights = made
            step["inputs"] = step["inputs"][:1]
            prefix = f"layers.{len(self.nodes)}."
            self.weights |= {prefix + name: torch.tensor(np.asarray(value)) for name, value in weights.items()}
        elif node.op_type in LAYERS or node.op_type == "Gemm":
            raise ModelError(f"the weights of node '{step['name']}' ({node.op_type}) are computed, not constant.")
        elif node.op_type not in OPERATORS:
            raise ModelError(f"node '{step['name']}' ({node.op_type}) works on values that are not constant.")
        if node.op_type == "Reshape" and self.single:
            attributes["keeps_n"] = True
        for name in step["inputs"]:
            self._keep(name)
        self.nodes.append(step)

    def _is_bias(self, node: Any, uses: Counter[str]) -> bool:
        """Whether a sum only adds the bias of the dense layer before it, which then gets it.

        Programs write a dense layer as a product and a sum; a probe replaces the weights and the bias of the last one.
        """
        array = next((self.arrays[name] for name in node.input if name in self.arrays), None)
        number = len(self.nodes) - 1
        if array is None or number < 0 or self.nodes[number]["op"] != "Dense":
            return False
        step, bias = self.nodes[number], self.weights[f"layers.{number}.bias"]
        [name] = step["outputs"]
        if name not in node.input or uses[name] != 1 or array.size != len(bias) or array.shape[-1:] != bias.shape:
            return False
        self.weights[f"layers.{number}.bias"] = bias + torch.tensor(array.reshape(-1))
        step["outputs"] = list(node.output)
        return True

    def _keep(self, name: str) -> None:
        """Make a constant known to the graph: numbers and whole numbers as plain values, others as tensors."""
        if name not in self.arrays or name in self.constants or name in self.tensors:
            return
        array = self.arrays[name]
        if array.dtype.kind in "iub" and array.size <= CONSTANT_NUMBERS:
            self.constants[name] = array.tolist()
        elif array.ndim == 0:
            self.constants[name] = float(array)
        elif array.size <= 8 and array.ndim == 1 and array.dtype == np.float32 and not array.size % 4:
            self.constants[name] = array.tolist()  # the factors of Resize
        else:
            self.weights[f"tensor{len(self.tensors)}"] = torch.tensor(array.astype(np.float32))
            self.tensors[name] = list(array.shape)

    def _array(self, step: dict[str, Any], place: int) -> np.ndarray | None:
        names = step["inputs"]
        return self.arrays.get(names[place]) if len(names) > place and names[place] else None

    def _convolution(self, step: dict[str, Any]) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
        weight, bias, attributes = self._array(step, 1), self._array(step, 2), step["attributes"]
        if weight is None or weight.ndim != 4:
            return None
        attributes.setdefault("kernel_shape", list(weight.shape[2:]))
        pads = attributes.get("pads", [0, 0, 0, 0])
        uneven = pads[:2] != pads[2:] or attributes.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID")
        if uneven:
            attributes["pads_first"] = True
        layer = {
            "channels": weight.shape[1] * attributes.get("group", 1),
            "filters": weight.shape[0],
            "kernel": list(weight.shape[2:]),
            "strides": attributes.get("strides", [1, 1]),
            "padding": [0, 0] if uneven else pads[:2],
            "dilations": attributes.get("dilations", [1, 1]),
            "groups": attributes.get("group", 1),
            "bias": bias is not None,
        }
        return layer, _with_bias(weight, bias)

    def _transposed(self, step: dict[str, Any]) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
        weight, bias, attributes = self._array(step, 1), self._array(step, 2), step["attributes"]
        pads = attributes.get("pads", [0, 0, 0, 0])
        odd = pads[:2] != pads[2:] or attributes.get("auto_pad", "NOTSET") != "NOTSET" or "output_shape" in attributes
        if weight is None or weight.ndim != 4 or odd:
            return None
        layer = {
            "channels": weight.shape[0],
            "filters": weight.shape[1] * attributes.get("group", 1),
            "kernel": list(weight.shape[2:]),
            "strides": attributes.get("strides", [1, 1]),
            "padding": pads[:2],
            "output_padding": attributes.get("output_padding", [0, 0]),
            "dilations": attributes.get("dilations", [1, 1]),
            "groups": attributes.get("group", 1),
            "bias": bias is not None,
        }
        return layer, _with_bias(weight, bias)

    def _normalization(self, step: dict[str, Any]) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
        arrays = [self._array(step, place) for place in range(1, 5)]
        if arrays[0] is None or any(array is None for array in arrays):
            return None
        names = ("weight", "bias", "running_mean", "running_var")
        weights = dict(zip(names, arrays, strict=True)) | {"num_batches_tracked": np.array(0)}
        layer = {"channels": len(arrays[0]), "epsilon": step["attributes"].get("epsilon", 1e-5)}
        return layer, weights  # pyright: ignore[reportReturnType]

    def _dense(self, step: dict[str, Any]) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
        weight, bias, attributes = self._array(step, 1), self._array(step, 2), step["attributes"]
        computed_bias = len(step["inputs"]) > 2 and step["inputs"][2] and bias is None
        if weight is None or computed_bias or attributes.get("transA", 0):
            return None
        weight = (weight if attributes.get("transB", 0) else weight.T) * np.float32(attributes.get("alpha", 1.0))
        if bias is not None:
            bias = np.broadcast_to(bias * np.float32(attributes.get("beta", 1.0)), (weight.shape[0],)).copy()
        return self._with_zeros(step, np.ascontiguousarray(weight), bias)

    def _product(self, step: dict[str, Any]) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
        weight = self._array(step, 1)
        if weight is None or weight.ndim != 2:
            return None
        return self._with_zeros(step, np.ascontiguousarray(weight.T), None)

    def _with_zeros(
        self, step: dict[str, Any], weight: np.ndarray, bias: np.ndarray | None
    ) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """A dense layer, always with a bias: a probe fits one."""
        step["op"] = "Dense"
        bias = np.zeros(weight.shape[0], weight.dtype) if bias is None else bias
        return {"inputs": weight.shape[1], "outputs": weight.shape[0], "bias": True}, {"weight": weight, "bias": bias}


def _with_bias(weight: np.ndarray, bias: np.ndarray | None) -> dict[str, np.ndarray]:
    return {"weight": weight} if bias is None else {"weight": weight, "bias": bias}


def _plain(attribute: Any) -> Any:
    """An attribute as a number, text or list of these; raises `ModelError` for graphs and tensors."""
    value = require("onnx").helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, int | float | str):
        return value
    values = list(value) if hasattr(value, "__iter__") else [value]
    if not all(isinstance(each, int | float) for each in values):
        raise ModelError(f"the attribute '{attribute.name}' of an operator holds more than numbers.")
    return values


def convert(model: Any, nodes: list[Any], start: str, output: str, single: bool) -> Converted:
    """The graph from the value `start` to the value `output`; `single` where it was exported for one image only.

    Raises `ModelError` naming the node that cannot be converted.
    """
    reader = _Reader(model, start, single)
    reader.read(needed(nodes, output))
    produced = {name for node in reader.nodes for name in node["outputs"]}
    if output not in produced:
        raise ModelError(f"its output '{output}' does not depend on the image.")
    graph = {
        "input": start,
        "output": output,
        "constants": reader.constants,
        "tensors": reader.tensors,
        "nodes": reader.nodes,
    }
    if not all(math.prod(shape) < 1 << 28 for shape in reader.tensors.values()):
        raise ModelError("it holds a constant of more than 268 million numbers.")
    return Converted(
        graph=graph,
        weights={name: value.float() if value.is_floating_point() else value for name, value in reader.weights.items()},
    )


def needed(nodes: list[Any], output: str) -> list[Any]:
    """The nodes that an output depends on, in their order."""
    wanted, kept = {output}, []
    for node in reversed(nodes):
        if wanted & set(node.output):
            kept.append(node)
            wanted |= set(node.input)
    return kept[::-1]
