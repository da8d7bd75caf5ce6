"""Average precision, and precision and recall at a threshold, from a table of detections.

All are derived from matches: per image and class, detections are processed by decreasing score, and each is correct
if its overlap with an object that is not matched yet reaches the limit (COCO's rule).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...errors import TaskError
from .._matches import Matches, average_precision

RESAMPLES = 200
MOST = 100
"""Maximum number of detections per image, as in COCO."""


def match(found: np.ndarray, scores: np.ndarray, truth: np.ndarray, limit: float = 0.5) -> Matches:
    """Match detections (M, 4) with objects (T, 4) of one image and class, by decreasing score."""
    order = np.argsort(-scores, kind="stable")[:MOST]
    overlap = pairwise_overlaps(found[order], truth)
    matched = np.full(len(order), -1)
    for place in range(len(order)):
        if len(truth) and overlap[place].max() >= limit:
            matched[place] = overlap[place].argmax()
            overlap[:, matched[place]] = -1
    return Matches(scores=scores[order], right=matched >= 0, objects=len(truth), detections=order, matched=matched)


def pairwise_overlaps(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Intersection over union (M, T) of each of (M, 4) with each of (T, 4)."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(-1)
    areas = [np.clip(each[:, 2:] - each[:, :2], 0, None).prod(-1) for each in (one, other)]
    return common / np.maximum(areas[0][:, None] + areas[1][None] - common, 1e-9)


def mean_average_precision(matches: Mapping[str, Sequence[Matches]]) -> float:
    """Mean over the classes that have objects; NaN if there are none."""
    values = [average_precision(each) for each in matches.values()]
    known = [value for value in values if value == value]
    return float(np.mean(known)) if known else float("nan")


def bootstrap_interval(matches: Mapping[str, Sequence[Matches]], count: int) -> tuple[float, float]:
    """The 95 % bootstrap interval of `mean_average_precision` over images."""
    random = np.random.default_rng(0)
    drawn = random.integers(0, count, (RESAMPLES, count))
    values = [
        mean_average_precision({name: [each[i] for i in rows] for name, each in matches.items()}) for rows in drawn
    ]
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


def require_coco() -> Any:
    """Import the package that computes COCO's metrics; raise `TaskError` with the extra to install."""
    try:
        import faster_coco_eval
    except ImportError as error:
        raise TaskError(
            "Measuring detections needs the package faster-coco-eval; pip install 'eyespot[detect]' brings it."
        ) from error
    return faster_coco_eval


def coco_metrics(truth: Mapping[str, Any], found: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """AP, AP50, AP75 and AP of small, medium and large objects by faster-coco-eval; None without such objects.

    `truth` and `found` have the format of COCO's JSON files.
    """
    package = require_coco()
    names = ("AP", "AP50", "AP75", "AP_small", "AP_medium", "AP_large")
    if not found or not truth["annotations"]:
        return dict.fromkeys(names, 0.0 if truth["annotations"] else None)
    objects = package.COCO(dict(truth))
    evaluator = package.COCOeval_faster(objects, objects.loadRes(list(found)), iouType="bbox", print_function=_quiet)
    evaluator.run()
    return {
        name: None if value < 0 else float(value)
        for name, value in zip(names, evaluator.stats[: len(names)], strict=True)
    }


def _quiet(*values: Any) -> None:
    """Suppress the progress messages of the package."""
