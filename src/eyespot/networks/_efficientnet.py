"""EfficientNet-Lite0: small, fast on CPU, and available with pretrained weights.

Inverted residual blocks (Sandler et al. 2018, "MobileNetV2", https://arxiv.org/abs/1801.04381) with the widths and
depths of Tan and Le 2019 ("EfficientNet", https://arxiv.org/abs/1905.11946); the lite variant has no
squeeze-and-excitation and uses ReLU6. Shapes: N images, C channels, H height, W width.
"""

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from ._blocks import Add, convolution, normalization, sequence
from ._heads import Stage as ChainStage
from ._heads import with_head
from .network import Network, NetworkSpec

STEM = 32
TOP = 1280


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Blocks of one width; the first has `stride`, and each expands its input channels by `expansion`."""

    filters: int
    blocks: int
    kernel: int
    stride: int
    expansion: int = 6


STAGES = (
    Stage(filters=16, blocks=1, kernel=3, stride=1, expansion=1),
    Stage(filters=24, blocks=2, kernel=3, stride=2),
    Stage(filters=40, blocks=2, kernel=5, stride=2),
    Stage(filters=80, blocks=3, kernel=3, stride=2),
    Stage(filters=112, blocks=3, kernel=5, stride=1),
    Stage(filters=192, blocks=4, kernel=5, stride=2),
    Stage(filters=320, blocks=1, kernel=3, stride=1),
)


class PadSame(nn.Module):
    """Zero padding of (N, C, H, W) so that a strided window has ceil(side / stride) positions; extra pixels at the end.

    TensorFlow's "same": the published weights were trained with it.
    """

    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        self.kernel = kernel
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        (above, below), (left, right) = (self._around(side) for side in x.shape[-2:])
        return F.pad(x, (left, right, above, below))

    def _around(self, side: int) -> tuple[int, int]:
        """Zeros before and after one side.

        >>> PadSame(3, 2)._around(224), PadSame(5, 2)._around(56), PadSame(3, 2)._around(7)
        ((0, 1), (1, 2), (1, 1))
        """
        missing = max(0, (-(-side // self.stride) - 1) * self.stride + self.kernel - side)
        return missing // 2, missing - missing // 2


def _unit(conv: nn.Conv2d, norm: str, active: bool = True, pad: nn.Module | None = None) -> nn.Sequential:
    """Padding if it is asymmetric, a convolution, its normalization, and ReLU6 unless it ends a block."""
    layers: dict[str, nn.Module] = {} if pad is None else {"pad": pad}
    layers |= {"conv": conv, "norm": normalization(norm, conv.out_channels)}
    if isinstance(layers["norm"], nn.BatchNorm2d):
        layers["norm"].eps, layers["norm"].momentum = 1e-3, 0.01  # the settings of the published weights
    return sequence({**layers, "relu": nn.ReLU6()} if active else layers)


def _spatial(channels: int, filters: int, norm: str, kernel: int, stride: int, groups: int = 1) -> nn.Sequential:
    """Convolution with symmetric padding at stride 1, and with `PadSame` at larger strides."""
    padding = kernel // 2 if stride == 1 else 0
    conv = nn.Conv2d(channels, filters, kernel, stride, padding, groups=groups, bias=norm == "none")
    nn.init.kaiming_normal_(conv.weight, mode="fan_out" if groups == 1 else "fan_in", nonlinearity="relu")
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    return _unit(conv, norm, pad=PadSame(kernel, stride) if stride > 1 else None)


class InvertedBlock(nn.Module):
    """Inverted residual: 1x1 expansion, depthwise convolution, 1x1 projection; plus its input if the shapes match."""

    def __init__(self, channels: int, stage: Stage, stride: int, norm: str) -> None:
        super().__init__()
        wide = channels * stage.expansion
        self.expand = _unit(convolution(channels, wide, norm, 1), norm) if stage.expansion > 1 else nn.Identity()
        self.depthwise = _spatial(wide, wide, norm, stage.kernel, stride, groups=wide)
        self.project = _unit(convolution(wide, stage.filters, norm, 1), norm, active=False)
        self.add = Add() if stride == 1 and channels == stage.filters else None

    def forward(self, x: Tensor) -> Tensor:
        result = self.project(self.depthwise(self.expand(x)))
        return result if self.add is None else self.add(x, result)


def make_efficientnet_lite0(spec: NetworkSpec) -> Network:
    """Stem, seven stages of inverted blocks, a 1x1 convolution to 1,280 channels, and a head."""
    channels, reached = STEM, 2
    stem = _spatial(spec.input[0], STEM, spec.norm, kernel=3, stride=2)
    chain = {"stem": ChainStage(module=stem, channels=STEM, stride=reached)}
    for number, stage in enumerate(STAGES, start=1):
        blocks: dict[str, nn.Module] = {}
        for block in range(stage.blocks):
            stride = 1 if block else stage.stride
            blocks[f"block{block + 1}"] = InvertedBlock(channels, stage, stride, spec.norm)
            channels = stage.filters
        reached *= stage.stride
        chain[f"stage{number}"] = ChainStage(module=sequence(blocks), channels=channels, stride=reached)
    if spec.output.head in ("pyramid", "regions"):
        return with_head(spec, chain)  # the last convolution is specific to the classification of 1,000 classes
    top = _unit(convolution(channels, TOP, spec.norm, 1), spec.norm)
    chain["top"] = ChainStage(module=top, channels=TOP, stride=reached)
    return with_head(spec, chain)
