"""New images: a generator and a discriminator in one network, trained in two turns (Goodfellow et al. 2014)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self, final

import torch.nn.functional as F
from torch import Tensor, nn

from eyespot.images import Frame
from eyespot.networks.build import Family
from eyespot.networks.network import Network, NetworkSpec, Output
from eyespot.sources.source import Row, Source
from eyespot.tasks.noise import gaussian_noise
from eyespot.tasks.statistics import mean_interval
from eyespot.tasks.task import Metric, Task, Turn

from .embedding import people

LATENT = 4


class TwoNetworks(Network):
    """The discriminator is what answers for an image; the generator makes images of latent vectors."""

    def __init__(self, spec: NetworkSpec) -> None:
        channels, height, width = spec.input
        pixels = channels * height * width
        discriminator = nn.Sequential(nn.Flatten(), nn.Linear(pixels, 8), nn.ReLU(), nn.Linear(8, 1))
        super().__init__(spec, {"discriminator": discriminator}, nn.Identity())
        self.generator = nn.Sequential(
            nn.Linear(LATENT, 8), nn.ReLU(), nn.Linear(8, pixels), nn.Unflatten(1, spec.input)
        )


FAMILY = Family(make=TwoNetworks, heads=("vector",), input=(1, 8, 8), outputs=1, summary="two networks in turns")
"""Registered as "two-networks" by the test."""


@final
@dataclass(frozen=True, kw_only=True)
class Generate(Task):
    """Images like those of the source; the score is how real the discriminator finds real ones."""

    name: ClassVar[str] = "generate-toy"
    metric: ClassVar[Metric] = Metric(name="realness", better="higher")
    columns: ClassVar[tuple[str, ...]] = ()
    default_network: ClassVar[str] = "two-networks"
    turns: ClassVar[tuple[Turn, ...]] = (
        Turn(name="discriminator", part="stages.discriminator"),
        Turn(name="generator", part="generator"),
    )

    def prepare(self, rows: Sequence[Row]) -> Self:
        return self

    def read(self, row: Row) -> float:
        return 1.0

    def outputs(self, channels: int) -> Output:
        return Output("vector", 1)

    def losses(
        self,
        turn: Turn,
        network: Any,
        x: Tensor,
        target: Any,
        keys: Tensor,
        criterion: nn.Module | None,
        progress: float,
    ) -> tuple[Tensor, Tensor]:
        """Cross-entropy: the discriminator tells real from made, and the generator makes what passes as real."""
        made = network.generator(gaussian_noise(keys, (LATENT,)).to(x))
        if turn.name == "generator":
            return self.loss(network(made), target), made
        output = network(x)
        return self.loss(output, target) + F.softplus(network(made.detach()))[:, 0], output

    def loss(self, output: Tensor, target: Tensor, criterion: nn.Module | None = None) -> Tensor:
        return F.softplus(-output)[:, 0]

    def score(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        return {"realness": output[:, 0].sigmoid()}

    def to_rows(self, output: Tensor, target: Tensor, frame: Frame | None = None) -> list[dict[str, Any]]:
        return [{"realness": value} for value in output[:, 0].sigmoid().tolist()]

    def evaluate(self, table: Sequence[dict[str, Any]]) -> tuple[float, tuple[float, float], dict[str, Any]]:
        values = [row["realness"] for row in table]
        return sum(values) / len(values), mean_interval(values), {}

    def answer(self, output: Tensor, frame: Frame | None = None) -> dict[str, Any]:
        return {"answer": f"{output.sigmoid().item():.2f} real"}

    def objective(self, output: Tensor, of: Any = None) -> Tensor:
        return output[:, 0]

    def example(self, seed: int) -> Source:
        return people(seed)
