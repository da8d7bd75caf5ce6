"""A generator of images and its discriminator, in one network.

Radford et al. 2016, "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks"
(https://arxiv.org/abs/1511.06434), with the style head of Elgammal et al. 2017, "CAN: Creative Adversarial Networks"
(https://arxiv.org/abs/1706.07068): at 256 pixels and size "large", the generator has the channels of that paper.
Shapes: N images, C channels, S side in pixels.
"""

import torch
from torch import Tensor, nn

from eyespot.errors import NetworkError

from ._blocks import sequence
from .network import Network, NetworkSpec

LATENT = 100
"""Dimensions of the noise vector of an image."""
SIDES = (16, 32, 64, 128, 256)
WIDTHS = {"tiny": 4, "small": 24, "medium": 48, "large": 64}
"""Channels of the map with half the image's side; every halving doubles them, up to a factor of 16."""
SLOPE = 0.2


class Dcgan(Network):
    """`forward` is the discriminator; `generator` computes images in [0, 1] from noise (N, `LATENT`)."""

    def __init__(self, spec: NetworkSpec) -> None:
        channels, height, width = spec.input
        if height != width or height not in SIDES:
            sides = ", ".join(f"{side}x{side}" for side in SIDES)
            raise NetworkError(f"it makes images of {sides}, and {height}x{width} was asked for; set --input.")
        sizes = _channels(height, WIDTHS[spec.size])
        super().__init__(spec, {"discriminator": _discriminator(channels, sizes, spec.output.size)}, nn.Identity())
        self.generator = _Generator(channels, sizes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
                nn.init.normal_(module.weight, std=0.02)


class _Generator(nn.Sequential):
    """Stride-2 transposed convolutions from a 4x4 map; the final tanh is rescaled to [0, 1]."""

    latent = LATENT

    def __init__(self, channels: int, sizes: list[int]) -> None:
        first = sizes[-1]
        layers = {"map4": sequence({"conv": nn.ConvTranspose2d(LATENT, first, 4, bias=False), **_normed(first)})}
        for number, (before, after) in enumerate(zip(sizes[::-1], [*sizes[-2::-1], channels], strict=True)):
            last = number == len(sizes) - 1
            conv = nn.ConvTranspose2d(before, after, 4, stride=2, padding=1, bias=last)
            layers[f"map{8 * 2**number}"] = sequence(
                {"conv": conv, **({"tanh": nn.Tanh()} if last else _normed(after))}
            )
        super().__init__()
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, input: Tensor) -> Tensor:
        return (super().forward(input[:, :, None, None]) + 1) / 2


class _Heads(nn.Module):
    """The logits of "real" and of each style: (N, 1 + K)."""

    def __init__(self, numbers: int, hidden: int, styles: int) -> None:
        super().__init__()
        layers = {"dense1": nn.Linear(numbers, 2 * hidden), "leaky1": nn.LeakyReLU(SLOPE)}
        layers |= {"dense2": nn.Linear(2 * hidden, hidden), "leaky2": nn.LeakyReLU(SLOPE)}
        self.style = sequence({**layers, "dense3": nn.Linear(hidden, styles)}) if styles else None
        self.real = nn.Linear(numbers, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.real(x) if self.style is None else torch.cat([self.real(x), self.style(x)], dim=1)


def make_dcgan(spec: NetworkSpec) -> Network:
    """Generator and discriminator with the same number of channels at each size."""
    return Dcgan(spec)


def _channels(side: int, width: int) -> list[int]:
    """Channels of the maps of side S / 2, S / 4, ... 4.

    >>> _channels(256, 64)
    [64, 128, 256, 512, 1024, 1024]
    """
    halvings = (side // 4).bit_length() - 1
    return [width * min(16, 2**number) for number in range(halvings)]


def _discriminator(channels: int, sizes: list[int], outputs: int) -> nn.Module:
    """Stride-2 convolutions down to a 4x4 map, without normalization: the gradient penalty is computed per image."""
    layers: dict[str, nn.Module] = {}
    for number, (before, after) in enumerate(zip([channels, *sizes], sizes, strict=False), start=1):
        conv = nn.Conv2d(before, after, 4, stride=2, padding=1)
        layers[f"block{number}"] = sequence({"conv": conv, "leaky": nn.LeakyReLU(SLOPE)})
    hidden = 8 * sizes[0]
    return sequence({**layers, "flatten": nn.Flatten(), "heads": _Heads(sizes[-1] * 16, hidden, outputs - 1)})


def _normed(channels: int) -> dict[str, nn.Module]:
    return {"norm": nn.BatchNorm2d(channels), "relu": nn.ReLU()}
