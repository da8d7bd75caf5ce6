"""Operator norms against the dense matrices of the same operators."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from eyespot.attacks._operator_norms import (
    Linear,
    circular_norm,
    convolution_bound,
    dense_norm,
    power_iteration,
    sum_bound,
    transposed,
    without_constant,
)


def matrix(linear: Linear, shape: tuple[int, ...]) -> Tensor:
    """The whole operator as one matrix, column by column."""
    basis = torch.eye(torch.Size(shape).numel(), dtype=torch.float64).view(-1, *shape)
    return torch.stack([linear(column[None]).flatten() for column in basis], dim=1)


def true_norm(linear: Linear, shape: tuple[int, ...]) -> float:
    return float(torch.linalg.matrix_norm(matrix(linear, shape), ord=2))


def kernel(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_a_diagonal_layer_stretches_by_its_largest_number():
    linear = lambda x: x * torch.tensor([[2.0, -7.0, 3.0]], dtype=torch.float64)  # noqa: E731
    assert power_iteration(linear, torch.zeros(1, 3, dtype=torch.float64)) == pytest.approx(7.0)


def test_a_dense_layer_has_the_norm_of_its_matrix():
    weight = kernel(0, 4, 6)
    linear = lambda x: F.linear(x, weight)  # noqa: E731
    assert dense_norm(weight) == pytest.approx(true_norm(linear, (6,)))
    assert power_iteration(linear, torch.zeros(1, 6, dtype=torch.float64)) == pytest.approx(
        dense_norm(weight), rel=1e-5
    )


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    size=st.integers(5, 7),
    stride=st.integers(1, 3),
    padding=st.integers(0, 2),
    dilation=st.integers(1, 2),
    groups=st.sampled_from([1, 2]),
)
def test_a_convolution_is_met_from_below_and_above(seed, size, stride, padding, dilation, groups):
    weight = kernel(seed, 4, 2 // groups, 3, 2)

    def linear(x: Tensor) -> Tensor:
        return F.conv2d(x, weight, None, stride, padding, dilation, groups)

    truth = true_norm(linear, (2, size, size))
    near = power_iteration(linear, torch.zeros(1, 2, size, size, dtype=torch.float64), steps=2000, tolerance=1e-12)
    assert near == pytest.approx(truth, rel=1e-3)
    bound = convolution_bound(weight, size, size, (stride, stride), (dilation, dilation), groups)
    assert bound >= truth * (1 - 1e-9)


@pytest.mark.parametrize("sides", [(4, 5), (3, 3), (2, 6)])
def test_the_fourier_value_of_a_circular_convolution_is_exact(sides):
    weight = kernel(1, 3, 2, 3, 3)
    height, width = sides

    def linear(x: Tensor) -> Tensor:
        # Laid out by hand: kernel element (i, j) reads the pixel i rows below and j columns to the right, around edges.
        return sum(
            torch.einsum("oc,nchw->nohw", weight[:, :, i, j], x.roll((-i, -j), (2, 3)))
            for i in range(3)
            for j in range(3)
        )

    assert circular_norm(weight, height, width) == pytest.approx(true_norm(linear, (2, height, width)))


def test_the_bound_of_a_convolution_tightens_towards_its_norm_on_large_pictures():
    weight = kernel(2, 3, 3, 3, 3)

    def linear(x: Tensor) -> Tensor:
        return F.conv2d(x, weight, padding=1)

    near = power_iteration(linear, torch.zeros(1, 3, 24, 24, dtype=torch.float64), steps=1000)
    assert near <= convolution_bound(weight, 24, 24) <= 1.05 * near


def test_a_strided_convolution_is_bounded_tightly():
    weight = kernel(3, 8, 3, 3, 3)

    def linear(x: Tensor) -> Tensor:
        return F.conv2d(x, weight, padding=1, stride=2)

    near = power_iteration(linear, torch.zeros(1, 3, 24, 24, dtype=torch.float64), steps=1000)
    assert near <= convolution_bound(weight, 24, 24, (2, 2)) <= 1.1 * near


def test_averages_of_separate_windows_have_the_norm_one_over_the_side():
    linear = lambda x: F.avg_pool2d(x, 3)  # noqa: E731
    example = torch.zeros(1, 1, 6, 6, dtype=torch.float64)
    assert sum_bound(linear, example) == pytest.approx(1 / 3)
    assert true_norm(linear, (1, 6, 6)) == pytest.approx(1 / 3)


def test_overlapping_averages_are_bounded():
    linear = lambda x: F.avg_pool2d(x, 3, stride=1, padding=1)  # noqa: E731
    example = torch.zeros(1, 1, 5, 5, dtype=torch.float64)
    assert sum_bound(linear, example) >= true_norm(linear, (1, 5, 5))


def test_the_transpose_is_the_transposed_matrix():
    weight = kernel(4, 2, 1, 3, 3)

    def linear(x: Tensor) -> Tensor:
        return F.conv2d(x, weight, stride=2, padding=1)

    example = torch.zeros(1, 1, 4, 4, dtype=torch.float64)
    y = kernel(5, 1, 2, 2, 2)
    expected = matrix(linear, (1, 4, 4)).T @ y.flatten()
    torch.testing.assert_close(transposed(linear, example)(y).flatten(), expected)


def test_a_constant_is_no_part_of_the_norm():
    layer = without_constant(lambda x: 2 * x + 5, torch.zeros(1, 3))
    assert torch.equal(layer(torch.ones(1, 3)), torch.full((1, 3), 2.0))
