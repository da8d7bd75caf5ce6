"""The operator norm of a linear layer (its largest singular value): estimate and upper bound.

Power iteration on the operator itself converges from below, for any stride and padding. The upper bound comes from the
singular values of a dense layer, from the Fourier transform of a convolution, or from row and column sums. Sedghi,
Gupta and Long, "The Singular Values of Convolutional Layers" (2018).
Shapes: O outputs, C channels, H height, W width, h and w height and width of a kernel.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

Linear = Callable[[Tensor], Tensor]
"""A layer without its constant part: x (1, ...) to A x (1, ...)."""

FOURIER_VALUES = 60_000_000
"""Maximum size of a stack of matrices whose singular values are computed; larger ones are bounded by sums."""


def without_constant(run: Linear, example: Tensor) -> Linear:
    """The linear part of an affine layer: run(x) - run(0), for inputs like `example` (1, ...)."""
    constant = run(torch.zeros_like(example))
    return lambda x: run(x) - constant


def transposed(linear: Linear, example: Tensor) -> Linear:
    """The transpose of a linear layer, through its own gradient."""

    def run(y: Tensor) -> Tensor:
        with torch.enable_grad():
            x = torch.zeros_like(example, requires_grad=True)
            return torch.autograd.grad(linear(x), x, y)[0]

    return run


@torch.no_grad()
def power_iteration(linear: Linear, example: Tensor, steps: int = 300, tolerance: float = 1e-7) -> float:
    """The operator norm of a linear layer from below: x <- A'A x, until convergence.

    >>> power_iteration(lambda x: x * torch.tensor([3.0, 1.0]), torch.zeros(1, 2))
    3.0
    """
    back = transposed(linear, example)
    x = torch.randn(example.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64).to(example)
    norm = 0.0
    for _ in range(steps):
        y = linear(x / x.norm().clamp_min(1e-30))
        before, norm = norm, float(y.norm())
        if norm - before <= tolerance * norm:
            break
        x = back(y)
    return norm


def dense_norm(weight: Tensor) -> float:
    """The operator norm of a dense layer's weights (O, I): exact."""
    return float(torch.linalg.matrix_norm(weight.double(), ord=2))


def circular_norm(weight: Tensor, height: int, width: int) -> float:
    """The operator norm of a convolution (O, C, h, w) with stride 1 and circular padding on (C, H, W): exact.

    The Fourier transform makes it one matrix (O, C) per frequency; the operator norm is the largest of their norms.
    """
    grid = weight.double()
    if grid.shape[2] > height or grid.shape[3] > width:
        grid = _folded(grid, height, width)
    spectra = torch.fft.rfft2(grid, s=(height, width)).permute(2, 3, 0, 1)
    return float(torch.linalg.matrix_norm(spectra, ord=2).max())


def convolution_bound(
    weight: Tensor,
    height: int,
    width: int,
    stride: tuple[int, int] = (1, 1),
    dilation: tuple[int, int] = (1, 1),
    groups: int = 1,
) -> float:
    """An upper bound of the operator norm of a convolution on (C, H, W) with any zero padding.

    A stride is eliminated by treating stride x stride pixels as channels of one position. With zero padding the
    operator is part of the circular one on a larger image; removing inputs or outputs never increases a norm.
    """
    kernel = _without_stride(_spread(weight, dilation, groups), stride)
    full = (-(-height // stride[0]) + kernel.shape[2], -(-width // stride[1]) + kernel.shape[3])
    sums = kernel.abs().double().sum((2, 3))
    bound = float((sums.sum(1).max() * sums.sum(0).max()).sqrt())
    if math.prod(full) * kernel.shape[0] * kernel.shape[1] > FOURIER_VALUES:
        return bound
    return min(bound, circular_norm(kernel, *full))


@torch.no_grad()
def sum_bound(linear: Linear, example: Tensor) -> float:
    """An upper bound of the norm of a linear layer without negative weights: sqrt(largest row sum x column sum).

    >>> average = lambda x: F.avg_pool2d(x, 2)
    >>> sum_bound(average, torch.zeros(1, 1, 4, 4))
    0.5
    """
    ones = torch.ones_like(example)
    rows = linear(ones)
    columns = transposed(linear, example)(torch.ones_like(rows))
    return float((rows.max().double() * columns.max().double()).sqrt())


def _spread(weight: Tensor, dilation: tuple[int, int], groups: int) -> Tensor:
    """The equivalent kernel (O, C, h, w) of an ordinary convolution: dilation and groups become zeros."""
    outputs, inside, height, width = weight.shape
    tall, wide = dilation[0] * (height - 1) + 1, dilation[1] * (width - 1) + 1
    kernel = weight.new_zeros(outputs, inside * groups, tall, wide)
    share = outputs // groups
    for group in range(groups):
        rows, columns = slice(group * share, (group + 1) * share), slice(group * inside, (group + 1) * inside)
        kernel[rows, columns, :: dilation[0], :: dilation[1]] = weight[rows]
    return kernel


def _without_stride(kernel: Tensor, stride: tuple[int, int]) -> Tensor:
    """The equivalent kernel (O, C x stride x stride, h', w') with stride 1 on blocks of pixels."""
    down, along = stride
    padded = F.pad(kernel, (0, -kernel.shape[3] % along, 0, -kernel.shape[2] % down))
    parts = padded.unflatten(3, (-1, along)).unflatten(2, (-1, down))  # (O, C, h', down, w', along)
    return parts.permute(0, 1, 3, 5, 2, 4).flatten(1, 3)


def _folded(kernel: Tensor, height: int, width: int) -> Tensor:
    """A kernel larger than the image, wrapped around its edges."""
    tall, wide = -(-kernel.shape[2] // height) * height, -(-kernel.shape[3] // width) * width
    padded = F.pad(kernel, (0, wide - kernel.shape[3], 0, tall - kernel.shape[2]))
    return padded.unflatten(2, (-1, height)).sum(2).unflatten(3, (-1, width)).sum(3)
