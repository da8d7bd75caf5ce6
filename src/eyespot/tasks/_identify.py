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
from ._age_erasure import check_erasure, erase, fit_erasure
from ._factorization import Factorization
from ._identity_targets import LONGEST_NAME, NO_AGE, age_of, ages_of, identity_of, names_of
from ._labels import natural_key
from ._whitening import fit_line, fit_whitening
from .age_gaps import age_statistics, gap_text
from .criterion import Aim, AttackPlan, Criterion
from .task import Metric, Target, Task, gathered
from .verification import Pairs, all_pairs, rank_one, rates_of, verification_statistics

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

    With `ages`, a column `age` (years) is learned too, as a number of its own behind the embedding, which is kept free
    of it (see `_factorization`). `age_center` and `age_spread` are those of the training images. `age_finders` and
    `age_directions` take out what is left of it, as measured on validation images (see `_age_erasure`). With 2
    `views`, an answer is the mean of the unit embeddings of the image and of its mirror image, as usual for faces.
    """

    name: ClassVar[str] = "identify"
    metric: ClassVar[Metric] = Metric(name="equal_error_rate", better="lower")
    columns: ClassVar[tuple[str, ...]] = ("identity",)
    text_columns: ClassVar[tuple[str, ...]] = ("target", "answer")
    value_name: ClassVar[str] = "similarity"
    compares: ClassVar[bool] = True

    identities: tuple[str, ...] = ()
    dimensions: int = 128
    margin_of: str = "cosine"
    margin: float = 0.2
    scale: float = 16.0
    threshold: float = 0.5
    views: int = 1
    ages: bool = False
    age_center: float = 0.0
    age_spread: float = 1.0
    age_finders: tuple[float, ...] = ()
    age_directions: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.dimensions < 2 or not 0 <= self.margin < 1 or self.scale <= 0 or not -1 <= self.threshold <= 1:
            raise TaskError(
                f"identify has {self.dimensions} dimensions, margin {self.margin}, scale {self.scale}, threshold "
                f"{self.threshold}; expected at least 2, 0 to below 1, above 0, and -1 to 1."
            )
        if self.margin_of not in MARGINS:
            raise TaskError(f"margin_of is '{self.margin_of}'; expected {' or '.join(MARGINS)}.")
        if self.views not in (1, 2):
            raise TaskError(f"views is {self.views}; expected 1, or 2 for the image and its mirror image.")
        if not (math.isfinite(self.age_center) and self.age_spread > 0 and math.isfinite(self.age_spread)):
            raise TaskError(
                f"age_center is {self.age_center} and age_spread {self.age_spread}; expected years above 0."
            )
        check_erasure(self.age_finders, self.age_directions, self.dimensions)

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
        """Learn the names of the training identities and, with `ages`, the mean of their ages and how they vary."""
        found = {identity_of(row) for row in rows}
        if len(found) < 2:
            raise TaskError(f"identify needs training images of two identities or more, but found {len(found)}.")
        prepared = replace(self, identities=tuple(sorted(found, key=natural_key)))
        if not self.ages:
            return prepared
        known = [age for row in rows if not math.isnan(age := age_of(row))]
        if len(set(known)) < 2:
            raise TaskError(
                "identify:ages=true needs training images of different ages, but found "
                f"{len(set(known))}; add a column 'age' in years, or leave ages out."
            )
        return replace(prepared, age_center=float(np.mean(known)), age_spread=float(np.std(known)))

    def notes(self) -> list[str]:
        """State how many identities are learned from."""
        return [f"Identities: {len(self.identities)} in training; scores are measured on pairs of held-out images."]

    def read(self, row: Row) -> list[int]:
        """The bytes of the identity's name, padded with zeros, and two of its age in tenths of a year."""
        name, age = identity_of(row).encode(), age_of(row)
        tenths = NO_AGE if math.isnan(age) else round(10 * age)
        return [*name, *bytes(LONGEST_NAME - len(name)), *divmod(tenths, 256)]

    def stack(self, targets: Sequence[Any]) -> Tensor:
        """Names and ages as bytes: uint8 (N, 98)."""
        return torch.tensor(targets, dtype=torch.uint8)

    def strata(self, targets: Target) -> list[str]:
        """The identities."""
        assert isinstance(targets, Tensor)
        return names_of(targets)

    def sampling_order(self, targets: Target, seed: int, epoch: int) -> np.ndarray:
        """Groups of up to four images of one identity, the groups in random order."""
        assert isinstance(targets, Tensor)
        random = np.random.default_rng([seed, epoch, 28])
        numbers = np.unique(targets.numpy()[:, :LONGEST_NAME], axis=0, return_inverse=True)[1].reshape(-1)
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
        """The embedding, not yet of unit length, and behind it the age in standard deviations where it is learned."""
        return Output("vector", self.dimensions + self.ages)

    def run(self, network: nn.Module, x: Tensor) -> Tensor:
        """The network's output; with 2 views the mean of that and of the output for the mirror images."""
        if self.views == 1:
            return network(x)
        return (self._with_unit(network(x)) + self._with_unit(network(x.flip(3)))) / 2

    def _with_unit(self, output: Tensor) -> Tensor:
        """The output with embeddings of unit length."""
        return torch.cat([F.normalize(output[:, : self.dimensions]), output[:, self.dimensions :]], dim=1)

    def criterion(self) -> nn.Module:
        """One direction for each training identity: the rows of a dense layer's weight (K, D); and the adversaries."""
        if self.ages:
            return Factorization(self.dimensions, len(self.identities))
        return nn.Linear(self.dimensions, len(self.identities), bias=False)

    def loss(self, output: Tensor, target: Tensor, criterion: nn.Module | None = None) -> Tensor:
        """Cross-entropy of scaled cosines, after the right one was made smaller by the margin; NaN for new identities.

        `criterion` is what `criterion()` made; raises `TaskError` without it.
        """
        if isinstance(criterion, Factorization) and self.ages:
            unit, truth = F.normalize(self._embedding(output)), self._standardized(target).to(output)
            identity = self._margin_loss(unit, target, criterion.identities)
            return identity + criterion.age_losses(unit, output[:, -1], truth)
        if not isinstance(criterion, nn.Linear) or self.ages:
            raise TaskError("the loss of identify needs the class weights that its criterion holds; pass them.")
        return self._margin_loss(F.normalize(output), target, criterion)

    def _margin_loss(self, unit: Tensor, target: Tensor, criterion: nn.Linear) -> Tensor:
        known = {name: place for place, name in enumerate(self.identities)}
        places = torch.tensor([known.get(name, -1) for name in names_of(target)], device=unit.device)
        cosines = unit @ F.normalize(criterion.weight).T
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
        weight, bias = fit_whitening(features, _numbers(names_of(target)), self.dimensions)
        if not self.ages:
            return weight, bias
        line, start = fit_line(features, self._standardized(target).numpy())
        return torch.cat([weight, line[None]]), torch.cat([bias, start[None]])

    def score(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        """For each image, the share of (same, different) pairs of the batch in the wrong order; NaN without both."""
        unit = F.normalize(self._embedding(output).float())
        names = names_of(target)
        numbers = torch.tensor([names.index(name) for name in names])
        same = numbers[:, None] == numbers[None]
        similarity = unit @ unit.T
        errors = [
            _wrong_order(row[mask & ~own], row[~mask])
            for row, mask, own in zip(similarity, same, torch.eye(len(same), dtype=torch.bool), strict=True)
        ]
        return {self.metric.name: torch.tensor(errors, device=output.device, dtype=output.dtype)}

    def calibrate(self, outputs: Iterable[tuple[Tensor, Tensor]]) -> Self:
        """Choose the threshold at which both errors are equal on validation pairs, after taking out the age."""
        output, target = gathered(outputs)
        task = self._without_age(output, target) if self.ages else self
        pairs = _pairs(F.normalize(task._embedding(output).float()).cpu().numpy(), names_of(target))
        if not pairs.complete:
            return task
        return replace(task, threshold=rates_of(pairs.similarity, pairs.same).equal_error_threshold())

    def _without_age(self, output: Tensor, target: Tensor) -> Self:
        plain = replace(self, age_finders=(), age_directions=())
        unit = F.normalize(plain._embedding(output).double()).cpu().numpy()
        finders, directions = fit_erasure(unit, ages_of(target).cpu().numpy())
        return replace(plain, age_finders=finders, age_directions=directions)

    def to_rows(self, output: Tensor, target: Tensor, frame: Frame | None = None) -> list[dict[str, Any]]:
        """Per image: the identity, whether training saw it, the embedding of unit length, and ages that are known."""
        vectors = F.normalize(self._embedding(output).double()).tolist()
        rows: list[dict[str, Any]] = [
            {"target": name, "seen": name in self.identities, "embedding": vector}
            for name, vector in zip(names_of(target), vectors, strict=True)
        ]
        for row, age in zip(rows, ages_of(target).tolist(), strict=True):
            row["age"] = None if math.isnan(age) else age
        if self.ages:
            rows = [row | {"predicted_age": years} for row, years in zip(rows, self._years(output), strict=True)]
        return rows

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
        return score, between, details | more | age_statistics(chosen, embeddings, _numbers(names))

    def answer(self, output: Tensor, frame: Frame | None = None) -> dict[str, Any]:
        """The embedding of unit length, its length before, and the threshold for the scalar product of two."""
        embedding = self._embedding(output.double())
        return {
            "answer": f"embedding of {self.dimensions} numbers",
            "embedding": F.normalize(embedding, dim=0).tolist(),
            "length": float(output[: self.dimensions].double().norm()),
            "threshold": self.threshold,
        } | ({"age": self._years(output[None])[0]} if self.ages else {})

    def activate(self, output: Tensor) -> Tensor:
        """Embeddings of unit length, and behind each the age in years where it is learned."""
        embedding = F.normalize(self._embedding(output))
        return torch.cat([embedding, self.age_center + self.age_spread * output[:, -1:]], 1) if self.ages else embedding

    def _embedding(self, output: Tensor) -> Tensor:
        """The embedding, of any length; of about unit length where the age is taken out."""
        embedding = output[..., : self.dimensions]
        if not self.age_finders:
            return embedding
        return erase(F.normalize(embedding, dim=-1), self.age_finders, self.age_directions)

    def _years(self, output: Tensor) -> list[float]:
        return (self.age_center + self.age_spread * output[:, -1].double()).tolist()

    def _standardized(self, target: Tensor) -> Tensor:
        """The ages (N,) of targets in standard deviations; NaN where none is known."""
        return (ages_of(target) - self.age_center) / self.age_spread

    @property
    def answer_rule(self) -> str:
        """Scalar products of embeddings are compared with the threshold."""
        return f"two images show the same identity if the scalar product of both reaches {self.threshold:.17g}"

    def objective(self, output: Tensor, of: Any = None) -> Tensor:
        """The similarity to `of`, a `Reference`; without one, the length of the embedding before it is brought to 1."""
        embedding = self._embedding(output)
        if of is None:
            return output[:, : self.dimensions].norm(dim=1)
        along = embedding @ torch.tensor(of.direction, dtype=output.dtype, device=output.device)
        return along / (embedding.norm(dim=1).clamp(min=TINY) if of.length is None else of.length)

    def default_target(self, output: Tensor) -> "Reference":
        """The image's own embedding: how much of it is left when the image is changed.

        The cosine similarity of an image to itself has no slope, so that the part along the embedding is taken, in
        units of its length. It is 1 for the unchanged image.
        """
        own = self._embedding(output)[0].double()
        return replace(self.reference_target(output, "its own embedding"), length=max(float(own.norm()), TINY))

    def reference_target(self, output: Tensor, name: str) -> "Reference":
        """The cosine similarity to another image."""
        direction = F.normalize(self._embedding(output)[0].double(), dim=0)
        return Reference(name=name, direction=tuple(direction.tolist()))

    def parse_target(self, of: Any) -> "Reference | None":
        """A `Reference`, or nothing; raises `TaskError` for a name or a number."""
        if of is None or isinstance(of, Reference):
            return of
        raise TaskError(f"'of' is '{of}', but {self.name} has no classes; give another image as the reference instead.")

    def target_name(self, of: Any) -> str:
        """What the similarity is to."""
        return "the length of the embedding" if of is None else f"the similarity to {of.name}"

    def attack_criterion(self, aim: Aim, output: Tensor, truths: Sequence[Any] | None, farthest: bool) -> AttackPlan:
        """The changed image must no longer be of the same identity as the unchanged one."""
        if (aim.target, aim.of, aim.change) != (None, None, None):
            raise AttackError(
                "identify is attacked as a whole: target, 'of' and 'change' have no effect; leave them out."
            )
        criterion = IdentityLoss(task=self, start=self._embedding(output).detach())
        return AttackPlan(criterion=criterion, skipped=[""] * len(output))

    def remarks(self, details: Mapping[str, Any]) -> list[str]:
        """How the images were split, and the rate of rank-1 identification."""
        counted = f"split by {details['split']}, {details['identities']} identities"
        first = f"{counted}; rank-1 {details['rank_1']:.1%}; threshold {details['threshold']:.3f}"
        return [first, *(gap_text(row) for row in details.get("by_age_gap", ()))]

    def example(self, seed: int) -> Source:
        """Drawn signs, each of which is one identity."""
        from ..sources.synthetic import signs

        return signs(seed=seed)


TINY = 1e-12


@final
@dataclass(frozen=True, kw_only=True)
class Reference:
    """What an embedding is compared with: the `direction` (D,), of unit length, of the image called `name`.

    The similarity is the cosine; where `length` is given, the part along the direction in units of it.
    """

    name: str
    direction: tuple[float, ...]
    length: float | None = None


TURN = 1e-3
"""Radians. The cosine to an image's own embedding has no slope at the start, so the reference is turned a little."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class IdentityLoss(Criterion):
    """The embedding must be less similar to that of the unchanged image, `start` (N, D), than the threshold."""

    task: Identify
    start: Tensor

    def only(self, rows: Tensor) -> Criterion:
        return replace(self, start=self.start[rows])

    def margin(self, output: Tensor, which: Tensor) -> Tensor:
        embedding = self.task._embedding(output)
        start = F.normalize(self.start[which].to(output))
        direction = F.normalize(start.roll(1, dims=1) - start)
        return F.cosine_similarity(embedding, start - TURN * direction) - self.task.threshold

    def fitness(self, output: Tensor, which: Tensor) -> Tensor:
        return self.margin(output, which)


def _counts(part: Part) -> Counter[str]:
    return Counter(row.values.get("identity", "") for row in part.rows)


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
