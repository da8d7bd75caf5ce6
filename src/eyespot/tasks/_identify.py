"""Who or what is it? Embeddings that are near to each other for images of one identity."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import AttackError, SourceError, TaskError
from ..images import Frame
from ..networks.network import Output
from ..sources.source import Part, Row, Source
from ._labels import natural_key
from ._verification import Pairs, all_pairs, rank_one, rates_of, verification_statistics
from ._whitening import fit_whitening
from .criterion import Aim, AttackPlan, Criterion
from .task import Metric, Target, Task, gathered

LONGEST_NAME = 96
"""Bytes of a name in UTF-8: targets hold the names, since test images show identities that training never saw."""
IMAGES_IN_A_ROW = 4
"""Of one identity in the sampling order, so that a batch holds several images of each."""
MOST_COMPARED = 1000
"""Images that are compared in an evaluation, evenly spaced ones of more: all pairs of these are half a million."""
MARGINS = ("angle", "cosine")


@final
@dataclass(frozen=True, kw_only=True)
class Identify(Task):
    """An embedding: the cosine similarity of two images says whether they show the same identity.

    Learned by a softmax over the training identities with a margin: of "cosine" (CosFace, Wang et al. 2018) or "angle"
    (ArcFace, Deng et al. 2019), at `scale`. The class weights stay in the checkpoint. `threshold` is the similarity at
    which both errors are equal on validation pairs.
    """

    name: ClassVar[str] = "identify"
    metric: ClassVar[Metric] = Metric(name="equal_error_rate", better="lower")
    columns: ClassVar[tuple[str, ...]] = ("identity",)
    text_columns: ClassVar[tuple[str, ...]] = ("target", "answer")
    value_name: ClassVar[str] = "length"

    identities: tuple[str, ...] = ()
    dimensions: int = 128
    margin_of: str = "cosine"
    margin: float = 0.2
    scale: float = 16.0
    threshold: float = 0.5

    def __post_init__(self) -> None:
        if self.dimensions < 2 or not 0 <= self.margin < 1 or self.scale <= 0 or not -1 <= self.threshold <= 1:
            raise TaskError(
                f"identify has {self.dimensions} dimensions, margin {self.margin}, scale {self.scale}, threshold "
                f"{self.threshold}; expected at least 2, 0 to below 1, above 0, and -1 to 1."
            )
        if self.margin_of not in MARGINS:
            raise TaskError(f"margin_of is '{self.margin_of}'; expected {' or '.join(MARGINS)}.")

    def check_source(self, source: Source) -> None:
        """Training and test images must form pairs: two identities, one of them with two images."""
        for part in (source.train, source.test):
            counts = _counts(part)
            if len(counts) < 2 or max(counts.values()) < 2:
                raise SourceError(
                    f"{source.name}: its {part.name} part shows {len(counts)} identities, the largest with "
                    f"{max(counts.values(), default=0)} images; expected two or more, one of them with two images or "
                    "more. Add identities, or a column 'split' that divides them."
                )

    def prepare(self, rows: Sequence[Row]) -> Self:
        """Learn the names of the training identities."""
        found = {_identity(row) for row in rows}
        if len(found) < 2:
            raise TaskError(f"identify needs training images of two identities or more, but found {len(found)}.")
        return replace(self, identities=tuple(sorted(found, key=natural_key)))

    def notes(self) -> list[str]:
        """State how many identities are learned from."""
        return [f"Identities: {len(self.identities)} in training; scores are measured on pairs of held-out images."]

    def read(self, row: Row) -> list[int]:
        """The bytes of the identity's name, padded with zeros."""
        name = _identity(row).encode()
        return [*name, *bytes(LONGEST_NAME - len(name))]

    def stack(self, targets: Sequence[Any]) -> Tensor:
        """Names as bytes: uint8 (N, 96)."""
        return torch.tensor(targets, dtype=torch.uint8)

    def strata(self, targets: Target) -> list[str]:
        """The identities."""
        assert isinstance(targets, Tensor)
        return _names(targets)

    def sampling_order(self, targets: Target, seed: int, epoch: int) -> np.ndarray:
        """Groups of up to four images of one identity, the groups in random order."""
        assert isinstance(targets, Tensor)
        random = np.random.default_rng([seed, epoch, 28])
        numbers = np.unique(targets.numpy(), axis=0, return_inverse=True)[1].reshape(-1)
        shuffled = random.permutation(len(numbers))
        by_identity = shuffled[np.argsort(numbers[shuffled], kind="stable")]
        places = np.flatnonzero(np.diff(numbers[by_identity])) + 1
        groups = [
            part[at : at + IMAGES_IN_A_ROW]
            for part in np.split(by_identity, places)
            for at in range(0, len(part), IMAGES_IN_A_ROW)
        ]
        return np.concatenate([groups[place] for place in random.permutation(len(groups))])

    def outputs(self, channels: int) -> Output:
        """The embedding, not yet of unit length."""
        return Output("vector", self.dimensions)

    def criterion(self) -> nn.Module:
        """One direction for each training identity: the rows of a dense layer's weight (K, D)."""
        return nn.Linear(self.dimensions, len(self.identities), bias=False)

    def loss(self, output: Tensor, target: Tensor, criterion: nn.Module | None = None) -> Tensor:
        """Cross-entropy of scaled cosines, after the right one was made smaller by the margin; NaN for new identities.

        `criterion` is what `criterion()` made; raises `TaskError` without it.
        """
        if not isinstance(criterion, nn.Linear):
            raise TaskError("the loss of identify needs the class weights that its criterion holds; pass them.")
        known = {name: place for place, name in enumerate(self.identities)}
        places = torch.tensor([known.get(name, -1) for name in _names(target)], device=output.device)
        cosines = F.normalize(output) @ F.normalize(criterion.weight).T
        right = F.one_hot(places.clamp(min=0), len(self.identities)).bool()
        with_margin = torch.where(right, self._reduced(cosines), cosines)
        loss = F.cross_entropy(self.scale * with_margin, places.clamp(min=0), reduction="none")
        return torch.where(places < 0, torch.full_like(loss, torch.nan), loss)

    def _reduced(self, cosines: Tensor) -> Tensor:
        """Cosines made smaller by the margin: of the cosine itself, or of the angle, which is made larger."""
        if self.margin_of == "cosine":
            return cosines - self.margin
        angle = cosines.clamp(-1 + 1e-6, 1 - 1e-6).acos()
        return (angle + self.margin).clamp(max=math.pi).cos()

    def linear_probe(self, features: np.ndarray, target: Target) -> tuple[Tensor, Tensor]:
        """Whitens what varies within an identity; how much is chosen by cross-validation over identities."""
        assert isinstance(target, Tensor)
        return fit_whitening(features, _numbers(_names(target)), self.dimensions)

    def score(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        """For each image, the share of (same, different) pairs of the batch in the wrong order; NaN without both."""
        unit = F.normalize(output.float())
        names = _names(target)
        numbers = torch.tensor([names.index(name) for name in names])
        same = numbers[:, None] == numbers[None]
        similarity = unit @ unit.T
        errors = [
            _wrong_order(row[mask & ~own], row[~mask])
            for row, mask, own in zip(similarity, same, torch.eye(len(same), dtype=torch.bool), strict=True)
        ]
        return {self.metric.name: torch.tensor(errors, device=output.device, dtype=output.dtype)}

    def calibrate(self, outputs: Iterable[tuple[Tensor, Tensor]]) -> Self:
        """Choose the threshold at which both errors are equal on validation pairs."""
        output, target = gathered(outputs)
        pairs = _pairs(F.normalize(output.float()).cpu().numpy(), _names(target))
        if not pairs.complete:
            return self
        return replace(self, threshold=rates_of(pairs.similarity, pairs.same).equal_error_threshold())

    def to_rows(self, output: Tensor, target: Tensor, frame: Frame | None = None) -> list[dict[str, Any]]:
        """Per image: the identity, whether training saw it, and the embedding of unit length."""
        vectors = F.normalize(output.double()).tolist()
        return [
            {"target": name, "seen": name in self.identities, "embedding": vector}
            for name, vector in zip(_names(target), vectors, strict=True)
        ]

    def evaluate(self, table: Sequence[dict[str, Any]]) -> tuple[float, tuple[float, float], dict[str, Any]]:
        """Equal error rate over all pairs with its interval, AUC, true accepts at false accept rates, rank-1.

        `split` is "identity" where no identity of the table was seen in training, "image" where all were.
        """
        chosen = [table[place] for place in _spaced(len(table))]
        embeddings = np.array([row["embedding"] for row in chosen])
        names = [row["target"] for row in chosen]
        pairs = _pairs(embeddings, names)
        seen = sum(row["seen"] for row in table) / len(table)
        details = {
            "identities": len(set(names)),
            "compared": len(chosen),
            "split": {0.0: "identity", 1.0: "image"}.get(seen, "mixed"),
            "rank_1": rank_one(embeddings, _numbers(names)),
            "threshold": self.threshold,
        }
        if not pairs.complete:
            return math.nan, (math.nan, math.nan), details
        accepted = pairs.similarity >= self.threshold
        details["accuracy_at_threshold"] = float((accepted == pairs.same).mean())
        details["false_accept_rate_at_threshold"] = float(accepted[~pairs.same].mean())
        score, between, more = verification_statistics(pairs)
        return score, between, details | more

    def answer(self, output: Tensor, frame: Frame | None = None) -> dict[str, Any]:
        """The embedding of unit length, its length before, and the threshold for the scalar product of two."""
        return {
            "answer": f"embedding of {len(output)} numbers",
            "embedding": F.normalize(output.double(), dim=0).tolist(),
            "length": float(output.double().norm()),
            "threshold": self.threshold,
        }

    def activate(self, output: Tensor) -> Tensor:
        """Embeddings of unit length."""
        return F.normalize(output)

    @property
    def answer_rule(self) -> str:
        """Scalar products of embeddings are compared with the threshold."""
        return f"two images show the same identity if the scalar product of both reaches {self.threshold:.17g}"

    def objective(self, output: Tensor, of: Any = None) -> Tensor:
        """The length of the embedding before it is brought to 1: it is larger the more the network recognizes."""
        return output.norm(dim=1)

    def attack_criterion(self, aim: Aim, output: Tensor, truths: Sequence[Any] | None, farthest: bool) -> AttackPlan:
        """The changed image must no longer be of the same identity as the unchanged one."""
        if (aim.target, aim.of, aim.change) != (None, None, None):
            raise AttackError(
                "identify is attacked as a whole: target, 'of' and 'change' have no effect; leave them out."
            )
        criterion = IdentityLoss(start=output.detach(), threshold=self.threshold)
        return AttackPlan(criterion=criterion, skipped=[""] * len(output))

    def remarks(self, details: Mapping[str, Any]) -> list[str]:
        """How the images were split, and the rate of rank-1 identification."""
        counted = f"split by {details['split']}, {details['identities']} identities"
        return [f"{counted}; rank-1 {details['rank_1']:.1%}; threshold {details['threshold']:.3f}"]

    def example(self, seed: int) -> Source:
        """Drawn signs, each of which is one identity."""
        from ..sources.synthetic import signs

        return signs(seed=seed)


TURN = 1e-3
"""Radians. The cosine to an image's own embedding has no slope at the start, so the reference is turned a little."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class IdentityLoss(Criterion):
    """The embedding must be less similar to that of the unchanged image, `start` (N, D), than `threshold`."""

    start: Tensor
    threshold: float

    def only(self, rows: Tensor) -> Criterion:
        return replace(self, start=self.start[rows])

    def margin(self, output: Tensor, which: Tensor) -> Tensor:
        start = F.normalize(self.start[which].to(output))
        direction = F.normalize(start.roll(1, dims=1) - start)
        return F.cosine_similarity(output, start - TURN * direction) - self.threshold

    def fitness(self, output: Tensor, which: Tensor) -> Tensor:
        return self.margin(output, which)


def _identity(row: Row) -> str:
    """The row's identity; raises `TaskError` for none, and for a name that is too long."""
    name = row.values.get("identity", "")
    if not name or len(name.encode()) > LONGEST_NAME:
        raise TaskError(
            f"{row.location}: the identity is '{name[:40]}'; expected a name of 1 to {LONGEST_NAME} bytes. Correct it."
        )
    return name


def _counts(part: Part) -> Counter[str]:
    return Counter(row.values.get("identity", "") for row in part.rows)


def _names(targets: Tensor) -> list[str]:
    return [bytes(row).rstrip(b"\0").decode() for row in targets.cpu().numpy()]


def _numbers(names: Sequence[str]) -> np.ndarray:
    return np.unique(np.array(names, dtype=object), return_inverse=True)[1].reshape(-1)


def _pairs(embeddings: np.ndarray, names: Sequence[str]) -> Pairs:
    return all_pairs(embeddings, _numbers(names))


def _spaced(count: int) -> np.ndarray:
    return np.unique(np.linspace(0, count - 1, min(count, MOST_COMPARED)).round().astype(int))


def _wrong_order(same: Tensor, different: Tensor) -> float:
    """The share of (same, different) similarities in the wrong order; equal ones count half."""
    if not len(same) or not len(different):
        return math.nan
    return float((same[:, None] < different).float().mean() + 0.5 * (same[:, None] == different).float().mean())
