"""Statistics that several tasks need: class balance, intervals, calibration."""

from collections.abc import Sequence
from typing import Any

import numpy as np

IMBALANCE = 3.0
"""Classes are unbalanced, and weighted, if the largest count is more than this many times the smallest."""

CEILING_DRAWS = 200
"""Number of noise draws for the noise ceiling."""

RESAMPLES = 500
"""Number of resamples for a bootstrap interval."""


def balancing_weights(counts: Sequence[int]) -> tuple[float, ...]:
    """One weight per class, proportional to 1/sqrt(count), whose mean over the samples is 1.

    The square root is a compromise between no weights and equal total weight of all classes: full weights make a few
    rare images as important as thousands of others, and the network memorizes them.

    >>> [round(weight, 3) for weight in balancing_weights([100, 4])]
    [0.867, 4.333]
    """
    raw = 1 / np.sqrt(np.asarray(counts, dtype=float))
    return tuple((raw * np.sum(counts) / np.sum(raw * counts)).tolist())


def wilson_interval(right: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a proportion (Wilson 1927): stays within 0 and 1 and is valid for few images."""
    from scipy.stats import binomtest

    interval = binomtest(right, count).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


def precision_recall_f1(truth: Any, called: Any, labels: Sequence[Any]) -> np.ndarray:
    """Precision, recall, F1 and count of each label: (4, K). 0/0 counts as 0."""
    from sklearn.metrics import precision_recall_fscore_support

    nothing: Any = 0
    return np.array(precision_recall_fscore_support(truth, called, labels=labels, zero_division=nothing))


def mean_interval(values: Sequence[float] | np.ndarray) -> tuple[float, float]:
    """The 95 % bootstrap interval of a mean (Efron 1979)."""
    from scipy.stats import bootstrap

    values = np.asarray(values, dtype=float)
    if len(values) < 2 or np.all(values == values[0]):
        return float(values.mean()), float(values.mean())
    drawn = bootstrap(
        (values,), np.mean, n_resamples=RESAMPLES, batch=50, method="percentile", rng=np.random.default_rng(0)
    )
    return float(drawn.confidence_interval.low), float(drawn.confidence_interval.high)


def correlation_interval(one: np.ndarray, other: np.ndarray) -> tuple[float, tuple[float, float]]:
    """Spearman's rank correlation of two columns (N,), and its 95 % bootstrap interval (Efron 1979).

    0 if one of the columns is constant.
    """
    from scipy.stats import rankdata

    random = np.random.default_rng(0)
    drawn = random.integers(0, len(one), (RESAMPLES, len(one)))
    correlations = _correlations(rankdata(one[drawn], axis=1), rankdata(other[drawn], axis=1))
    low, high = np.quantile(correlations, (0.025, 0.975))
    return _correlation(rankdata(one), rankdata(other)), (float(low), float(high))


def noise_ceiling(ratings: np.ndarray, noise: float) -> float:
    """Rank correlation of ratings (N,) with the underlying true values, which no answer can exceed on average.

    `noise` is the standard error of a rating. True values with the correct variance are simulated by shrinking the
    ratings toward their mean (Kelley 1947); the correlation is the mean over draws of the noise.
    """
    from scipy.stats import rankdata

    variance = float(ratings.var())
    if variance <= noise**2:
        return 0.0
    true = ratings.mean() + (ratings - ratings.mean()) * np.sqrt(1 - noise**2 / variance)
    random = np.random.default_rng(0)
    drawn = [rankdata(true + random.normal(0, noise, len(true))) for _ in range(CEILING_DRAWS)]
    return float(np.mean([_correlation(rankdata(true), each) for each in drawn]))


def _correlations(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """`_correlation` of each row of two arrays (R, N): (R,)."""
    one, other = (part - part.mean(1, keepdims=True) for part in (one, other))
    sizes = np.sqrt(np.square(one).sum(1) * np.square(other).sum(1))
    return np.divide((one * other).sum(1), sizes, out=np.zeros(len(one)), where=sizes > 0)


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Pearson's correlation."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def calibration(confidences: np.ndarray, right: np.ndarray, bins: int = 15) -> tuple[float, list[dict[str, Any]]]:
    """Expected calibration error (Naeini et al. 2015), and its equal-width bins.

    `confidences` (N,) are in [0, 1]; `right` (N,) is whether each answer is correct. The error is the gap between mean
    confidence and accuracy, averaged over the bins by their counts.
    """
    place = np.clip(np.ceil(confidences * bins).astype(int) - 1, 0, bins - 1)
    rows = []
    for number in np.unique(place):
        inside = place == number
        rows.append(
            {
                "count": int(inside.sum()),
                "confidence": float(confidences[inside].mean()),
                "accuracy": float(right[inside].mean()),
            }
        )
    error = sum(row["count"] * abs(row["confidence"] - row["accuracy"]) for row in rows) / len(confidences)
    return float(error), rows


def rejection(confidences: np.ndarray, right: np.ndarray, points: int = 41) -> list[dict[str, float]]:
    """Error rate of the remaining answers if a fraction of them, the least confident ones, is rejected (Chow 1970).

    >>> rejection(np.array([0.9, 0.5, 0.8]), np.array([True, False, True]), points=2)[0]
    {'rejected': 0.0, 'error': 0.3333333333333333}
    """
    errors = _errors_of_the_surest(confidences, right)
    kept = np.unique(np.linspace(1, len(errors), min(points, len(errors))).round().astype(int))[::-1]
    return [{"rejected": float(1 - count / len(errors)), "error": float(errors[count - 1])} for count in kept]


def rejected_for(confidences: np.ndarray, right: np.ndarray, error: float = 0.01) -> float:
    """Smallest fraction of least confident answers to reject so that at most `error` of the rest are wrong.

    >>> rejected_for(np.array([0.9, 0.5, 0.8, 0.7]), np.array([True, False, True, True]))
    0.25
    """
    enough = np.flatnonzero(_errors_of_the_surest(confidences, right) <= error)
    return float(1 - (enough[-1] + 1) / len(right)) if len(enough) else 1.0


def _errors_of_the_surest(confidences: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(N,): error rate of the 1, 2, ... N most confident answers."""
    wrong = ~right[np.argsort(-confidences, kind="stable")]
    return np.cumsum(wrong) / np.arange(1, len(wrong) + 1)
