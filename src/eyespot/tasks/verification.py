"""Verification metrics of embeddings: error rates over all pairs, with intervals over identities.

Shapes: N images, D numbers of an embedding, P pairs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

RESAMPLES = 100
FALSE_ACCEPT_RATES = (0.001, 0.01, 0.1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Pairs:
    """All pairs of N images: similarity (P,), whether they have the same identity (P,), and both identities (P, 2)."""

    similarity: np.ndarray
    same: np.ndarray
    identities: np.ndarray

    @property
    def complete(self) -> bool:
        """Whether there are pairs of the same and of different identities."""
        return bool(self.same.any() and not self.same.all())


def all_pairs(embeddings: np.ndarray, identities: np.ndarray) -> Pairs:
    """The pairs of embeddings (N, D) of unit length with integer identities (N,)."""
    first, second = np.triu_indices(len(embeddings), 1)
    similarity = (embeddings @ embeddings.T)[first, second]
    both = np.stack([identities[first], identities[second]], 1)
    return Pairs(similarity=similarity, same=both[:, 0] == both[:, 1], identities=both)


@dataclass(frozen=True, kw_only=True, eq=False)
class Rates:
    """False and true accept rates for each threshold, in decreasing order.

    The first threshold is above every similarity, so that both rates rise from 0 to 1.
    """

    thresholds: np.ndarray
    false_accepts: np.ndarray
    true_accepts: np.ndarray

    def equal_error_rate(self) -> float:
        """The rate at which the false reject rate equals the false accept rate."""
        difference = self.false_accepts - (1 - self.true_accepts)
        after = int(np.argmax(difference >= 0))
        low, high = difference[after - 1], difference[after]
        part = -low / (high - low)
        return float(self.false_accepts[after - 1] + part * (self.false_accepts[after] - self.false_accepts[after - 1]))

    def equal_error_threshold(self) -> float:
        """The similarity threshold at the equal error rate."""
        balance = np.abs(self.false_accepts - (1 - self.true_accepts))
        return float(self.thresholds[1:][np.argmin(balance[1:])])

    def area(self) -> float:
        """Area under the ROC curve: how often a genuine pair is more similar than an impostor pair."""
        return float(np.trapezoid(self.true_accepts, self.false_accepts))

    def accepts_at(self, threshold: float) -> tuple[float, float]:
        """False and true accept rates at a threshold.

        >>> rates_of(np.array([0.9, 0.2, 0.6]), np.array([True, True, False])).accepts_at(0.5)
        (1.0, 0.5)
        """
        place = int((self.thresholds >= threshold).sum()) - 1
        return float(self.false_accepts[place]), float(self.true_accepts[place])

    def true_accepts_at(self, rate: float) -> float:
        """The largest true accept rate with a false accept rate of at most `rate`."""
        return float(self.true_accepts[self.false_accepts <= rate].max())


def rates_of(similarity: np.ndarray, same: np.ndarray, weight: np.ndarray | None = None) -> Rates:
    """The rates at every similarity (P,) that occurs; `weight` (P,) is the weight of each pair.

    >>> rates_of(np.array([0.9, 0.2, 0.6, 0.1]), np.array([True, True, False, False])).equal_error_rate()
    0.5
    """
    order = np.argsort(-similarity, kind="stable")
    sorted_similarity, sorted_same = similarity[order], same[order]
    count = np.ones(len(order)) if weight is None else weight[order]
    last = np.append(np.flatnonzero(np.diff(sorted_similarity)), len(order) - 1)  # ties are accepted together
    accepted = [np.cumsum(count * chosen)[last] for chosen in (~sorted_same, sorted_same)]
    false_accepts, true_accepts = (np.append(0.0, each / max(each[-1], 1e-12)) for each in accepted)
    thresholds = np.append(np.inf, sorted_similarity[last])
    return Rates(thresholds=thresholds, false_accepts=false_accepts, true_accepts=true_accepts)


def verification_statistics(pairs: Pairs) -> tuple[float, tuple[float, float], dict[str, Any]]:
    """The equal error rate with its interval, and further statistics by name.

    The bootstrap resamples identities, since pairs that share an identity are not independent.
    """
    rates = rates_of(pairs.similarity, pairs.same)
    drawn = list(resampled(pairs))
    details: dict[str, Any] = {
        "same_pairs": int(pairs.same.sum()),
        "different_pairs": int((~pairs.same).sum()),
        "auc": rates.area(),
        "equal_error_threshold": rates.equal_error_threshold(),
    }
    for rate in FALSE_ACCEPT_RATES:
        accepted = rates.true_accepts_at(rate)
        between = interval([each.true_accepts_at(rate) for each in drawn])
        details[f"true_accepts_at_{rate:g}"] = accepted
        details[f"true_accepts_at_{rate:g}_interval"] = between if accepted < 1 else (1 - unseen_rate(pairs), 1.0)
    score = rates.equal_error_rate()
    return score, error_interval(score, drawn, pairs), details


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The central 95 % of resampled values; NaN if there are none."""
    low, high = np.percentile(values, [2.5, 97.5]) if len(values) else (np.nan, np.nan)
    return float(low), float(high)


def error_interval(score: float, drawn: Sequence[Rates], pairs: Pairs) -> tuple[float, float]:
    """The interval of an equal error rate, from the rates of resampled identities; it contains the rate itself."""
    low, high = interval([each.equal_error_rate() for each in drawn]) if len(drawn) else (score, score)
    return (min(low, score), max(high, score)) if score > 0 else (0.0, max(high, unseen_rate(pairs)))


def unseen_rate(pairs: Pairs) -> float:
    """The upper end of a 95 % interval where no error was seen: with it, 97.5 % of such samples would show one.

    Identities with two images are drawn, so that several pairs of one count once.
    """
    return 1 - 0.025 ** (1 / max(1, len(np.unique(pairs.identities[pairs.same]))))


def resampled(pairs: Pairs):
    """Yield the rates of resampled identities.

    A pair of one identity is weighted by its count, another pair by the product of both counts. Resamples without pairs
    of both kinds are skipped.
    """
    numbers, places = np.unique(pairs.identities, return_inverse=True)
    places = places.reshape(pairs.identities.shape)
    random = np.random.default_rng(0)
    for _ in range(RESAMPLES):
        times = np.bincount(random.integers(0, len(numbers), len(numbers)), minlength=len(numbers))
        weight = np.where(pairs.same, times[places[:, 0]], times[places].prod(1)).astype(float)
        if weight[pairs.same].sum() and weight[~pairs.same].sum():
            yield rates_of(pairs.similarity, pairs.same, weight)


def rank_one(embeddings: np.ndarray, identities: np.ndarray) -> float:
    """Fraction of images whose nearest other image has the same identity, among those with another image."""
    similarity = embeddings @ embeddings.T
    np.fill_diagonal(similarity, -2)
    _, place, counts = np.unique(identities, return_inverse=True, return_counts=True)
    queries = counts[place] > 1
    right = identities[similarity.argmax(1)] == identities
    return float(right[queries].mean()) if queries.any() else float("nan")
