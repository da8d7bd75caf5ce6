"""An ONNX file that another program wrote, as a Model: the graph as plain values, checked against onnxruntime."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..errors import EyespotError, ModelError, TaskError
from ..images import ImageSpec
from ..model import Model
from ..modelfile import images_spec
from ..networks import build_from
from ..networks.graph_module import IMPORTED, GraphModule
from ..networks.network import Network, NetworkSpec, Output
from ..samples import normalize, to_batch
from ..tasks import imported_task, task_from_json
from ._conventions import ORDERS
from ._convert import Converted, convert, needed
from ._packages import require
from ._parity import largest_difference, random_images
from ._session import KEY, QUIET, read_content

IMAGES = 16
TOLERANCE = 1e-4
PREPROCESSING = "preprocessing/"
"""The names of the preprocessing's values in our own exports begin so; the graph behind it is imported."""
LAYER = {"kernel": [1, 1], "strides": [1, 1], "padding": [0, 0], "dilations": [1, 1], "groups": 1, "bias": False}
"""The arguments of a convolution that mixes channels alone."""


@dataclass(frozen=True, kw_only=True)
class _Graph:
    """The part of a file that is imported: its nodes, from the value `start` of `shape` (C, H, W) to `output`.

    `reversed` where it takes the channels in the order BGR.
    """

    model: Any
    nodes: list[Any]
    start: str
    output: str
    shape: tuple[int | None, int | None, int | None]
    channels_last: bool
    single: bool
    reversed: bool = False


def import_onnx(
    path: str | Path,
    labels: Sequence[str] | None = None,
    input: tuple[int, int, int] | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    fit: str = "crop",
    order: str = "rgb",
    task: str = "classify",
) -> Model:
    """A network from an ONNX file as a Model that can be explained, attacked, measured and trained further.

    `task` is "classify", "tag" or "regress", with options as in "regress:unit=degrees"; `labels` name the outputs of
    the first two in their order; `input` is (H, W, C), where the file leaves it open; the network sees
    (pixel / 255 - mean) / std, its channels in the `order` "rgb" or "bgr"; `try_conventions` finds the three where they
    are not known. Files that `export_onnx` wrote state all of this themselves. Raises `ModelError` where
    an operator is not supported, something is missing, or answers differ from onnxruntime by more than 1e-4 on one of
    16 images.
    """
    path = Path(path)
    content = read_content(path)
    model = _parsed(content, path)
    about = _about(model)
    try:
        if about is not None:
            if labels is not None or mean is not None or std is not None:
                raise ModelError("was exported by eyespot and contains labels and scaling; leave them out.")
            return _own(model, about)
        graph = _foreign(model)
        spec = _images(graph, input, mean, std, fit)
        made, activations = imported_task(task, labels)
        graph = replace(graph, reversed=_order(order, spec.channels) == "bgr")
        network = _network(graph, spec, made.outputs(spec.channels).size, activations)
        return Model(network=network, task=made, images=spec, made={"by": "import", "file": path.name})
    except (ModelError, TaskError) as error:
        raise type(error)(f"{path}: {error}") from error


def check_graph(path: str | Path, mean: Sequence[float] = (0.0,), std: Sequence[float] = (1.0,)) -> float:
    """Convert any graph with one image input and compare it with onnxruntime: the largest difference of 16 images.

    Raises `ModelError` as `import_onnx` does.
    """
    graph = _foreign(_parsed(read_content(Path(path)), Path(path)))
    images = _images(graph, None, mean, std, "crop")
    converted = convert(graph.model, graph.nodes, graph.start, graph.output, graph.single)
    converted = _channels_first(converted) if graph.channels_last else converted
    module = GraphModule(converted.graph).eval()
    module.load_state_dict(converted.weights)
    return _compared(graph, module, images)


def _parsed(content: bytes, path: Path) -> Any:
    onnx = require("onnx")
    require("onnxruntime")
    try:
        model = onnx.load_model_from_string(content)
        onnx.checker.check_model(model)
    except Exception as error:  # protobuf and the checker raise errors of their own
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(f"{path}: is not a valid ONNX file ({reason}).") from error
    return model


def _about(model: Any) -> dict[str, Any] | None:
    """The description that our own exports contain; None for other files."""
    text = {entry.key: entry.value for entry in model.metadata_props}.get(KEY)
    try:
        return None if text is None else json.loads(text)
    except ValueError as error:
        raise ModelError("its metadata is damaged; export the model again.") from error


