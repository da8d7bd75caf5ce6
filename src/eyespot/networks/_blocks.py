"""Building blocks of several networks: normalization, convolution blocks, shortcuts, padding, heads.

Every operation is a separate module, used once and never in place, so that it can be recorded and traced.
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
    """Sum of two tensors of the same shape."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return a + b


class Concatenate(nn.Module):
    """Concatenation of two tensors (N, C, H, W) along their channels."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return torch.cat([a, b], dim=1)


class MaxPool2d(nn.MaxPool2d):
    """Max pooling with results identical to PyTorch's module of this name.

    Without gradients, the index of the maximum is not needed: 2x2 windows without overlap are then computed as maxima
    of pairs of rows and of pairs of columns, which takes down to a tenth of the time. Training needs the index, and
    recording (see `graph.py`) needs the function name: both use PyTorch's own implementation.
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
    """Maximum of each two neighbors along one side; the last value of an odd side is dropped."""
    firsts, seconds = x.narrow(side, 0, x.shape[side] // 2 * 2).unflatten(side, (-1, 2)).unbind(side)
    return torch.maximum(firsts, seconds)


class Shortcut(nn.Module):
    """Residual connection: the output of `body` plus its input."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body
        self.add = Add()

    def forward(self, x: Tensor) -> Tensor:
        return self.add(x, self.body(x))


class PadToMultiple(nn.Module):
    """Pad an image (N, C, H, W) to sides that are multiples of `multiple`, repeating its right and lower border."""

    def __init__(self, multiple: int) -> None:
        super().__init__()
        self.multiple = multiple

    def forward(self, x: Tensor) -> Tensor:
        below, right = -x.shape[-2] % self.multiple, -x.shape[-1] % self.multiple
        return F.pad(x, (0, right, 0, below), mode="replicate") if below or right else x


class CropLike(nn.Module):
    """Crop an image (N, C, H, W), at its right and lower side, to the size of another one."""

    def forward(self, x: Tensor, like: Tensor) -> Tensor:
        return x[..., : like.shape[-2], : like.shape[-1]]


class Padded(nn.Module):
    """Run `body`, which needs sides that are multiples of `multiple`, on images (N, C, H, W) of any size."""

    def __init__(self, body: nn.Module, multiple: int) -> None:
        super().__init__()
        self.pad = PadToMultiple(multiple)
        self.body = body
        self.crop = CropLike()

    def forward(self, x: Tensor) -> Tensor:
        return self.crop(self.body(self.pad(x)), x)


def normalization(norm: str, channels: int, start: float = 1.0) -> nn.Module:
    """Normalization layer "batch", "group" (groups of about 8 channels) or "none", with initial scale `start`."""
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
    """Convolution with same padding; it has a bias only if no normalization follows.

    Weights are initialized as in He et al. 2015 (https://arxiv.org/abs/1502.01852) for ReLU, times `gain`.
    """
    layer = nn.Conv2d(channels, filters, kernel, stride, padding=kernel // 2, bias=norm == "none")
    nn.init.normal_(layer.weight, std=gain * sqrt(2 / (channels * kernel**2)))
    return layer


def sequence(layers: Mapping[str, nn.Module]) -> nn.Sequential:
    """Named layers in sequence."""
    return nn.Sequential(OrderedDict(layers))


def convolution_block(channels: int, filters: int, norm: str, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution, normalization and ReLU."""
    conv = convolution(channels, filters, norm, kernel, stride)
    return sequence({"conv": conv, "norm": normalization(norm, filters), "relu": nn.ReLU()})


def initialize(layer: nn.Module) -> nn.Module:
    """Initialize the weights of a convolution or dense layer as in He et al. 2015; biases are 0."""
    if isinstance(layer, nn.Conv2d | nn.Linear):
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    return layer


def vector_head(channels: int, outputs: int) -> nn.Sequential:
    """Global average pooling and a dense layer: (N, C, H, W) to (N, outputs)."""
    return sequence({"pool": nn.AdaptiveAvgPool2d(1), "flatten": nn.Flatten(), "dense": nn.Linear(channels, outputs)})
