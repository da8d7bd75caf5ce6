"""Heads for networks with a chain of stages: a vector, a map at any stride, or several named outputs on one body.

Shapes: N images, C channels, H height, W width, K outputs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from torch import Tensor, nn

from eyespot.errors import NetworkError

from ._blocks import Add, convolution, convolution_block, normalization, sequence, vector_head
from .network import Network, NetworkSpec, Output, without_head
from .regions import PROPOSAL, align_regions, decode

ANY_OUTPUT = ("vector", "map", "named")
"""The kinds of output that `with_head` supports."""

Sides = tuple[int, int]
"""Height and width of the images."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One stage of a chain: its module, its output channels, and its stride relative to the image."""

    module: nn.Module
    channels: int
    stride: int


class MapHead(nn.Module):
    """A 1x1 convolution on the output of one stage, resampled to the stride of the output: (N, K, H, W).

    Maps that are too large are averaged first; those that are too small are upsampled bilinearly afterwards, and
    cropped to ceil(side / stride), since a stage rounds up sides that its stride does not divide.
    """

    def __init__(self, stage: str, body: Stage, output: Output) -> None:
        super().__init__()
        self.stage, self.stride = stage, output.stride
        shrink, enlarge = output.stride // body.stride, body.stride // output.stride
        self.pool = nn.AvgPool2d(shrink, ceil_mode=True) if shrink > 1 else nn.Identity()
        self.conv = nn.Conv2d(body.channels, output.size, 1)
        self.enlarge = nn.Upsample(scale_factor=enlarge, mode="bilinear") if enlarge > 1 else nn.Identity()

    def forward(self, seen: Mapping[str, Tensor], sides: Sides) -> Tensor:
        rows, columns = (-(-side // self.stride) for side in sides)
        x = self.enlarge(self.conv(self.pool(seen[self.stage])))
        return x if tuple(x.shape[-2:]) == (rows, columns) else x[..., :rows, :columns]


PYRAMID_WIDTH = 64
REGION_WIDTH = 128
BINS = 3
"""Parts of a box along each side, of a head with a second stage."""


class PyramidHead(nn.Module):
    """A feature pyramid with one level (Lin et al. 2017), followed by convolutions: (N, K, H, W).

    The deepest stage of each stride, from that of the output on, is projected to 64 channels, upsampled and added to
    the next finer one. Fine stages contribute position, coarse ones content. Two 3x3 convolutions follow: if the stages
    are frozen, only these can separate touching objects.
    """

    def __init__(self, body: Mapping[str, Stage], output: Output, norm: str) -> None:
        super().__init__()
        self.names, self.stride = tuple(body), output.stride
        stages = list(body.values())
        shrink = [max(1, output.stride // stage.stride) for stage in stages]
        self.pools = nn.ModuleList(nn.AvgPool2d(by, ceil_mode=True) if by > 1 else nn.Identity() for by in shrink)
        width = PYRAMID_WIDTH
        self.laterals = nn.ModuleList(convolution_unit(stage.channels, width, norm) for stage in stages)
        strides = [max(output.stride, stage.stride) for stage in stages]
        self.enlarge = nn.ModuleList(
            nn.Upsample(scale_factor=coarse // fine) if coarse > fine else nn.Identity()
            for fine, coarse in pairwise(strides)
        )
        self.add = nn.ModuleList(Add() for _ in stages[1:])
        self.enlarge_all = (
            nn.Upsample(scale_factor=strides[0] // output.stride) if strides[0] > output.stride else nn.Identity()
        )
        self.tower = sequence({f"block{place}": convolution_block(width, width, norm) for place in (1, 2)})
        self.conv = nn.Conv2d(width, output.size, 1)
        nn.init.normal_(self.conv.weight, std=0.01)
        assert self.conv.bias is not None
        nn.init.zeros_(self.conv.bias)

    def forward(self, seen: Mapping[str, Tensor], sides: Sides) -> Tensor:
        return self.conv(self.features(seen, sides))

    def features(self, seen: Mapping[str, Tensor], sides: Sides) -> Tensor:
        """What the last convolution reads: (N, 64, H, W)."""
        levels = [
            lateral(pool(seen[name])) for name, pool, lateral in zip(self.names, self.pools, self.laterals, strict=True)
        ]
        x = levels[-1]
        for place in reversed(range(len(levels) - 1)):
            x = self.add[place](levels[place], cut(self.enlarge[place](x), levels[place].shape[-2:]))
        rows, columns = (-(-side // self.stride) for side in sides)
        return self.tower(cut(self.enlarge_all(x), (rows, columns)))


class RegionHead(PyramidHead):
    """A second stage on a feature pyramid, as in Faster R-CNN (Ren et al. 2015, https://arxiv.org/abs/1506.01497).

    The first numbers of each location are a proposal (see `regions`). The features inside of its box, RoI-aligned to
    3 x 3 parts, decide about all other numbers by two layers. The map is small, so that no proposal is left out between
    the stages.
    """

    def __init__(self, body: Mapping[str, Stage], output: Output, norm: str) -> None:
        super().__init__(body, replace(output, size=PROPOSAL), norm)
        self.hidden = convolution_block(PYRAMID_WIDTH * BINS**2, REGION_WIDTH, norm, kernel=1)
        self.second = nn.Conv2d(REGION_WIDTH, output.size - PROPOSAL, 1)
        nn.init.normal_(self.second.weight, std=0.01)
        assert self.second.bias is not None
        nn.init.zeros_(self.second.bias)

    def forward(self, seen: Mapping[str, Tensor], sides: Sides) -> Tensor:
        x = self.features(seen, sides)
        proposals = self.conv(x)
        boxes = decode(proposals[:, 1:], self.stride).detach().flatten(1, 2)
        inside = align_regions(x, boxes, BINS, self.stride)  # (N, 64, L, 9)
        second = self.second(self.hidden(inside.transpose(2, 3).flatten(1, 2).unflatten(2, x.shape[2:])))
        return torch.cat([proposals, second], dim=1)


def cut(x: Tensor, sides: Sequence[int]) -> Tensor:
    """Crop the extra rows and columns of an upsampled map: a stage rounds up sides that it does not divide."""
    return x if tuple(x.shape[-2:]) == tuple(sides) else x[..., : sides[0], : sides[1]]


def convolution_unit(channels: int, filters: int, norm: str) -> nn.Sequential:
    """A 1x1 convolution and its normalization."""
    return sequence({"conv": convolution(channels, filters, norm, kernel=1), "norm": normalization(norm, filters)})


class VectorHead(nn.Module):
    """`vector_head` on the output of one stage: (N, K)."""

    def __init__(self, stage: str, body: Stage, output: Output) -> None:
        super().__init__()
        self.stage = stage
        self.body = vector_head(body.channels, output.size)

    def forward(self, seen: Mapping[str, Tensor], sides: Sides) -> Tensor:
        return self.body(seen[self.stage])


class NamedHeads(nn.ModuleDict):
    """One head for each named output."""

    def forward(self, seen: Mapping[str, Tensor], sides: Sides) -> dict[str, Tensor]:
        return {name: head(seen, sides) for name, head in self.items()}


def with_head(spec: NetworkSpec, chain: Mapping[str, Stage]) -> Network:
    """A network of a chain of stages, with the head for `spec.output`.

    A vector is computed from the last stage; a map from the deepest stage whose stride is at most that of the map, or
    the deepest of the finest ones. Unused stages are removed, since they would not be trained.
    """
    output = spec.output
    if output.kind == "vector":
        modules = {name: stage.module for name, stage in chain.items()}
        return Network(spec, modules, vector_head(list(chain.values())[-1].channels, output.size))
    parts = output.by_name or {"": output}
    heads = {name: _head(part, chain, spec.norm) for name, part in parts.items()}
    reads = {name for head in heads.values() for name in _reads(head)}
    names = list(chain)
    kept = names[: max(names.index(name) for name in reads) + 1]
    head = NamedHeads(heads) if output.kind == "named" else heads[""]
    return Network(spec, {name: chain[name].module for name in kept}, head, reads)


Head = MapHead | VectorHead | PyramidHead


def _reads(head: Head) -> tuple[str, ...]:
    return head.names if isinstance(head, PyramidHead) else (head.stage,)


def _head(output: Output, chain: Mapping[str, Stage], norm: str) -> Head:
    if output.kind == "vector":
        name = list(chain)[-1]
        return VectorHead(name, chain[name], output)
    finest = min(stage.stride for stage in chain.values())
    name = [name for name, stage in chain.items() if stage.stride <= max(output.stride, finest)][-1]
    if output.head in ("pyramid", "regions"):
        kind = RegionHead if output.head == "regions" else PyramidHead
        deepest = {stage.stride: each for each, stage in chain.items() if stage.stride > chain[name].stride}
        return kind({each: chain[each] for each in (name, *deepest.values())}, output, norm)
    if output.head != "linear":
        raise NetworkError(without_head(output))
    return MapHead(name, chain[name], output)
