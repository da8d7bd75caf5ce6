"""Groups by content: sorted by a user's examples, or found by clustering and named automatically."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import numpy as np

from ..errors import SourceError
from ._index import Photos

UNSURE = "unsure"
ALLOWED_ERROR = 0.03
"""Expected fraction of wrong photos among the sorted ones; the others are unsure. Calibration on few examples is
optimistic: with 10 per group, the true fraction was 0.04 (measured on scenes6)."""
FOLDS = 5
FEWEST_EXAMPLES = 3
REGULARIZATION = 1.0
TEMPERATURES = np.geomspace(0.1, 10, 60)

DIMENSIONS = 32
SMALLEST_CLUSTER = 5
MOST_CLUSTERED = 20_000
"""Maximum number of photos: clustering compares all pairs and would take hours."""


@dataclass(frozen=True, kw_only=True)
class Sorted:
    """The group of each of N photos ("" for none, "unsure"), its probability, and the method.

    `threshold` is the minimum probability of a sorted photo; `expected_error` the fraction of wrong ones among them
    that calibration on the examples predicts. Both are NaN for clusters. `members` are the photos of each group where
    one can be in several, as people are; `groups` then states one of them.
    """

    groups: list[str]
    probabilities: np.ndarray
    by: str
    threshold: float = float("nan")
    expected_error: float = float("nan")
    members: Mapping[str, Sequence[int]] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """Number of photos in each group, the largest first."""
        if self.members:
            return {name: len(photos) for name, photos in self.members.items()}
        return dict(Counter(group for group in self.groups if group).most_common())

    def photos_of(self, group: str) -> list[int]:
        """The photos of a group, by index."""
        return list(self.members.get(group, [])) or [photo for photo, own in enumerate(self.groups) if own == group]


def sort_by_examples(photos: Photos, examples: Photos, allowed_error: float = ALLOWED_ERROR) -> Sorted:
    """Sort photos into the user's example folders: the first folder of each example's path is its group.

    A logistic regression on the embeddings, with probabilities calibrated by cross-validation on the examples
    (temperature scaling, Guo et al. 2017). Photos are unsure below the probability at which more than `allowed_error`
    of the others would be expected to be wrong. Raises `SourceError` unless there are two groups with three examples.
    """
    _require_embeddings(photos)
    given = [PurePath(row["path"]).parts for row in examples.rows]
    loose = [row["path"] for row, parts in zip(examples.rows, given, strict=True) if len(parts) < 2]
    counts = Counter(parts[0] for parts in given if len(parts) > 1)
    few = [name for name, count in counts.items() if count < FEWEST_EXAMPLES]
    if loose or few or len(counts) < 2:
        reason = f"{loose[0]} lies in none" if loose else f"'{few[0]}' has fewer" if few else f"there are {len(counts)}"
        raise SourceError(
            f"Examples: expected two or more folders of {FEWEST_EXAMPLES} or more photos each, one per group; {reason}."
        )
    classes, y = np.unique([parts[0] for parts in given], return_inverse=True)
    center = photos.unit.mean(axis=0)
    x, new = _scaled(examples.unit - center), _scaled(photos.unit - center)
    temperature = _temperature(x, y)
    probabilities = _softmax(_fitted(x, y).decision(new) / temperature)
    surest, best = probabilities.max(axis=1), probabilities.argmax(axis=1)
    threshold, error = unsure_below(surest, allowed_error)
    groups = [str(classes[one]) if chance >= threshold else UNSURE for one, chance in zip(best, surest, strict=True)]
    return Sorted(
        groups=groups,
        probabilities=surest,
        by=f"{len(y)} examples of {len(classes)} groups",
        threshold=threshold,
        expected_error=error,
    )


def unsure_below(surest: np.ndarray, allowed_error: float) -> tuple[float, float]:
    """The lowest probability at which at most `allowed_error` of the photos are expected to be wrong; and the error.

    >>> unsure_below(np.array([1.0, 0.9, 0.5]), 0.06)[0]
    0.9
    """
    ordered = np.sort(surest)[::-1]
    errors = np.cumsum(1 - ordered) / np.arange(1, len(ordered) + 1)
    accepted = int(np.searchsorted(errors, allowed_error, side="right"))
    if accepted == 0:
        return float("inf"), 0.0
    return float(ordered[accepted - 1]), float(errors[accepted - 1])


def _require_embeddings(photos: Photos) -> None:
    if not photos.embeddings.shape[1]:
        raise SourceError(
            "Grouping by content needs the trained network: pip install 'eyespot[pretrained]', then index the "
            "collection again."
        )


def _scaled(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)


@dataclass(frozen=True, kw_only=True)
class _Linear:
    weight: np.ndarray
    bias: np.ndarray

    def decision(self, x: np.ndarray) -> np.ndarray:
        """Logits (N, K), one column for each class."""
        logits = x @ self.weight.T + self.bias
        return np.concatenate([-logits, logits], axis=1) / 2 if logits.shape[1] == 1 else logits


def _fitted(x: np.ndarray, y: np.ndarray) -> _Linear:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=REGULARIZATION, class_weight="balanced", max_iter=1000).fit(x, y)
    return _Linear(weight=model.coef_, bias=model.intercept_)


def _temperature(x: np.ndarray, y: np.ndarray) -> float:
    """Divisor of the logits that maximizes the likelihood of held-out examples."""
    from sklearn.model_selection import StratifiedKFold

    folds = min(FOLDS, int(np.bincount(y).min()))
    logits = np.empty((len(y), int(y.max()) + 1))
    for train, test in StratifiedKFold(folds, shuffle=True, random_state=0).split(x, y):
        logits[test] = _fitted(x[train], y[train]).decision(x[test])
    # If all examples are correct, the optimal temperature is not finite: a quarter of an additional error
    # is counted.
    wrong = 0.25 / (len(y) + 1)
    targets = np.full(logits.shape, wrong / (logits.shape[1] - 1))
    targets[np.arange(len(y)), y] = 1 - wrong
    losses = [-(targets * np.log(_softmax(logits / each) + 1e-12)).sum() for each in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmin(losses))])


def _softmax(logits: np.ndarray) -> np.ndarray:
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def cluster(photos: Photos, probabilities: np.ndarray, names: list[str]) -> Sorted:
    """Groups of similar photos (HDBSCAN, Campello et al. 2013); photos with few similar ones are in none.

    Each is named after its most overrepresented class compared to the whole collection; `probabilities` (N, K) are
    those of the K class `names`. The names are suggestions. Raises `SourceError` for too many photos.
    """
    from sklearn.cluster import HDBSCAN
    from sklearn.decomposition import PCA

    _require_embeddings(photos)
    count = len(photos)
    if count > MOST_CLUSTERED:
        raise SourceError(
            f"{count:,} photos are too many to cluster (at most {MOST_CLUSTERED:,}); take a part of them."
        )
    if count < 2 * SMALLEST_CLUSTER:
        return Sorted(groups=[""] * count, probabilities=np.zeros(count), by="too few photos to cluster")
    low = _scaled(PCA(min(DIMENSIONS, count - 1, photos.unit.shape[1]), random_state=0).fit_transform(photos.unit))
    clustering: Any = HDBSCAN  # its type hints declare `copy` as str
    clusters = clustering(min_cluster_size=SMALLEST_CLUSTER, copy=True).fit(low)
    usual = probabilities.mean(axis=0) + 1 / len(names)
    labels, used = {-1: ""}, Counter()
    for number in range(int(clusters.labels_.max()) + 1):
        name = names[int((probabilities[clusters.labels_ == number].mean(axis=0) / usual).argmax())]
        used[name] += 1
        labels[number] = name if used[name] == 1 else f"{name} {used[name]}"
    groups = [labels[int(number)].replace(os.sep, "-") for number in clusters.labels_]
    return Sorted(groups=groups, probabilities=clusters.probabilities_, by="similar photos (HDBSCAN)")
