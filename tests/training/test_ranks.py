"""Several processes train as one: same samples, same weights, same counts, to the last bit."""

import json
import os
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from eyespot.cli._app import run

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}


def train(out: Path, processes: int) -> dict:
    """Train two epochs of the 8x8 digits with some processes on this machine, batch statistics and ReLUs and all."""
    verb = ["train", "bundled:digits", "--out", str(out), "--epochs", "2", "--json"]
    choices = ["--size", "tiny", "--precision", "float32", "--batch", "64", "--micro-batches", "2"]
    if processes == 1:
        with redirect_stdout(StringIO()) as printed:
            assert run([*verb, *choices]) == 0
        return json.loads(printed.getvalue())
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", "-m", "eyespot"]
    done = subprocess.run([sys.executable, *launcher, *verb, *choices], env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, dict]:
    folder = tmp_path_factory.mktemp("ranks")
    return train(folder / "one", 1), train(folder / "two", 2)


def test_two_processes_end_with_the_bits_of_one(results):
    one, two = (load_file(result["model"]) for result in results)
    assert one.keys() == two.keys()
    for name, value in one.items():
        assert torch.equal(two[name], value), name


def test_two_processes_write_the_same_table_and_log(results):
    one, two = (Path(result["run"]) for result in results)
    assert (one / "predictions.csv").read_bytes() == (two / "predictions.csv").read_bytes()
    looks = [[json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()] for run in (one, two)]
    assert [(line["loss"], line.get("validation")) for line in looks[0]] == [
        (line["loss"], line.get("validation")) for line in looks[1]
    ]


def test_two_processes_count_every_test_image_once(results):
    one, two = results
    assert one["count"] == two["count"] == 342
    assert one["score"] == two["score"]


def test_both_processes_print_one_document(results):
    assert all(result["metric"] == "accuracy" for result in results)