def _own(model: Any, about: dict[str, Any]) -> Model:
    """A model from one of our own files: task, labels and size as its metadata says; the scaling is in the graph."""
    try:
        task, images = task_from_json(about["task"]), images_spec(about["images"])
    except (EyespotError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"its metadata is damaged ({error}); export the model again.") from error
    pixels = torch.rand(1, *images.shape)
    changed = task.network_input(pixels)
    output = task.outputs(images.channels)
    if changed.shape != pixels.shape or not torch.equal(changed, pixels) or output.kind != "vector":
        raise ModelError(f"the task {task.name} cannot be imported; only tasks with a vector of outputs per image can.")
    nodes = [node for node in model.graph.node if not all(name.startswith(PREPROCESSING) for name in node.output)]
    made = {name for node in nodes for name in node.output}
    cut = [name for node in nodes for name in node.input if name.startswith(PREPROCESSING) and name not in made]
    start = cut[0] if cut else model.graph.input[0].name
    plain = replace(images, mean=(0.0,) * images.channels, std=(1.0,) * images.channels)
    graph = _Graph(
        model=model,
        nodes=nodes,
        start=start,
        output="output",
        shape=images.shape,
        channels_last=False,
        single=False,
    )
    network = _network(graph, plain, output.size)
    return Model(network=network, task=task, images=plain, made={"by": "import", **about.get("made", {})})


def _foreign(model: Any) -> _Graph:
    """The one image input and the first output of another program's file."""
    initialized = {value.name for value in model.graph.initializer}
    initialized |= {name for node in model.graph.node for name in node.output}  # old exporters list weights as inputs
    used = {name for node in model.graph.node for name in node.input}
    inputs = [value for value in model.graph.input if value.name in used - initialized]
    if len(inputs) != 1:
        raise ModelError(f"it has {len(inputs)} inputs; expected one, for images.")
    sides = [side.dim_value or None for side in inputs[0].type.tensor_type.shape.dim]
    if len(sides) != 4 or inputs[0].type.tensor_type.elem_type != 1:
        raise ModelError("its input is not a batch of float32 images (N, C, H, W) or (N, H, W, C).")
    last = sides[3] in (1, 3) and sides[1] not in (1, 3)
    channels, height, width = (sides[3], sides[1], sides[2]) if last else (sides[1], sides[2], sides[3])
    output = model.graph.output[0].name
    nodes = needed(list(model.graph.node), output)
    return _Graph(
        model=model,
        nodes=nodes,
        start=inputs[0].name,
        output=output,
        shape=(channels, height, width),
        channels_last=last,
        single=sides[0] == 1,
    )


def _images(
    graph: _Graph,
    input: tuple[int, int, int] | None,
    mean: Sequence[float] | None,
    std: Sequence[float] | None,
    fit: str,
) -> ImageSpec:
    channels, height, width = graph.shape
    if input is not None:
        stated = (input[2], input[0], input[1])
        for known, given in zip(graph.shape, stated, strict=True):
            if known not in (None, given):
                raise ModelError(f"input is {input}, but the file takes (C, H, W) {graph.shape}; leave input out.")
        channels, height, width = stated
    if not (channels and height and width):
        raise ModelError("it does not fix the size of images; give it as input HEIGHTxWIDTHxCHANNELS.")
    if mean is None or std is None:
        raise ModelError(
            "it does not specify how pixels are scaled; give mean and std, of (pixel / 255 - mean) / std: 0 and 1 for "
            "pixels from 0 to 1, 0.5 and 0.5 for -1 to 1, 0 and 0.00392157 for 0 to 255, "
            "0.485,0.456,0.406 and 0.229,0.224,0.225 for most networks of ImageNet."
        )
    return ImageSpec(
        height=height,
        width=width,
        channels=channels,
        fit=fit,
        mean=_per_channel("mean", mean, channels),
        std=_per_channel("std", std, channels),
    )


def _per_channel(name: str, values: Sequence[float], channels: int) -> tuple[float, ...]:
    if len(values) not in (1, channels) or (name == "std" and min(values) <= 0) or not np.isfinite(values).all():
        limit = ", above 0" if name == "std" else ""
        raise ModelError(f"{name} is {', '.join(map(str, values))}; give one number{limit}, or {channels} of them.")
    return tuple(float(value) for value in (values if len(values) == channels else list(values) * channels))


def _order(order: str, channels: int) -> str:
    if order not in ORDERS or (order == "bgr" and channels != 3):
        raise ModelError(f"order is '{order}' for {channels} channels; expected {' or '.join(ORDERS)}, bgr for 3 only.")
    return order


def _network(graph: _Graph, images: ImageSpec, count: int, activations: Sequence[str] = ()) -> Network:
    """The network without its last activation, which the task applies, compared with onnxruntime."""
    output = graph.output
    last = next(node for node in reversed(graph.nodes) if output in node.output)
    if last.op_type in activations:
        output = last.input[0]
    converted = convert(graph.model, graph.nodes, graph.start, output, graph.single)
    if graph.channels_last:
        converted = _channels_first(converted)
    if graph.reversed:
        converted = _channels_reversed(converted)
    for node in converted.graph["nodes"]:
        if node["op"] == "Dense" and output in node["outputs"]:
            _check_count(node["layer"]["outputs"], count)
    spec = NetworkSpec(
        name=IMPORTED, input=images.shape, output=Output("vector", count), graph=json.dumps(converted.graph)
    )
    with torch.random.fork_rng(devices=[]):
        network = build_from(spec).eval()
    network.stages["graph"].load_state_dict(converted.weights)
    found = tuple(network(torch.zeros(1, *images.shape)).shape)
    _check_count(found[1] if len(found) == 2 else found[1:], count)
    _compared(replace(graph, output=output), network.stages["graph"], images)
    return network


