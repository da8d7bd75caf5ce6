"""A training whose process was killed with SIGKILL is resumed, and its weights are the same to the bit."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from eyespot.networks import NETWORKS
from eyespot.tasks import TASKS
from eyespot.training import _loop as loop
from tests.contract.toy_tasks.training import TOYS, register, train

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("task", TOYS)
def test_a_killed_process_is_resumed_with_the_same_bits(task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    tasks, networks = dict(TASKS), dict(NETWORKS)
    register(tasks, networks)
    for name in tasks.keys() - TASKS.keys():
        monkeypatch.setitem(TASKS, name, tasks[name])
    for name in networks.keys() - NETWORKS.keys():
        monkeypatch.setitem(NETWORKS, name, networks[name])
    monkeypatch.setattr(loop, "SAVED_EPOCH", 0.0)
    straight = train(task, tmp_path / "straight")
    step = straight.result["steps"] - 1
    command = [sys.executable, "-m", "tests.contract.toy_tasks.training", task, str(tmp_path / "killed"), str(step)]
    child = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert child.returncode == -signal.SIGKILL, child.stderr
    assert not (tmp_path / "killed" / "model.safetensors").exists()
    resumed = train(task, tmp_path / "killed")
    assert 0 < resumed.result["resumed_from"] < resumed.result["steps"]
    first, second = (load_file(run.result["model"]) for run in (straight, resumed))
    assert first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)
