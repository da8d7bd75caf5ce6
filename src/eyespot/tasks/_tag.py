"""Tagging: which of K tags apply to the image: none, one or several?"""

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
from ..sources.tags import OPEN, group_of
from ._labels import shortened
from ._mirroring import changed_tags, check_mirror, requested_mirror
from ._tag_calibration import chosen_thresholds, fit_scales
from ._tag_figures import (
    group_figures,
    mean_precision,
    never_learned,
    overall_figures,
    precision_interval,
    tag_figures,
)
from ._tag_groups import (
    POOLED,
    RARE,
    attributes,
    implication_notes,
    implied_tags,
    learnable_tags,
    read_target,
    runs,
    said_of,
)
from .criterion import Aim, AttackPlan, tags_plan
from .report import Pictures, Values, tag_values
from .statistics import IMBALANCE
from .task import Metric, Task, gathered


@final
@dataclass(frozen=True, kw_only=True)
class Tag(Task):
    """Any of K tags, and groups of mutually exclusive tags: cross-entropy, mean average precision.

    The column `tags` contains `cat|dog`: these two and no other tag. In `cat|?dog` the tag dog is unknown, in `cat|?`
    all other tags are unknown; `-` means none of the tags; an empty cell means that all tags are unknown, and the row
    is ignored. Unknown tags are not negatives: loss and statistics ignore them. `color:red` is a tag of the group
    `color`, of which exactly one tag applies; in a row without one, the group is unknown. A column `tags:color`
    contains only tags of that group. `mirror` ("yes", "no" or "auto": decided from the data) sets whether training
    images are mirrored. `target_precision` is the required fraction of correct answers on validation images; less
    certain answers are withheld. `weights` multiply the loss of the positives of rare free tags; `rare` are tags of
    groups with too few training images; `implied` are pairs of tag indices of which the first never occurred without
    the second. `calibrate` chooses `scales` and `shifts` of the outputs, and `thresholds`, on validation images.
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
    target_precision: float | None = None
    counts: tuple[int, ...] = ()
    weights: tuple[float, ...] = ()
    rare: tuple[str, ...] = ()
    implied: tuple[tuple[int, int], ...] = ()
    scales: tuple[float, ...] = ()
    shifts: tuple[float, ...] = ()
    thresholds: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        check_mirror(self.mirror)
        if self.target_precision is not None and not 0 < self.target_precision < 1:
            raise TaskError(
                f"target_precision is {self.target_precision}; expected a share between 0 and 1, such as 0.9."
            )
        if len(set(self.tags)) != len(self.tags):
            raise TaskError("Duplicate tag; list each tag once.")
        parts = (self.counts, self.weights, self.scales, self.shifts, self.thresholds)
        if any(len(part) not in (0, len(self.tags)) for part in parts):
            raise TaskError(
                f"There are {len(self.tags)} tags; expected as many counts, weights, scales, shifts and thresholds, or "
                "none."
            )
        if any(scale <= 0 for scale in self.scales):
            raise TaskError(f"The scales are {self.scales}; expected numbers above 0.")
        groups = [each.name for each in attributes(self.tags) if each.exclusive]
        if any(each.places.stop - each.places.start < 2 for each in attributes(self.tags) if each.exclusive):
            raise TaskError(f"A tag group has only one tag: {', '.join(self.tags[:10])}; expected two or more in each.")
        if len(set(groups)) != len(groups):
            raise TaskError(f"The tags of a group do not follow each other: {', '.join(self.tags[:10])}; sort them.")
        if any(not 0 <= place < len(self.tags) for pair in self.implied for place in pair):
            raise TaskError(f"There are {len(self.tags)} tags; expected implied pairs of places below that.")

    def prepare(self, rows: Sequence[Row]) -> Self:
        """Learn the tags and their counts; raise `TaskError` for a tag that no image or every image has."""
        said = [said_of(row) for row in rows]
        tags, rare = learnable_tags(said)
        if not tags:
            raise TaskError(
                f"tag needs training images with tags, but none of the {len(rows)} has one; "
                "fill the column 'tags', as in cat|dog."
            )
        targets = np.array([read_target(each, tags) for each in said])
        positives, negatives = (np.sum(targets == value, axis=0) for value in (1, 0))
        free = np.array([not group_of(tag) for tag in tags])
        for tag, yes, no in zip(tags, positives, negatives, strict=True):
            if min(yes, no) == 0:
                raise TaskError(
                    f"The tag '{tag}' is on {yes} training images and known to be missing on {no}; each must be at "
                    f"least one. Add images {'without' if yes else 'with'} it, or leave the tag out."
                )
        ratios = negatives / positives
        weights = np.where(free & (ratios > IMBALANCE), np.sqrt(ratios), 1.0)
        return replace(
            self,
            tags=tags,
            counts=tuple(positives.tolist()),
            weights=tuple(weights.tolist()) if np.any(weights != 1) else (),
            rare=rare,
            implied=tuple(implied_tags(tags, targets)),
            thresholds=tuple(np.where(free, 0.5, 0.0).tolist()),
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """The tags."""
        return self.tags

    def notes(self) -> list[str]:
        """State the groups, rare tags and how they are handled, and implications between tags."""
        groups = [each for each in attributes(self.tags) if each.exclusive]
        sizes = [f"{each.name} ({each.places.stop - each.places.start})" for each in groups]
        notes = [f"Groups of tags of which exactly one applies: {', '.join(sizes)}."] if groups else []
        if self.rare:
            notes.append(
                f"Too rare to be learned (fewer than {RARE} training images each): {shortened(self.rare)}; they count "
                f"as the tag '{POOLED}' of their group where together they are {RARE} or more."
            )
        implications = implication_notes(self.tags, self.implied)
        if implications:
            notes.append(f"In all training images, {shortened(implications)}.")
        unbalanced = [tag for tag, weight in zip(self.tags, self.weights, strict=False) if weight > 1]
        if unbalanced:
            named = ", ".join(f"{tag!r}" for tag in unbalanced[:10])
            notes.append(
                f"Unbalanced: {named} {'is' if len(unbalanced) == 1 else 'are'} rare (more than 3 images without for "
                "each with); images with it weigh more, by sqrt(ratio)."
            )
        return notes

    def read(self, row: Row) -> list[float]:
        """1 (present), 0 (absent) or NaN (unknown) for every tag."""
        said = said_of(row)
        groups = {each.name for each in attributes(self.tags) if each.exclusive}
        for tag in said or ():
            if tag != OPEN and tag not in self.tags and group_of(tag) not in groups:
                raise TaskError(
                    f"{row.location}: the tag '{tag}' does not occur among the training images; expected some of "
                    f"{', '.join(self.tags[:10])}. Add training images of it, or remove it here."
                )
        return read_target(said, self.tags)

    def stack(self, targets: Sequence[Any]) -> Tensor:
        """float32 (N, K) of 1, 0 and NaN."""
        return torch.tensor(targets, dtype=torch.float32)

    def outputs(self, channels: int) -> Output:
        """K logits, one per tag."""
        return Output("vector", len(self.tags))

    def loss(self, output: Tensor, target: Tensor, criterion: nn.Module | None = None) -> Tensor:
        """Cross-entropy, averaged over the known groups and free tags; 0 if none is known."""
        total = output.new_zeros(len(output))
        count = output.new_zeros(len(output))
        weights = torch.tensor(self.weights, dtype=output.dtype, device=output.device) if self.weights else None
        for places, exclusive in runs(self.tags):
            logits, truth = output[:, places], target[:, places].to(output.dtype)
            if exclusive:
                known = truth.sum(1) == 1  # all 0: a tag that training did not know
                loss = -(torch.where(known[:, None], truth, 0.0) * logits.log_softmax(1)).sum(1)
                total, count = total + loss, count + known
            else:
                known = ~truth.isnan()
                truth = torch.where(known, truth, 0.0)
                loss = F.binary_cross_entropy_with_logits(
                    logits, truth, reduction="none", pos_weight=None if weights is None else weights[places]
                )
                total, count = total + (loss * known).sum(1), count + known.sum(1)
        return total / count.clamp(min=1)

    def score(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Average precision within each image, for monitoring, and the fraction of correct tags.

        The main metric (average precision of each tag over the images) is computed from the table of predictions.
        """
        known = ~target.isnan()
        right = (self._present(self.activate(output)) == (target == 1)) & known
        share = right.sum(1) / known.sum(1)
        return {"mean_average_precision": _precision_within(output, target), "right_tags": share}

    def to_rows(self, output: Tensor, target: Tensor, frame: Frame | None = None) -> list[dict[str, Any]]:
        """Per sample: target (tag to 1, 0 or None if unknown), answer (list of tags), probabilities by tag."""
        rows = []
        for truths, chances in zip(target.tolist(), self.activate(output.double()).tolist(), strict=True):
            targets = {
                tag: None if truth != truth else int(truth) for tag, truth in zip(self.tags, truths, strict=True)
            }
            rows.append({"target": targets, **self._to_dict(chances)})
        return rows

    def evaluate(self, table: Sequence[dict[str, Any]]) -> tuple[float, tuple[float, float], dict[str, Any]]:
        """Mean average precision over the tags, with its bootstrap interval; statistics of tags and groups."""
        truths = np.array([[np.nan if v is None else v for v in row["target"].values()] for row in table], dtype=float)
        chances = np.array([list(row["probabilities"].values()) for row in table])
        answered = np.array([[tag in row["answer"] for tag in self.tags] for row in table])
        per_tag = [
            {"tag": tag, **tag_figures(truths[:, place], chances[:, place], answered[:, place], cut)}
            for place, (tag, cut) in enumerate(zip(self.tags, self._thresholds(), strict=True))
        ]
        score = mean_precision(truths, chances)
        judged = [row for row in per_tag if row["average_precision"] is not None]
        details = {
            "mean_average_precision": score,
            **overall_figures(truths, answered, never_learned(self.tags, truths)),
            "groups": group_figures(self.tags, truths, chances, answered),
            "per_tag": per_tag,
            "weakest": min(judged, key=lambda row: row["average_precision"]) if judged else None,
            "implications": implication_notes(self.tags, self.implied),
            "rows_without_knowledge": int(np.isnan(truths).all(axis=1).sum()),
        }
        return score, precision_interval(truths, chances), details

    def answer(self, output: Tensor, frame: Frame | None = None) -> dict[str, Any]:
        """The tags that apply, the groups without an answer, and the probability of every tag.

        "implied" are tags implied by another one, in a group without an answer of its own; "expected_errors" is the
        expected number of errors among the best answers, one for each group and free tag.
        """
        return self._to_dict(self.activate(output.double()).tolist())

    def answer_text(self, answer: Mapping[str, Any]) -> str:
        """The tags."""
        return ", ".join(answer["answer"]) or "no tag"

    @property
    def answer_rule(self) -> str:
        """The threshold of each tag."""
        cuts = ", ".join(f"{tag} {cut:.17g}" for tag, cut in zip(self.tags, self._thresholds(), strict=True))
        grouped = any(exclusive for _, exclusive in runs(self.tags))
        best = "; of tags with the same group before a colon only the most probable one" if grouped else ""
        return f"the tags whose probability is at least: {cuts}{best}"

    def calibrate(self, outputs: Iterable[tuple[Tensor, Tensor]]) -> Self:
        """Calibrate the probabilities on the validation images, and choose the thresholds."""
        output, target = gathered(outputs)
        scales, shifts = fit_scales(self.tags, output, target)
        scaled = replace(self, scales=scales, shifts=shifts)
        chances, truths = scaled.activate(output.double()).cpu().numpy(), target.cpu().numpy()
        return replace(scaled, thresholds=chosen_thresholds(self.tags, chances, truths, self.target_precision))

    def activate(self, output: Tensor) -> Tensor:
        """The probability of each tag, (N, K); those of a group sum to 1."""
        if self.scales and self.shifts:
            output = output * output.new_tensor(self.scales) + output.new_tensor(self.shifts)
        if not any(exclusive for _, exclusive in runs(self.tags)):
            return output.sigmoid()  # a single operation, which the page displays as such
        parts = [(output[..., places], exclusive) for places, exclusive in runs(self.tags)]
        return torch.cat([part.softmax(-1) if exclusive else part.sigmoid() for part, exclusive in parts], -1)

    def objective(self, output: Tensor, of: Any = None) -> Tensor:
        """Logit of one tag, given by name or index; by default that of each sample's most probable tag."""
        return output.max(1).values if of is None else output[:, self.place(of)]

    def value(self, output: Tensor, of: Any = None) -> Tensor:
        """Probability of one tag; by default that of each sample's most probable tag."""
        return self.objective(self.activate(output), of)

    def attack_criterion(self, aim: Aim, output: Tensor, truths: Sequence[Any] | None, farthest: bool) -> AttackPlan:
        """Add or remove some tag, or the tag `aim.of`; for a group, make another tag the most probable one."""
        thresholds = torch.tensor(self._thresholds(), dtype=torch.float64)
        cuts = thresholds.clamp(1e-6, 1 - 1e-6).logit()
        if self.scales and self.shifts:
            cuts = (cuts - cuts.new_tensor(self.shifts)) / cuts.new_tensor(self.scales)
        free = torch.tensor([not group_of(tag) for tag in self.tags])
        cuts = torch.where(free, cuts, 0.0).to(output)
        return tags_plan(aim, self.parse_target(aim.of), self._leads, output, cuts, truths)

    def allows(self, change: str) -> bool:
        """No erasing, which may hide a tagged object, and no mirroring if a mirror changes a tag."""
        return change != "erase" and (change != "flip" or self.mirror != "no")

    @property
    def mirror_reason(self) -> str:
        """The user's choice."""
        return "as requested"

    def request_mirror(self, mirrored: bool) -> Self:
        """Enable or disable mirroring; raise `TaskError` if this contradicts the task's own `mirror`."""
        return replace(self, mirror=requested_mirror(self.mirror, "yes" if mirrored else "no"))

    @property
    def mirror_is_open(self) -> bool:
        """Whether neither the user nor the data has decided about mirroring yet."""
        return self.mirror == "auto"

    def decide_mirror(
        self, features: np.ndarray, mirrored: np.ndarray, targets: Sequence[list[float]]
    ) -> tuple[Self, str]:
        """Disable mirroring if mirror images with a tag look like images without it."""
        places = changed_tags(features, mirrored, np.array(targets))
        if not places:
            return replace(self, mirror="yes"), "mirroring changes no tag"
        return replace(self, mirror="no"), f"mirror images with '{self.tags[places[0]]}' look like images without it"

    def remarks(self, details: Mapping[str, Any]) -> list[str]:
        """Accuracy and coverage of each group, and the tag with the lowest average precision."""
        remarks = [_group_remark(row) for row in details["groups"] if row["accuracy"] is not None]
        if weakest := details["weakest"]:
            remarks.append(f"weakest tag: {weakest['tag']} (average precision {weakest['average_precision']:.3f})")
        return remarks

    def report_values(self, evaluation: Evaluation, pictures: Pictures) -> Values:
        """Statistics per tag, the images with the most confident wrong tag, examples."""
        return tag_values(evaluation, pictures)

    def example(self, seed: int) -> Source:
        """Images with several shapes."""
        from ..sources.synthetic import scenes

        return scenes(seed=seed)

    def _thresholds(self) -> tuple[float, ...]:
        return self.thresholds or tuple(0.0 if group_of(tag) else 0.5 for tag in self.tags)

    def _present(self, chances: Tensor) -> Tensor:
        """Tags in the answer, (N, K) of bool: above their threshold; for a group, only the most probable tag."""
        present = chances >= chances.new_tensor(self._thresholds())
        for places, exclusive in runs(self.tags):
            if exclusive:
                best = F.one_hot(chances[..., places].argmax(-1), places.stop - places.start).bool()
                present[..., places] &= best
        return present

    def _leads(self, output: Tensor) -> Tensor:
        """Outputs (N, K), minus the best other output within a group: positive only for the best tag of a group."""
        parts = []
        for places, exclusive in runs(self.tags):
            part = output[:, places]
            if exclusive:
                first, second = part.topk(2, dim=1).values.unbind(1)
                part = part - torch.where(part == first[:, None], second[:, None], first[:, None])
            parts.append(part)
        return torch.cat(parts, 1)

    def _to_dict(self, chances: list[float]) -> dict[str, Any]:
        present = self._present(torch.tensor(chances, dtype=torch.float64)).tolist()
        answers = [tag for tag, is_present in zip(self.tags, present, strict=True) if is_present]
        groups = {group_of(tag) for tag in answers}
        followed = (self.tags[second] for first, second in self.implied if present[first])
        implied = [tag for tag in dict.fromkeys(followed) if tag not in answers and group_of(tag) not in groups - {""}]
        implied = list({group_of(tag) or tag: tag for tag in implied}.values())
        answers += implied
        groups = {group_of(tag) for tag in answers}
        best = [max(chances[each.places]) if each.exclusive else None for each in attributes(self.tags)]
        return {
            "answer": answers,
            "implied": implied,
            "unsure": [each.name for each in attributes(self.tags) if each.exclusive and each.name not in groups],
            "expected_errors": sum(
                1 - sure if sure is not None else min(chances[each.places.start], 1 - chances[each.places.start])
                for sure, each in zip(best, attributes(self.tags), strict=True)
            ),
            "probabilities": dict(zip(self.tags, chances, strict=True)),
        }


def _group_remark(row: Mapping[str, Any]) -> str:
    low, high = row["interval"]
    answered = ""
    if row["coverage"] < 1:
        of_which = f", of which {row['precision']:.1%} are right" if row["precision"] is not None else ""
        answered = f"; answered: {row['coverage']:.1%}{of_which}"
    return f"{row['group']}: {row['accuracy']:.1%} right ({low:.1%} to {high:.1%}){answered}"


def _precision_within(output: Tensor, target: Tensor) -> Tensor:
    """Average precision over one image's tags, sorted by output; NaN if no positive is known."""
    ranked = torch.where(target.isnan(), -torch.inf, output)
    order = ranked.sort(dim=1, descending=True, stable=True).indices
    there = (target.gather(1, order) == 1).to(output.dtype)
    ranks = torch.arange(1, output.shape[1] + 1, device=output.device)
    return (there.cumsum(1) / ranks * there).sum(1) / there.sum(1)
