"""A model's network as an ONNX graph: pixels to the answer and to the network's raw output."""

import logging
import re
import warnings
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import ModelError
from ..model import AnswerModule, Model
from ._preprocessing import OPSET

ANSWER, OUTPUT = "answer", "output"
"""Names of the outputs: what `task.activate` gives, and what the network put out before it."""
EXPORTER = "torch.onnx._internal.exporter._registration"
"""The logger that lists, at every export, operators of packages that eyespot does not use."""


class _AnswerAndOutput(nn.Module):
    """Pixels (N, C, H, W) in [0, 1] to the answer, then to the raw output, which `task.answer` takes."""

    def __init__(self, module: AnswerModule) -> None:
        super().__init__()
        self.module = module

    def forward(self, pixels: Tensor) -> tuple[Any, Any]:
        output = self.module.outputs(pixels)
        return self.module.task.activate(output), output


def by_name(prefix: str, value: Any) -> dict[str, Tensor]:
    """One tensor under its own name, or each of several named ones as "prefix.name"."""
    return {f"{prefix}.{name}": one for name, one in value.items()} if isinstance(value, dict) else {prefix: value}


def network_graph(model: Model) -> Any:
    """The ModelProto from "pixels", float32 (N, C, H, W) in [0, 1], to the outputs, for any N.

    Raises `ModelError` with the exporter's reason where the network contains what ONNX has no operator for.
    """
    module = _AnswerAndOutput(model.module()).eval()
    native = model.images.fit == "native"
    channels, height, width = model.images.shape
    # With N = 1, N would become a constant. Odd sides make networks that pad to even ones do so in the graph too.
    odd = 1 if native else 0
    pixels = torch.rand(2, channels, height | odd, width | odd)
    with torch.no_grad():
        answer, output = module(pixels)
    names = [*by_name(ANSWER, answer), *by_name(OUTPUT, output)]
    dynamic: Any = torch.export.Dim.DYNAMIC
    shapes = {0: dynamic, 2: dynamic, 3: dynamic} if native else {0: dynamic}
    exported = _exported(module, pixels, names, shapes).model_proto
    _name_sides(exported, ("N", None, "H", "W") if native else ("N",))
    return exported


def _exported(module: nn.Module, pixels: Tensor, names: list[str], shapes: dict[int, Any]) -> Any:
    logger = logging.getLogger(EXPORTER)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        # Layers that compute in another way where no gradient is needed, such as MaxPool2d, keep their own operator.
        with warnings.catch_warnings(), torch.enable_grad():
            warnings.simplefilter("ignore")  # the exporter warns about its own future
            return torch.onnx.export(
                module,
                (pixels,),
                dynamo=True,
                dynamic_shapes=(shapes,),
                input_names=["pixels"],
                output_names=names,
                opset_version=OPSET,
                verbose=False,
            )
    except Exception as error:  # whatever an operator without a translation raises
        reason = _unsupported(module, pixels, error)
        reason = reason or next(
            (line.strip() for line in str(error.__cause__ or error).splitlines() if line.strip()), ""
        )
        raise ModelError(f"This network cannot be written as ONNX: {reason or type(error).__name__}") from error
    finally:
        logger.setLevel(level)


def _unsupported(module: nn.Module, pixels: Tensor, error: Exception) -> str:
    """The layer and the operation for which ONNX has no operator, as text; empty where another failure is the cause."""
    cause, operation = error, None
    while cause is not None and operation is None:
        operation = re.search(r"No ONNX function found for <OpOverload\(op='([\w.]+)'", str(cause))
        cause = cause.__cause__
    if operation is None:
        return ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.export(module, (pixels,)).run_decompositions()
    for node in program.graph.nodes:
        if str(node.target).startswith(operation[1]) and node.meta.get("nn_module_stack"):
            path, kind = list(node.meta["nn_module_stack"].values())[-1]
            name = path.removeprefix("L['self'].") or "network"
            kind = str(kind).rpartition(".")[2].strip("'>")
            return (
                f"ONNX has no operator for {operation[1].removeprefix('aten.')}, which the layer {name} ({kind}) uses"
            )
    return f"ONNX has no operator for {operation[1].removeprefix('aten.')}"


def _name_sides(exported: Any, names: tuple[str | None, ...]) -> None:
    """Call the sides that may vary N, H and W, instead of the exporter's s81."""
    sides = exported.graph.input[0].type.tensor_type.shape.dim
    renamed = {side.dim_param: name for side, name in zip(sides, names, strict=False) if name and side.dim_param}
    graph = exported.graph
    for value in (*graph.input, *graph.output, *graph.value_info):
        for side in value.type.tensor_type.shape.dim:
            if side.dim_param in renamed:
                side.dim_param = renamed[side.dim_param]
