"""YOLOX-Nano: an object detector with three levels and 0.91 million parameters, available with pretrained weights.

CSPDarknet, a path aggregation network and decoupled heads, all of depthwise separable convolutions (Ge et al. 2021,
"YOLOX: Exceeding YOLO Series in 2021", https://arxiv.org/abs/2107.08430). Shapes: N images, C channels, H height, W
width, K classes.
"""

from collections.abc import Mapping, Sequence
from math import sqrt

import torch
from torch import Tensor, nn

from eyespot.errors import NetworkError

from ._blocks import Add, PadToMultiple, convolution, normalization, sequence
from ._heads import Sides, Stage, cut, with_head
from .network import Network, NetworkSpec, Output

STEM = 16
STAGES = {"dark2": (32, 1), "dark3": (64, 3), "dark4": (128, 3), "dark5": (256, 1)}
"""Filters and bottlenecks of each stage; each halves the image."""
WIDTH = 64
"""Channels of the heads."""
STRIDES = (8, 16, 32)
BOX = 5
"""Numbers of a location before the K classes: x, y, width, height, and the logit of being an object."""
PUBLISHED = 80
"""Classes of COCO."""


def levels(numbers: int) -> Output:
    """The output of a detector: a map with so many numbers for each location of the strides 8, 16 and 32."""
    return Output("named", parts={f"stride{stride}": Output("map", numbers, stride=stride) for stride in STRIDES})


YOLOX_NANO = NetworkSpec(name="yolox-nano", input=(3, 416, 416), output=levels(BOX + PUBLISHED), norm="none")
"""The published network, whose normalization is folded into the convolutions."""


def make_yolox_nano(spec: NetworkSpec) -> Network:
    """The detector if the output has its three levels; otherwise its first stages with another head."""
    chain = {"stem": Stage(module=_stem(spec), channels=STEM, stride=2)}
    channels = STEM
    for place, (name, (filters, blocks)) in enumerate(STAGES.items(), start=2):
        chain[name] = Stage(module=_dark(channels, filters, blocks, spec.norm, name), channels=filters, stride=2**place)
        channels = filters
    sizes = {part.size for part in spec.output.by_name.values()}
    if spec.output.kind != "named" or spec.output != levels(max(sizes)) or max(sizes) <= BOX:
        return with_head(spec, chain)
    modules = {name: stage.module for name, stage in chain.items()}
    return Network(spec, modules, YoloxHead(max(sizes) - BOX, spec.norm), ("dark3", "dark4", "dark5"))


def _stem(spec: NetworkSpec) -> nn.Sequential:
    """Each 2x2 pixels become channels of one, then a convolution."""
    return sequence(
        {"pad": PadToMultiple(2), "fold": nn.PixelUnshuffle(2), "conv": _unit(4 * spec.input[0], STEM, spec.norm, 3)}
    )


def _dark(channels: int, filters: int, blocks: int, norm: str, name: str) -> nn.Sequential:
    parts: dict[str, nn.Module] = {"down": _separable(channels, filters, norm, stride=2)}
    if name == "dark5":
        parts["pyramid"] = SpatialPyramid(filters, norm)
    return sequence({**parts, "blocks": CrossStage(filters, filters, blocks, norm, residual=name != "dark5")})


