"""Networks from ONNX files answer as onnxruntime does, are kept without code, and what cannot be is named."""

import json

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from eyespot.attacks import attack
from eyespot.cli._app import run
from eyespot.errors import ModelError, TaskError
from eyespot.explanations import explain
from eyespot.exporting import _import as module
from eyespot.exporting import check_graph, export_onnx, import_onnx, try_conventions
from eyespot.images import ImageSpec, write_png
from eyespot.model import Model, load
from eyespot.networks import build
from eyespot.networks.network import Output
from eyespot.sources.synthetic import shapes
from eyespot.tasks._classify import Classify

IMAGES = ImageSpec(height=12, width=12, channels=3, mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4))
PETS = Classify(classes=("cat", "dog"), threshold=0.75)
SCALE = {"mean": [0.5], "std": [0.25]}


def weights(*shape):
    return (np.random.default_rng(sum(shape)).standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)


def graph_of(nodes, arrays, shape=("N", 3, 8, 8), output="y", opset=18):
    """A file's graph from its nodes and the arrays that they name."""
    values = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    y = helper.make_tensor_value_info(output, TensorProto.FLOAT, ["N", "K"])
    graph = helper.make_graph(nodes, "g", [x], [y], values)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)


@pytest.fixture
def write(tmp_path):
    def save(*arguments, **keywords):
        path = tmp_path / "net.onnx"
        path.write_bytes(graph_of(*arguments, **keywords).SerializeToString())
        return path

    return save


def node(op, inputs, output, **attributes):
    return helper.make_node(op, inputs, [output], name=f"{op}-{output}", **attributes)


def classifier_nodes():
    """A small network in the manner of another program, ending in Softmax."""
    return [
        node("Conv", ["x", "w", "b"], "a", pads=[1, 1, 1, 1]),
        node("Relu", ["a"], "r"),
        node("MaxPool", ["r"], "p", kernel_shape=[2, 2], strides=[2, 2]),
        node("GlobalAveragePool", ["p"], "g"),
        node("Flatten", ["g"], "f"),
        node("Gemm", ["f", "v", "c"], "z", transB=1),
        node("Softmax", ["z"], "y", axis=-1),
    ]


ARRAYS = {"w": weights(4, 3, 3, 3), "b": weights(4), "v": weights(2, 4), "c": weights(2)}


@pytest.mark.parametrize(
    ("network", "input"), [("conv 4@3x3, relu, maxpool 2, flatten, dense", "image"), ("residual", "tensor")]
)
def test_our_own_exports_come_back(tmp_path, input, network):
    torch.manual_seed(0)
    built = build(network, IMAGES.shape, Output("vector", 2), size="tiny")
    model = Model(network=built, task=PETS, images=IMAGES)
    found = import_onnx(export_onnx(model, tmp_path / "a.onnx", input=input).path)
    found = load(found.save(tmp_path / "b.safetensors"))
    assert found.task == PETS and found.images.shape == IMAGES.shape
    picture = np.random.default_rng(0).integers(0, 256, (30, 20, 3), dtype=np.uint8)
    expected, answer = model.predict(picture), found.predict(picture)
    assert answer["label"] == expected["label"]
    assert answer["probabilities"] == pytest.approx(expected["probabilities"], abs=1e-5)


def test_a_foreign_classifier_predicts_is_explained_attacked_and_exported(write, tmp_path):
    import onnxruntime

    path = write(classifier_nodes(), ARRAYS)
    model = load(import_onnx(path, ["cat", "dog"], **SCALE).save(tmp_path / "net.safetensors"))
    picture = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    x = ((picture.transpose(2, 0, 1)[None] / 255 - 0.5) / 0.25).astype(np.float32)
    [[expected]] = onnxruntime.InferenceSession(path.read_bytes()).run(None, {"x": x})
    assert list(model.predict(picture)["probabilities"].values()) == pytest.approx(expected.tolist(), abs=1e-5)
    assert explain(model, picture, by="occlusion").maps
    assert attack(model, picture, by="fgsm") is not None
    again = import_onnx(export_onnx(model, tmp_path / "again.onnx").path)
    assert again.predict(picture)["label"] == model.predict(picture)["label"]


