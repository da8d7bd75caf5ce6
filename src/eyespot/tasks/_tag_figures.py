"""The statistics of tags: per tag, per group, and over all of them. Shapes: N images, K tags, A attributes."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ._tag_calibration import judgeable
from ._tag_groups import Attribute, attributes
from .statistics import RESAMPLES, calibration, precision_recall_f1, rejected_for, wilson_interval

PRECISIONS = (0.9, 0.95)
"""Precisions at which the coverage is reported."""
AP_RESAMPLES = 100
"""Number of bootstrap resamples for the interval of the mean average precision, which is slow to compute."""


def mean_precision(truths: np.ndarray, chances: np.ndarray) -> float:
    """Mean average precision over the tags with a known positive and a known negative; NaN if there is none."""
    precisions = _average_precisions(truths, chances)
    return float(np.nanmean(precisions)) if not np.isnan(precisions).all() else math.nan


def precision_interval(truths: np.ndarray, chances: np.ndarray) -> tuple[float, float]:
    """The 95 % bootstrap interval of `mean_precision` over images (Efron 1979).

    A rare tag without a positive in a resample keeps its value for all images; dropping it would change the mean.
    """
    precisions = _average_precisions(truths, chances)
    if np.isnan(precisions).all():
        return math.nan, math.nan
    random, count = np.random.default_rng(0), len(truths)
    drawn = (random.integers(count, size=count) for _ in range(AP_RESAMPLES))
    counts = np.stack([np.bincount(rows, minlength=count) for rows in drawn])
    again = _resampled_precisions(truths, chances, counts)
    score, means = float(np.nanmean(precisions)), np.nanmean(np.where(np.isnan(again), precisions, again), axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    # Resampled images repeat, which makes ranking easier: with few positives, the interval can lie above the score.
    return min(float(low), score), max(float(high), score)


def _resampled_precisions(truths: np.ndarray, chances: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Average precision of each tag (B, K) in B resamples that have each image `counts` (B, N) times; NaN as below.

    The sum of (R_n - R_(n-1)) P_n over the distinct scores, as scikit-learn computes it for one resample at a time,
    which takes a hundred times as long.
    """
    found = np.full((len(counts), truths.shape[1]), math.nan)
    for place, (truth, chance) in enumerate(zip(truths.T, chances.T, strict=True)):
        order = np.argsort(-chance, kind="stable")
        order = order[~np.isnan(truth[order])]
        ends = np.flatnonzero(np.diff(chance[order], append=math.nan) != 0)
        weights = counts[:, order]
        taken = weights.cumsum(1)[:, ends]
        positive = (weights * truth[order]).cumsum(1)[:, ends]
        if not len(ends):
            continue
        valid = (positive[:, -1] > 0) & (positive[:, -1] < taken[:, -1])
        taken, positive = taken[valid], positive[valid]
        gained = np.diff(positive, axis=1, prepend=0) / positive[:, -1:]
        found[valid, place] = (gained * positive / np.maximum(taken, 1)).sum(1)
    return found


def _average_precisions(truths: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """Average precision of each tag (K,); NaN without a known positive and a known negative."""
    from sklearn.metrics import average_precision_score

    precisions = np.full(truths.shape[1], math.nan)
    for place, (truth, chance) in enumerate(zip(truths.T, chances.T, strict=True)):
        if judgeable(truth):
            known = ~np.isnan(truth)
            precisions[place] = average_precision_score(truth[known], chance[known])
    return precisions


def _interval(count: int, resamples: int, figure: Callable[[np.ndarray], float]) -> tuple[float, float]:
    random = np.random.default_rng(0)
    drawn = [figure(random.integers(count, size=count)) for _ in range(resamples)]
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def tag_figures(truth: np.ndarray, chance: np.ndarray, called: np.ndarray, cut: float) -> dict[str, Any]:
    """Precision, recall, F1 and average precision of one tag; `called` (N,) is whether it was answered."""
    from sklearn.metrics import average_precision_score

    known = ~np.isnan(truth)
    figures = {"positives": int((truth == 1).sum()), "known": int(known.sum()), "threshold": cut}
    if not judgeable(truth):
        return {**figures, "average_precision": None, "precision": None, "recall": None, "f1": None}
    precision, recall, f1 = precision_recall_f1(truth[known] == 1, called[known], [True])[:3, 0]
    return {
        **figures,
        "average_precision": float(average_precision_score(truth[known], chance[known])),
        "precision": float(precision),
        "recall": float(recall),
        "f1": float(f1),
    }


def group_figures(
    tags: Sequence[str], truths: np.ndarray, chances: np.ndarray, called: np.ndarray
) -> list[dict[str, Any]]:
    """Statistics of each group of tags, over the images whose tag in the group is known."""
    groups = [each for each in attributes(tags) if each.exclusive]
    return [_group(each, *(part[:, each.places] for part in (truths, chances, called))) for each in groups]


def _group(each: Attribute, truth: np.ndarray, chance: np.ndarray, called: np.ndarray) -> dict[str, Any]:
    known = ~np.isnan(truth[:, 0])
    true: np.ndarray = np.asarray(truth[known], dtype=bool)
    chance, called, count = chance[known], called[known], len(true)
    if not count:
        return {"group": each.name, "known": 0, "accuracy": None}
    right = true[np.arange(count), np.argmax(chance, axis=1)]
    answered = called.any(1)
    kept = np.any(true & called, axis=1)[answered]
    confidences = chance.max(1)
    return {
        "group": each.name,
        "known": count,
        "accuracy": float(right.mean()),
        "interval": wilson_interval(int(right.sum()), count),
        "most_frequent": float(true.mean(0).max()),
        "coverage": float(answered.mean()),
        "precision": float(kept.mean()) if len(kept) else None,
        "precision_interval": wilson_interval(int(kept.sum()), len(kept)) if len(kept) else None,
        **{f"coverage_at_{round(100 * p)}": 1 - rejected_for(confidences, right, 1 - p) for p in PRECISIONS},
        "calibration_error": calibration(confidences, right)[0],
    }


def overall_figures(truths: np.ndarray, called: np.ndarray, never_learned: np.ndarray) -> dict[str, Any]:
    """Micro-averaged F1, precision and recall over all known tags, with the bootstrap interval of F1.

    `never_learned` (N,) counts the groups of each image whose tag was not among the training tags: they are misses.
    """
    known = ~np.isnan(truths)
    hits = ((truths == 1) & called & known).sum(1)
    answers = (called & known).sum(1)
    actual = (truths == 1).sum(1) + never_learned

    def f1(rows: np.ndarray) -> float:
        total = answers[rows].sum() + actual[rows].sum()
        return float(2 * hits[rows].sum() / total) if total else math.nan

    everything = np.arange(len(truths))
    if math.isnan(f1(everything)):
        return {"micro_f1": None, "micro_f1_interval": None, "micro_precision": None, "micro_recall": None}
    return {
        "micro_f1": f1(everything),
        "micro_f1_interval": _interval(len(truths), RESAMPLES, f1),
        "micro_precision": float(hits.sum() / answers.sum()) if answers.sum() else None,
        "micro_recall": float(hits.sum() / actual.sum()) if actual.sum() else None,
    }


def never_learned(tags: Sequence[str], truths: np.ndarray) -> np.ndarray:
    """Number of groups of each image (N,) with a known tag that is not among `tags`."""
    groups = [truths[:, each.places] for each in attributes(tags) if each.exclusive]
    return sum(((part == 0).all(1).astype(int) for part in groups), np.zeros(len(truths), int))
