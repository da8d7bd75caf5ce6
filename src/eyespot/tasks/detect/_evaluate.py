"""Average precision and other metrics from the table of predictions."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .._matches import Matches, average_precision
from ._average_precision import bootstrap_interval, coco_metrics, match
from ._text import coco_object

WORST = 50


def evaluate_table(
    table: Sequence[Mapping[str, Any]], classes: Sequence[str], threshold: float
) -> tuple[float, tuple[float, float], dict[str, Any]]:
    """AP50, its 95 % interval over images, and the statistics."""
    matches = {label: [_matched(row, label) for row in table] for label in classes}
    found = coco_metrics(*_as_coco(table, classes))
    score = found["AP50"]
    interval = bootstrap_interval(matches, len(table)) if score is not None else (float("nan"),) * 2
    score = float("nan") if score is None else score
    low, high = interval
    wrong = [_mistakes(row, matches, place, threshold) for place, row in enumerate(table)]
    missed, false = (sum(each[name] for each in wrong) for name in ("missed", "false"))
    objects = sum(one.objects for each in matches.values() for one in each)
    hits = objects - missed
    details = {
        **found,
        "threshold": threshold,
        "precision": hits / max(1, hits + false),
        "recall": hits / max(1, objects),
        "objects": objects,
        "missed": missed,
        "false": false,
        "AP50_by_class": {label: _known(average_precision(each)) for label, each in matches.items()},
        "objects_by_class": {label: sum(one.objects for one in each) for label, each in matches.items()},
        "mean_absolute_count_error": float(np.mean([abs(each["count_error"]) for each in wrong])),
        "mistakes": sorted(wrong, key=lambda each: -(each["missed"] + each["false"]))[:WORST],
    }
    return score, (min(low, score), max(high, score)), details


def outcomes_of(row: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Objects and detections of one row, matched within each class."""
    found: list[dict[str, Any]] = []
    for label in dict.fromkeys(entry["label"] for entry in row["boxes"]):
        matches, boxes = _matched(row, label), _of_class(row["boxes"], label)
        objects = [place for place, entry in enumerate(row["target"]) if entry["label"] == label]
        for detection, matched in zip(matches.detections.tolist(), matches.matched.tolist(), strict=True):
            one = {"label": label, "place": boxes[detection]["box"], "score": boxes[detection]["score"]}
            found.append(one | {"object": None if matched < 0 else objects[matched]})
    return {"objects": [{"label": entry["label"], "place": entry["box"]} for entry in row["target"]], "found": found}


def _known(value: float) -> float | None:
    return None if value != value else value


def _of_class(entries: Sequence[Mapping[str, Any]], label: str) -> list[Mapping[str, Any]]:
    return [entry for entry in entries if entry["label"] == label]


def _matched(row: Mapping[str, Any], label: str) -> Matches:
    found, truth = _of_class(row["boxes"], label), _of_class(row["target"], label)
    scores = np.array([entry["score"] for entry in found], float)
    return match(_corners(found), scores, _corners(truth))


def _corners(entries: Sequence[Mapping[str, Any]]) -> np.ndarray:
    return np.array([entry["box"] for entry in entries], float).reshape(-1, 4)


def _mistakes(
    row: Mapping[str, Any], matches: Mapping[str, Sequence[Matches]], place: int, threshold: float
) -> dict[str, Any]:
    """Number of missed objects of an image at the threshold, and of false detections."""
    ours = [each[place] for each in matches.values()]
    hits = sum(int((one.right & (one.scores >= threshold)).sum()) for one in ours)
    predicted = sum(int((one.scores >= threshold).sum()) for one in ours)
    objects = sum(one.objects for one in ours)
    return {"row": place, "missed": objects - hits, "false": predicted - hits, "count_error": predicted - objects}


def _as_coco(table: Sequence[Mapping[str, Any]], classes: Sequence[str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The objects and the detections of a table in COCO's formats."""
    number = {label: place for place, label in enumerate(classes, start=1)}
    objects: list[dict[str, Any]] = []
    found: list[dict[str, Any]] = []
    for image, row in enumerate(table, start=1):
        for entry in row["target"]:
            objects.append(coco_object(len(objects) + 1, image, number[entry["label"]], entry["box"]))
        for entry in row["boxes"]:
            one = coco_object(len(found) + 1, image, number[entry["label"]], entry["box"])
            found.append({name: one[name] for name in ("image_id", "category_id", "bbox")} | {"score": entry["score"]})
    images = [{"id": image, "width": 1, "height": 1} for image in range(1, len(table) + 1)]
    categories = [{"id": place, "name": label} for label, place in number.items()]
    return {"info": {}, "images": images, "annotations": objects, "categories": categories}, found
