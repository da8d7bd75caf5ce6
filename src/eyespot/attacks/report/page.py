"""The page of a robustness report: one self-contained HTML file, created from the values in `report.json`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from ...findings import counted
from ...html import (
    INK,
    drawing,
    drawing_style,
    interval_text,
    number,
    percent,
    picture,
    score_text,
    thumbnail,
    write_page,
)
from ...images import ImageSpec, read_pixels
from ...model import Model
from .._methods import ATTACKS
from .._quantization import to_bytes
from .._result import magnified
from ..candidates import Candidates

SHOWN = 6
"""Number of fooled images per attack on the page."""
SIDE = 160
LEAST_NOISE = ("crafted-noise", "minimum-noise")
COLORS = ("blue", "orange", "green", "quiet")


def write_robustness_page(
    folder: Path, figures: Mapping[str, Any], models: Mapping[str, Model], candidates: Mapping[str, Candidates]
) -> Path:
    """Write `index.html` to the report's folder and return its path."""
    names = list(models)
    per_model = figures["models"]
    values = {
        "title": " and ".join(names),
        "task": figures["task"],
        "part": figures["part"],
        "seed": figures["seed"],
        "models": per_model,
        "rows": [_compared(place, per_model) for place in range(len(per_model[names[0]]["attacks"]))],
        "distances": _distances(per_model),
        "examples": [
            {"title": attack["title"], "model": name, "items": _examples(folder, attack["images"], candidates[name])}
            for name in names
            for attack in per_model[name]["attacks"]
        ],
        "places": [
            {"model": name, **_place_map(row, to_bytes(candidates[name].images[row["number"]][0]))}
            for name in names
            for row in per_model[name]["places"]
        ],
        "everyday": _everyday(per_model),
        "transfer": _transfer(figures["transfer"], names),
        "share": share,
        "between": between,
        "scored": scored,
        "summaries": {attack["by"]: ATTACKS[attack["by"]].summary for attack in per_model[names[0]]["attacks"]},
        "amount": amount,
    }
    return write_page(folder / "index.html", "robustness.html", values)


def share(found: Mapping[str, Any]) -> str:
    """Format a rate with its interval and the number of images.

    >>> share({"share": 0.5, "interval": [0.4, 0.6], "hits": 50, "count": 100})
    '50.0 % (40.0 to 60.0 %) of 100'
    """
    if found["share"] is None:
        return "none tried"
    return f"{percent(found['share'])} ({between(found['interval'])}) of {found['count']:,}"


def between(interval: Sequence[float]) -> str:
    """Format an interval of fractions.

    >>> between([0.4, 0.6])
    '40.0 to 60.0 %'
    """
    return interval_text(interval, share=True)


def scored(curve: Mapping[str, Any], place: int) -> str:
    """Format the score at one severity of a corruption with its interval: fractions in percent, else plain numbers."""
    score, interval = curve["scores"][place], curve["intervals"][place]
    share = curve["share"]
    return f"{score_text(score, share=share, digits=3)} ({interval_text(interval, share=share, digits=3)})"


def amount(found: Mapping[str, float] | None, name: str = "median") -> str:
    """Format a statistic of the change sizes, or a dash if no image was fooled."""
    return "–" if found is None else number(found[name], 3)


def _compared(place: int, models: Mapping[str, Any]) -> dict[str, Any]:
    """One attack, with a column for each model."""
    attacks = {name: found["attacks"][place] for name, found in models.items()}
    return {"title": next(iter(attacks.values()))["title"], "models": attacks}


def _examples(folder: Path, rows: Sequence[Mapping[str, Any]], chosen: Candidates) -> list[dict[str, Any]]:
    """Some fooled images: before, difference and after side by side, with both answers; the smallest changes first."""
    fooled = sorted((row for row in rows if row["file"]), key=lambda row: row["distortion"])[:SHOWN]
    return [_example(folder, row, to_bytes(chosen.images[row["number"]][0])) for row in fooled]


def _example(folder: Path, row: Mapping[str, Any], before: np.ndarray) -> dict[str, Any]:
    height, width, channels = before.shape
    spec = ImageSpec(height=height, width=width, channels=channels, fit="native")
    after = read_pixels(folder / row["file"], spec)
    difference, factor = magnified(before, after)
    return {
        "pictures": [
            {"src": picture(thumbnail(pixels, SIDE)), "caption": caption}
            for pixels, caption in ((before, "before"), (difference, "difference, magnified"), (after, "after"))
        ],
        "small": max(height, width) < SIDE,
        "lines": [
            f"{row['before_text']} → {row['after_text']}",
            f"distortion {number(row['distortion'], 3)}, length {number(row['l2'], 3)}"
            + (f", shown × {factor:.3g}" if factor > 1 else ""),
            f"{counted(row['pixels_changed'], 'pixel', 'pixels')}, {counted(row['queries'], 'query', 'queries')}",
        ],
        "name": row["name"],
    }


