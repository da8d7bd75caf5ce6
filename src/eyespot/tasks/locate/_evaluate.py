"""Metrics from the table of predictions: F1, precision, recall and counting errors."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .._matches import average_precision
from ._points import as_array, match

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
    bias, spread = float(differences.mean()), float(differences.std(ddof=1)) if len(table) > 1 else 0.0
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
        "count_limits": [bias - 1.96 * spread, bias + 1.96 * spread],
        "mistakes": sorted(mistakes, key=lambda each: -(each["missed"] + each["false"]))[:WORST],
    }
    return score, interval, details


def matched(row: Mapping[str, Any], radius: float) -> Any:
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
