"""A fast image-to-image network that works on blocks of 2x2 pixels and predicts a residual.

Predicting the noise instead of the image follows Zhang et al. 2017, "Beyond a Gaussian Denoiser"
(https://arxiv.org/abs/1608.03981); half the size with four times the channels follows Zhang et al. 2018, "FFDNet"
(https://arxiv.org/abs/1710.04026). Accepts images of any size. There is no normalization: in short trainings, batch
normalization cost 0.5 dB and more.
"""

import re
from dataclasses import dataclass

from torch import nn

from eyespot.errors import NetworkError

from ._blocks import Padded, Shortcut, convolution, convolution_block, sequence
from .network import Network, NetworkSpec, require_full_size

FACTOR = 2
START = 0.1
"""Initial scale of the last convolution: the untrained network returns its input nearly unchanged."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Channels of each layer and the number of 3x3 convolutions."""

    width: int
    depth: int


SHAPES = {
    "tiny": Shape(width=16, depth=4),
    "small": Shape(width=48, depth=8),
    "medium": Shape(width=64, depth=12),
    "large": Shape(width=96, depth=16),
}


MOST = Shape(width=512, depth=64)


def read_shape(size: str) -> Shape:
    """The shape of a named size, or of one as text, WIDTHxDEPTH; raises `NetworkError` for others.

    >>> read_shape("32x6") == Shape(width=32, depth=6) and read_shape("tiny") == read_shape("16x4")
    True
    """
    if size in SHAPES:
        return SHAPES[size]
    found = re.fullmatch(r"([1-9]\d{0,2})x([1-9]\d?)", size)
    shape = Shape(width=int(found[1]), depth=int(found[2])) if found else None
    if shape is None or shape.width > MOST.width or not 2 <= shape.depth <= MOST.depth:
        raise NetworkError(
            f"size is '{size}'; expected {', '.join(SHAPES)}, or WIDTHxDEPTH such as 32x6 (at most "
            f"{MOST.width} channels, 2 to {MOST.depth} convolutions)."
        )
    return shape


def make_denoiser(spec: NetworkSpec) -> Network:
    """Pixel-unshuffle by 2, 3x3 convolutions with ReLU, pixel-shuffle; the input is added if channel counts match."""
    require_full_size(spec)
    shape, channels = read_shape(spec.size), spec.input[0]
    layers: dict[str, nn.Module] = {
        "unshuffle": nn.PixelUnshuffle(FACTOR),
        "block1": convolution_block(channels * FACTOR**2, shape.width, "none"),
    }
    for number in range(2, shape.depth):
        layers[f"block{number}"] = convolution_block(shape.width, shape.width, "none")
    layers["last"] = convolution(shape.width, spec.output.size * FACTOR**2, "none", gain=START)
    layers["shuffle"] = nn.PixelShuffle(FACTOR)
    whole = Shortcut(sequence(layers)) if spec.output.size == channels else sequence(layers)
    return Network(spec, {"body": Padded(whole, FACTOR)}, nn.Identity())
