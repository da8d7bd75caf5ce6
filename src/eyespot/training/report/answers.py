"""What a report shows of the answers of each task, derived from the table of predictions.

`ANSWERS` has a template and a function per task; the function returns the values that the template shows.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...findings import Evaluation
from ...html import counted, number, percent, picture, thumbnail
from .charts import calibration_plot, histogram, rejection_plot, scatter

Pictures = Callable[[int], np.ndarray]
Values = dict[str, Any]

SHOWN = 24
"""Pictures in one gallery."""
CELL_PICTURES = 240
"""Pictures in all cells of a confusion matrix together."""
MOST_CLASSES = 20
"""Classes in a confusion matrix; of more, the most confused ones are shown."""
OPEN = 6
"""Cells whose images are shown before one is chosen: the commonest mistakes."""
SIDE, CELL_SIDE, WIDE_SIDE = 128, 64, 720
"""Pixels of the longer side of pictures in galleries, in cells, and of several side by side."""


def classify_answers(evaluation: Evaluation, pictures: Pictures) -> Values:
    """Confusion matrix with the images of its cells, figures per class, calibration, worst mistakes, examples."""
    details, table = evaluation.details, evaluation.table
    return {
        "tiles": [
            weakest_class(details["weakest"]),
            (
                percent(details["calibration_error"]),
                "calibration error",
                "mean gap between how sure and how often right",
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
        return "none", "weakest class", "every image of every class was found"
    images = counted(found["count"], "image", "images")
    return found["label"], "weakest class", f"{percent(found['recall'])} of {images} found"


def tag_answers(evaluation: Evaluation, pictures: Pictures) -> Values:
    """Figures per tag, the pictures with the surest wrong tag, examples."""
    details, table = evaluation.details, evaluation.table
    weakest = details["weakest"]
    worst = sorted(range(len(table)), key=lambda row: -_largest_gap(table[row]))
    tiles = [(number(len(details["per_tag"])), "tags", f"{details['rows_without_knowledge']} images without any")]
    if weakest is not None:
        hint = f"average precision {percent(weakest['average_precision'])}"
        tiles.insert(0, (weakest["tag"], "weakest tag", hint))
    return {
        "tiles": tiles,
        "per_tag": details["per_tag"],
        "mistakes": [_tagged(row, table, pictures) for row in worst[:SHOWN]],
        "examples": [_tagged(row, table, pictures) for row in spread(len(table))],
    }


def regress_answers(evaluation: Evaluation, pictures: Pictures) -> Values:
    """Answers against targets, the errors, the worst ones, examples."""
    details, table, unit = evaluation.details, evaluation.table, evaluation.details["unit"]
    targets, answers, errors = ([row[key] for row in table] for key in ("target", "answer", "error"))
    words = [f"{word} [{unit}]" if unit else word for word in ("right answer", "network's answer", "error")]
    return {
        "tiles": [
            (
                f"{number(details['error_of_the_mean'], 3)} {unit}",
                "without looking",
                "error of always answering the mean",
            ),
            (f"{number(details['median_absolute_error'], 3)} {unit}", "median error", "half of the answers are closer"),
            (f"{details['bias']:+.3g} {unit}", "mean error with its sign", "0: as often too high as too low"),
        ],
        "scatter": scatter(targets, answers, (words[0], words[1]), "The network's answers against the right ones"),
        "histogram": histogram(errors, words[2], "How often which error occurs"),
        "mistakes": [_numbered(entry["row"], table, pictures) for entry in details["mistakes"][:SHOWN]],
        "examples": [_numbered(row, table, pictures) for row in spread(len(table))],
    }


def denoise_answers(evaluation: Evaluation, pictures: Pictures) -> Values:
    """Signal-to-noise before and after, and noisy, answered and clean pictures side by side."""
    details, table = evaluation.details, evaluation.table
    before, after = ([row[key] for row in table] for key in ("psnr_noisy", "psnr"))
    low, high = details["gain_interval"]
    words = ("PSNR of the noisy picture [dB]", "PSNR of the answer [dB]")
    return {
        "tiles": [
            (f"{details['gain']:+.2f} dB", "gain over the noisy picture", f"95 % interval {low:.2f} to {high:.2f} dB"),
            (f"{details['psnr_noisy']:.2f} dB", "PSNR before", "of the noisy pictures"),
            (number(details["ssim"], 3), "structural similarity", f"{number(details['ssim_noisy'], 3)} before"),
        ],
        "scatter": scatter(before, after, words, "Signal-to-noise ratio after against before"),
        "histogram": histogram([row["gain"] for row in table], "gain [dB]", "How often which gain occurs"),
        "mistakes": [_cleaned(entry["row"], table, pictures) for entry in details["mistakes"][: SHOWN // 3]],
        "examples": [_cleaned(row, table, pictures) for row in spread(len(table), SHOWN // 3)],
    }


def plain_answers(evaluation: Evaluation, pictures: Pictures) -> Values:
    """For a task without a page of its own: its figures as they are, and examples."""
    figures = [(name, value) for name, value in evaluation.details.items() if isinstance(value, int | float)]
    table = evaluation.table
    examples = [_item(row, table, pictures, SIDE, [str(table[row].get("answer", ""))]) for row in spread(len(table))]
    return {"tiles": [(number(value), name.replace("_", " "), "") for name, value in figures], "examples": examples}


ANSWERS: dict[str, tuple[str, Callable[[Evaluation, Pictures], Values]]] = {
    "classify": ("report_classify.html", classify_answers),
    "tag": ("report_tag.html", tag_answers),
    "regress": ("report_regress.html", regress_answers),
    "denoise": ("report_denoise.html", denoise_answers),
}


def spread(count: int, most: int = SHOWN) -> list[int]:
    """Up to `most` row numbers, evenly over `count` rows.

    >>> spread(10, 4)
    [0, 2, 5, 7]
    """
    return [place * count // min(count, most) for place in range(min(count, most))]


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


def _item(row: int, table: Sequence[dict[str, Any]], pictures: Pictures, side: int, lines: list[str]) -> Values:
    """One picture of a gallery; `right` is None where an answer is neither right nor wrong."""
    pixels = thumbnail(pictures(row), side)
    return {
        "picture": picture(pixels),
        "small": max(pixels.shape[:2]) <= 64,
        "name": table[row].get("image", ""),
        "lines": lines,
        "right": table[row].get("right"),
    }


def _called(row: int, table: Sequence[dict[str, Any]], pictures: Pictures, side: int) -> Values:
    entry = table[row]
    said = f"{entry['label']} · {percent(entry['probability'], 0)}".replace(" %", "\N{NO-BREAK SPACE}%")
    return _item(row, table, pictures, side, [said] if entry["right"] else [said, f"is {entry['target']}"])


def _tagged(row: int, table: Sequence[dict[str, Any]], pictures: Pictures) -> Values:
    entry = table[row]
    true = [tag for tag, there in entry["target"].items() if there]
    lines = [f"answer: {', '.join(entry['answer']) or 'none'}", f"is: {', '.join(true) or 'none'}"]
    return _item(row, table, pictures, SIDE, lines)


def _numbered(row: int, table: Sequence[dict[str, Any]], pictures: Pictures) -> Values:
    entry = table[row]
    return _item(row, table, pictures, SIDE, [f"says {number(entry['answer'], 3)}, is {number(entry['target'], 3)}"])


def _cleaned(row: int, table: Sequence[dict[str, Any]], pictures: Pictures) -> Values:
    entry = table[row]
    line = f"{entry['psnr_noisy']:.2f} to {entry['psnr']:.2f} dB ({entry['gain']:+.2f})"
    return _item(row, table, pictures, WIDE_SIDE, [line])


def _largest_gap(row: dict[str, Any]) -> float:
    """How far the worst of a row's probabilities lies from what is known."""
    known = [(row["probabilities"][tag], there) for tag, there in row["target"].items() if there is not None]
    return max((abs(chance - there) for chance, there in known), default=0.0)


def _refusal(details: dict[str, Any]) -> str:
    if not details["threshold"]:
        return "no threshold was chosen: there are too few validation images"
    threshold, right = percent(details["threshold"], 0), percent(details["accuracy_when_answered"])
    return f"below {threshold}; of the others {right} are right"
