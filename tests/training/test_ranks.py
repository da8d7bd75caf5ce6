"""Several processes train as one: same samples, same weights, same counts."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file


def train(out: Path, processes: int) -> dict:
    """Train two epochs of the 8x8 digits with some processes on this machine."""
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"] if processes > 1 else []
    verb = ["-m", "eyespot", "train", "bundled:digits", "--out", str(out), "--epochs", "2", "--json"]
    # Smooth on purpose: where a ReLU or a largest value changes over, one rounding error becomes a real difference.
    network = "conv 6@3x3 same, tanh, avgpool 2, conv 12@3x3 same, tanh, flatten, dense"
    choices = ["--network", network, "--precision", "float32", "--batch", "64"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}
    command = [sys.executable, *launcher, *verb, *choices]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, dict]:
    folder = tmp_path_factory.mktemp("ranks")
    return train(folder / "one", 1), train(folder / "two", 2)


def test_two_processes_end_with_the_weights_of_one(results):
    one, two = (load_file(result["model"]) for result in results)
    for name, value in one.items():
        torch.testing.assert_close(two[name], value, atol=1e-5, rtol=0)


def test_two_processes_count_every_test_image_once(results):
    one, two = results
    assert one["count"] == two["count"] == 342
    assert one["score"] == pytest.approx(two["score"], abs=2 / 342)


def test_both_processes_print_one_document(results):
    assert all(result["metric"] == "accuracy" for result in results)
