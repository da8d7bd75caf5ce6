"""Maximum pooling by pairs against PyTorch's own, which is the oracle."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from eyespot.networks._blocks import MaxPool2d
from eyespot.networks.graph.record import record


@given(
    channels=st.integers(1, 5),
    height=st.integers(2, 9),
    width=st.integers(2, 9),
    precision=st.sampled_from([torch.float32, torch.bfloat16]),
    layout=st.sampled_from([torch.contiguous_format, torch.channels_last]),
    seed=st.integers(0, 99),
)
def test_answers_are_pytorchs_to_the_bit(channels, height, width, precision, layout, seed):
    x = torch.randn(2, channels, height, width, generator=torch.Generator().manual_seed(seed))
    x = x.to(precision).contiguous(memory_format=layout)
    with torch.no_grad():
        found, expected = MaxPool2d(2)(x), F.max_pool2d(x, 2)
    assert isinstance(found, torch.Tensor) and torch.equal(found, expected) and found.dtype == precision
    assert found.is_contiguous(memory_format=layout)


def test_a_window_by_hand():
    x = torch.tensor([[1.0, 5.0, 2.0, 0.0, 9.0], [3.0, 4.0, 8.0, 7.0, 9.0], [9.0, 9.0, 9.0, 9.0, 9.0]])
    with torch.no_grad():
        assert MaxPool2d(2)(x[None, None]).tolist() == [[[[5.0, 8.0]]]]


def test_what_is_no_number_stays_so():
    x = torch.zeros(1, 1, 2, 4)
    x[0, 0, 1, 2] = torch.nan
    with torch.no_grad():
        assert MaxPool2d(2)(x).isnan().tolist() == [[[[False, True]]]]


@pytest.mark.parametrize("settings", [(3,), (2, 1), (2, 2, 1), (2, 2, 0, 2), ((2, 3), (2, 3))])
def test_other_windows_are_pytorchs_own(settings):
    x = torch.randn(2, 3, 7, 9)
    with torch.no_grad():
        assert torch.equal(MaxPool2d(*settings)(x), nn.MaxPool2d(*settings)(x))


def test_places_are_told_where_they_are_asked_for():
    x = torch.tensor([[[[1.0, 5.0], [3.0, 4.0]]]])
    with torch.no_grad():
        found = MaxPool2d(2, return_indices=True)(x)
    assert [part.item() for part in found] == [5.0, 1]


def test_gradients_go_to_the_first_of_equals():
    x = torch.ones(1, 1, 2, 2, requires_grad=True)
    found = MaxPool2d(2)(x)
    assert isinstance(found, torch.Tensor)
    found.sum().backward()
    assert x.grad is not None and x.grad.tolist() == [[[[1.0, 0.0], [0.0, 0.0]]]]


def test_whoever_records_it_sees_maximum_pooling():
    assert [call.kind for call in record(MaxPool2d(2), torch.rand(1, 1, 4, 4))] == ["input", "max_pool"]
