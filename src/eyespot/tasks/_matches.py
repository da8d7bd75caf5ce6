"""Detections matched with objects: average precision, and the best score threshold.

Shapes: M detections and T objects of one image.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RECALLS = np.linspace(0, 1, 101)
"""Recall values at which COCO samples the precision-recall curve."""


@dataclass(frozen=True, kw_only=True)
class Matches:
    """Matches of one image and class: scores of the detections, whether they are correct, and the number of objects.

    `detections` are the numbers of the detections in this order, by decreasing score; `matched` has the number of the
    object that each was matched with, -1 for none.
    """

    scores: np.ndarray
    right: np.ndarray
    objects: int
    detections: np.ndarray
    matched: np.ndarray


def average_precision(matches: Sequence[Matches]) -> float:
    """Mean over 101 recall values of the best precision at that recall or above; NaN without objects."""
    objects = sum(one.objects for one in matches)
    if not objects:
        return float("nan")
    scores = np.concatenate([one.scores for one in matches])
    right = np.concatenate([one.right for one in matches])[np.argsort(-scores, kind="stable")]
    hits = np.cumsum(right)
    recall, precision = hits / objects, hits / np.arange(1, len(right) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    places = np.searchsorted(recall, RECALLS, side="left")
    return float(np.append(best, 0.0)[places].mean())


def best_threshold(matches: Sequence[Matches]) -> tuple[float, float] | None:
    """The score threshold with the largest F1, and that F1; None without detections.

    It is the midpoint between the lowest accepted score and the next one.
    """
    scores = np.concatenate([one.scores for one in matches]) if matches else np.empty(0)
    objects = sum(one.objects for one in matches)
    if not len(scores) or not objects:
        return None
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(np.concatenate([one.right for one in matches])[order])
    f1 = 2 * hits / (np.arange(1, len(hits) + 1) + objects)
    best = int(f1.argmax())
    following = scores[order[best + 1]] if best + 1 < len(order) else 0.0
    return float((scores[order[best]] + following) / 2), float(f1[best])
