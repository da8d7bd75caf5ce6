"""Which of K things are on the picture: none, one or several?"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import TaskError
from ..findings import Evaluation
from ..images import Frame
from ..networks.network import Output
from ..sources.source import Row, Source
from ..sources.tags import NONE
from ._labels import natural_key
from ._mirroring import changed_tags, check_mirror, requested_mirror
from .criterion import Aim, AttackPlan, tags_plan
from .report import Pictures, Values, tag_values
from .statistics import IMBALANCE, precision_recall_f1
from .task import Metric, Task, gathered

RESAMPLES = 100


@final
@dataclass(frozen=True, kw_only=True)
class Tag(Task):
    """Any of K tags: one yes or no for each, binary cross-entropy, mean average precision.

    The column `tags` holds `cat|dog`: these two, and no other tag. `cat|?dog` says that nobody looked for the dog;
    `-` says none of the tags; an empty cell says that nothing is known, and the row does not count. What is not known
    is no negative: it has no part in loss and figures. `mirror` ("yes", "no" or "auto": as the data shows) says whether
    training images are mirrored. `weights` multiply the loss of a rare tag's positives;
    `thresholds` (one per tag) are chosen on validation images by `calibrate`.
    """

    name: ClassVar[str] = "tag"
    metric: ClassVar[Metric] = Metric(name="mean_average_precision", better="higher")
    report_template: ClassVar[str] = "report_tag.html"
    columns: ClassVar[tuple[str, ...]] = ("tags",)
    value_name: ClassVar[str] = "probability"
    label_kind: ClassVar[str] = "tag"
    text_columns: ClassVar[tuple[str, ...]] = ("target", "answer", "label")

    tags: tuple[str, ...] = ()
    mirror: str = "auto"
    counts: tuple[int, ...] = ()
    weights: tuple[float, ...] = ()
    thresholds: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        check_mirror(self.mirror)
        if len(set(self.tags)) != len(self.tags):
            raise TaskError("A tag stands twice among the tags; each may stand once.")
        if any(len(part) not in (0, len(self.tags)) for part in (self.counts, self.weights, self.thresholds)):
            raise TaskError(f"There are {len(self.tags)} tags; expected as many counts, weights, thresholds, or none.")

    def prepare(self, rows: Sequence[Row]) -> Self:
        """Learn the tags and their counts; raises `TaskError` for a tag that no or every known image has."""
        said = [_said(row) for row in rows]
        tags = tuple(sorted({tag for row in said if row for tag in row}, key=natural_key))
        if not tags:
            raise TaskError(
                f"tag needs training images with tags, but none of the {len(rows)} has one; "
                "fill the column 'tags', as in cat|dog."
            )
        targets = np.array([replace(self, tags=tags).read(row) for row in rows])
        positives, negatives = (np.sum(targets == value, axis=0) for value in (1, 0))
        for tag, yes, no in zip(tags, positives, negatives, strict=True):
            if min(yes, no) == 0:
                raise TaskError(
                    f"The tag '{tag}' is on {yes} training images and known to be missing on {no}; each must be at "
                    f"least one. Add images {'without' if yes else 'with'} it, or leave the tag out."
                )
        ratios = negatives / positives
        weights = np.where(ratios > IMBALANCE, np.sqrt(ratios), 1.0)
        return replace(
            self,
            tags=tags,
            counts=tuple(positives.tolist()),
            weights=tuple(weights.tolist()) if np.any(weights != 1) else (),
            thresholds=(0.5,) * len(tags),
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """The tags."""
        return self.tags

    def notes(self) -> list[str]:
        """Say which tags are rare, and what is done about it."""
        rare = [tag for tag, weight in zip(self.tags, self.weights, strict=False) if weight > 1]
        if not rare:
            return []
        noticed = f"Unbalanced: {', '.join(f'{tag!r}' for tag in rare[:10])} {'is' if len(rare) == 1 else 'are'} rare "
        return [noticed + "(more than 3 images without for each with); images with it weigh more, by sqrt(ratio)."]

    def read(self, row: Row) -> list[float]:
        """1 (there), 0 (not there) or NaN (not known) for every tag."""
        said = _said(row)
        if said is None:
            return [np.nan] * len(self.tags)
        for tag in said:
            if tag not in self.tags:
                raise TaskError(
                    f"{row.location}: the tag '{tag}' does not occur among the training images; expected some of "
                    f"{', '.join(self.tags[:10])}. Add training images of it, or remove it here."
                )
        return [said.get(tag, 0.0) for tag in self.tags]

    def stack(self, targets: Sequence[Any]) -> Tensor:
        """float32 (N, K) of 1, 0 and NaN."""
        return torch.tensor(targets, dtype=torch.float32)

    def outputs(self, channels: int) -> Output:
        """K numbers (logits), one per tag."""
        return Output("vector", len(self.tags))

    def loss(self, output: Tensor, target: Tensor, criterion: nn.Module | None = None) -> Tensor:
        """Binary cross-entropy, averaged over the tags that are known; 0 where nothing is known."""
        known = ~target.isnan()
        weights = torch.tensor(self.weights, dtype=output.dtype, device=output.device) if self.weights else None
        loss = F.binary_cross_entropy_with_logits(
            output, torch.where(known, target, 0.0), reduction="none", pos_weight=weights
        )
        return (loss * known).sum(1) / known.sum(1).clamp(min=1)

    def score(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Average precision of each image's tags among each other, for watching, and the share of right tags.

        The metric proper (average precision of each tag among the images) comes from the table of predictions.
        """
        known = ~target.isnan()
        right = ((self.activate(output) >= self._cuts(output)) == (target == 1)) & known
        share = right.sum(1) / known.sum(1)
        return {"mean_average_precision": _precision_within(output, target), "right_tags": share}

    def to_rows(self, output: Tensor, target: Tensor, frame: Frame | None = None) -> list[dict[str, Any]]:
        """Per sample: target (tag to 1, 0 or None for not known), answer (list of tags), probabilities by tag."""
        rows = []
        for truths, chances in zip(target.tolist(), self.activate(output.double()).tolist(), strict=True):
            known = {tag: None if truth != truth else int(truth) for tag, truth in zip(self.tags, truths, strict=True)}
            rows.append({"target": known, **self._to_dict(chances)})
        return rows

    def evaluate(self, table: Sequence[dict[str, Any]]) -> tuple[float, tuple[float, float], dict[str, Any]]:
        """Mean over the tags of their average precision, with its bootstrap interval, and the figures of each tag."""
        truths = np.array([[np.nan if v is None else v for v in row["target"].values()] for row in table], dtype=float)
        chances = np.array([list(row["probabilities"].values()) for row in table])
        per_tag = [
            {"tag": tag, **_figures(truths[:, place], chances[:, place], cut)}
            for place, (tag, cut) in enumerate(zip(self.tags, self._thresholds(), strict=True))
        ]
        score = _mean_precision(truths, chances)
        judged = [row for row in per_tag if row["average_precision"] is not None]
        details = {
            "mean_average_precision": score,
            "per_tag": per_tag,
            "weakest": min(judged, key=lambda row: row["average_precision"]) if judged else None,
            "rows_without_knowledge": int(np.isnan(truths).all(axis=1).sum()),
        }
        return score, _interval(truths, chances), details

    def answer(self, output: Tensor, frame: Frame | None = None) -> dict[str, Any]:
        """The tags whose probability reaches their threshold, and the probability of every tag."""
        return self._to_dict(self.activate(output.double()).tolist())

    def answer_text(self, answer: Mapping[str, Any]) -> str:
        """The tags."""
        return ", ".join(answer["answer"]) or "no tag"

    @property
    def answer_rule(self) -> str:
        """Each tag's own threshold."""
        cuts = ", ".join(f"{tag} {cut:.17g}" for tag, cut in zip(self.tags, self._thresholds(), strict=True))
        return f"the tags whose probability is at least: {cuts}"

    def calibrate(self, outputs: Iterable[tuple[Tensor, Tensor]]) -> Self:
        """Choose for each tag the threshold of the best F1 on the validation images; 0.5 where none shows it."""
        output, target = gathered(outputs)
        chances, truths = self.activate(output.double()).cpu().numpy(), target.cpu().numpy()
        cuts = [_best_threshold(truths[:, place], chances[:, place]) for place in range(len(self.tags))]
        return replace(self, thresholds=tuple(cuts))

    def activate(self, output: Tensor) -> Tensor:
        """The probability of each tag, (N, K)."""
        return torch.sigmoid(output)

    def objective(self, output: Tensor, of: Any = None) -> Tensor:
        """The output (before the sigmoid) of one tag, by name or place; of each sample's surest tag if none is."""
        return output.max(1).values if of is None else output[:, self.place(of)]

    def value(self, output: Tensor, of: Any = None) -> Tensor:
        """The probability of one tag, or of each sample's surest tag."""
        return self.objective(self.activate(output), of)

    def attack_criterion(self, aim: Aim, output: Tensor, truths: Sequence[Any] | None, farthest: bool) -> AttackPlan:
        """Some tag must be added or removed, or the tag `aim.of`."""
        thresholds = torch.tensor(self._thresholds(), dtype=torch.float64)
        cuts = thresholds.clamp(1e-6, 1 - 1e-6).logit().to(output)
        return tags_plan(aim, self.parse_target(aim.of), output, cuts, truths)

    def allows(self, change: str) -> bool:
        """Nothing is erased, as it may be what is tagged, nor mirrored where a mirror changes a tag."""
        return change != "erase" and (change != "flip" or self.mirror != "no")

    @property
    def mirror_reason(self) -> str:
        """The user decided."""
        return "as requested"

    def request_mirror(self, mirrored: bool) -> Self:
        """Mirrors, or none; raises `TaskError` where the task's own `mirror` says otherwise."""
        return replace(self, mirror=requested_mirror(self.mirror, "yes" if mirrored else "no"))

    @property
    def mirror_is_open(self) -> bool:
        """Whether neither the user nor the data has decided yet."""
        return self.mirror == "auto"

    def decide_mirror(
        self, features: np.ndarray, mirrored: np.ndarray, targets: Sequence[list[float]]
    ) -> tuple[Self, str]:
        """No mirrors where mirror images with a tag look like images without it."""
        places = changed_tags(features, mirrored, np.array(targets))
        if not places:
            return replace(self, mirror="yes"), "no tag looks like another one in a mirror"
        return replace(self, mirror="no"), f"mirror images with '{self.tags[places[0]]}' look like images without it"

    def remarks(self, details: Mapping[str, Any]) -> list[str]:
        """The tag with the smallest average precision."""
        weakest = details["weakest"]
        if weakest is None:
            return []
        return [f"weakest tag: {weakest['tag']} (average precision {weakest['average_precision']:.3f})"]

    def report_values(self, evaluation: Evaluation, pictures: Pictures) -> Values:
        """Statistics per tag, the pictures with the surest wrong tag, examples."""
        return tag_values(evaluation, pictures)

    def example(self, seed: int) -> Source:
        """Several shapes on one picture."""
        from ..sources.synthetic import scenes

        return scenes(seed=seed)

    def _thresholds(self) -> tuple[float, ...]:
        return self.thresholds or (0.5,) * len(self.tags)

    def _cuts(self, output: Tensor) -> Tensor:
        return torch.tensor(self._thresholds(), dtype=output.dtype, device=output.device)

    def _to_dict(self, chances: list[float]) -> dict[str, Any]:
        there = [tag for tag, p, cut in zip(self.tags, chances, self._thresholds(), strict=True) if p >= cut]
        return {"answer": there, "probabilities": dict(zip(self.tags, chances, strict=True))}


