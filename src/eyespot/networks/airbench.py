"""The network of the CIFAR-10 speed records: a whitening first layer, and three blocks of two convolutions.

Jordan 2024, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU" (https://arxiv.org/abs/2404.00498), with SiLU instead of
GELU, which is nearly equal and faster.
Shapes: N images, C channels, H height, W width.
"""

import torch
from torch import Tensor, nn

from eyespot.errors import NetworkError

from ._blocks import MaxPool2d, convolution, normalization, sequence
from .network import Network, NetworkSpec

WIDTHS = {"tiny": (32, 64, 64), "small": (64, 128, 128), "medium": (64, 256, 256), "large": (128, 384, 384)}
"""Channels of the three blocks; "medium" is the paper's."""
KERNEL = 2
SMALLEST = 8 + KERNEL - 1
"""Minimum side in pixels: each block halves the resolution."""
EPSILON = 5e-4
"""Added to the variances, so that directions without contrast are not amplified."""


def make_airbench(spec: NetworkSpec) -> Network:
    """The network with new weights; `whiten` computes its first layer from training images."""
    channels, *sides = spec.input
    if min(sides) < SMALLEST:
        raise NetworkError(f"it takes images of at least {SMALLEST} pixels a side; these have {min(sides)}.")
    widths = WIDTHS[spec.size]
    stem = 2 * channels * KERNEL**2
    stages: dict[str, nn.Module] = {
        "whiten": sequence({"conv": nn.Conv2d(channels, stem, KERNEL), "silu": nn.SiLU()}),
    }
    for number, (before, filters) in enumerate(zip((stem, *widths), widths, strict=False), 1):
        stages[f"block{number}"] = _block(before, filters, spec.norm)
    dense = _small(nn.Linear(widths[-1], spec.output.size))
    head = {"pool": nn.AdaptiveMaxPool2d(1), "flatten": nn.Flatten(), "dense": dense}
    return Network(spec, stages, sequence(head))


def _block(channels: int, filters: int, norm: str) -> nn.Sequential:
    """Two convolutions with pooling in between, initialized as identity as far as the number of filters allows."""
    return sequence(
        {
            "conv1": _initialized_as_identity(convolution(channels, filters, norm)),
            "pool": MaxPool2d(2),
            "norm1": _quick(normalization(norm, filters)),
            "silu1": nn.SiLU(),
            "conv2": _initialized_as_identity(convolution(filters, filters, norm)),
            "norm2": _quick(normalization(norm, filters)),
            "silu2": nn.SiLU(),
        }
    )


@torch.no_grad()
def _small(layer: nn.Linear) -> nn.Linear:
    """Scale the weights by 0.1, so that initial predictions are uncertain."""
    layer.weight.mul_(0.1)
    return layer


def _quick(layer: nn.Module) -> nn.Module:
    """Increase the momentum of batch normalization statistics: a record training has only a few hundred steps."""
    if isinstance(layer, nn.BatchNorm2d):
        layer.momentum = 0.4
    return layer


@torch.no_grad()
def _initialized_as_identity(layer: nn.Conv2d) -> nn.Conv2d:
    nn.init.dirac_(layer.weight[: layer.in_channels])
    return layer


@torch.no_grad()
def whiten(network: Network, images: Tensor) -> None:
    """Set the first layer to whiten patches of these images (N, C, H, W), and freeze its filters.

    Its filters are the eigenvectors of the patch covariance divided by the square root of their variances, with both
    signs; only its biases are trained.
    """
    conv = network.stages["whiten"].get_submodule("conv")
    assert isinstance(conv, nn.Conv2d) and conv.bias is not None
    conv.bias.zero_()
    filters = whitening_filters(images)
    conv.weight.copy_(torch.cat([filters, -filters]))
    conv.weight.requires_grad_(False)


def whitening_filters(images: Tensor) -> Tensor:
    """Filters (C * 4, C, 2, 2) whose outputs on patches of `images` are uncorrelated with variance 1."""
    channels = images.shape[1]
    patches = images.unfold(2, KERNEL, 1).unfold(3, KERNEL, 1).permute(0, 2, 3, 1, 4, 5)
    rows = patches.reshape(-1, channels * KERNEL**2).double()
    variances, directions = torch.linalg.eigh(rows.T @ rows / len(rows))
    filters = directions.T / (variances + EPSILON).sqrt()[:, None]
    return filters.flip(0).view(-1, channels, KERNEL, KERNEL).float()
