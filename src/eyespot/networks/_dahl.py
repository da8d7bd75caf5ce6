"""Dahl's residual encoder: colors from the feature maps of VGG-16 at four resolutions.

Dahl 2016, "Automatic Colorization" (https://tinyclouds.org/colorize); the encoder is the first ten convolutions of
Simonyan and Zisserman 2015, "Very Deep Convolutional Networks" (https://arxiv.org/abs/1409.1556). The coarsest map is
enlarged step by step, and the map of each finer resolution is added to it. Shapes: N images, C channels, H, W.
"""

from itertools import pairwise

from torch import Tensor, nn

from eyespot.errors import NetworkError

from ._blocks import Add, MaxPool2d, Padded, convolution, normalization, sequence
from .network import Network, NetworkSpec, without_head

FILTERS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512))
"""Output channels of the convolutions of VGG-16 between its first four poolings."""
COARSEST = 2 ** (len(FILTERS) - 1)


def make_dahl(spec: NetworkSpec) -> Network:
    """The residual encoder as one stage, with its last convolution, at the stride of the output, as the head."""
    if spec.output.head not in ("linear", "pyramid"):
        raise NetworkError(without_head(spec.output))
    if spec.output.stride > COARSEST:
        raise NetworkError(f"its coarsest map has stride {COARSEST}; the task needs stride {spec.output.stride}.")
    channels = spec.input[0]
    shrink = nn.AvgPool2d(spec.output.stride, ceil_mode=True) if spec.output.stride > 1 else nn.Identity()
    head = sequence({"shrink": shrink, "conv": nn.Conv2d(channels, spec.output.size, 3, padding=1)})
    return Network(spec, {"body": Padded(ResidualEncoder(channels, spec.norm), COARSEST)}, head)


class ResidualEncoder(nn.Module):
    """Maps (N, C, H, W) for images (N, C, H, W) whose sides are multiples of 8.

    `down` are the blocks of VGG-16, with a pooling between two of them. `norms` normalize the image and the map of each
    block. `up` are the convolutions from each map to the channels of the next finer one.
    """

    def __init__(self, channels: int, norm: str) -> None:
        super().__init__()
        widths = [channels, *(filters[-1] for filters in FILTERS)]
        self.down = nn.ModuleList(
            _block(before, filters, norm, pool=number > 0)
            for number, (before, filters) in enumerate(zip(widths, FILTERS, strict=False))
        )
        self.norms = nn.ModuleList(normalization(norm, width) for width in widths)
        self.up = nn.ModuleList(
            _unit(coarse, fine, norm, kernel=1 if coarse == widths[-1] else 3) for fine, coarse in pairwise(widths)
        )
        self.enlarge = nn.ModuleList(
            nn.Identity() if number == 0 else nn.Upsample(scale_factor=2, mode="bilinear")
            for number in range(len(self.up))
        )
        self.add = nn.ModuleList(Add() for _ in self.up)
        self.last = _unit(channels, channels, norm)

    def forward(self, x: Tensor) -> Tensor:
        seen = [x]
        for block in self.down:
            seen.append(block(seen[-1]))
        x = self.norms[-1](seen[-1])
        for level in reversed(range(len(self.up))):
            x = self.add[level](self.enlarge[level](self.up[level](x)), self.norms[level](seen[level]))
        return self.last(x)


def _block(channels: int, filters: tuple[int, ...], norm: str, pool: bool) -> nn.Sequential:
    layers: dict[str, nn.Module] = {"pool": MaxPool2d(2)} if pool else {}
    for number, (before, after) in enumerate(pairwise((channels, *filters)), start=1):
        layers |= {f"conv{number}": convolution(before, after, norm), f"norm{number}": normalization(norm, after)}
        layers[f"relu{number}"] = nn.ReLU()
    return sequence(layers)


def _unit(channels: int, filters: int, norm: str, kernel: int = 3) -> nn.Sequential:
    """A convolution with batch normalization instead of biases, and ReLU."""
    conv = convolution(channels, filters, norm, kernel=kernel)
    return sequence({"conv": conv, "norm": normalization(norm, filters), "relu": nn.ReLU()})
