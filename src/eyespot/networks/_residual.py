"""The residual networks, the default: from tiny to large, for any input size, fast to train on CPU.

Adding a block's input to its output follows He et al. 2016, "Deep Residual Learning for Image Recognition"
(https://arxiv.org/abs/1512.03385). The stem downsamples large images, which bounds the cost.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from ._blocks import Add, convolution, convolution_block, normalization, sequence
from ._heads import Stage, with_head
from .network import Network, NetworkSpec

START = 0.25
"""Initial scale of each block's last normalization: an untrained block is close to the identity."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Width (channels of the first stage) and depth (blocks in each of three stages) of a residual network."""

    width: int
    blocks: tuple[int, int, int]


SHAPES = {
    "tiny": Shape(width=16, blocks=(1, 1, 1)),
    "small": Shape(width=32, blocks=(1, 1, 1)),
    "medium": Shape(width=48, blocks=(2, 2, 2)),
    "large": Shape(width=64, blocks=(3, 4, 3)),
}


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions plus their input; the first may halve the resolution and increase the channels."""

    def __init__(self, channels: int, filters: int, norm: str, stride: int = 1) -> None:
        super().__init__()
        self.first = convolution_block(channels, filters, norm, stride=stride)
        self.conv = convolution(filters, filters, norm, gain=START if norm == "none" else 1.0)
        self.norm = normalization(norm, filters, start=START)
        self.project = self._projection(channels, filters, norm, stride)
        self.add = Add()
        self.relu = nn.ReLU()

    def _projection(self, channels: int, filters: int, norm: str, stride: int) -> nn.Module:
        """Shortcut with a change of shape: 2x2 average pooling, then a 1x1 convolution."""
        if channels == filters and stride == 1:
            return nn.Identity()
        pool = nn.AvgPool2d(stride, ceil_mode=True) if stride > 1 else nn.Identity()
        conv = convolution(channels, filters, norm, kernel=1)
        return sequence({"pool": pool, "conv": conv, "norm": normalization(norm, filters)})

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.add(self.project(x), self.norm(self.conv(self.first(x)))))


def stem_stride(side: int) -> int:
    """Stride of the stem for images with the shorter side `side`, so that maps have 12 to 28 pixels per side.

    >>> [stem_stride(side) for side in (16, 28, 64, 224)]
    [1, 2, 4, 8]
    """
    stride = 1
    while side // stride > 28 or (stride == 1 and side >= 24):
        stride *= 2
    return stride


def make_stem(channels: int, width: int, stride: int, norm: str) -> nn.Sequential:
    """Convolutions that halve the resolution until `stride` is reached, with up to `width` channels."""
    halvings = stride.bit_length() - 1
    stem = {"block1": convolution_block(channels, width >> max(0, halvings - 1), norm, 5, min(stride, 2))}
    for step in range(2, halvings + 1):
        filters = width >> (halvings - step)
        stem[f"block{step}"] = convolution_block(filters // 2, filters, norm, 3, 2)
    return sequence(stem)


def make_residual(spec: NetworkSpec) -> Network:
    """Stem, three stages of residual blocks (each with twice the channels and half the resolution), and a head."""
    shape = SHAPES[spec.size]
    channels, height, width = spec.input
    stride = stem_stride(min(height, width))
    stem = make_stem(channels, shape.width, stride, spec.norm)
    chain = {"stem": Stage(module=stem, channels=shape.width, stride=stride)}
    wide = shape.width
    for number, blocks in enumerate(shape.blocks, start=1):
        filters = shape.width << (number - 1)
        stage = {"block1": ResidualBlock(wide, filters, spec.norm, stride=1 if number == 1 else 2)}
        for block in range(2, blocks + 1):
            stage[f"block{block}"] = ResidualBlock(filters, filters, spec.norm)
        stride = stride if number == 1 else 2 * stride
        chain[f"stage{number}"] = Stage(module=sequence(stage), channels=filters, stride=stride)
        wide = filters
    return with_head(spec, chain)
