"""The backends for one model on this machine: each computes raw outputs for pixels, from a file."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..device import computes_bfloat16
from ..errors import ModelError, SourceError
from ..exporting import export_onnx, load_onnx, write_int8
from ..images import ImageSpec
from ..model import Model, load
from ..networks.network import map_output
from ..sources.source import Part
from ..tasks.task import Task

ONNX = "ONNX Runtime"


@dataclass(frozen=True, kw_only=True, eq=False)
class Backend:
    """One way to compute a model: `outputs` maps pixels (N, C, H, W) in [0, 1] to float32 raw outputs."""

    name: str
    file: str
    outputs: Callable[[Tensor], Any]
    task: Task
    images: ImageSpec


def backend_files(path: str, folder: Path, calibration: Part | None = None) -> tuple[dict[str, str], list[str]]:
    """The backends of a model on this machine with their files, and why others are missing.

    ONNX Runtime reads files that are exported to `folder`, in INT8 if there are images to calibrate it on; it is the
    only backend of an exported file.
    """
    if path.lower().endswith(".onnx"):
        return {ONNX: path}, []
    files, notes = {"torch float32": path}, []
    if computes_bfloat16():
        files["torch bfloat16"] = path
    else:
        notes.append("torch bfloat16: left out, this CPU does not support bfloat16")
    if torch.cuda.is_available():
        files["CUDA float32"] = path
    try:
        files[f"{ONNX} float32"] = str(export_onnx(load(path), folder / "model.onnx", input="tensor").path)
        if calibration is not None:
            files[f"{ONNX} INT8"] = str(write_int8(load(path), folder / "int8.onnx", calibration))
        else:
            notes.append(f"{ONNX} INT8: left out, it is calibrated on images; give a source")
    except ModelError as error:
        notes.append(f"{ONNX}: left out. {error}")
    except SourceError as error:
        notes.append(f"{ONNX} INT8: left out. {error}")
    return files, notes


def open_backend(name: str, file: str) -> Backend:
    """Load a backend; `name` and `file` are those of `backend_files`."""
    model = load_onnx(file) if name.startswith(ONNX) else load(file)
    outputs = OUTPUTS[name](model) if isinstance(model, Model) else model.outputs
    return Backend(name=name, file=file, outputs=outputs, task=model.task, images=model.images)


def torch_backend(name: str, model: Model) -> Backend:
    """A model in memory, computed by torch in float32."""
    return Backend(name=name, file="", outputs=_float32(model), task=model.task, images=model.images)


def _float32(model: Model) -> Callable[[Tensor], Any]:
    return torch.no_grad()(_answers(model).outputs)


def _bfloat16(model: Model) -> Callable[[Tensor], Any]:
    outputs = _float32(model)

    def compute(pixels: Tensor) -> Any:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return map_output(outputs(pixels), Tensor.float)

    return compute


def _cuda(model: Model) -> Callable[[Tensor], Any]:
    outputs = torch.no_grad()(_answers(model).to("cuda").outputs)
    # Copying the result to the CPU waits for its computation.
    return lambda pixels: map_output(outputs(pixels.to("cuda")), Tensor.cpu)


def _answers(model: Model) -> Any:
    return model.module()


OUTPUTS: dict[str, Callable[[Model], Callable[[Tensor], Any]]] = {
    "torch float32": _float32,
    "torch bfloat16": _bfloat16,
    "CUDA float32": _cuda,
}


def count_parameters(network: nn.Module) -> int:
    """The number of parameters of a network; shared ones are counted once."""
    return sum(parameter.numel() for parameter in network.parameters())


@torch.no_grad()
def count_multiply_adds(network: nn.Module, x: Tensor) -> int:
    """Number of multiply-adds in convolutions and matrix products for the input x (1, C, H, W).

    >>> count_multiply_adds(nn.Conv2d(3, 8, 3), torch.zeros(1, 3, 10, 10)) == 8 * 8 * 8 * 3 * 3 * 3
    True
    """
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        network(x)
    return counter.get_total_flops() // 2
