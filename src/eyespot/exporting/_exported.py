"""An exported file used from eyespot: the same answers and evaluations, computed by onnxruntime."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..answers import answer_one, read_for
from ..errors import EyespotError, ModelError
from ..findings import Evaluation
from ..images import ImageSpec, Picture
from ..model import evaluate_outputs
from ..modelfile import images_spec
from ..networks.network import map_output
from ..samples import to_batch
from ..sources.source import Part
from ..tasks import task_from_json
from ..tasks.task import Task
from ._session import Session, open_session, read_content

OUTPUT = "output"


@dataclass(frozen=True, kw_only=True, eq=False)
class ExportedModel:
    """A file that `export_onnx` wrote: it predicts and evaluates as a `Model` does, and does nothing else."""

    session: Session
    task: Task
    images: ImageSpec

    def outputs(self, pixels: Tensor) -> Any:
        """Pixels (N, C, H, W) in [0, 1] to the network's raw output, as `Model.outputs`.

        A file that contains the preprocessing takes whole numbers from 0 to 255: pixels are rounded to them.
        """
        images = pixels.numpy()
        if self.session.about["input"] == "image":
            images = np.rint(images.clip(0, 1) * 255).astype(np.uint8).transpose(0, 2, 3, 1)
        found = self.session.run(np.ascontiguousarray(images))
        if OUTPUT in found:
            return torch.from_numpy(found[OUTPUT])
        start = f"{OUTPUT}."
        named = {name.removeprefix(start): value for name, value in found.items() if name.startswith(start)}
        return {name: torch.from_numpy(value) for name, value in named.items()}

    def answer_outputs(self, pixels: Tensor) -> Any:
        """Same as `outputs`: an exported network is optimized already."""
        return self.outputs(pixels)

    def predict(self, picture: Picture) -> dict[str, Any]:
        """The task's answer for one picture; see `Model.predict`."""
        read, frame = read_for(self.task, self.images, picture)
        pixels = to_batch(read[None])
        output = map_output(self.answer_outputs(pixels), lambda output: output[0])
        return answer_one(self.task, self.images, output, pixels, picture, frame)

    def evaluate(self, part: Part) -> Evaluation:
        """How good the answers are for images with known targets; see `Model.evaluate`."""
        return evaluate_outputs(self.outputs, self.task, self.images, part)


def load_onnx(path: str | Path) -> ExportedModel:
    """Read a file that `export_onnx` wrote; raises `ModelError` for any other, and names what is missing in it."""
    path = Path(path)
    session = open_session(read_content(path), str(path))
    try:
        task, images = task_from_json(session.about["task"]), images_spec(session.about["images"])
    except EyespotError as error:
        raise ModelError(f"{path}: {error}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path}: its metadata is damaged ({error}); export the model again.") from error
    return ExportedModel(session=session, task=task, images=images)
