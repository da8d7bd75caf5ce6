"""The report of a classifier: confusion matrix with the images of its cells, statistics per class, calibration."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..charts import calibration_plot, rejection_plot
from ..findings import Evaluation, counted
from ..html import percent
from .report import SHOWN, SIDE, Pictures, Values, gallery_item, spread

CELL_PICTURES = 240
"""Pictures in all cells of a confusion matrix together."""
CELL_SIDE = 64
"""Pixels of the longer side of pictures in cells."""
MOST_CLASSES = 20
"""Classes in a confusion matrix; of more, the most confused ones are shown."""
OPEN = 6
"""Cells whose images are shown before one is chosen: the commonest mistakes."""


def classify_values(evaluation: Evaluation, pictures: Pictures) -> Values:
    """Confusion matrix with the images of its cells, figures per class, calibration, worst mistakes, examples."""
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
    """The tile that names the class of which the smallest share was found, where anything was missed."""
    if found["recall"] == 1:
        return "none", "weakest class", "every image was classified correctly"
    images = counted(found["count"], "image", "images")
    return found["label"], "weakest class", f"{percent(found['recall'])} of {images} classified correctly"


def confusion_matrix(evaluation: Evaluation, pictures: Pictures) -> Values:
    """Rows of cells, each with its count, its share of its class, and some of its images, the surest mistakes first."""
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
    """The places of at most `MOST_CLASSES` classes: those with most mistakes, in their own order."""
    wrong = counts.sum(0) + counts.sum(1) - 2 * np.diag(counts)
    return sorted(np.argsort(-wrong, kind="stable")[:MOST_CLASSES].tolist())


def _rows_by_cell(table: Sequence[dict[str, Any]]) -> dict[tuple[str, str], list[int]]:
    """Row numbers by (target, label): mistakes the surest first, right answers the least sure first."""
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
