"""The cost of a model on this machine: latency by stage, throughput, memory, size and arithmetic; and its accuracy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from ..device import machine, same_threads
from ..errors import EyespotError, ModelError
from ..exporting import ExportedModel, load_onnx
from ..images import ImageSpec, Picture, encode_png, read_file, read_pixels
from ..model import Model, evaluate_outputs, load
from ..samples import to_batch
from ..sources.source import Part
from ._backends import Backend, backend_files, count_multiply_adds, count_parameters, open_backend, torch_backend
from ._latency import STAGES, Timing, best_batch, is_busy, time_answers, timing
from ._memory import peak_memory

PICTURES = 32
"""Number of images of a source for timing, used in rotation."""
HEIGHT, WIDTH = 480, 640
"""Size of the synthetic image for timing without a source."""
SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class BackendMeasurement:
    """One backend: milliseconds per image in total and by stage, throughput, memory, file size and accuracy.

    `images_per_second` is that of the network alone at the best batch size `batch`. `peak_memory` is in bytes above
    that of an idle process, None if the system does not report it. `evaluation` is None without a source.
    """

    name: str
    total: Timing
    stages: dict[str, Timing]
    batch: int
    images_per_second: float
    peak_memory: int | None
    file_size: int | None
    evaluation: dict[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One model on one machine. `reference` contains the times of the fixed kernel; `busy` is derived from it."""

    model: str
    images: ImageSpec
    pictures: str
    machine: str
    threads: int
    parameters: int | None
    multiply_adds: int | None
    reference: Timing
    busy: bool
    backends: tuple[BackendMeasurement, ...]
    notes: tuple[str, ...]


def measure(
    path: str | Path,
    part: Part | None = None,
    threads: int | None = None,
    seconds: float = SECONDS,
    calibration: Part | None = None,
) -> Measurement:
    """Measure a model file, "pretrained:NAME" or an exported .onnx file; with a part of a source also its accuracy.

    `threads` defaults to torch's setting; `seconds` is the approximate time for each backend; `calibration` has images
    that are not in `part`, by which INT8 finds the ranges of values (without them it is left out). Raises `ModelError`
    for a model that does not process images.
    """
    if not 0 < seconds < 3600:
        raise EyespotError(f"seconds is {seconds}; give a number above 0 and below 3600.", argument="seconds")
    if threads is not None and not 1 <= threads <= 1024:
        raise EyespotError(f"threads is {threads}; give a whole number from 1 to 1024.", argument="threads")
    path = str(path)
    with same_threads(), TemporaryDirectory() as folder:
        torch.set_num_threads(threads or torch.get_num_threads())
        model = load_onnx(path) if path.lower().endswith(".onnx") else load(path)
        if reason := model.task.unsupported.get("predict"):
            raise ModelError(f"{path}: cannot be measured: {reason}.")
        files, notes = backend_files(path, Path(folder), calibration)
        backends = [open_backend(name, file) for name, file in files.items()]
        return _measured(path, model, part, backends, notes, seconds)


def compare_latency(
    models: Mapping[str, Model], part: Part | None = None, seconds: float = SECONDS
) -> tuple[dict[str, Timing], Timing]:
    """Milliseconds per image of several models in torch, in rotation, and those of the reference kernel in between.

    The images of `part` are used, or an image of 480 x 640 pixels; `seconds` is the time for each model.
    """
    backends = [torch_backend(name, model) for name, model in models.items()]
    found, reference = time_answers(backends, _pictures(part)[0], seconds)
    return {name: timing(values.sum(1)) for name, values in found.items()}, timing(reference)


def compare_backends(
    files: Mapping[str, tuple[str, str]], part: Part, threads: int, seconds: float = SECONDS
) -> dict[str, Timing]:
    """Milliseconds per image of several backends with some threads, in rotation.

    `files` holds the name of a backend, as in `BackendMeasurement`, and the file that it reads, by any key; the images
    of `part` are used.
    """
    with same_threads():
        torch.set_num_threads(threads)
        backends = [replace(open_backend(name, file), name=key) for key, (name, file) in files.items()]
        found, _ = time_answers(backends, _pictures(part)[0], seconds)
    return {key: timing(values.sum(1)) for key, values in found.items()}


def _measured(
    path: str,
    model: Model | ExportedModel,
    part: Part | None,
    backends: list[Backend],
    notes: list[str],
    seconds: float,
) -> Measurement:
    pictures, about = _pictures(part)
    times, reference = time_answers(backends, pictures, seconds)
    pixels = to_batch(read_pixels(pictures[0], model.images)[None])
    best = best_batch(backends, pixels)
    threads = torch.get_num_threads()
    kernel = timing(reference)
    own = model if isinstance(model, Model) else None
    return Measurement(
        model=path,
        images=model.images,
        pictures=about,
        machine=machine(),
        threads=threads,
        parameters=count_parameters(own.network) if own else None,
        multiply_adds=count_multiply_adds(own.network, own.network_x(pixels)) if own else None,
        reference=kernel,
        busy=is_busy(kernel),
        backends=tuple(_one(each, model, part, times[each.name], best[each.name], threads) for each in backends),
        notes=tuple(notes),
    )


def _one(
    backend: Backend,
    model: Model | ExportedModel,
    part: Part | None,
    seconds: np.ndarray,
    best: tuple[int, float],
    threads: int,
) -> BackendMeasurement:
    file = Path(backend.file)
    return BackendMeasurement(
        name=backend.name,
        total=timing(seconds.sum(1)),
        stages={stage: timing(seconds[:, number]) for number, stage in enumerate(STAGES)},
        batch=best[0],
        images_per_second=best[1],
        peak_memory=peak_memory(backend.name, backend.file, model.images.shape, threads),
        file_size=file.stat().st_size if file.is_file() else None,
        evaluation=None if part is None else _evaluated(backend, model, part),
    )


def _evaluated(backend: Backend, model: Model | ExportedModel, part: Part) -> dict[str, Any]:
    """Score and interval of a backend, without the table of predictions."""
    evaluation = evaluate_outputs(backend.outputs, model.task, model.images, part)
    names = ("metric", "score", "interval", "unit", "better", "count")
    return {name: getattr(evaluation, name) for name in names}


def _pictures(part: Part | None) -> tuple[Sequence[Picture], str]:
    """The timed images, as bytes or arrays in memory, and a description."""
    if part is None:
        return [encode_png(_drawn())], f"a PNG file of {HEIGHT} x {WIDTH} pixels"
    rows = part.rows[:PICTURES]
    pictures = [read_file(row.picture) if isinstance(row.picture, str | Path) else row.picture for row in rows]
    return pictures, f"{len(pictures)} images of the source"


def _drawn() -> np.ndarray:
    """A synthetic image with smooth colors and a little noise, uint8 (480, 640, 3), as large as a photo file."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    waves = [127 + 100 * np.sin(rows / (20 + 9 * c) + columns / (35 - 7 * c)) for c in range(3)]
    noise = np.random.default_rng(0).integers(-8, 9, (HEIGHT, WIDTH, 3))
    return np.clip(np.stack(waves, axis=2) + noise, 0, 255).astype(np.uint8)
