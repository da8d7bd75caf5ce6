"""A model as a program of PyTorch (.pt2, `torch.export`): read by torch alone, without eyespot."""

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..errors import ModelError
from ..files import write_whole
from ..model import AnswerModule, Model
from ._network import ANSWER, by_name
from ._parity import TOLERANCE, largest_difference
from ._session import KEY
from ._write import describe

BATCHES = (1, 2, 5)
"""Numbers of images that the program is compared with: another one than it was traced with must do, too."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """What was written, its size in bytes, and how it was compared with the model."""

    path: Path
    size: int
    images: int
    largest_difference: float


def export_program(model: Model, path: str | Path) -> Program:
    """Write a model as a .pt2 file that `torch.export.load` reads: pixels (N, C, H, W) in [0, 1] to the answer.

    The preprocessing is not part of it: give pixels of the size of `model.images`. The file also holds the description
    that ONNX files have, as "eyespot". Raises `ModelError` where the network cannot be traced, or where the program
    answers differently; nothing is written then.
    """
    module = model.module()
    pixels = torch.rand(max(BATCHES), *model.images.shape, generator=torch.Generator().manual_seed(0))
    buffer = io.BytesIO()
    about = describe(model, "tensor", 0)
    torch.export.save(_traced(module, pixels[:2], model), buffer, extra_files={KEY: json.dumps(about)})
    buffer.seek(0)
    largest = _compared(module, torch.export.load(buffer).module(), pixels)
    write_whole(Path(path), buffer.getvalue())
    return Program(path=Path(path), size=len(buffer.getvalue()), images=sum(BATCHES), largest_difference=largest)


def _traced(module: AnswerModule, pixels: Tensor, model: Model) -> Any:
    dynamic: Any = torch.export.Dim.DYNAMIC
    shapes = {0: dynamic, 2: dynamic, 3: dynamic} if model.images.fit == "native" else {0: dynamic}
    try:
        program = torch.export.export(module, (pixels,), dynamic_shapes=(shapes,))
    except Exception as error:  # torch raises errors of many kinds for what it cannot trace
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(f"This network cannot be written as a program of torch: {reason}") from error
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # it would tell where eyespot is installed on this machine
    return program


@torch.no_grad()
def _compared(module: AnswerModule, program: Any, pixels: Tensor) -> float:
    """The largest difference of the answers to batches of several sizes."""
    largest = 0.0
    for count in BATCHES:
        expected, found = (by_name(ANSWER, one(pixels[:count])) for one in (module, program))
        for name, values in expected.items():
            difference = largest_difference(found[name].numpy(), values.numpy())
            if not difference <= TOLERANCE:
                raise ModelError(
                    f"The program answers differently: '{name}' differs by {difference:.2g} in a batch of {count}; at "
                    f"most {TOLERANCE:g} is accepted. Nothing was written."
                )
            largest = max(largest, difference)
    return largest
