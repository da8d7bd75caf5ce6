"""From a model to an ONNX file: preprocessing and network in one graph, metadata, and the check before it is kept."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import ModelError
from ..files import write_whole
from ..findings import to_json
from ..model import Model
from ..tasks import task_to_json
from ._packages import require
from ._parity import Parity, check_parity
from ._session import FORMAT, KEY, open_session

INPUTS = ("image", "tensor")


@dataclass(frozen=True, kw_only=True)
class Export:
    """One written file: its size in bytes, its operator set, its outputs, and how closely it agrees with the model."""

    path: Path
    size: int
    opset: int
    outputs: tuple[str, ...]
    parity: Parity


def export_onnx(model: Model, path: str | Path, input: str = "image") -> Export:
    """Write a model as an ONNX file that any program can use with onnxruntime.

    With `input` "image" the file takes uint8 pixels (N, H, W, C) of any size and contains the preprocessing; with
    "tensor" float32 (N, C, H, W) in [0, 1], of the size of `model.images`. It gives "answer" (probabilities, a number,
    an image) and "output" (what the network put out before). Raises `ModelError` where the network cannot be written,
    or where onnxruntime answers differently than the model on one of 64 images; nothing is written then.
    """
    check_input(input)
    from ._network import network_graph
    from ._preprocessing import OPSET

    graph = with_preprocessing(network_graph(model), model) if input == "image" else network_graph(model)
    about = describe(model, input, OPSET)
    session = open_session(with_metadata(graph, about), str(path))
    parity = check_parity(model, session)
    content = with_metadata(graph, {**about, "parity": asdict(parity)})
    write_whole(Path(path), content)
    outputs = tuple(output.name for output in graph.graph.output)
    return Export(path=Path(path), size=len(content), opset=OPSET, outputs=outputs, parity=parity)


def check_input(input: str) -> None:
    """Raise `ModelError` for an unknown kind of input, or where a package of the extra is missing."""
    if input not in INPUTS:
        raise ModelError(f"input is '{input}'; expected one of {', '.join(INPUTS)}.", argument="input")
    for package in ("onnx", "onnxruntime", "onnxscript"):
        require(package)


def with_preprocessing(network: Any, model: Model) -> Any:
    """The graph of a network behind the graph of its preprocessing."""
    from onnx import compose

    from ._preprocessing import preprocessing

    before = preprocessing(model.images)
    before.ir_version = network.ir_version
    # Names of the two graphs may be the same; outputs keep theirs, since programs ask for them.
    before = compose.add_prefix(before, "preprocessing/")
    image, pixels = before.graph.input[0].name, before.graph.output[0].name
    merged = compose.merge_models(before, network, io_map=[(pixels, network.graph.input[0].name)])
    _rename(merged.graph, image, "image")
    return merged


def _rename(graph: Any, name: str, new: str) -> None:
    """Give the input of a graph another name, also where nodes inside branches read it."""
    for value in graph.input:
        value.name = new if value.name == name else value.name
    for node in graph.node:
        node.input[:] = [new if each == name else each for each in node.input]
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _rename(attribute.g, name, new)


def describe(model: Model, input: str, opset: int) -> dict[str, Any]:
    """What the metadata says: everything that `load_onnx`, and a program without eyespot, must know."""
    return {
        "format": FORMAT,
        "opset": opset,
        "input": input,
        "task": task_to_json(model.task),
        "images": asdict(model.images),
        "labels": list(model.task.labels),
        "answer_rule": model.task.answer_rule,
        "made": model.made,
    }


def with_metadata(graph: Any, about: dict[str, Any]) -> bytes:
    """The bytes of a graph with its description, as one document and, for other programs, labels and rule alone."""
    from onnx import helper

    plain = {"labels": json.dumps(about["labels"]), "answer_rule": about["answer_rule"]}
    del graph.metadata_props[:]
    helper.set_model_props(graph, {KEY: to_json(about), **plain})
    graph.producer_name = "eyespot"
    return graph.SerializeToString()
