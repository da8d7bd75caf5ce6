"""Metrics from the table of predictions: F1, precision, recall and counting errors."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...charts import agreement
from .._matches import Matches, average_precision
from ._points import as_array, match

FALSE_PER_IMAGE = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""False points per image at which the FROC curve is stated."""
RESAMPLES = 1000
WORST = 50


def evaluate_table(
    table: Sequence[Mapping[str, Any]], radius: float, threshold: float
) -> tuple[float, tuple[float, float], dict[str, Any]]:
    """F1 at the threshold over all points, its 95 % interval over images, and the statistics."""
    matches = [matched(row, radius) for row in table]
    sure = [one.scores >= threshold for one in matches]
    hits = np.array([int((one.right & chosen).sum()) for one, chosen in zip(matches, sure, strict=True)])
    found = np.array([int(chosen.sum()) for chosen in sure])
    objects = np.array([one.objects for one in matches])
    differences = found - objects
    score, interval = f1(hits, found, objects), bootstrap_interval(hits, found, objects)
    mistakes = [
        {"row": place, "missed": int(there - hit), "false": int(predicted - hit)}
        for place, (hit, predicted, there) in enumerate(zip(hits, found, objects, strict=True))
    ]
    bias, spread = agreement(differences)
    _, false = curves(matches)
    details = {
        "radius": radius,
        "threshold": threshold,
        "precision": float(hits.sum() / max(1, found.sum())),
        "recall": float(hits.sum() / max(1, objects.sum())),
        "AP": _known(average_precision(matches)),
        "objects": int(objects.sum()),
        "missed": int((objects - hits).sum()),
        "false": int((found - hits).sum()),
        "mean_absolute_count_error": float(np.abs(differences).mean()),
        "count_bias": bias,
        "count_limits": [bias - spread, bias + spread],
        "recall_at_false_per_image": {f"{most:g}": recall_at(false, most) for most in FALSE_PER_IMAGE},
        "mistakes": sorted(mistakes, key=lambda each: -(each["missed"] + each["false"]))[:WORST],
    }
    return score, interval, details


def curves(matches: Sequence[Matches]) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Precision by recall, and recall by false points per image (FROC), from the highest score to the lowest.

    Points are (recall, precision) and (false points, recall), one for each different score; empty without objects.
    """
    objects = sum(one.objects for one in matches)
    if not objects:
        return [], []
    scores = np.concatenate([one.scores for one in matches])
    order = np.argsort(-scores, kind="stable")
    right = np.concatenate([one.right for one in matches])[order]
    last = np.append(scores[order][1:] != scores[order][:-1], True)[: len(order)]
    hits, found = np.cumsum(right)[last], np.arange(1, len(order) + 1)[last]
    recall = hits / objects
    precise = list(zip(recall.tolist(), (hits / found).tolist(), strict=True))
    return precise, list(zip(((found - hits) / len(matches)).tolist(), recall.tolist(), strict=True))


def recall_at(false: Sequence[tuple[float, float]], most: float) -> float | None:
    """The best recall with at most this many false points per image; None without objects.

    >>> recall_at([(0.0, 0.2), (0.5, 0.6), (2.0, 0.8)], 1.0)
    0.6
    """
    return max([0.0, *(recall for wrong, recall in false if wrong <= most)]) if false else None


def matched(row: Mapping[str, Any], radius: float) -> Matches:
    """The matches of one image of the table."""
    scores = np.array([entry["score"] for entry in row["points"]], float)
    return match(as_array([entry["point"] for entry in row["points"]]), scores, as_array(row["target"]), radius)


def outcomes_of(row: Mapping[str, Any], radius: float) -> dict[str, list[dict[str, Any]]]:
    """True and predicted points of one row, matched."""
    matches = matched(row, radius)
    found = [
        {"label": "", "place": row["points"][detection]["point"], "score": row["points"][detection]["score"]}
        | {"object": None if number < 0 else number}
        for detection, number in zip(matches.detections.tolist(), matches.matched.tolist(), strict=True)
    ]
    return {"objects": [{"label": "", "place": point} for point in row["target"]], "found": found}


def f1(hits: np.ndarray, found: np.ndarray, objects: np.ndarray) -> float:
    """Twice the matches of all images, divided by the number of predicted and true points; NaN if both are 0.

    >>> f1(np.array([1]), np.array([1]), np.array([3]))
    0.5
    """
    total = found.sum() + objects.sum()
    return float(2 * hits.sum() / total) if total else float("nan")


def bootstrap_interval(hits: np.ndarray, found: np.ndarray, objects: np.ndarray) -> tuple[float, float]:
    """The 95 % bootstrap interval of F1 over images."""
    drawn = np.random.default_rng(0).integers(0, len(hits), (RESAMPLES, len(hits)))
    totals = found[drawn].sum(1) + objects[drawn].sum(1)
    values = 2 * hits[drawn].sum(1)[totals > 0] / totals[totals > 0]
    if not len(values):
        return float("nan"), float("nan")
    low, high = np.percentile(values, [2.5, 97.5])
    score = f1(hits, found, objects)
    return min(float(low), score), max(float(high), score)


def _known(value: float) -> float | None:
    return None if value != value else value