def _said(row: Row) -> dict[str, float] | None:
    """Tag to 1 (there) or NaN (not known), as the row says; None where it says nothing."""
    text = row.values.get("tags", "").strip()
    if not text:
        return None
    if text == NONE:
        return {}
    names = [part.strip() for part in text.split("|")]
    if any(name in ("", "?", NONE) for name in names):
        raise TaskError(
            f"{row.location}: the tags are '{text}'; expected names as in cat|dog, or {NONE} alone for none."
        )
    return {name.removeprefix("?"): np.nan if name.startswith("?") else 1.0 for name in names}


def _precision_within(output: Tensor, target: Tensor) -> Tensor:
    """Average precision over one image's tags, sorted by output; NaN where none is known to be there."""
    ranked = torch.where(target.isnan(), -torch.inf, output)
    order = ranked.sort(dim=1, descending=True, stable=True).indices
    there = (target.gather(1, order) == 1).to(output.dtype)
    ranks = torch.arange(1, output.shape[1] + 1, device=output.device)
    return (there.cumsum(1) / ranks * there).sum(1) / there.sum(1)


def _judgeable(truth: np.ndarray) -> bool:
    return bool(np.any(truth == 1) and np.any(truth == 0))


def _mean_precision(truths: np.ndarray, chances: np.ndarray) -> float:
    """Mean average precision over the tags that have a known positive and a known negative; NaN where none has."""
    from sklearn.metrics import average_precision_score

    found = []
    for truth, chance in zip(truths.T, chances.T, strict=True):
        known = ~np.isnan(truth)
        if _judgeable(truth):
            found.append(average_precision_score(truth[known], chance[known]))
    return float(np.mean(found)) if found else float("nan")


