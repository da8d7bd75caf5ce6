"""The parts that several networks are made of: normalization, convolution blocks, shortcuts, padding, heads.

Every step is a module of its own, used once and never in place, so that it can be watched and followed backwards.
Shapes: N images, C channels, H height, W width.
"""

from collections import OrderedDict
from collections.abc import Mapping
from math import gcd, sqrt

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import has_torch_function_unary

NORMS = ("batch", "group", "none")


class Add(nn.Module):
    """The sum of two tensors of the same shape."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return a + b


class Concatenate(nn.Module):
    """Two tensors (N, C, H, W) stacked along their channels."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return torch.cat([a, b], dim=1)


class MaxPool2d(nn.MaxPool2d):
    """The largest number of each window, as PyTorch's module of this name finds it, to the bit.

    Where nothing learns, nobody asks which number of a window it was: then windows of 2x2 side by side are the maxima
    of pairs of rows, and of these the maxima of pairs of columns, which takes up to a tenth of the time. Learning
    needs the place, and whoever records the call (see `graph.py`) its name: these get PyTorch's own.
    """

    def forward(self, input: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        if torch.is_grad_enabled() or has_torch_function_unary(input) or not self._halves:
            return super().forward(input)
        return _of_pairs(_of_pairs(input, -2), -1)

    @property
    def _halves(self) -> bool:
        settings = (self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices)
        return settings in ((2, 2, 0, 1, False, False), ((2, 2), (2, 2), 0, 1, False, False))


def _of_pairs(x: Tensor, side: int) -> Tensor:
    """The larger of each two neighbors along one side; the last number of an odd side has none, and is left out."""
    firsts, seconds = x.narrow(side, 0, x.shape[side] // 2 * 2).unflatten(side, (-1, 2)).unbind(side)
    return torch.maximum(firsts, seconds)


class Shortcut(nn.Module):
    """What `body` makes of its input, added to the input itself: `body` learns only the difference."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body
        self.add = Add()

    def forward(self, x: Tensor) -> Tensor:
        return self.add(x, self.body(x))


class PadToMultiple(nn.Module):
    """Grows a picture (N, C, H, W) to sides that `multiple` divides, repeating its right and lower border."""

    def __init__(self, multiple: int) -> None:
        super().__init__()
        self.multiple = multiple

    def forward(self, x: Tensor) -> Tensor:
        below, right = -x.shape[-2] % self.multiple, -x.shape[-1] % self.multiple
        return F.pad(x, (0, right, 0, below), mode="replicate") if below or right else x


class CropLike(nn.Module):
    """Cuts a picture (N, C, H, W) back, at its right and lower side, to the size of another."""

    def forward(self, x: Tensor, like: Tensor) -> Tensor:
        return x[..., : like.shape[-2], : like.shape[-1]]


class Padded(nn.Module):
    """Lets `body`, which needs sides that `multiple` divides, take pictures (N, C, H, W) of any size."""

    def __init__(self, body: nn.Module, multiple: int) -> None:
        super().__init__()
        self.pad = PadToMultiple(multiple)
        self.body = body
        self.crop = CropLike()

    def forward(self, x: Tensor) -> Tensor:
        return self.crop(self.body(self.pad(x)), x)


def normalization(norm: str, channels: int, start: float = 1.0) -> nn.Module:
    """The normalization layer called "batch", "group" (groups of about 8 channels) or "none", scaling by `start`."""
    if norm == "none":
        return nn.Identity()
    assert norm in NORMS, norm
    layer = (
        nn.BatchNorm2d(channels) if norm == "batch" else nn.GroupNorm(gcd(channels, max(1, channels // 8)), channels)
    )
    nn.init.constant_(layer.weight, start)
    return layer


def convolution(
    channels: int, filters: int, norm: str, kernel: int = 3, stride: int = 1, gain: float = 1.0
) -> nn.Conv2d:
    """A convolution with same padding; it has a bias only where no normalization follows.

    Weights are drawn as He et al. 2015 (https://arxiv.org/abs/1502.01852) propose before a ReLU, times `gain`.
    """
    layer = nn.Conv2d(channels, filters, kernel, stride, padding=kernel // 2, bias=norm == "none")
    nn.init.normal_(layer.weight, std=gain * sqrt(2 / (channels * kernel**2)))
    return layer


def sequence(layers: Mapping[str, nn.Module]) -> nn.Sequential:
    """Layers one after another, each by a name of its own."""
    return nn.Sequential(OrderedDict(layers))


def convolution_block(channels: int, filters: int, norm: str, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution, normalization and ReLU."""
    conv = convolution(channels, filters, norm, kernel, stride)
    return sequence({"conv": conv, "norm": normalization(norm, filters), "relu": nn.ReLU()})


def initialize(layer: nn.Module) -> nn.Module:
    """Draw the weights of a plain convolution or dense layer as He et al. 2015 propose; biases start at 0."""
    if isinstance(layer, nn.Conv2d | nn.Linear):
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    return layer


def vector_head(channels: int, outputs: int) -> nn.Sequential:
    """The mean of each channel over the whole picture, then one dense layer: (N, C, H, W) to (N, outputs)."""
    return sequence({"pool": nn.AdaptiveAvgPool2d(1), "flatten": nn.Flatten(), "dense": nn.Linear(channels, outputs)})
