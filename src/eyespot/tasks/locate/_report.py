"""Report of a localization model."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from ...charts import bland_altman, line_plot
from ...findings import Evaluation
from ..report import SHOWN, Pictures, Values, gallery_item, number, percent, spread
from ._evaluate import curves, matched

SIDE = 240


def location_values(evaluation: Evaluation, pictures: Pictures) -> Values:
    """Tiles, and the images with the most missed and false points, drawn by `pictures`."""
    details, table = evaluation.details, evaluation.table
    low, high = details["count_limits"]
    tiles = [
        (percent(details["precision"]), "precision", f"of points from score {details['threshold']:.2f} on"),
        (percent(details["recall"]), "recall", f"{details['missed']:,} of {details['objects']:,} are missed"),
        (number(details["mean_absolute_count_error"], 3), "mean count error", "points more or fewer an image"),
        (number(details["count_bias"], 3), "count bias", f"95 % of images from {low:+.1f} to {high:+.1f}"),
    ]

    matches = [matched(row, details["radius"]) for row in table]
    precise, false = curves(matches)

    def drawn(row: int) -> Values:
        lines = [f"found: {table[row]['answer']}", f"there: {len(table[row]['target'])}"]
        return gallery_item(row, table, pictures, SIDE, lines)

    worst = [entry["row"] for entry in details["mistakes"] if entry["missed"] + entry["false"]]
    return {
        "tiles": tiles,
        "curves": _curves(precise, false, details, len(table)) if precise else [],
        "agreement": _agreement(table, details["threshold"]),
        "radius": number(details["radius"], 3),
        "mistakes": [drawn(row) for row in worst[: SHOWN // 2]],
        "examples": [drawn(row) for row in spread(len(table), SHOWN // 2)],
    }


def _curves(
    precise: Sequence[tuple[float, float]],
    false: Sequence[tuple[float, float]],
    details: Mapping[str, Any],
    images: int,
) -> list[Markup]:
    """Precision by recall, and recall by false points per image; the dots are the values at the threshold."""
    at = details["recall"], details["precision"]
    wrong = details["false"] / images
    return [
        line_plot(precise, ("recall", "precision"), "Precision against recall", at),
        line_plot(false, ("false points per image", "recall"), "FROC: recall by false points", (wrong, at[0])),
    ]


def _agreement(table: Sequence[Mapping[str, Any]], threshold: float) -> Markup:
    """The Bland-Altman plot of the counts: per image, or per area if images differ in size."""
    found, true, unit = counts(table, threshold)
    words = (f"mean of both counts {unit}", "found - true")
    return bland_altman(found, true, words, f"Bland-Altman plot of the counts {unit}")


def counts(table: Sequence[Mapping[str, Any]], threshold: float) -> tuple[np.ndarray, np.ndarray, str]:
    """Numbers of found and of true points (N,) of all images, and their unit."""
    found = np.array([sum(entry["score"] >= threshold for entry in row["points"]) for row in table], float)
    true = np.array([len(row["target"]) for row in table], float)
    areas = np.array([row["area"] for row in table], float)
    if len(set(areas.tolist())) == 1:
        return found, true, "per image"
    return found / areas * 1e6, true / areas * 1e6, "per million pixels"
