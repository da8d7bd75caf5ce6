"""Parts of the report that several tasks use, derived from the table of predictions.

Each task's `report_values` returns the values that its template shows.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..charts import histogram, scatter
from ..findings import Evaluation
from ..html import number, percent, picture, thumbnail

Pictures = Callable[[int], np.ndarray]
"""Returns the image of a row of the table of predictions, uint8 (H, W, C), for its index."""
Values = dict[str, Any]

SHOWN = 24
"""Number of images in one gallery."""
SIDE, WIDE_SIDE = 128, 720
"""Longer side of images in galleries, and of several side by side, in pixels."""


def plain_values(evaluation: Evaluation, pictures: Pictures) -> Values:
    """For a task without a template of its own: its statistics, and examples."""
    figures = [(name, value) for name, value in evaluation.details.items() if isinstance(value, int | float)]
    table = evaluation.table
    examples = [
        gallery_item(row, table, pictures, SIDE, [str(table[row].get("answer", ""))]) for row in spread(len(table))
    ]
    return {"tiles": [(number(value), name.replace("_", " "), "") for name, value in figures], "examples": examples}


def spread(count: int, most: int = SHOWN) -> list[int]:
    """Up to `most` row numbers, evenly spaced over `count` rows.

    >>> spread(10, 4)
    [0, 2, 5, 7]
    """
    return [place * count // min(count, most) for place in range(min(count, most))]


def gallery_item(row: int, table: Sequence[dict[str, Any]], pictures: Pictures, side: int, lines: list[str]) -> Values:
    """One image of a gallery; `right` is None if the answer is neither correct nor wrong."""
    pixels = thumbnail(pictures(row), side)
    return {
        "picture": picture(pixels),
        "small": max(pixels.shape[:2]) <= 64,
        "name": table[row].get("image", ""),
        "lines": lines,
        "right": table[row].get("right"),
    }


def tag_values(evaluation: Evaluation, pictures: Pictures) -> Values:
    """Statistics per tag, the images with the most confident wrong tag, examples."""
    details, table = evaluation.details, evaluation.table
    weakest = details["weakest"]
    worst = sorted(range(len(table)), key=lambda row: -_largest_gap(table[row]))
    tiles = [(number(len(details["per_tag"])), "tags", f"{details['rows_without_knowledge']} images without any")]
    if weakest is not None:
        hint = f"average precision {percent(weakest['average_precision'])}"
        tiles.insert(0, (weakest["tag"], "weakest tag", hint))
    if details["micro_f1"] is not None:
        low, high = details["micro_f1_interval"]
        hint = f"over all tags, 95 % interval {percent(low)} to {percent(high)}"
        tiles.insert(0, (percent(details["micro_f1"]), "micro F1", hint))
    return {
        "tiles": tiles,
        "per_tag": details["per_tag"],
        "groups": details["groups"],
        "implications": details["implications"][:SHOWN],
        "mistakes": [_tagged(row, table, pictures) for row in worst[:SHOWN]],
        "examples": [_tagged(row, table, pictures) for row in spread(len(table))],
    }


def _tagged(row: int, table: Sequence[dict[str, Any]], pictures: Pictures) -> Values:
    entry = table[row]
    true = [tag for tag, is_present in entry["target"].items() if is_present]
    lines = [f"answer: {', '.join(entry['answer']) or 'none'}", f"is: {', '.join(true) or 'none'}"]
    return gallery_item(row, table, pictures, SIDE, lines)


def _largest_gap(row: dict[str, Any]) -> float:
    """Largest difference between a row's probabilities and its known tags."""
    pairs = [(row["probabilities"][tag], present) for tag, present in row["target"].items() if present is not None]
    return max((abs(chance - present) for chance, present in pairs), default=0.0)


def regress_values(evaluation: Evaluation, pictures: Pictures) -> Values:
    """Answers against targets, the errors, the largest ones, examples."""
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


def _numbered(row: int, table: Sequence[dict[str, Any]], pictures: Pictures) -> Values:
    entry = table[row]
    return gallery_item(
        row, table, pictures, SIDE, [f"says {number(entry['answer'], 3)}, is {number(entry['target'], 3)}"]
    )


def denoise_values(evaluation: Evaluation, pictures: Pictures) -> Values:
    """Signal-to-noise ratio before and after, and noisy, denoised and clean images side by side."""
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


def _cleaned(row: int, table: Sequence[dict[str, Any]], pictures: Pictures) -> Values:
    entry = table[row]
    line = f"{entry['psnr_noisy']:.2f} to {entry['psnr']:.2f} dB ({entry['gain']:+.2f})"
    return gallery_item(row, table, pictures, WIDE_SIDE, [line])
