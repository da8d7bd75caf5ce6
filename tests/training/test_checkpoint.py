"""Checkpoints and other files are whole or not there."""

import os

import pytest
import torch

from eyespot.errors import RunError
from eyespot.files import write_whole
from eyespot.training._run_folder import group_of, grouped, load_checkpoint, save_checkpoint


def test_tensors_and_values_come_back_to_the_bit(tmp_path):
    tensors = {"a/weight": torch.randn(3, 4), "b/count": torch.tensor(7), "c/half": torch.randn(2).bfloat16()}
    save_checkpoint(tmp_path / "c.safetensors", tensors, {"step": 3, "best": None})
    found, state = load_checkpoint(tmp_path / "c.safetensors")
    assert state == {"step": 3, "best": None}
    assert all(torch.equal(found[name], value) for name, value in tensors.items())


def test_groups_are_kept_apart():
    both = grouped("network", {"w": torch.ones(1)}) | grouped("average", {"w": torch.zeros(1)})
    assert group_of("average", both) == {"w": torch.zeros(1)}


def test_a_damaged_checkpoint_is_named(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(path, {"w": torch.randn(100)}, {"step": 1})
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(RunError, match=r"checkpoint\.safetensors"):
        load_checkpoint(path)


def test_a_full_disk_leaves_the_old_file_readable_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(path, {"w": torch.zeros(10)}, {"step": 1})

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match="No space left"):
        save_checkpoint(path, {"w": torch.ones(10)}, {"step": 2})
    assert load_checkpoint(path)[1]["step"] == 1
    assert [each.name for each in tmp_path.iterdir()] == ["checkpoint.safetensors"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(RunError, match="missing"):
        write_whole(tmp_path / "missing" / "file", b"")