def test_networks_that_tag_or_give_a_number_are_imported(write, tmp_path, capsys):
    picture = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    nodes = [*classifier_nodes()[:-1], node("Sigmoid", ["z"], "y")]
    logits = import_onnx(write(nodes[:-1], ARRAYS, output="z"), ["cat", "dog"], **SCALE).outputs(
        torch.from_numpy(picture.transpose(2, 0, 1)[None] / 255).float()
    )[0]
    model = import_onnx(write(nodes, ARRAYS), ["furry", "small"], **SCALE, task="tag")
    found = load(model.save(tmp_path / "tag.safetensors")).predict(picture)
    assert list(found["probabilities"].values()) == pytest.approx(logits.detach().sigmoid().tolist(), abs=1e-6)
    one = {**ARRAYS, "v": weights(1, 4), "c": np.array([30.0], np.float32)}
    path = write(nodes[:-1], one, output="z")
    out, how = tmp_path / "number.safetensors", ["--mean", "0.5", "--std", "0.25"]
    assert run(["import", str(path), "--task", "regress:unit=degrees", "--out", str(out), *how]) == 0
    assert "task regress" in capsys.readouterr().out
    answer = load(out).predict(picture)
    assert answer["number"] == pytest.approx(30, abs=3) and "degrees" in load(out).task.answer_text(answer)
    with pytest.raises(TaskError, match="have no labels; leave them out"):
        import_onnx(path, ["a"], **SCALE, task="regress")
    with pytest.raises(TaskError, match="it has no labels"):
        import_onnx(path, **SCALE, task="tag")
    with pytest.raises(TaskError, match="Unknown setting of regress 'unt'"):
        import_onnx(path, **SCALE, task="regress:unt=degrees")
    with pytest.raises(ModelError, match="only where one label is the answer, not for the task regress"):
        try_conventions(load(out), shapes(count=12, size=8))


def test_images_with_channels_last_are_turned(write):
    nodes = [node("Transpose", ["x"], "t", perm=[0, 3, 1, 2])]
    nodes += [node("GlobalAveragePool", ["t"], "g"), node("Flatten", ["g"], "f"), node("MatMul", ["f", "v"], "y")]
    model = import_onnx(write(nodes, {"v": weights(3, 2)}, shape=("N", 8, 6, 3)), ["cat", "dog"], **SCALE)
    assert model.images.shape == (3, 8, 6)
    assert model.outputs(torch.rand(2, 3, 8, 6)).shape == (2, 2)


OPERATORS = {
    "BatchNormalization": (["x", "s", "s", "s", "s"], {}),
    "LeakyRelu": (["x"], {"alpha": 0.2}),
    "PRelu": (["x", "slope"], {}),
    "Clip": (["x", "low", "high"], {}),
    "HardSigmoid": (["x"], {"alpha": 0.3}),
    "HardSwish": (["x"], {}),
    "AveragePool": (["x"], {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [2, 2]}),
    "MaxPool": (["x"], {"kernel_shape": [3, 3], "auto_pad": "SAME_UPPER", "strides": [2, 2]}),
    "Conv": (["x", "w"], {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
    "ConvTranspose": (["x", "t"], {"strides": [2, 2], "pads": [1, 1, 1, 1]}),
    "Pad": (["x", "pads"], {}),
    "Resize": (["x", "", "factors"], {"mode": "nearest", "coordinate_transformation_mode": "asymmetric"}),
    "Slice": (["x", "ones", "threes", "axes"], {}),
    "ReduceMean": (["x", "axes"], {"keepdims": 1}),
    "Mul": (["x", "slope"], {}),
    "InstanceNormalization": (["x", "s", "s"], {}),
    "LRN": (["x"], {"size": 3}),
}
CONSTANTS = {
    "s": np.array([0.5, 1.5, 2.0], np.float32),
    "slope": np.array([0.1, 0.2, 0.3], np.float32).reshape(3, 1, 1),
    "low": np.array(0.0, np.float32),
    "high": np.array(1.0, np.float32),
    "w": weights(4, 3, 3, 3),
    "t": weights(3, 4, 4, 4),
    "pads": np.array([0, 0, 1, 2, 0, 0, 3, 0]),
    "factors": np.array([1, 1, 2, 2], np.float32),
    "ones": np.array([1, 2]),
    "threes": np.array([7, 2**62]),
    "axes": np.array([2, 3]),
}


@pytest.mark.parametrize("op", OPERATORS)
def test_operators_give_what_onnxruntime_gives(write, op):
    inputs, attributes = OPERATORS[op]
    arrays = {name: CONSTANTS[name] for name in inputs if name in CONSTANTS}
    path = write([node(op, inputs, "o", **attributes), node("Flatten", ["o"], "y")], arrays)
    assert check_graph(path) < 1e-5


def test_shapes_that_are_computed_leave_n_free(write):
    nodes = [
        node("Shape", ["x"], "shape"),
        node("Gather", ["shape", "zero"], "n"),
        node("Unsqueeze", ["n", "axis"], "list"),
        node("Concat", ["list", "rest"], "wanted", axis=0),
        node("Reshape", ["x", "wanted"], "f"),
        node("MatMul", ["f", "v"], "y"),
    ]
    arrays = {"zero": np.array(0), "axis": np.array([0]), "rest": np.array([-1]), "v": weights(192, 2)}
    model = import_onnx(write(nodes, arrays), ["cat", "dog"], **SCALE)
    assert model.outputs(torch.rand(5, 3, 8, 8)).shape == (5, 2)


def test_a_graph_for_one_image_takes_several(write):
    nodes = [node("Reshape", ["x", "sides"], "f"), node("MatMul", ["f", "v"], "y")]
    arrays = {"sides": np.array([1, -1]), "v": weights(192, 2)}
    model = import_onnx(write(nodes, arrays, shape=(1, 3, 8, 8)), ["cat", "dog"], **SCALE)
    assert model.outputs(torch.rand(3, 3, 8, 8)).shape == (3, 2)


def test_the_first_differing_node_is_named(write, monkeypatch):
    from eyespot.networks import onnx_operators

    monkeypatch.setitem(onnx_operators.OPERATORS, "GlobalAveragePool", lambda inputs, _: inputs[0].amax((2, 3), True))
    with pytest.raises(ModelError, match=r"first node that differs is 'GlobalAveragePool-g \(GlobalAveragePool\)'"):
        import_onnx(write(classifier_nodes(), ARRAYS), ["cat", "dog"], **SCALE)
    with pytest.raises(ModelError, match=r"puts out \(3, 1, 1\) numbers"):  # what the file is for matters first
        import_onnx(write([node("GlobalAveragePool", ["x"], "y")], {}), ["cat", "dog"], **SCALE)


def test_an_unsupported_operator_is_named(write):
    nodes = [node("GridSample", ["x", "w"], "o"), node("Flatten", ["o"], "y")]
    with pytest.raises(ModelError, match=r"operator 'GridSample' \(node 'GridSample-o'\) is not supported"):
        import_onnx(write(nodes, {"w": weights(1, 8, 8, 2)}), ["cat"], **SCALE)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"labels": ["cat", "dog"]}, "how pixels are scaled"),
        ({"labels": ["cat", "dog", "bird"], **SCALE}, "puts out 2 numbers .* expects 3"),
        ({"labels": ["cat", "dog"], "mean": [0.5, 0.5], "std": [1.0]}, "one number, or 3 of them"),
        ({"labels": ["cat", "dog"], "mean": [0.5], "std": [0.0]}, "above 0"),
        ({"labels": ["cat", "dog"], "input": (9, 9, 3), **SCALE}, "leave input out"),
    ],
)
def test_what_is_missing_or_wrong_is_stated(write, keywords, message):
    with pytest.raises(ModelError, match=message):
        import_onnx(write(classifier_nodes(), ARRAYS), **keywords)


