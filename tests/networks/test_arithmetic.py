"""The worked values of the lecture, and properties that hold for every size."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import convolve2d, correlate2d

from eyespot.errors import NetworkError
from eyespot.networks import arithmetic

IMAGE = [[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]]
CROSS = [[1, 0, 1], [0, 1, 0], [1, 0, 1]]
SLOPE = [[1, 2, 0], [0, 0, -1], [0, 0, 0]]

sides = st.integers(1, 40)


def test_the_lectures_convolution():
    assert arithmetic.correlate(IMAGE, CROSS).tolist() == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]


def test_the_lectures_convolution_at_stride_2():
    assert arithmetic.correlate(IMAGE, CROSS, stride=2).tolist() == [[4, 4], [2, 4]]


def test_the_lectures_convolution_with_padding_1():
    expected = [[2, 2, 3, 1, 1], [1, 4, 3, 4, 1], [1, 2, 4, 3, 3], [1, 2, 3, 4, 1], [0, 2, 2, 1, 1]]
    assert arithmetic.correlate(IMAGE, CROSS, padding=1).tolist() == expected


def test_a_kernel_that_is_its_own_turn_gives_the_same_either_way():
    assert arithmetic.convolve(IMAGE, CROSS).tolist() == arithmetic.correlate(IMAGE, CROSS).tolist()


def test_an_asymmetric_kernel_is_turned_by_convolution_only():
    image = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    # By hand, at the only place: 1*1 + 2*2 - 6 = -1; turned by 180 degrees: -4 + 2*8 + 9 = 21.
    assert arithmetic.correlate(image, SLOPE).tolist() == [[-1]]
    assert arithmetic.convolve(image, SLOPE).tolist() == [[21]]


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 3), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_correlation_and_convolution_agree_with_scipy(height, width, rows, columns, seed):
    numbers = np.random.default_rng(seed)
    image, kernel = numbers.integers(-9, 9, (height + rows, width + columns)), numbers.integers(-9, 9, (rows, columns))
    assert (arithmetic.correlate(image, kernel) == correlate2d(image, kernel, "valid")).all()
    assert (arithmetic.convolve(image, kernel) == convolve2d(image, kernel, "valid")).all()


@given(sides, sides, st.integers(0, 5), st.integers(1, 5), st.integers(1, 3))
def test_output_size_is_what_torch_gives(size, kernel, padding, stride, dilation):
    layer = torch.nn.Conv1d(1, 1, kernel, stride, padding, dilation)
    if dilation * (kernel - 1) + 1 > size + 2 * padding:
        with pytest.raises(NetworkError, match="does not fit"):
            arithmetic.output_size(size, kernel, padding, stride, dilation)
    else:
        expected = layer(torch.zeros(1, 1, size)).shape[-1]
        assert arithmetic.output_size(size, kernel, padding, stride, dilation) == expected


@given(sides, sides, st.integers(0, 5), st.integers(1, 3))
def test_what_is_said_to_fit_fits(size, kernel, padding, dilation):
    if dilation * (kernel - 1) + 1 <= size + 2 * padding:
        return
    with pytest.raises(NetworkError) as error:
        arithmetic.output_size(size, kernel, padding, dilation=dilation)
    largest, enough = [int(word.strip(",.")) for word in str(error.value).split() if word.strip(",.").isdigit()][-2:]
    assert arithmetic.output_size(size, largest, padding, dilation=dilation) >= 1
    assert arithmetic.output_size(size, kernel, enough, dilation=dilation) >= 1


@given(sides, st.integers(0, 7))
def test_same_padding_keeps_every_size(size, half):
    kernel = 2 * half + 1
    assert arithmetic.output_size(size, kernel, arithmetic.same_padding(kernel)) == size


@pytest.mark.parametrize(("kernel", "near"), [(2, "1 or 3"), (4, "3 or 5")])
def test_an_even_kernel_has_no_symmetric_same_padding(kernel, near):
    with pytest.raises(NetworkError, match=near):
        arithmetic.same_padding(kernel)


@pytest.mark.parametrize("wrong", [{"stride": 0}, {"kernel": 0}, {"padding": -1}, {"dilation": 0}, {"size": 0}])
def test_sizes_below_one_are_refused(wrong):
    with pytest.raises(NetworkError, match="at least"):
        arithmetic.output_size(**{"size": 5, "kernel": 3, **wrong})


def test_the_lectures_counts():
    assert arithmetic.convolution_parameters(8, 1, 3, 3, bias=False) == 72
    assert arithmetic.dense_parameters(128 * 128, 1, bias=False) == 16_384
    assert arithmetic.dense_parameters(128 * 128 * 3, 1, bias=False) == 49_152
    assert arithmetic.dense_parameters(1000 * 1000 * 3, 1000, bias=False) == 3_000_000_000
    assert arithmetic.convolution_parameters(24, 3, 5, 5) == 1_824


def test_the_first_layer_of_1989_has_19968_connections():
    assert arithmetic.convolution_connections(8 * 8, 12, 1, 5, 5) == 19_968


def test_receptive_fields_worked_by_hand():
    assert arithmetic.receptive_field([]) == 1
    assert arithmetic.receptive_field([(3, 1), (3, 1)]) == 5
    # PilotNet's convolutions: 5, then +4*2, +4*4, +2*8, +2*8.
    assert arithmetic.receptive_field([(5, 2), (5, 2), (5, 2), (3, 1), (3, 1)]) == 61


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 3)), max_size=4))
def test_a_receptive_field_is_what_a_single_place_needs(layers):
    size = arithmetic.receptive_field(layers)
    for kernel, stride in layers:
        size = arithmetic.output_size(size, kernel, stride=stride)
    assert size == 1


@pytest.mark.parametrize("image", [[1, 2, 3], [[1, 2], [3]], [["a"]], [], [[[1]]]])
def test_what_is_no_picture_is_refused(image):
    with pytest.raises(NetworkError, match="rows of numbers"):
        arithmetic.correlate(image, [[1]])
