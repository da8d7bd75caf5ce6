"""Every detection head is exported with its non-maximum suppression and gives the boxes of its model."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from eyespot.exporting import export_onnx, load_onnx
from eyespot.images import ImageSpec
from eyespot.model import Model
from eyespot.networks import build
from eyespot.sources.synthetic import objects
from eyespot.tasks.detect import Detect
from eyespot.tasks.detect._detect import HEADS


@pytest.mark.parametrize("head", HEADS)
def test_an_exported_head_answers_as_its_model(head: str, tmp_path: Path):
    torch.manual_seed(0)
    task = replace(Detect(head=head).prepare(objects(count=8, seed=0).train.rows), threshold=0.001)
    network = build("residual", (3, 32, 48), task.outputs(3), size="tiny").eval()
    model = Model(network=network, task=task, images=ImageSpec(height=32, width=48, channels=3, fit="pad"), made={})
    exported = load_onnx(export_onnx(model, tmp_path / "model.onnx").path)

    image = np.random.default_rng(1).integers(0, 256, (61, 75, 3), dtype=np.uint8)
    expected, found = (one.predict(image)["boxes"] for one in (model, exported))
    assert len(expected) > 3, "otherwise the next lines say nothing"
    assert [each["label"] for each in found] == [each["label"] for each in expected]
    for name in ("box", "score"):
        assert np.allclose([each[name] for each in found], [each[name] for each in expected], rtol=1e-3, atol=1e-4)
