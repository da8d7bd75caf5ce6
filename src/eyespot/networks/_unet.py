"""The U-Net of Noise2Noise: image to image at six resolutions, for images of any size.

Lehtinen et al. 2018, "Noise2Noise" (https://arxiv.org/abs/1803.04189); the architecture is that of Ronneberger et al.
2015, "U-Net" (https://arxiv.org/abs/1505.04597). 991,203 parameters for 3 channels.
"""

from math import sqrt

from torch import Tensor, nn

from ._blocks import Concatenate, MaxPool2d, Padded, sequence
from .network import Network, NetworkSpec, require_full_size

SLOPE = 0.1
HALVINGS = 5


def make_unet(spec: NetworkSpec) -> Network:
    """The U-Net as one stage, with its last convolution as the head; images are padded to a multiple of 32."""
    require_full_size(spec)
    stages = {"body": Padded(UnetBody(spec.input[0]), 2**HALVINGS)}
    return Network(spec, stages, _convolution(32, spec.output.size, gain=1.0))


class UnetBody(nn.Module):
    """Five downsampling and five upsampling steps with skip connections; the output is (N, 32, H, W).

    `down` are the downsampling steps; `middle` works at the lowest resolution; `up` are the upsampling steps, each of
    which also receives the output of the `down` step at its resolution (the last one: the image itself).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        down = [sequence({"block1": _block(channels, 48), "block2": _block(48, 48), "pool": MaxPool2d(2)})]
        down += [sequence({"block1": _block(48, 48), "pool": MaxPool2d(2)}) for _ in range(HALVINGS - 1)]
        widths = [(48 + 48, 96, 96), *[(96 + 48, 96, 96)] * (HALVINGS - 2), (96 + channels, 64, 32)]
        self.down = nn.ModuleList(down)
        self.middle = _block(48, 48)
        self.up = nn.ModuleList(UpStep(*width) for width in widths)

    def forward(self, x: Tensor) -> Tensor:
        seen = [x]
        for step in self.down:
            seen.append(step(seen[-1]))
        x = self.middle(seen.pop())
        for step in self.up:
            x = step(x, seen.pop())
        return x


class UpStep(nn.Module):
    """Upsample by 2, concatenate the skip connection, and apply two convolutions."""

    def __init__(self, channels: int, between: int, filters: int) -> None:
        super().__init__()
        self.enlarge = nn.Upsample(scale_factor=2, mode="nearest")
        self.beside = Concatenate()
        self.block1 = _block(channels, between)
        self.block2 = _block(between, filters)

    def forward(self, x: Tensor, beside: Tensor) -> Tensor:
        return self.block2(self.block1(self.beside(self.enlarge(x), beside)))


def _block(channels: int, filters: int) -> nn.Sequential:
    """A 3x3 convolution and a leaky ReLU with slope 0.1."""
    conv = _convolution(channels, filters, gain=nn.init.calculate_gain("leaky_relu", SLOPE))
    return sequence({"conv": conv, "relu": nn.LeakyReLU(SLOPE)})


def _convolution(channels: int, filters: int, gain: float) -> nn.Conv2d:
    layer = nn.Conv2d(channels, filters, 3, padding=1)
    nn.init.normal_(layer.weight, std=gain / sqrt(channels * 9))
    return layer
