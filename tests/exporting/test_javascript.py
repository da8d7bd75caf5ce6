"""The JavaScript of the documentation, executed by Node: the same probabilities as in eyespot."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from eyespot.exporting import export_onnx
from eyespot.images import ImageSpec
from eyespot.model import Model
from eyespot.networks import build
from eyespot.networks.network import Output
from eyespot.tasks import classifier

ROOT = Path(__file__).parents[2]
MODULES = ROOT / "tests" / "javascript" / "node_modules"


def test_the_snippet_answers_as_the_model_does(tmp_path):
    node = shutil.which("node")
    if not node or not (MODULES / "onnxruntime-web").is_dir():
        pytest.skip("needs node and onnxruntime-web: run npm ci in tests/javascript/")
    torch.manual_seed(0)
    network = build("conv 4@3x3, relu, maxpool 2, flatten, dense", (1, 12, 10), Output("vector", 3)).eval()
    images = ImageSpec(height=12, width=10, channels=1)
    model = Model(network=network, task=classifier(["a", "b", "c"]), images=images)
    export_onnx(model, tmp_path / "digits.onnx")
    [code] = re.findall(r"```js\n(.*?)```", (ROOT / "docs" / "export.md").read_text(), re.DOTALL)
    (tmp_path / "snippet.mjs").write_text(code)
    (tmp_path / "node_modules").symlink_to(MODULES.resolve())
    done = subprocess.run([node, "snippet.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.strip().splitlines()[-1])
    rgba = ((np.arange(40 * 30 * 4) * 7) % 256).astype(np.uint8).reshape(40, 30, 4)
    expected = model.predict(np.ascontiguousarray(rgba[..., :3]))["probabilities"]
    assert found == pytest.approx(list(expected.values()), abs=1e-5)
