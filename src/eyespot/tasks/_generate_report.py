"""Statistics of generated images for the report and the command line."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..findings import Evaluation
from ..html import number, percent
from .report import SIDE, Pictures, Values, gallery_item
from .statistics import mean_interval

SHOWN = 48
"""Number of samples in the gallery of the report."""


def evaluate_samples(table: Sequence[dict[str, Any]]) -> tuple[float, tuple[float, float], dict[str, Any]]:
    """Mean contribution of the samples to the KID; NaN for a table of real images, which have none."""
    parts = [row["kid"] for row in table if row.get("kid") is not None]
    if not parts or not all(map(math.isfinite, parts)):
        return math.nan, (math.nan, math.nan), {}
    return sum(parts) / len(parts), mean_interval(parts), {}


def generate_values(evaluation: Evaluation, pictures: Pictures) -> Values:
    """The statistics of samples, then samples, and those closest to a training image."""
    table = evaluation.table
    samples = [gallery_item(row, table, pictures, SIDE, _lines(table[row])) for row in range(min(SHOWN, len(table)))]
    closest = sorted(range(len(table)), key=lambda row: table[row].get("distance") or 0.0)[:12]
    known = any("distance" in row for row in table)
    return {
        "tiles": _tiles(evaluation.details),
        "examples": samples,
        "closest": [gallery_item(row, table, pictures, SIDE, _lines(table[row])) for row in closest] if known else [],
    }


def sample_remarks(details: Mapping[str, Any]) -> list[str]:
    """The statistics of samples, one line each."""
    return [f"{label}: {value} ({hint})" if hint else f"{label}: {value}" for value, label, hint in _tiles(details)]


def _lines(row: Mapping[str, Any]) -> list[str]:
    lines = [f"{percent(row['style_probability'], 0)} {row['style']}"] if "style_probability" in row else []
    return lines + ([f"nearest: {row['nearest']}"] if "nearest" in row else [])


def _tiles(details: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Value, name and hint of every available statistic."""
    tiles: list[tuple[str, str, str]] = []
    if details.get("recall") is not None:
        hint = f"precision {number(details['precision'], 2)}: share of samples that resemble real images"
        tiles.append((number(details["recall"], 2), "recall: share of real images that samples resemble", hint))
        hint = "mean distance of two samples, relative to two real images"
        tiles.append((number(details["diversity"], 2), "diversity", hint))
    if details.get("style_entropy") is not None:
        hint = (
            f"of log K; real images {number(details['style_entropy_real'], 2)}; classifier accuracy "
            f"{percent(details['classifier_accuracy'])}, calibration error {percent(details['classifier_error'])}"
        )
        tiles.append((number(details["style_entropy"], 2), "style entropy, independent classifier", hint))
        hint = f"rarest style: {percent(details['rarest_style'])} of the samples"
        tiles.append((number(details["marginal_entropy"], 2), "entropy of all samples' styles together", hint))
    if details.get("copies") is not None:
        hint = (
            f"median distance to the nearest training image {number(details['nearest'], 3)}, of held-out images "
            f"{number(details['nearest_held_out'], 3)}"
        )
        label = "samples closer to a training image than 99 % of held-out images"
        tiles.append((percent(details["copies"]), label, hint))
    return tiles
