"""Arithmetic of convolutional networks for teaching: sizes, counts, and a convolution step by step.

Symbols: N side of the input, f side of the filter (kernel), p padding, s stride, d dilation.
"""

from math import prod

import numpy as np

from eyespot.errors import NetworkError


def output_size(size: int, kernel: int, padding: int = 0, stride: int = 1, dilation: int = 1) -> int:
    """Number of positions of a filter of side `kernel` along a side of `size` pixels: floor((N + 2p - f) / s) + 1.

    A dilated filter spans d (f - 1) + 1 pixels. Raises `NetworkError` if the filter does not fit.

    >>> output_size(5, 3), output_size(5, 3, stride=2), output_size(5, 3, padding=1)
    (3, 2, 5)
    """
    reach = dilation * (kernel - 1) + 1
    if min(size, kernel, stride, dilation) < 1 or padding < 0:
        raise NetworkError(
            f"Size {size}, kernel {kernel}, stride {stride} and dilation {dilation} must be at least 1, "
            f"padding {padding} at least 0."
        )
    if reach > size + 2 * padding:
        raise NetworkError(
            f"A kernel that reaches over {reach} pixels does not fit into {size} pixels with padding {padding}; "
            f"take a kernel of at most {(size + 2 * padding - 1) // dilation + 1}, "
            f"or padding of at least {(reach - size + 1) // 2}."
        )
    return (size + 2 * padding - reach) // stride + 1


def same_padding(kernel: int, dilation: int = 1) -> int:
    """The padding that keeps the size at stride 1: p = (f - 1) / 2, times the dilation.

    Raises `NetworkError` if no padding is equal on both sides.

    >>> same_padding(5)
    2
    """
    both = dilation * (kernel - 1)
    if both % 2:
        raise NetworkError(
            f"A kernel of side {kernel} has no symmetric same padding: (f - 1) / 2 = {both / 2} is no whole number; "
            f"take an odd kernel ({kernel - 1 or 1} or {kernel + 1}), or give the padding as a number."
        )
    return both // 2


def convolution_parameters(filters: int, channels: int, height: int, width: int, bias: bool = True) -> int:
    """Parameters of a convolution: filters x height x width x channels, plus one bias per filter.

    >>> convolution_parameters(8, 1, 3, 3, bias=False)
    72
    """
    return filters * channels * height * width + filters * bias


def dense_parameters(inputs: int, outputs: int, bias: bool = True) -> int:
    """Parameters of a dense layer: one per pair of input and output, plus one bias per output.

    >>> dense_parameters(1000 * 1000 * 3, 1000, bias=False)
    3000000000
    """
    return inputs * outputs + outputs * bias


def convolution_connections(
    places: int, filters: int, channels: int, height: int, width: int, bias: bool = True
) -> int:
    """Connections of a convolution: at each of `places`, every filter is connected to its input pixels and its bias.

    Because of weight sharing there are many more connections than parameters.

    >>> convolution_connections(26 * 26, 8, 1, 3, 3, bias=False)
    48672
    """
    return places * convolution_parameters(filters, channels, height, width, bias)


def receptive_field(layers: list[tuple[int, int]]) -> int:
    """Number of input pixels along a side that affect one output, after layers of (kernel, stride) in this order.

    Each layer adds (f - 1) times the product of all strides before it (Araujo et al. 2019,
    https://distill.pub/2019/computing-receptive-fields/).

    >>> receptive_field([(3, 1), (3, 1), (2, 2), (3, 1)])
    10
    """
    return 1 + sum(
        (kernel - 1) * prod(stride for _, stride in layers[:index]) for index, (kernel, _) in enumerate(layers)
    )


def correlate(image: object, kernel: object, padding: int = 0, stride: int = 1) -> np.ndarray:
    """Slide a kernel over an image (H, W) and sum the products: the operation that CNNs call convolution.

    `image` and `kernel` are lists of rows or two-dimensional arrays; the image is padded with `padding` zeros.

    >>> correlate([[1, 2, 3], [4, 5, 6]], [[1, -1]]).tolist()
    [[-1, -1], [-1, -1]]
    """
    pixels, weights = _grid(image, "image"), _grid(kernel, "kernel")
    rows, columns = (
        output_size(side, reach, padding, stride) for side, reach in zip(pixels.shape, weights.shape, strict=True)
    )
    pixels = np.pad(pixels, padding)
    windows = np.lib.stride_tricks.sliding_window_view(pixels, weights.shape)[::stride, ::stride]
    assert windows.shape[:2] == (rows, columns)
    return (windows * weights).sum(axis=(2, 3))


def convolve(image: object, kernel: object, padding: int = 0, stride: int = 1) -> np.ndarray:
    """Mathematical convolution: correlation with the kernel rotated by 180 degrees.

    >>> convolve([[1, 2, 3], [4, 5, 6]], [[1, -1]]).tolist()
    [[1, 1], [1, 1]]
    """
    return correlate(image, _grid(kernel, "kernel")[::-1, ::-1], padding, stride)


def _grid(values: object, name: str) -> np.ndarray:
    try:
        grid = np.asarray(values)
    except ValueError:
        grid = np.empty(0)
    if grid.ndim != 2 or not grid.size or grid.dtype.kind not in "biuf":
        raise NetworkError(f"The {name} must be rows of numbers, all of the same length, such as [[1, 0], [0, 1]].")
    return grid.astype(np.int64) if grid.dtype.kind in "bu" else grid
