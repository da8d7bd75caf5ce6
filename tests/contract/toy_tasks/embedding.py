"""Who is it? Embeddings of identities, by a margin softmax whose class weights are learned with the network."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from eyespot.errors import TaskError
from eyespot.images import Frame
from eyespot.networks.network import Output
from eyespot.sources._arrays import from_arrays
from eyespot.sources.source import Row, Source
from eyespot.tasks.statistics import mean_interval
from eyespot.tasks.task import Metric, Target, Task

MARGIN, SCALE = 0.2, 8.0
IMAGES_IN_A_ROW = 2
"""Of one identity in the sampling order, so that a batch holds pairs."""


@final
@dataclass(frozen=True, kw_only=True)
class Embedding(Task):
    """Images of one identity lie close to each other; unknown identities can be compared too."""

    name: ClassVar[str] = "embedding"
    metric: ClassVar[Metric] = Metric(name="recall_at_1", better="higher")
    columns: ClassVar[tuple[str, ...]] = ("identity",)

    identities: tuple[str, ...] = ()
    dimensions: int = 4

    def prepare(self, rows: Sequence[Row]) -> Self:
        return replace(self, identities=tuple(sorted({row.values["identity"] for row in rows})))

    def read(self, row: Row) -> int:
        if row.values.get("identity") not in self.identities:
            raise TaskError(f"{row.location}: there is no identity '{row.values.get('identity')}'.")
        return self.identities.index(row.values["identity"])

    def sampling_order(self, targets: Target, seed: int, epoch: int) -> np.ndarray:
        """Pairs of images of one identity, the pairs in random order."""
        assert isinstance(targets, Tensor)
        random = np.random.default_rng([seed, epoch, 7])
        shuffled = random.permutation(len(targets))
        by_identity = shuffled[np.argsort(targets.numpy()[shuffled], kind="stable")]
        groups = np.split(by_identity, range(IMAGES_IN_A_ROW, len(by_identity), IMAGES_IN_A_ROW))
        return np.concatenate([groups[place] for place in random.permutation(len(groups))])

    def outputs(self, channels: int) -> Output:
        return Output("vector", self.dimensions)

    def criterion(self) -> nn.Module:
        """One direction for each identity, as the rows of a dense layer's weight (K, D)."""
        return nn.Linear(self.dimensions, len(self.identities), bias=False)

    def loss(self, output: Tensor, target: Tensor, criterion: nn.Module | None = None) -> Tensor:
        """Cross-entropy of scaled cosines, that of the right identity made smaller by a margin (Wang et al. 2018)."""
        assert isinstance(criterion, nn.Linear)
        cosines = F.normalize(output) @ F.normalize(criterion.weight).T
        right = F.one_hot(target, len(self.identities))
        return F.cross_entropy(SCALE * (cosines - MARGIN * right), target, reduction="none")

    def score(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Whether the nearest other image of the batch is of the same identity."""
        if len(output) < 2:
            return {"recall_at_1": torch.full((len(output),), torch.nan)}
        similarity = F.normalize(output) @ F.normalize(output).T
        nearest = similarity.fill_diagonal_(-2).argmax(1)
        return {"recall_at_1": (target[nearest] == target).float()}

    def to_rows(self, output: Tensor, target: Tensor, frame: Frame | None = None) -> list[dict[str, Any]]:
        vectors = F.normalize(output).tolist()
        return [{"target": self.identities[t], "embedding": v} for t, v in zip(target.tolist(), vectors, strict=True)]

    def evaluate(self, table: Sequence[dict[str, Any]]) -> tuple[float, tuple[float, float], dict[str, Any]]:
        names = [row["target"] for row in table]
        target = torch.tensor([self.identities.index(name) for name in names])
        right = self.score(torch.tensor([row["embedding"] for row in table]), target)["recall_at_1"].tolist()
        return sum(right) / len(right), mean_interval(right), {}

    def answer(self, output: Tensor, frame: Frame | None = None) -> dict[str, Any]:
        return {"answer": f"{len(output)} numbers", "embedding": F.normalize(output, dim=0).tolist()}

    def objective(self, output: Tensor, of: Any = None) -> Tensor:
        return output.norm(dim=1)

    def example(self, seed: int) -> Source:
        return people(seed)


def people(seed: int = 0, count: int = 96) -> Source:
    """8 x 8 images of four identities: a bright quarter of the image each."""
    random = np.random.default_rng(seed)
    images = random.integers(0, 150, (count, 8, 8, 1), dtype=np.uint8)
    for number in range(count):
        row, column = divmod(number % 4, 2)
        images[number, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4] += 80
    values = [{"identity": f"person {number % 4}"} for number in range(count)]
    split = ["train"] * (count - 36) + ["validation"] * 16 + ["test"] * 20
    return from_arrays("people", "arrays", images, values, split)
