"""Report of a classifier: confusion matrix with the images of its cells, per-class statistics, calibration."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..charts import calibration_plot, rejection_plot
from ..findings import Evaluation, counted
from ..html import percent
from .report import SHOWN, SIDE, Pictures, Values, gallery_item, spread

CELL_PICTURES = 240
"""Maximum number of images in all cells of a confusion matrix."""
CELL_SIDE = 64
"""Longer side of the images in cells, in pixels."""
MOST_CLASSES = 20
"""Maximum number of classes in a confusion matrix; beyond it, only the most confused ones are shown."""
OPEN = 6
"""Number of cells whose images are shown initially: the most frequent errors."""


def classify_values(evaluation: Evaluation, pictures: Pictures) -> Values:
    """Confusion matrix with the images of its cells, per-class statistics, calibration, worst errors, examples."""
    details, table = evaluation.details, evaluation.table
    return {
        "tiles": [
            weakest_class(details["weakest"]),
            (
                percent(details["calibration_error"]),
                "calibration error",
                "mean difference between confidence and accuracy",
            ),
            (percent(details["refused"]), "answered “unknown”", _refusal(details)),
        ],
        "matrix": confusion_matrix(evaluation, pictures),
        "per_class": details["per_class"],
        "calibration": calibration_plot(details["calibration_bins"]),
        "rejection": rejection_plot(details["rejection"]),
        "rejected": details["rejected_for_1_percent_error"],
        "mistakes": [_called(entry["row"], table, pictures, SIDE) for entry in details["mistakes"][:SHOWN]],
        "examples": [_called(row, table, pictures, SIDE) for row in spread(len(table))],
    }


def weakest_class(found: Values) -> tuple[str, str, str]:
    """The tile that names the class with the lowest recall, if there are any errors."""
    if found["recall"] == 1:
        return "none", "weakest class", "every image was classified correctly"
    images = counted(found["count"], "image", "images")
    return found["label"], "weakest class", f"{percent(found['recall'])} of {images} classified correctly"


def confusion_matrix(evaluation: Evaluation, pictures: Pictures) -> Values:
    """Rows of cells with counts, shares of the class and some images, the most confident errors first."""
    classes, counts = evaluation.details["classes"], np.array(evaluation.details["confusion"])
    chosen = most_confused(counts)
    rows_of = _rows_by_cell(evaluation.table)
    filled = np.count_nonzero(counts[np.ix_(chosen, chosen)])
    most = int(np.clip(CELL_PICTURES // max(1, filled), 1, 12))
    cells = [
        [_cell(i, j, counts, rows_of.get((classes[i], classes[j]), [])[:most], evaluation, pictures) for j in chosen]
        for i in chosen
    ]
    labels = [classes[i] for i in chosen]
    first = sorted((cell for row in cells for cell in row), key=lambda cell: (cell["right"], -cell["count"]))[:OPEN]
    long = max(map(len, labels)) > 3
    return {"labels": labels, "cells": cells, "first": [cell["id"] for cell in first], "of": len(classes), "long": long}


def most_confused(counts: np.ndarray) -> list[int]:
    """Indices of at most `MOST_CLASSES` classes: those with the most errors, in class order."""
    wrong = counts.sum(0) + counts.sum(1) - 2 * np.diag(counts)
    return sorted(np.argsort(-wrong, kind="stable")[:MOST_CLASSES].tolist())


def _rows_by_cell(table: Sequence[dict[str, Any]]) -> dict[tuple[str, str], list[int]]:
    """Row numbers by (target, label): errors by decreasing confidence, correct answers by increasing confidence."""
    cells: dict[tuple[str, str], list[int]] = {}
    for row in sorted(range(len(table)), key=lambda row: table[row]["probability"]):
        cells.setdefault((table[row]["target"], table[row]["label"]), []).append(row)
    return {(target, label): rows if target == label else rows[::-1] for (target, label), rows in cells.items()}


def _cell(
    i: int, j: int, counts: np.ndarray, rows: Sequence[int], evaluation: Evaluation, pictures: Pictures
) -> Values:
    count, total = int(counts[i, j]), int(counts[i].sum())
    classes = evaluation.details["classes"]
    return {
        "id": f"cell-{i}-{j}",
        "count": count,
        "share": count / max(1, total),
        "right": i == j,
        "target": classes[i],
        "label": classes[j],
        "pictures": [_called(row, evaluation.table, pictures, CELL_SIDE) for row in rows],
    }


def _called(row: int, table: Sequence[dict[str, Any]], pictures: Pictures, side: int) -> Values:
    entry = table[row]
    text = f"{entry['label']} · {percent(entry['probability'], 0)}".replace(" %", "\N{NO-BREAK SPACE}%")
    return gallery_item(row, table, pictures, side, [text] if entry["right"] else [text, f"true: {entry['target']}"])


def _refusal(details: dict[str, Any]) -> str:
    if not details["threshold"]:
        return "no threshold was chosen: there are too few validation images"
    threshold, right = percent(details["threshold"], 0), percent(details["accuracy_when_answered"])
    return f"below {threshold}; of the others {right} are correct"
