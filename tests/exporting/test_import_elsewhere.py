"""Small stand-ins for what torchvision and Keras export: the same operators and attributes with tiny weights."""

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from eyespot import train
from eyespot.exporting import check_graph, import_onnx
from eyespot.model import load
from eyespot.sources.synthetic import shapes

LABELS = ["circle", "square", "triangle"]
RANDOM = np.random.default_rng(0)


def array(*shape):
    return (RANDOM.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)


def node(op, inputs, output, **attributes):
    return helper.make_node(op, inputs, [output], name=f"{op}-{output}", **attributes)


def residual_block():
    """ResNet as torch.onnx writes it: padded pooling, a sum, a mean over both sides, a reshape to (N, -1), Gemm."""
    nodes = [
        node("Conv", ["x", "w0", "b0"], "c0", kernel_shape=[7, 7], strides=[2, 2], pads=[3, 3, 3, 3]),
        node("Relu", ["c0"], "r0"),
        node("MaxPool", ["r0"], "p0", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], ceil_mode=0),
        node("Conv", ["p0", "w1", "b1"], "c1", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        node("Add", ["c1", "p0"], "s1"),
        node("Relu", ["s1"], "r1"),
        node("ReduceMean", ["r1", "axes"], "m", keepdims=1, noop_with_empty_axes=0),
        node("Reshape", ["m", "shape"], "f", allowzero=1),
        node("Gemm", ["f", "v", "c"], "y", alpha=1.0, beta=1.0, transA=0, transB=1),
    ]
    arrays = {"w0": array(4, 3, 7, 7), "b0": array(4), "w1": array(4, 4, 3, 3), "b1": array(4)}
    arrays |= {"v": array(3, 4), "c": array(3), "axes": np.array([-1, -2]), "shape": np.array([-1, 4])}
    return nodes, arrays, ("N", 3, 16, 16)


def inverted_residual():
    """MobileNet: depthwise convolutions, and Clip whose limits are values of Constant nodes."""
    six = numpy_helper.from_array(np.array(6.0, np.float32))
    nodes = [
        helper.make_node("Constant", [], ["zero"], value=numpy_helper.from_array(np.array(0.0, np.float32))),
        helper.make_node("Constant", [], ["six"], value=six),
        node("Conv", ["x", "w0", "b0"], "c0", kernel_shape=[1, 1]),
        node("Clip", ["c0", "zero", "six"], "k0"),
        node("Conv", ["k0", "w1", "b1"], "c1", kernel_shape=[3, 3], group=6, pads=[1, 1, 1, 1], strides=[2, 2]),
        node("Clip", ["c1", "zero", "six"], "k1"),
        node("GlobalAveragePool", ["k1"], "g"),
        node("Flatten", ["g"], "f", axis=1),
        node("Gemm", ["f", "v", "c"], "y", alpha=1.0, beta=1.0, transB=1),
    ]
    arrays = {"w0": array(6, 3, 1, 1), "b0": array(6), "w1": array(6, 1, 3, 3), "b1": array(6)}
    return nodes, arrays | {"v": array(3, 6), "c": array(3)}, ("N", 3, 16, 16)


def keras_network(sum_after=True):
    """Keras by tf2onnx: channels last, uneven pads, a scaled sum, and a dense layer as a product and a sum."""
    nodes = [
        node("Transpose", ["x"], "t", perm=[0, 3, 1, 2]),
        node("Pad", ["t", "pads"], "d"),
        node("Conv", ["d", "w0"], "c0", kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 1, 1]),
        node("Mul", ["c0", "scale"], "u"),
        node("Add", ["u", "shift"], "a"),
        node("Clip", ["a", "zero", "six"], "k"),
        node("GlobalAveragePool", ["k"], "g"),
        node("Squeeze", ["g", "sides"], "q"),
        node("MatMul", ["q", "v"], "z" if sum_after else "o"),
        *([node("Add", ["z", "c"], "o")] if sum_after else []),
        node("Softmax", ["o"], "y", axis=-1),
    ]
    arrays = {"w0": array(4, 3, 3, 3), "scale": array(1, 4, 1, 1), "shift": array(1, 4, 1, 1), "v": array(4, 3)}
    arrays |= {"c": array(3), "sides": np.array([2, 3]), "pads": np.array([0, 0, 0, 0, 0, 0, 1, 1])}
    arrays |= {"zero": np.array(0.0, np.float32), "six": np.array(6.0, np.float32)}
    return nodes, arrays, ("N", 16, 16, 3)


NETWORKS = {
    "torchvision, residual": residual_block,
    "torchvision, depthwise": inverted_residual,
    "Keras": keras_network,
    "Keras, no bias": lambda: keras_network(sum_after=False),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_what_other_programs_export_answers_alike_and_is_trained_further(name, tmp_path):
    nodes, arrays, shape = NETWORKS[name]()
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 3])
    values = [numpy_helper.from_array(value, key) for key, value in arrays.items()]
    graph = helper.make_graph(nodes, "g", [x], [y], values)
    content = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9).SerializeToString()
    (tmp_path / "net.onnx").write_bytes(content)
    model = load(import_onnx(tmp_path / "net.onnx", LABELS, mean=[0.5], std=[0.25]).save(tmp_path / "net.safetensors"))

    assert check_graph(tmp_path / "net.onnx", [0.5], [0.25]) < 1e-5

    source = shapes(count=60, size=16)
    picture = source.train.rows[0].picture
    pixels = model.network_x(model.read(picture)).numpy()
    last = shape[-1] == 3
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    [[expected]] = session.run(None, {"x": pixels.transpose(0, 2, 3, 1) if last else pixels})
    if "Keras" not in name:  # those end in Softmax
        expected = np.exp(expected) / np.exp(expected).sum()
    assert list(model.predict(picture)["probabilities"].values()) == pytest.approx(expected.tolist(), abs=1e-5)

    run = train(
        source, task="classify", out=tmp_path / "run", start="finetune", weights=str(tmp_path / "net.safetensors"),
        epochs=1, precision="float32",
    )  # fmt: skip
    assert run.model.network.spec.output.size == 4  # shapes has four classes
    again = load(run.model.save(tmp_path / "again.safetensors"))
    assert again.predict(picture) == run.model.predict(picture)


def test_the_sum_after_a_product_becomes_the_bias_that_a_probe_fits(tmp_path):
    nodes, arrays, shape = keras_network()
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 3])
    graph = helper.make_graph(nodes, "g", [x], [y], [numpy_helper.from_array(v, k) for k, v in arrays.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
    network = import_onnx(tmp_path / "net.onnx", LABELS, mean=[0.5], std=[0.25]).network
    biases = [value for key, value in network.state_dict().items() if key.endswith("bias") and len(value) == 3]
    assert len(biases) == 1 and biases[0].tolist() == pytest.approx(arrays["c"].tolist())
