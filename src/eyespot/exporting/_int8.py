"""Whole numbers of 8 bits in place of float32: calibrated on the user's images, kept only where the score stays."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from ..errors import ModelError, SourceError
from ..files import write_whole
from ..model import Model, evaluate_outputs
from ..samples import load_samples, make_problem
from ..sources.source import Part
from ._exported import ExportedModel
from ._packages import require
from ._parity import Parity, check_parity
from ._session import Session, open_session
from ._write import Export, check_input, describe, with_metadata, with_preprocessing

FEWEST, MOST = 32, 256
"""Images that are calibrated on, at least and at most."""
MAX_DROP = 0.01
REPEATS = 15


@dataclass(frozen=True, kw_only=True)
class Quantization:
    """What INT8 changed: score with interval and milliseconds per image of the network, before and after."""

    metric: str
    count: int
    before: float
    before_interval: tuple[float, float]
    after: float
    after_interval: tuple[float, float]
    drop: float
    before_milliseconds: float
    after_milliseconds: float
    calibrated_on: int


def export_int8(
    model: Model,
    path: str | Path,
    calibration: Part,
    evaluation: Part,
    input: str = "image",
    max_drop: float = MAX_DROP,
) -> tuple[Export, Quantization]:
    """Write a model as an ONNX file that computes in INT8; see `export_onnx`.

    The ranges of values are those that the images of `calibration` give (32 to 256 of them are used); the score is that
    on `evaluation`, which should hold other images. Raises `SourceError` for fewer images and `ModelError` where the
    score gets worse by more than `max_drop`; nothing is written then.
    """
    check_input(input)
    if not 0 <= max_drop < float("inf"):
        raise ModelError(f"max_drop is {max_drop}; give 0 or a number above 0.", argument="max_drop")
    _check_calibration(calibration)
    from ._network import network_graph
    from ._preprocessing import OPSET

    graph = network_graph(model)
    about = describe(model, "tensor", OPSET)
    before = open_session(with_metadata(graph, about), str(path))
    quantized, images = _quantized(graph, model, calibration)
    after = open_session(with_metadata(quantized, about), str(path))
    found = _compared(model, before, after, evaluation, images)
    if found.drop > max_drop:
        raise ModelError(
            f"INT8 changes {found.metric} from {found.before:.4g} to {found.after:.4g} on {found.count:,} images; a "
            f"loss of {max_drop:g} is accepted. Nothing was written; raise max_drop, or export without INT8."
        )
    if input == "image":
        about, quantized = describe(model, input, OPSET), with_preprocessing(quantized, model)
        after = open_session(with_metadata(quantized, about), str(path))
    parity = check_parity(model, after, tolerance=float("inf"))
    content = with_metadata(quantized, {**about, "parity": asdict(parity), "int8": asdict(found)})
    write_whole(Path(path), content)
    return _export(Path(path), quantized, len(content), OPSET, parity), found


def write_int8(model: Model, path: str | Path, calibration: Part) -> Path:
    """Write a model as an ONNX file for pixels of its size that computes in INT8, without comparing scores.

    For measurements, which compare all backends themselves. Raises `SourceError` as `export_int8` does.
    """
    _check_calibration(calibration)
    from ._network import network_graph
    from ._preprocessing import OPSET

    quantized, _ = _quantized(network_graph(model), model, calibration)
    write_whole(Path(path), with_metadata(quantized, describe(model, "tensor", OPSET)))
    return Path(path)


def _check_calibration(part: Part) -> None:
    if len(part) < FEWEST:
        raise SourceError(f"{len(part)} images to calibrate INT8 on; give at least {FEWEST}.")


def _export(path: Path, graph: Any, size: int, opset: int, parity: Parity) -> Export:
    outputs = tuple(output.name for output in graph.graph.output)
    return Export(path=path, size=size, opset=opset, outputs=outputs, parity=parity)


def _quantized(graph: Any, model: Model, calibration: Part) -> tuple[Any, int]:
    """The graph with 8-bit weights (per channel) and activations, and how many images it was calibrated on."""
    onnx, quantization = require("onnx"), require("onnxruntime.quantization")
    part = _spread(calibration)
    reader = _Images(model, part)
    with TemporaryDirectory() as folder:
        before, after = Path(folder) / "before.onnx", Path(folder) / "after.onnx"
        before.write_bytes(graph.SerializeToString())
        with _quiet():
            quantization.quantize_static(
                str(before),
                str(after),
                reader,
                quant_format=quantization.QuantFormat.QDQ,
                per_channel=True,
                reduce_range=True,  # sums of 8-bit products overflow 16 bits on processors without VNNI
                activation_type=quantization.QuantType.QUInt8,
                weight_type=quantization.QuantType.QInt8,
            )
        quantized = onnx.load_model_from_string(after.read_bytes())
    quantized.ir_version = graph.ir_version
    return quantized, len(part)


@contextmanager
def _quiet() -> Iterator[None]:
    """onnxruntime recommends its own preparation of graphs on the root logger, at every call."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def _spread(part: Part) -> Part:
    """At most 256 images, from all over a part."""
    places = np.linspace(0, len(part) - 1, min(MOST, len(part))).astype(int)
    return part.take(places)


class _Images:
    """Pixels of a part, one image at a time, as onnxruntime's calibration asks for them."""

    def __init__(self, model: Model, part: Part) -> None:
        self.batches = _pixels(model, part)

    def get_next(self) -> dict[str, np.ndarray] | None:
        pixels = next(self.batches, None)
        return None if pixels is None else {"pixels": pixels}


def _pixels(model: Model, part: Part) -> Iterator[np.ndarray]:
    for decoded in load_samples(part, model.task, model.images).batches(1):
        yield make_problem(model.task, decoded).x.numpy()


def _compared(model: Model, before: Session, after: Session, part: Part, images: int) -> Quantization:
    """Both graphs on the same images: scores, and the network's milliseconds in turns."""
    outputs = [ExportedModel(session=each, task=model.task, images=model.images).outputs for each in (before, after)]
    scores = [evaluate_outputs(each, model.task, model.images, part) for each in outputs]
    sign = 1 if scores[0].better == "higher" else -1
    times = _milliseconds(outputs, torch.rand(1, *model.images.shape))
    return Quantization(
        metric=scores[0].metric,
        count=scores[0].count,
        before=scores[0].score,
        before_interval=scores[0].interval,
        after=scores[1].score,
        after_interval=scores[1].interval,
        drop=sign * (scores[0].score - scores[1].score),
        before_milliseconds=times[0],
        after_milliseconds=times[1],
        calibrated_on=images,
    )


def _milliseconds(works: list[Callable[[torch.Tensor], Any]], pixels: torch.Tensor) -> list[float]:
    """The median time of each for one image, in turns."""
    seconds: list[list[float]] = [[] for _ in works]
    for _ in range(REPEATS):
        for work, found in zip(works, seconds, strict=True):
            start = time.perf_counter()
            work(pixels)
            found.append(time.perf_counter() - start)
    return [1000 * float(np.median(found)) for found in seconds]
