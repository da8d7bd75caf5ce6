"""Targets are cut and moved alike, whether they are one tensor or several by name."""

import numpy as np
import pytest
import torch

from eyespot.tasks._target import index_target, pad_ragged, target_to, unpad_ragged


@pytest.mark.parametrize("rows", [np.array([2, 0]), torch.tensor([2, 0]), slice(1, 3)])
def test_targets_are_cut_by_numbers_and_slices(rows):
    plain, named = torch.arange(4), {"a": torch.arange(4), "b": torch.arange(8).view(4, 2)}
    expected = plain[[2, 0]] if not isinstance(rows, slice) else plain[1:3]
    assert torch.equal(index_target(plain, rows), expected)
    cut = index_target(named, rows)
    assert torch.equal(cut["a"], expected) and torch.equal(cut["b"][:, 0], expected * 2)


def test_targets_go_to_a_device():
    assert target_to(torch.ones(2), "meta").device.type == "meta"
    assert target_to({"a": torch.ones(2)}, "meta")["a"].device.type == "meta"


def test_ragged_arrays_are_padded_with_nan_and_come_back():
    arrays = [[[1.0, 2.0]], [], [[3.0, 4.0], [5.0, 6.0]]]
    padded = pad_ragged(arrays, width=2)
    assert padded.shape == (3, 2, 2) and padded.dtype == torch.float32
    assert padded.isnan().all(2).tolist() == [[False, True], [True, True], [False, False]]
    assert [array.tolist() for array in unpad_ragged(padded)] == arrays
    assert pad_ragged([[], []], width=4).shape == (2, 0, 4) and pad_ragged([], width=4).shape == (0, 0, 4)