def _place_map(row: Mapping[str, Any], before: np.ndarray) -> dict[str, Any]:
    """An image, and the lowest margin that each of its pixels can achieve."""
    from matplotlib import colormaps

    near = -np.array(row["margin"])
    scaled = (near - near.min()) / max(np.ptp(near), 1e-9)
    heat = (colormaps["inferno"](scaled)[..., :3] * 255).astype(np.uint8)
    works = np.array(row["share"]) > 0
    outlined = np.where(works[..., None], np.array([0, 255, 255], np.uint8), heat)
    return {
        "pictures": [picture(before), picture(heat), picture(outlined)],
        "working": row["working"],
        "tried": row["places"],
        "colors": row["colors"],
        "name": row["name"],
        "before": row["before_text"],
    }


def _distances(models: Mapping[str, Any]) -> Markup | None:
    """Fraction of images fooled by noise up to a size, one line for each attack with minimal noise."""
    lines = []
    for name, found in models.items():
        for attack in found["attacks"]:
            if attack["by"] in LEAST_NOISE and attack["fooled"]["count"]:
                sizes = sorted(row["distortion"] for row in attack["images"] if row["outcome"] == "fooled")
                label = attack["title"] if len(models) == 1 else f"{name}: {attack['title']}"
                lines.append((label, sizes, attack["fooled"]["count"]))
    if not any(sizes for _, sizes, _ in lines):
        return None
    with drawing_style():
        axes = _axes("distortion (root mean square, pixels 0 to 1)", "share fooled")
        for place, (label, sizes, count) in enumerate(lines):
            heights = np.arange(len(sizes) + 1) / count
            axes.step([0, *sizes], heights, where="post", label=label, color=INK[COLORS[place % 4]])
        axes.legend()
        return _finished(axes, "Fraction of images fooled by a perturbation of at most this size")


def _everyday(models: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One chart for each corruption, with a line for each model, and the values below it."""
    curves = {name: found["everyday"]["curves"] for name, found in models.items()}
    kinds = [curve["name"] for curve in next(iter(curves.values()))]
    rows = []
    for kind in kinds:
        lines = {name: next(one for one in found if one["name"] == kind) for name, found in curves.items()}
        rows.append({"name": kind, "drawing": _curve(kind, lines), "lines": lines})
    return rows


def _curve(kind: str, lines: Mapping[str, Mapping[str, Any]]) -> Markup:
    one = next(iter(lines.values()))
    labels = ["none", *(f"{value:g}" for value in one["strengths"][1:])]
    with drawing_style():
        axes = _axes(f"{kind} ({one['unit']})", one["metric"].replace("_", " "))
        for place, (name, line) in enumerate(lines.items()):
            color = INK[COLORS[place % 4]]
            low, high = np.array(line["intervals"]).T
            axes.fill_between(labels, low, high, color=color, alpha=0.15, linewidth=0)
            axes.plot(labels, line["scores"], color=color, marker="o", markersize=3, label=name)
            if any(error is not None for error in line["calibration"]):
                axes.plot(labels, line["calibration"], color=color, linestyle=":", linewidth=1.2)
        if len(lines) > 1:
            axes.legend()
        return _finished(axes, f"{one['metric']} under {kind} at five strengths, with 95 % intervals")


def _transfer(found: Mapping[str, Any] | None, names: Sequence[str]) -> dict[str, Any] | None:
    if found is None or not found["cells"]:
        return None if found is None else {"reason": found["reason"], "rows": []}
    makers = list(dict.fromkeys(cell["made_for"] for cell in found["cells"]))
    cells = {(cell["made_for"], cell["shown_to"]): cell for cell in found["cells"]}
    rows = [{"made_for": maker, "cells": [cells[maker, name] for name in names]} for maker in makers]
    return {"rows": rows, "names": names, "by": found["by"], "count": found["cells"][0]["count"]}


def _axes(x: str, y: str) -> Any:
    from matplotlib.figure import Figure

    axes = Figure(figsize=(4.0, 2.7)).subplots()
    axes.set(xlabel=x, ylabel=y)
    axes.set_ylim(bottom=0)
    return axes


def _finished(axes: Any, description: str) -> Markup:
    return drawing(axes.figure, description)
