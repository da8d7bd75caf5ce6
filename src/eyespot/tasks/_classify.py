"""Classification: which one of K classes does the image show?"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Self, final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import AttackError, TaskError
from ..findings import Evaluation, counted
from ..html import percent
from ..images import Frame
from ..networks.network import Output
from ..networks.special import scaled_tanh
from ..sources.source import Row, Source
from ._classify_report import classify_values
from ._labels import is_sign, natural_key, shortened
from ._mirroring import changed_classes, check_mirror, requested_mirror
from .criterion import Aim, AttackPlan, classes_plan
from .report import Pictures, Values
from .statistics import (
    IMBALANCE,
    balancing_weights,
    calibration,
    precision_recall_f1,
    rejected_for,
    rejection,
    wilson_interval,
)
from .task import Metric, Task, gathered

UNKNOWN = "unknown"
KEPT = 0.99
"""The threshold for "unknown" keeps at least this fraction of the correct answers on the validation images."""
ENOUGH_TO_CALIBRATE = 20
"""Minimum number of correct validation answers for choosing a threshold."""
LISTED_MISTAKES = 50


@final
@dataclass(frozen=True, kw_only=True)
class Classify(Task):
    """Classification into K classes, with calibrated probabilities and "unknown" for uncertain answers.

    `classes` are the labels in natural sort order, which is also the order of the K outputs. `smoothing` is the label
    smoothing (Szegedy et al. 2016). With `squares` the loss is the one of 1989: the squared distance of
    1.7159 tanh(2x / 3) of the outputs x from +1 for the correct class and -1 for the others. `mirror` sets whether
    training images are mirrored: "yes", "no" or "auto", which decides from the data. `weights` (one per class, empty if
    the classes are balanced) are the class weights of the loss. `calibrate` chooses `temperature` and `threshold` on
    validation images.
    """

    name: ClassVar[str] = "classify"
    metric: ClassVar[Metric] = Metric(name="accuracy", better="higher")
    report_template: ClassVar[str] = "report_classify.html"
    columns: ClassVar[tuple[str, ...]] = ("label",)
    value_name: ClassVar[str] = "probability"
    label_kind: ClassVar[str] = "class"
    text_columns: ClassVar[tuple[str, ...]] = ("target", "answer", "label")

    classes: tuple[str, ...] = ()
    smoothing: float = 0.1
    mirror: str = "auto"
    squares: bool = False
    counts: tuple[int, ...] = ()
    weights: tuple[float, ...] = ()
    temperature: float = 1.0
    threshold: float = 0.0

    def __post_init__(self) -> None:
        check_mirror(self.mirror)
        if not 0 <= self.smoothing < 1:
            raise TaskError(f"smoothing is {self.smoothing}; expected a share from 0 to below 1.")
        if self.temperature <= 0 or not 0 <= self.threshold <= 1:
            raise TaskError(
                f"temperature is {self.temperature} and threshold {self.threshold}; "
                "expected a temperature above 0 and a threshold from 0 to 1."
            )
        if len(set(self.classes)) != len(self.classes):
            raise TaskError("Duplicate class label; list each class once.")
        if any(len(part) not in (0, len(self.classes)) for part in (self.counts, self.weights)):
            raise TaskError(f"There are {len(self.classes)} classes; expected as many counts and weights, or none.")

    def check_source(self, source: Source) -> None:
        """Require two or more classes with two or more images each."""
        source.require_classes()

    def prepare(self, rows: Sequence[Row]) -> Self:
        """Learn the classes and their counts; raise `TaskError` for fewer than two, or for one with a single image."""
        found = Counter(_label(row) for row in rows)
        if len(found) < 2:
            only = (
                f"all {len(rows)} training images have the label '{next(iter(found))}'" if found else "there are none"
            )
            raise TaskError(f"classify needs training images of two classes or more, but {only}; add another class.")
        lonely = [label for label, count in found.items() if count == 1]
        if lonely:
            raise TaskError(
                f"The class '{lonely[0]}' has only one training image; a class needs at least two. "
                "Add images of it, or leave the class out."
            )
        classes = tuple(sorted(found, key=natural_key))
        counts = tuple(found[label] for label in classes)
        unbalanced = max(counts) > IMBALANCE * min(counts)
        weights = balancing_weights(counts) if unbalanced else ()
        return replace(self, classes=classes, counts=counts, weights=weights)

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes."""
        return self.classes

    @property
    def choices(self) -> tuple[str, ...]:
        """The classes."""
        return self.classes

    def notes(self) -> list[str]:
        """State whether the classes are unbalanced, and how the loss compensates for it."""
        if not self.weights:
            return []
        most, least = (self.classes[self.counts.index(pick(self.counts))] for pick in (max, min))
        noticed = f"Unbalanced: {max(self.counts)} training images of '{most}', {min(self.counts)} of '{least}'. "
        return [noticed + "Rare classes weigh more in the loss, by 1/sqrt(count)."]

    def read(self, row: Row) -> int:
        """Index of the row's label among the classes."""
        label = _label(row)
        if label not in self._places:
            raise TaskError(
                f"{row.location}: the label '{label}' does not occur among the training images; "
                f"expected one of {shortened(self.classes)}. Add training images of it, or remove this one."
            )
        return self._places[label]

    def outputs(self, channels: int) -> Output:
        """K logits, one per class."""
        return Output("vector", len(self.classes))

    def loss(self, output: Tensor, target: Tensor, criterion: nn.Module | None = None) -> Tensor:
        """Cross-entropy of (N, K) against (N,), with label smoothing and class weights.

        With `squares`: sum over the classes of (s(output) - t)^2, where t is +1 or -1. The scaled tanh s is still steep
        at these targets, so that outputs need not grow without bound to reach them (LeCun et al. 1989).
        """
        if self.squares:
            signs = 2 * F.one_hot(target, output.shape[1]).to(output.dtype) - 1
            loss = (scaled_tanh(output) - signs).square().sum(1)
        else:
            loss = F.cross_entropy(output, target, reduction="none", label_smoothing=self.smoothing)
        if self.weights:
            loss = loss * torch.tensor(self.weights, dtype=loss.dtype, device=loss.device)[target]
        return loss

    def score(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Accuracy: 1 if the largest output is that of the correct class, else 0."""
        return {"accuracy": (output.argmax(1) == target).to(output.dtype)}

    def to_rows(self, output: Tensor, target: Tensor, frame: Frame | None = None) -> list[dict[str, Any]]:
        """Per sample: target, answer, label, probability, right, and the probability of every class."""
        rows = []
        for truth, chances in zip(target.tolist(), self._probabilities(output).tolist(), strict=True):
            answer = self._to_dict(chances)
            rows.append({"target": self.classes[truth], **answer, "right": answer["label"] == self.classes[truth]})
        return rows

    def evaluate(self, table: Sequence[dict[str, Any]]) -> tuple[float, tuple[float, float], dict[str, Any]]:
        """Accuracy with its Wilson interval; statistics per class, confusions, calibration, likelihood, worst errors.

        `confusion[i][j]` counts images of class i predicted as j. An "unknown" answer counts by its most probable label
        in the accuracy; `refused` and `accuracy_when_answered` describe the effect of the threshold.
        """
        right = np.array([row["right"] for row in table], dtype=bool)
        confidences = np.array([row["probability"] for row in table])
        truths = [row["probabilities"][row["target"]] for row in table]
        answered = confidences >= self.threshold
        error, bins = calibration(confidences, right)
        per_class, confusion = self._per_class(table)
        details = {
            "accuracy": float(right.mean()),
            "classes": list(self.classes),
            "per_class": per_class,
            "weakest": min((row for row in per_class if row["count"]), key=lambda row: row["recall"]),
            "confusion": confusion,
            "calibration_error": error,
            "calibration_bins": bins,
            "rejection": rejection(confidences, right),
            "rejected_for_1_percent_error": rejected_for(confidences, right),
            "negative_log_likelihood": float(-np.log(np.maximum(truths, 1e-12)).mean()),
            "temperature": self.temperature,
            "threshold": self.threshold,
            "refused": float(1 - answered.mean()),
            "accuracy_when_answered": float(right[answered].mean()) if answered.any() else None,
            "mistakes": _worst(table),
        }
        return float(right.mean()), wilson_interval(int(right.sum()), len(table)), details

    def answer(self, output: Tensor, frame: Frame | None = None) -> dict[str, Any]:
        """The answer (the label, or "unknown" below the threshold), label, probability, and probabilities by label."""
        return self._to_dict(self._probabilities(output[None])[0].tolist())

    def answer_text(self, answer: Mapping[str, Any]) -> str:
        """The class and its probability.

        >>> Classify().answer_text({"answer": "cat", "label": "cat", "probability": 0.974})
        'cat 97 %'
        >>> Classify().answer_text({"answer": "unknown", "label": "cat", "probability": 0.5})
        'unknown (cat 50 %)'
        """
        best = f"{answer['label']} {percent(answer['probability'], 0)}"
        return best if answer["answer"] == answer["label"] else f"{answer['answer']} ({best})"

    @property
    def answer_rule(self) -> str:
        """The most probable class, unless its probability is below the threshold."""
        return f"the label of the largest probability, or '{UNKNOWN}' where that is below {self.threshold:.17g}"

    def abstention(self, output: Tensor) -> tuple[Tensor, Tensor]:
        """Probability of the most probable class, and whether it is below the threshold."""
        confidence = self._probabilities(output).amax(1)
        return confidence, confidence < self.threshold

    def calibrate(self, outputs: Iterable[tuple[Tensor, Tensor]]) -> Self:
        """Choose temperature and threshold on validation outputs.

        Temperature (Guo et al. 2017): the divisor of the outputs that maximizes the likelihood of the targets; they are
        smoothed by 1/(N + 2), as in Platt (1999), so that a perfect validation result does not lead to unbounded
        confidence. Threshold: the highest one that keeps 99 % of the correct answers.
        """
        output, target = gathered(outputs)
        temperature = _fit_temperature(output, target)
        confidences, labels = torch.softmax(output.double() / temperature, dim=1).max(1)
        right = confidences[labels == target].cpu().numpy()
        enough = len(right) >= ENOUGH_TO_CALIBRATE
        threshold = float(np.quantile(right, 1 - KEPT, method="lower")) if enough else 0.0
        return replace(self, temperature=temperature, threshold=threshold)

    def activate(self, output: Tensor) -> Tensor:
        """Probabilities (N, K): softmax(output / temperature), also for networks trained with `squares`."""
        # Dividing by 1 changes nothing but would add an operation to the graph on the page.
        return torch.softmax(output if self.temperature == 1 else output / self.temperature, dim=1)

    def objective(self, output: Tensor, of: Any = None) -> Tensor:
        """Logit of one class, given by label or index; by default that of each sample's most probable class."""
        return output.max(1).values if of is None else output[:, self.place(of)]

    def value(self, output: Tensor, of: Any = None) -> Tensor:
        """Probability of one class; by default that of each sample's most probable class."""
        return self.objective(self.activate(output), of)

    def attack_criterion(self, aim: Aim, output: Tensor, truths: Sequence[Any] | None, farthest: bool) -> AttackPlan:
        """Misclassification, or `aim.target` as the targeted class."""
        place = None if aim.target is None else self.place(aim.target)
        labels = output.argmax(1) if truths is None else torch.as_tensor(truths)
        if place is not None and truths is None and labels.tolist() == [place]:
            raise AttackError(
                f"The target '{self.classes[place]}' is already the model's answer; choose another class."
            )
        return classes_plan(self.classes, aim, place, output, labels)

    def strata(self, targets: Any) -> list[str]:
        """The classes."""
        return [self.classes[place] for place in targets.tolist()]

    def allows(self, change: str) -> bool:
        """Every change keeps the class, except that a mirrored image may show another class."""
        return change != "flip" or self.mirror != "no"

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

    def decide_mirror(self, features: np.ndarray, mirrored: np.ndarray, targets: Sequence[int]) -> tuple[Self, str]:
        """Disable mirroring if mirror images of one class look like images of another."""
        pairs = changed_classes(features, mirrored, np.array(targets))
        if not pairs:
            return replace(self, mirror="yes"), "no mirrored class resembles another class"
        one, other = (self.classes[place] for place in pairs[0])
        return replace(self, mirror="no"), f"mirrored images of '{one}' resemble '{other}'"

    def augmentation(self, shape: tuple[int, int, int]) -> str:
        """Small gray images with digits or letters as labels are treated as characters, which are not mirrored."""
        channels, height, width = shape
        if channels == 1 and max(height, width) <= 64 and all(is_sign(label) for label in self.classes):
            return "digits"
        return super().augmentation(shape)

    def remarks(self, details: Mapping[str, Any]) -> list[str]:
        """The class with the lowest recall, if there are any errors."""
        weakest = details["weakest"]
        if weakest["recall"] == 1:
            return []
        images = counted(weakest["count"], "image", "images")
        return [f"weakest class: {weakest['label']} ({percent(weakest['recall'])} of {images} found)"]

    def report_values(self, evaluation: Evaluation, pictures: Pictures) -> Values:
        """Confusion matrix, statistics per class, calibration, worst mistakes, examples."""
        return classify_values(evaluation, pictures)

    def example(self, seed: int) -> Source:
        """Squares, disks, triangles and crosses."""
        from ..sources.synthetic import shapes

        return shapes(seed=seed)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {label: place for place, label in enumerate(self.classes)}

    def _probabilities(self, output: Tensor) -> Tensor:
        """Probabilities (N, K), in double precision, so that results do not depend on the batch size."""
        return self.activate(output.double())

    def _to_dict(self, chances: list[float]) -> dict[str, Any]:
        best = max(range(len(chances)), key=chances.__getitem__)
        label = self.classes[best]
        return {
            "answer": label if chances[best] >= self.threshold else UNKNOWN,
            "label": label,
            "probability": chances[best],
            "probabilities": dict(zip(self.classes, chances, strict=True)),
        }

    def _per_class(self, table: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[list[int]]]:
        from sklearn.metrics import confusion_matrix

        places = list(range(len(self.classes)))
        truth = [self._places[row["target"]] for row in table]
        predicted = [self._places[row["label"]] for row in table]
        figures = precision_recall_f1(truth, predicted, places)
        per_class = [
            {"label": label, "precision": float(p), "recall": float(r), "f1": float(f), "count": int(n)}
            for label, p, r, f, n in zip(self.classes, *figures, strict=True)
        ]
        return per_class, confusion_matrix(truth, predicted, labels=places).tolist()


def _label(row: Row) -> str:
    label = row.values.get("label", "")
    if not label:
        raise TaskError(
            f"{row.location}: has no label; classify needs one for every image. Fill it in, or remove the row."
        )
    return label


def _fit_temperature(output: Tensor, target: Tensor) -> float:
    from scipy.optimize import minimize_scalar

    output, smoothing = output.detach().double(), 1 / (len(target) + 2)

    def unlikeliness(logarithm: float) -> float:
        return F.cross_entropy(output / np.exp(logarithm), target, label_smoothing=smoothing).item()

    minimum: Any = minimize_scalar(unlikeliness, bounds=(np.log(0.05), np.log(20)), method="bounded")
    return float(np.exp(minimum.x))


def _worst(table: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The most confident errors; `row` is their index in the table."""
    wrong = [place for place, row in enumerate(table) if not row["right"]]
    wrong.sort(key=lambda place: -table[place]["probability"])
    keys = ("target", "label", "probability")
    return [{"row": place, **{key: table[place][key] for key in keys}} for place in wrong[:LISTED_MISTAKES]]
