"""onnxruntime, and what an exported file says about itself."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..errors import ModelError
from ._packages import require

KEY = "eyespot"
"""Under this name the metadata of an exported file holds one JSON document."""
FORMAT = 1
QUIET = 3
"""onnxruntime prints errors only."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Session:
    """A file that onnxruntime has opened. `about` is the JSON document in its metadata."""

    runtime: Any
    about: Mapping[str, Any]

    def run(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """The named outputs for one batch of what the file's only input takes."""
        names = [output.name for output in self.runtime.get_outputs()]
        return dict(zip(names, self.runtime.run(names, {self.runtime.get_inputs()[0].name: images}), strict=True))


def open_session(content: bytes, name: str, threads: int | None = None) -> Session:
    """Open the bytes of an ONNX file; raises `ModelError` where it is damaged or eyespot has not exported it.

    Only the bytes are read: a file that keeps its weights in other files is refused.
    """
    runtime = open_runtime(content, name, threads)
    return Session(runtime=runtime, about=_about(runtime, name))


def open_runtime(content: bytes, name: str, threads: int | None = None) -> Any:
    """An inference session of onnxruntime on the processor; raises `ModelError` if the bytes are damaged."""
    onnxruntime = require("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = QUIET
    options.intra_op_num_threads = threads or torch.get_num_threads()
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has a class of its own for every kind of failure
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(f"{name}: onnxruntime cannot open it ({reason}). Export the model again.") from error


def _about(runtime: Any, name: str) -> Mapping[str, Any]:
    text = runtime.get_modelmeta().custom_metadata_map.get(KEY)
    if text is None:
        raise ModelError(
            f"{name}: was not exported by eyespot: the task, the labels and the preprocessing are missing in it. "
            "Give a file written by `eyespot export MODEL --onnx`, or make a model of it with `eyespot import`."
        )
    try:
        about = json.loads(text)
        found = about["format"]
    except (ValueError, TypeError, KeyError) as error:
        raise ModelError(f"{name}: its metadata is damaged; export the model again.") from error
    if found != FORMAT:
        raise ModelError(f"{name}: is of format {found}; this version reads format {FORMAT}. Export the model again.")
    return about


def read_content(path: Path) -> bytes:
    """The bytes of a file; raises `ModelError` where there is none."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); give an .onnx file.") from error