def test_damaged_files_are_refused(tmp_path, write):
    (tmp_path / "bad.onnx").write_bytes(b"no graph")
    with pytest.raises(ModelError, match="not a valid ONNX file"):
        import_onnx(tmp_path / "bad.onnx", ["cat"], **SCALE)
    model = import_onnx(write(classifier_nodes(), ARRAYS), ["cat", "dog"], **SCALE)
    spec = model.network.spec
    for graph in ("{", "[]", "{}", json.dumps({**json.loads(spec.graph), "nodes": [{"op": "Eval", "name": "x"}]})):
        broken = Model(network=model.network, task=model.task, images=model.images)
        object.__setattr__(broken.network, "spec", type(spec)(**{**vars_of(spec), "graph": graph}))
        broken.save(tmp_path / "broken.safetensors")
        with pytest.raises(ModelError, match="cannot be used"):
            load(tmp_path / "broken.safetensors")


def vars_of(spec):
    return {name: getattr(spec, name) for name in spec.__slots__}


def test_the_command_writes_a_model_that_predicts_and_evaluates(write, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("EYESPOT_CACHE", str(tmp_path / "cache"))
    path = write(classifier_nodes(), ARRAYS)
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    out = tmp_path / "new" / "net.safetensors"
    how = ["--labels", str(tmp_path / "labels.txt"), "--mean", "0.5", "--std", "0.25"]
    assert run(["import", str(path), "--out", str(out), *how]) == 0
    assert "same answers as onnxruntime" in capsys.readouterr().out
    for number in range(4):
        folder = tmp_path / "photos" / ("cat", "dog")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        write_png(np.full((9, 9, 3), 60 * number, np.uint8), folder / f"{number}.png")
    assert run(["evaluate", str(out), str(tmp_path / "photos")]) == 0
    assert "accuracy" in capsys.readouterr().out
    assert run(["import", str(path), "--out", str(out), "--task", "detect", *how]) == 2
    assert "Unknown task 'detect'" in capsys.readouterr().err
    assert run(["import", str(path), "--out", str(out), *how[:2], "--mean", "half", "--std", "1"]) == 2
    assert "separated by commas" in capsys.readouterr().err


def test_a_detector_of_another_program_is_computed_alike(data):
    assert check_graph(data / "yolox_nano" / "yolox_nano.onnx", std=(1 / 255,)) < 1e-4


def test_every_operator_is_of_the_standard():
    from eyespot.networks.onnx_operators import OPERATORS as KNOWN

    assert set(KNOWN) <= {schema.name for schema in onnx.defs.get_all_schemas()}
    assert module.TOLERANCE == 1e-4


COLORS = {"red": (220, 40, 40), "green": (40, 200, 60), "blue": (50, 60, 210)}


def colors_network(mean, std, order):
    """Nodes and arrays of a network that is sure of three colors, 10 exp(-8 d d), as it expects them."""
    colors = (np.array(list(COLORS.values())) / 255 - mean) / std
    arrays = {
        "colors": (colors[:, ::-1] if order == "bgr" else colors)[None].astype(np.float32),
        "std": np.array(std[::-1] if order == "bgr" else std, np.float32),
        "second": np.array([1]),
        "last": np.array([2]),
        "narrow": np.array(-8, np.float32),
        "sure": np.array(10, np.float32),
    }
    nodes = [
        node("GlobalAveragePool", ["x"], "mean"),
        node("Flatten", ["mean"], "color"),
        node("Unsqueeze", ["color", "second"], "one"),
        node("Sub", ["one", "colors"], "difference"),
        node("Mul", ["difference", "std"], "distance"),
        node("Mul", ["distance", "distance"], "squared"),
        node("ReduceSum", ["squared", "last"], "sum", keepdims=0),
        node("Mul", ["sum", "narrow"], "less"),
        node("Exp", ["less"], "near"),
        node("Mul", ["near", "sure"], "y"),
    ]
    return nodes, arrays


@pytest.fixture
def color_photos(tmp_path):
    random = np.random.default_rng(0)
    for name, color in COLORS.items():
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(12):
            pixels = np.clip(np.array(color) + random.integers(-35, 36, (8, 8, 3)), 0, 255).astype(np.uint8)
            write_png(pixels, tmp_path / "photos" / name / f"{number}.png")
    return tmp_path / "photos"


@pytest.mark.parametrize(
    ("mean", "std", "order", "name"),
    [
        ((0, 0, 0), (1, 1, 1), "rgb", "pixels from 0 to 1"),
        ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "rgb", "mean and standard deviation of ImageNet"),
        ((0, 0, 0), (1 / 255,) * 3, "bgr", "pixels from 0 to 255 in the order BGR"),
    ],
)
def test_labeled_images_show_how_pixels_are_prepared(mean, std, order, name, write, color_photos, tmp_path, capsys):
    path = write(*colors_network(mean, std, order))
    (tmp_path / "labels.txt").write_text("red\ngreen\nblue\n")
    out = tmp_path / "colors.safetensors"
    how = ["--labels", str(tmp_path / "labels.txt"), "--images", str(color_photos), "--out", str(out), "--json"]
    assert run(["import", str(path), *how]) == 0
    trial = json.loads(capsys.readouterr().out)["trial"]
    best, *others = trial["conventions"]
    assert (best["name"], best["order"], best["accuracy"]) == (name, order, 1)
    assert (
        trial["images"] == 36 and trial["clear"] and len(others) == 9 and best["loss"] < min(o["loss"] for o in others)
    )
    model, stated = load(out), import_onnx(path, list(COLORS), mean=mean, std=std, order=order)
    pixels = model.read(color_photos / "blue" / "1.png")
    assert torch.allclose(model.outputs(pixels), stated.outputs(pixels), atol=1e-4)
    assert model.predict(color_photos / "blue" / "1.png")["answer"] == "blue"


def test_labels_that_the_network_lacks_and_given_scalings_are_refused(write, color_photos, tmp_path, capsys):
    path = write(*colors_network((0, 0, 0), (1, 1, 1), "rgb"))
    (tmp_path / "labels.txt").write_text("red\ngreen\nviolet\n")
    how = ["--labels", str(tmp_path / "labels.txt"), "--images", str(color_photos)]
    assert run(["import", str(path), *how, "--out", str(tmp_path / "m.safetensors")]) == 2
    assert "label 'blue', which is none of the network's 3 labels" in capsys.readouterr().err
    assert run(["import", str(path), *how, "--mean", "0", "--out", str(tmp_path / "m.safetensors")]) == 2
    assert "leave these out" in capsys.readouterr().err
    with pytest.raises(ModelError, match="order is 'gbr' for 3 channels"):
        import_onnx(path, list(COLORS), mean=[0], std=[1], order="gbr")
