"""Small modules for some named networks, mostly without parameters.

Shapes: N images, C channels, H height, W width, F filters.
"""

from math import sqrt

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ScaledTanh(nn.Module):
    """`scaled_tanh` as a layer."""

    def forward(self, x: Tensor) -> Tensor:
        return scaled_tanh(x)


def scaled_tanh(x: Tensor) -> Tensor:
    """1.7159 tanh(2x / 3), which maps 1 to 1 and -1 to -1 (LeCun et al. 1998, "Efficient BackProp").

    >>> scaled_tanh(torch.tensor([-1.0, 0.0, 1.0])).round(decimals=4).tolist()
    [-1.0, 0.0, 1.0]
    """
    return 1.7159 * torch.tanh(x * (2 / 3))


class ToYuv(nn.Module):
    """Convert RGB to brightness Y and two color differences U and V (ITU-R BT.601); no parameters.

    >>> ToYuv()(torch.ones(1, 3, 1, 1)).flatten().round(decimals=3).tolist()
    [1.0, 0.0, 0.0]
    """

    matrix: Tensor

    def __init__(self) -> None:
        super().__init__()
        rows = [[0.299, 0.587, 0.114], [-0.14713, -0.28886, 0.43599], [0.615, -0.51499, -0.10001]]
        self.register_buffer("matrix", torch.tensor(rows).view(3, 3, 1, 1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.matrix)


class UnitBias(nn.Module):
    """A separate bias for each filter and position, where a convolution shares one per filter."""

    def __init__(self, filters: int, height: int, width: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(filters, height, width))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.bias


class TableConvolution(nn.Module):
    """A convolution whose filters are connected to only some of the channels, listed in a table.

    `table` lists the input channels of each filter. `weight` has one kernel for each such pair, in the table's order;
    `full_weight` is the equivalent weight of a dense convolution, with zeros for missing connections.
    """

    index: Tensor

    def __init__(self, table: list[list[int]], channels: int, kernel: int, stride: int = 1, bias: bool = True) -> None:
        super().__init__()
        self.stride, self.kernel, self.channels = stride, kernel, channels
        pairs = [(filter_, channel) for filter_, seen in enumerate(table) for channel in seen]
        index = torch.full((len(table), channels), len(pairs))
        for position, pair in enumerate(pairs):
            index[pair] = position
        self.register_buffer("index", index.flatten(), persistent=False)
        self.weight = nn.Parameter(torch.empty(len(pairs), kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(len(table))) if bias else None
        bound = 2.4 / sqrt(len(table[0]) * kernel**2)
        nn.init.uniform_(self.weight, -bound, bound)

    @property
    def full_weight(self) -> Tensor:
        """Weights (F, C, kernel, kernel), zero for each pair that is not in the table."""
        kernels = torch.cat([self.weight, self.weight.new_zeros(1, self.kernel, self.kernel)])
        return kernels.index_select(0, self.index).view(-1, self.channels, self.kernel, self.kernel)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.full_weight, self.bias, self.stride)
