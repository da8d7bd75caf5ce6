"""What every network offers: named stages, a head, features at any stage, and the few values it is built from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from eyespot.errors import NetworkError, unknown

OUTPUT_KINDS = ("vector", "picture")


@dataclass(frozen=True, slots=True)
class Output:
    """What a network must put out for a task: a vector of `size` numbers, or a picture of `size` channels."""

    kind: str
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkSpec:
    """The plain values that a network is built from; they go into the model file, and `build` makes it again.

    `name` is a key of `NETWORKS` or a network as text; `input` is (C, H, W); `size` is "tiny" to "large" (networks of
    a fixed size ignore it); `norm` is "batch", "group" or "none" where the network has a choice.
    """

    name: str
    input: tuple[int, int, int]
    output: Output
    size: str = "small"
    norm: str = "batch"


class Network(nn.Module):
    """A network with named stages, run one after another, and a head. Knows nothing of labels or files.

    A family whose stages are not a chain (a U-Net) overrides nothing here: it makes the whole branching part one stage,
    a module of its own. `features` gives what the network has made of the images after a stage.
    """

    def __init__(self, spec: NetworkSpec, stages: Mapping[str, nn.Module], head: nn.Module) -> None:
        super().__init__()
        self.spec = spec
        self.stages = nn.ModuleDict(dict(stages))
        self.head = head

    def forward(self, x: Tensor) -> Tensor:
        """Images (N, C, H, W), scaled as the model's `ImageSpec` says, to outputs (N, size) or (N, size, H, W)."""
        for stage in self.stages.values():
            x = stage(x)
        return self.head(x)

    def features(self, x: Tensor, at: str = "") -> Tensor:
        """What comes out of the stage named `at`, or of the last stage: what the head sees."""
        if at and at not in self.stages:
            raise NetworkError(unknown("stage", at, self.stages))
        for name, stage in self.stages.items():
            x = stage(x)
            if name == at:
                return x
        return x


def replace_head(network: Network, output: Output, head: nn.Module) -> Network:
    """The same stages (shared, not copied) under a new head for another output."""
    spec = NetworkSpec(
        name=network.spec.name,
        input=network.spec.input,
        output=output,
        size=network.spec.size,
        norm=network.spec.norm,
    )
    return Network(spec, dict(network.stages.items()), head)


def last_dense(network: nn.Module) -> tuple[str, nn.Linear]:
    """Name and module of the dense layer that gives the answer; raises `NetworkError` where there is none."""
    layers = [(name, module) for name, module in network.named_modules() if isinstance(module, nn.Linear)]
    if not layers:
        raise NetworkError("The network has no dense layer, and so nothing to learn on top of; take one that has.")
    return layers[-1]


@torch.no_grad()
def output_shape(module: nn.Module, shape: tuple[int, int, int]) -> tuple[int, ...]:
    """The shape, without N, that `module` makes of one image of `shape` (C, H, W).

    Modes and statistics are left alone.
    """
    was_training = module.training
    result: Any = module.eval()(torch.zeros(1, *shape))
    module.train(was_training)
    return tuple(result.shape[1:])
