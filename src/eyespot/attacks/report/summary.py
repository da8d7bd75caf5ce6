"""Rates with intervals and statistics of change sizes, from attacks on many images.

All values are derived from the rows of `attacks.jsonl`, each one attack on one image.
"""

from collections.abc import Iterable, Mapping, Sequence
from statistics import mean, median
from typing import Any

from ...tasks.statistics import wilson_interval

Row = Mapping[str, Any]


def rate(hits: int, count: int) -> dict[str, Any]:
    """A rate with its 95 % Wilson interval and counts; None if the total is 0."""
    if not count:
        return {"share": None, "interval": None, "hits": 0, "count": 0}
    return {"share": hits / count, "interval": list(wilson_interval(hits, count)), "hits": hits, "count": count}


def summarize(rows: Sequence[Row]) -> dict[str, Any]:
    """The number of fooled images, the size of the changes, and the cost."""
    tried = [row for row in rows if row["outcome"] != "skipped"]
    fooled = [row for row in tried if row["outcome"] == "fooled"]
    figures = {
        "fooled": rate(len(fooled), len(tried)),
        "skipped": len(rows) - len(tried),
        "unknown": rate(sum(row["abstains"] for row in fooled), len(fooled)),
        "pixels_changed": _middle(fooled, "pixels_changed"),
        "confidence": _mean(row["after"].get("probability") for row in fooled),
        "queries": _mean(row["queries"] for row in tried),
        "queries_when_fooled": _mean(row["queries"] for row in fooled),
        "gradients": _mean(row["gradients"] for row in tried),
        "seconds": _mean(row["seconds"] for row in tried),
    }
    sizes = {name: _sizes(fooled, name) for name in ("distortion", "l2", "linf")}
    moved = [row["moved"] for row in tried if row["moved"] is not None]
    return {**figures, **sizes, "moved": {"median": median(moved), "largest": max(moved)} if moved else None}


def target_matrix(rows: Sequence[Row], classes: Sequence[str]) -> list[list[dict[str, Any]]]:
    """For each true class (row) and each target (column) the fraction of images that were changed to it."""
    cells: dict[tuple[str, str], list[bool]] = {}
    for row in rows:
        if row["outcome"] != "skipped":
            cells.setdefault((row["before"]["label"], str(row["target"])), []).append(row["outcome"] == "fooled")
    return [[rate(sum(cells.get((own, to), [])), len(cells.get((own, to), []))) for to in classes] for own in classes]


def _sizes(rows: Sequence[Row], name: str) -> dict[str, float] | None:
    values = [row[name] for row in rows]
    return {"median": median(values), "mean": mean(values), "largest": max(values)} if values else None


def _middle(rows: Sequence[Row], name: str) -> float | None:
    return median(row[name] for row in rows) if rows else None


def _mean(values: Iterable[float | None]) -> float | None:
    present = [value for value in values if value is not None]
    return mean(present) if present else None
