"""Heads for networks with a chain of stages: a vector, a map at any stride, or several named outputs on one body.

Shapes: N images, C channels, H height, W width, K outputs.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from ._blocks import vector_head
from .network import Network, NetworkSpec, Output

ANY_OUTPUT = ("vector", "map", "named")
"""The kinds of output that `with_head` offers."""

Sides = tuple[int, int]
"""Height and width of the images."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One stage of a chain: its module, the channels that come out of it, and their stride on the image."""

    module: nn.Module
    channels: int
    stride: int


class MapHead(nn.Module):
    """A 1x1 convolution on what one stage makes, brought from the stage's stride to another: (N, K, H, W).

    Maps that are too large are averaged first; those that are too small are enlarged bilinearly afterwards, and cut to
    ceil(side / stride), since a stage rounds sides up that its stride does not divide.
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


class VectorHead(nn.Module):
    """`vector_head` on what one stage makes: (N, K)."""

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
    """A network of a chain of stages and the head that `spec.output` asks for.

    A vector is read from the last stage; a map from the deepest stage whose stride is at most that of the map, or the
    deepest of the finest ones. Stages that no head reads are left out, since they would learn nothing.
    """
    output = spec.output
    if output.kind == "vector":
        modules = {name: stage.module for name, stage in chain.items()}
        return Network(spec, modules, vector_head(list(chain.values())[-1].channels, output.size))
    parts = output.by_name or {"": output}
    heads = {name: _head(part, chain) for name, part in parts.items()}
    reads = {head.stage for head in heads.values()}
    names = list(chain)
    kept = names[: max(names.index(name) for name in reads) + 1]
    head = NamedHeads(heads) if output.kind == "named" else heads[""]
    return Network(spec, {name: chain[name].module for name in kept}, head, reads)


def _head(output: Output, chain: Mapping[str, Stage]) -> MapHead | VectorHead:
    if output.kind == "vector":
        name = list(chain)[-1]
        return VectorHead(name, chain[name], output)
    finest = min(stage.stride for stage in chain.values())
    name = [name for name, stage in chain.items() if stage.stride <= max(output.stride, finest)][-1]
    return MapHead(name, chain[name], output)
