"""The published detector: our module gives what onnxruntime gives, and only the published file is read."""

from pathlib import Path

import numpy as np
import pytest
import torch

from eyespot.errors import NetworkError
from eyespot.model import load
from eyespot.networks import NetworkSpec, Output, build_from
from eyespot.networks.yolox import YOLOX_NANO, levels
from eyespot.pretrained import COCO_CLASSES, YOLOX_FILE, load_pretrained


@pytest.fixture
def published(data: Path) -> Path:
    file = data / "yolox_nano" / YOLOX_FILE.name
    if not file.exists():
        pytest.skip("the published file is not here")
    pytest.importorskip("onnx")
    return file


def photo() -> torch.Tensor:
    """Smooth colors with some edges."""
    random = np.random.default_rng(0)
    small = torch.from_numpy(random.random((1, 3, 8, 8), np.float32))
    return torch.nn.functional.interpolate(small, size=416, mode="bicubic").clamp(0, 1).round(decimals=1)


def test_boxes_and_scores_are_those_of_onnxruntime(published: Path):
    onnxruntime = pytest.importorskip("onnxruntime")
    model = load(f"pretrained:{published}")
    x = photo()
    with torch.no_grad():
        found = model.module()(x)
    [raw] = onnxruntime.InferenceSession(published).run(None, {"images": (x.flip(1) * 255).numpy()})[0]  # blue first
    cells = np.concatenate([np.indices((n, n))[::-1].reshape(2, -1).T * (416 // n) for n in (52, 26, 13)])
    strides = np.repeat([8, 16, 32], [52 * 52, 26 * 26, 13 * 13])[:, None]
    middle, half = raw[:, :2] * strides + cells, np.exp(raw[:, 2:4]) * strides / 2
    np.testing.assert_allclose(found["scores"][0].T, raw[:, 4:5] * raw[:, 5:], atol=1e-3)
    np.testing.assert_allclose(
        found["boxes"][0], np.concatenate([middle - half, middle + half], 1), rtol=1e-3, atol=1e-3
    )


def test_the_published_detector_knows_the_classes_of_coco(published: Path):
    network, task, images = load_pretrained(f"pretrained:{published}")
    assert sum(weights.numel() for weights in network.parameters()) == 904_463
    assert task.classes == tuple(COCO_CLASSES.read_text().splitlines()) and len(set(task.classes)) == 80
    assert (task.classes[0], task.classes[23], images.shape) == ("person", "giraffe", (3, 416, 416))


def test_other_files_are_not_read(tmp_path: Path, monkeypatch):
    pytest.importorskip("onnx")
    monkeypatch.setenv("EYESPOT_CACHE", str(tmp_path))
    with pytest.raises(NetworkError, match=r"save it in .*weights, or write pretrained:PATH"):
        load("pretrained:yolox-nano")
    (tmp_path / "other.onnx").write_bytes(b"no graph")
    with pytest.raises(NetworkError, match=r"is not the published yolox_nano\.onnx"):
        load(f"pretrained:{tmp_path / 'other.onnx'}")


def test_maps_of_any_size_are_those_of_the_output():
    spec = NetworkSpec(name="yolox-nano", input=(3, 33, 50), output=levels(7))
    found = build_from(spec)(torch.rand(2, 3, 33, 50))
    shapes = {name: tuple(one.shape) for name, one in found.items()}
    assert shapes == {"stride8": (2, 7, 5, 7), "stride16": (2, 7, 3, 4), "stride32": (2, 7, 2, 2)}
    assert YOLOX_NANO.output == levels(85)


def test_the_first_stages_serve_other_tasks():
    spec = NetworkSpec(name="yolox-nano", input=(3, 32, 32), output=Output("map", 6, stride=8, head="pyramid"))
    network = build_from(spec)
    assert network(torch.rand(2, 3, 32, 32)).shape == (2, 6, 4, 4)
    detector = build_from(NetworkSpec(name="yolox-nano", input=(3, 32, 32), output=levels(85)))
    ours, theirs = ({name for name in net.state_dict() if name.startswith("stages")} for net in (network, detector))
    assert ours == theirs