def _unit(channels: int, filters: int, norm: str, kernel: int = 1, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """Convolution, normalization and SiLU."""
    if groups == 1:
        conv = convolution(channels, filters, norm, kernel, stride)
    else:
        conv = nn.Conv2d(channels, filters, kernel, stride, kernel // 2, groups=groups, bias=norm == "none")
        nn.init.normal_(conv.weight, std=sqrt(2 / kernel**2))
    return sequence({"conv": conv, "norm": normalization(norm, filters), "silu": nn.SiLU()})


def _separable(channels: int, filters: int, norm: str, stride: int = 1) -> nn.Sequential:
    """A 3x3 convolution of each channel, then a 1x1 convolution across channels."""
    depthwise = _unit(channels, channels, norm, 3, stride, groups=channels)
    return sequence({"depthwise": depthwise, "pointwise": _unit(channels, filters, norm)})


class Join(nn.Module):
    """Concatenation of tensors (N, C, H, W) along their channels."""

    def forward(self, *parts: Tensor) -> Tensor:
        return torch.cat(parts, dim=1)


class Bottleneck(nn.Module):
    """A 1x1 and a separable 3x3 convolution, plus the input if `residual`."""

    def __init__(self, channels: int, norm: str, residual: bool) -> None:
        super().__init__()
        self.reduce = _unit(channels, channels, norm)
        self.body = _separable(channels, channels, norm)
        self.add = Add() if residual else None

    def forward(self, x: Tensor) -> Tensor:
        y = self.body(self.reduce(x))
        return y if self.add is None else self.add(y, x)


class CrossStage(nn.Module):
    """Cross-stage partial block (Wang et al. 2020): half of the channels pass the bottlenecks, the others do not."""

    def __init__(self, channels: int, filters: int, blocks: int, norm: str, residual: bool) -> None:
        super().__init__()
        half = filters // 2
        self.main = _unit(channels, half, norm)
        self.side = _unit(channels, half, norm)
        self.blocks = sequence({f"block{n}": Bottleneck(half, norm, residual) for n in range(1, blocks + 1)})
        self.join = Join()
        self.fuse = _unit(filters, filters, norm)

    def forward(self, x: Tensor) -> Tensor:
        return self.fuse(self.join(self.blocks(self.main(x)), self.side(x)))


class SpatialPyramid(nn.Module):
    """Spatial pyramid pooling (He et al. 2014): maxima over 5, 9 and 13 pixels beside the map itself."""

    def __init__(self, channels: int, norm: str) -> None:
        super().__init__()
        self.reduce = _unit(channels, channels // 2, norm)
        self.pools = nn.ModuleList(nn.MaxPool2d(side, 1, side // 2) for side in (5, 9, 13))
        self.join = Join()
        self.fuse = _unit(2 * channels, channels, norm)

    def forward(self, x: Tensor) -> Tensor:
        x = self.reduce(x)
        return self.fuse(self.join(x, *(pool(x) for pool in self.pools)))


class YoloxHead(nn.Module):
    """The path aggregation network (Liu et al. 2018) and a decoupled head for each level: maps (N, 5 + K, h, w)."""

    def __init__(self, classes: int, norm: str) -> None:
        super().__init__()
        fine, middle, coarse = (filters for filters, _ in list(STAGES.values())[1:])
        self.lateral5, self.up5, self.join4 = _unit(coarse, middle, norm), nn.Upsample(scale_factor=2), Join()
        self.mix4 = CrossStage(2 * middle, middle, 1, norm, residual=False)
        self.lateral4, self.up4, self.join3 = _unit(middle, fine, norm), nn.Upsample(scale_factor=2), Join()
        self.mix3 = CrossStage(2 * fine, fine, 1, norm, residual=False)
        self.down3, self.join_down3 = _separable(fine, fine, norm, stride=2), Join()
        self.mix_down3 = CrossStage(2 * fine, middle, 1, norm, residual=False)
        self.down4, self.join_down4 = _separable(middle, middle, norm, stride=2), Join()
        self.mix_down4 = CrossStage(2 * middle, coarse, 1, norm, residual=False)
        channels = zip(STRIDES, (fine, middle, coarse), strict=True)
        self.levels = nn.ModuleDict({f"stride{stride}": Level(width, classes, norm) for stride, width in channels})

    def forward(self, seen: Mapping[str, Tensor], sides: Sides) -> dict[str, Tensor]:
        fine, middle, coarse = (seen[name] for name in ("dark3", "dark4", "dark5"))
        top5 = self.lateral5(coarse)
        top4 = self.lateral4(self.mix4(self.join4(cut(self.up5(top5), middle.shape[2:]), middle)))
        out3 = self.mix3(self.join3(cut(self.up4(top4), fine.shape[2:]), fine))
        out4 = self.mix_down3(self.join_down3(self.down3(out3), top4))
        out5 = self.mix_down4(self.join_down4(self.down4(out4), top5))
        return {name: level(x) for (name, level), x in zip(self.levels.items(), (out3, out4, out5), strict=True)}


class Level(nn.Module):
    """The decoupled head of one level: classes from one branch, box and objectness from the other."""

    def __init__(self, channels: int, classes: int, norm: str) -> None:
        super().__init__()
        self.stem = _unit(channels, WIDTH, norm)
        self.class_branch = sequence({f"conv{n}": _separable(WIDTH, WIDTH, norm) for n in (1, 2)})
        self.classes = _answer(classes)
        self.box_branch = sequence({f"conv{n}": _separable(WIDTH, WIDTH, norm) for n in (1, 2)})
        self.box = _answer(BOX - 1)
        self.objectness = _answer(1)
        self.join = Join()

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        y = self.box_branch(x)
        return self.join(self.box(y), self.objectness(y), self.classes(self.class_branch(x)))


def _answer(numbers: int) -> nn.Conv2d:
    conv = nn.Conv2d(WIDTH, numbers, 1)
    nn.init.normal_(conv.weight, std=0.01)
    assert conv.bias is not None
    nn.init.zeros_(conv.bias)
    return conv


def yolox_weights(learned: Sequence[tuple[str, list[Tensor]]]) -> dict[str, Tensor]:
    """Weights of the published graph by our names, which are in the same order.

    The published network takes blue, green, red, and puts the pixels of 2x2 in another order; the first convolution is
    reordered accordingly. Raises `NetworkError` for the weights of another network.
    """
    with torch.random.fork_rng(devices=[]):
        ours = make_yolox_nano(YOLOX_NANO).state_dict()
    values = [value for _, group in learned for value in group]
    if [value.shape for value in values] != [value.shape for value in ours.values()]:
        raise NetworkError("The file does not have the weights of yolox-nano; get the published file again.")
    first, *others = values
    order = [(row + 2 * column) * 3 + 2 - color for color in range(3) for row in range(2) for column in range(2)]
    return dict(zip(ours, (first[:, order], *others), strict=True))