def _check_count(found: Any, count: int) -> None:
    if found != count:
        raise ModelError(f"it puts out {found} numbers for an image; the task expects {count}, one for each label.")


def _channels_first(converted: Converted) -> Converted:
    """The same graph for images (N, C, H, W), where it takes (N, H, W, C)."""
    return _preceded(converted, {"op": "Transpose", "name": "channels last", "attributes": {"perm": [0, 2, 3, 1]}})


def _channels_reversed(converted: Converted) -> Converted:
    """The same graph for images in RGB, where it takes BGR: a convolution, so that every number of it can be shown."""
    layer = dict(LAYER, channels=3, filters=3)
    found = _preceded(converted, {"op": "Conv", "name": "channels reversed", "attributes": {}, "layer": layer})
    return replace(found, weights={**found.weights, "layers.0.weight": torch.eye(3).flip(0)[:, :, None, None]})


def _preceded(converted: Converted, node: dict[str, Any]) -> Converted:
    """The same graph with one more node before all others."""
    before = f"before {node['name']}"
    first = {"inputs": [before], "outputs": [converted.graph["input"]], **node}
    graph = {**converted.graph, "input": before, "nodes": [first, *converted.graph["nodes"]]}
    return Converted(graph=graph, weights={_moved(name): value for name, value in converted.weights.items()})


def _moved(name: str) -> str:
    """The name of a layer's weight when one node comes before all others."""
    kind, _, rest = name.partition(".")
    if kind != "layers":
        return name
    number, _, weight = rest.partition(".")
    return f"layers.{int(number) + 1}.{weight}"


@torch.no_grad()
def _compared(graph: _Graph, module: Any, images: ImageSpec) -> float:
    """The largest difference from onnxruntime over 16 images; raises `ModelError` naming the first differing node."""
    pixels = random_images(IMAGES, (images.height, images.width, images.channels), seed=0)
    x = normalize(to_batch(pixels), images)
    values = _every_value(graph, module)
    session = _session(graph, list(values))
    worst = 0.0
    for image in x:
        expected = _run(session, graph, image[None], list(values))
        found = module.values(image[None])
        differences = {name: largest_difference(_array(found[name]), array) for name, array in expected.items()}
        worst = max(worst, differences[graph.output])
        if not differences[graph.output] <= TOLERANCE:
            first = next(name for name, difference in differences.items() if not difference <= TOLERANCE)
            raise ModelError(
                f"answers differ from onnxruntime by {differences[graph.output]:.2g}; at most {TOLERANCE:g} is "
                f"accepted. The first node that differs is '{values[first]}'."
            )
    if not graph.single:
        return worst
    together, alone = module(x[:2]), torch.cat([module(x[:1]), module(x[1:2])])
    if together.shape != alone.shape or not largest_difference(together.numpy(), alone.numpy()) <= TOLERANCE:
        raise ModelError("it was exported for one image and cannot take several; export it with dynamic N.")
    return worst


def _every_value(graph: _Graph, module: Any) -> dict[str, str]:
    """The float values that both sides compute, in order, with the node that gives each."""
    sizes = {name: f"{node['name']} ({node['op']})" for node in module.nodes for name in node["outputs"] if name}
    known = {name for node in graph.nodes for name in node.output}
    return {name: node for name, node in sizes.items() if name in known}


def _session(graph: _Graph, names: list[str]) -> Any:
    """The graph in onnxruntime, giving every named value; the imported part alone, without its preprocessing."""
    onnx, onnxruntime = require("onnx"), require("onnxruntime")
    model = onnx.ModelProto()
    model.CopyFrom(graph.model)
    del model.graph.node[:], model.graph.output[:], model.graph.value_info[:]
    model.graph.node.extend(graph.nodes)
    initialized = {value.name for value in model.graph.initializer}
    kept = [value for value in model.graph.input if value.name in (graph.start, *initialized)]
    if graph.start not in {value.name for value in kept}:
        kept.append(onnx.helper.make_tensor_value_info(graph.start, onnx.TensorProto.FLOAT, ["N", *graph.shape]))
    del model.graph.input[:]
    model.graph.input.extend(kept)
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = QUIET
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def _run(session: Any, graph: _Graph, image: torch.Tensor, names: list[str]) -> dict[str, np.ndarray]:
    x = image.flip(1) if graph.reversed else image
    x = x.permute(0, 2, 3, 1) if graph.channels_last else x
    found = session.run(names, {graph.start: np.ascontiguousarray(x.numpy())})
    return {name: array for name, array in zip(names, found, strict=True) if array.dtype == np.float32}


def _array(value: Any) -> np.ndarray:
    return value.numpy() if isinstance(value, torch.Tensor) else np.asarray(value, np.float32)