def _interval(truths: np.ndarray, chances: np.ndarray) -> tuple[float, float]:
    """The 95 % interval, by drawing the images again with replacement (Efron 1979)."""
    if np.isnan(_mean_precision(truths, chances)):
        return math.nan, math.nan
    random = np.random.default_rng(0)
    drawn = [random.integers(len(truths), size=len(truths)) for _ in range(RESAMPLES)]
    low, high = np.nanpercentile([_mean_precision(truths[rows], chances[rows]) for rows in drawn], [2.5, 97.5])
    return float(low), float(high)


def _figures(truth: np.ndarray, chance: np.ndarray, cut: float) -> dict[str, Any]:
    from sklearn.metrics import average_precision_score

    known = ~np.isnan(truth)
    figures = {"positives": int((truth == 1).sum()), "known": int(known.sum()), "threshold": cut}
    if not _judgeable(truth):
        return {**figures, "average_precision": None, "precision": None, "recall": None, "f1": None}
    truth, chance = truth[known], chance[known]
    precision, recall, f1 = precision_recall_f1(truth == 1, chance >= cut, [True])[:3, 0]
    return {
        **figures,
        "average_precision": float(average_precision_score(truth, chance)),
        "precision": float(precision),
        "recall": float(recall),
        "f1": float(f1),
    }


def _best_threshold(truth: np.ndarray, chance: np.ndarray) -> float:
    from sklearn.metrics import precision_recall_curve

    if not _judgeable(truth):
        return 0.5
    known = ~np.isnan(truth)
    precision, recall, cuts = precision_recall_curve(truth[known], chance[known])
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(cuts[int(np.argmax(f1[:-1]))])
