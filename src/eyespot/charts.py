"""The drawings of a report: inline SVG in the page's own colors."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

from .html import INK, drawing, drawing_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE = (4.0, 2.7)
"""Inches: small enough that its writing can still be read on a telephone."""
MOST_POINTS = 1000


def loss_curve(log: Sequence[dict[str, Any]], count: int) -> Markup:
    """Training and validation loss over the epochs of `count` images."""
    with drawing_style():
        axes = _axes("epoch", "loss")
        _line(axes, [(entry["images"] / count, entry["loss"]) for entry in log], "quiet", "training")
        validation = [(entry["images"] / count, entry["validation"]["loss"]) for entry in _looks(log)]
        _line(axes, validation, "blue", "validation", marker="o")
        axes.legend()
        return _finished(axes, "Training and validation loss over the epochs")


def score_curve(log: Sequence[dict[str, Any]], count: int) -> Markup | None:
    """The first of the task's scores on validation images, with a band of one standard error; None without any."""
    looks = _looks(log)
    if not looks:
        return None
    name = next(iter(looks[0]["validation"]))
    points = [(entry["images"] / count, entry["validation"][name]) for entry in looks]
    errors = np.array([entry["validation"].get(f"{name} error") or 0.0 for entry in looks])
    with drawing_style():
        axes = _axes("epoch", in_words(name))
        _line(axes, points, "blue", "validation", marker="o")
        x, y = np.array(points, dtype=float).T
        axes.fill_between(x, y - errors, y + errors, color=INK["blue"], alpha=0.18, linewidth=0)
        return _finished(axes, f"{in_words(name)} on validation images over the epochs")


def calibration_plot(bins: Sequence[dict[str, Any]]) -> Markup:
    """How often answers were right against how sure they were; a larger dot stands for more images."""
    confidence, accuracy, count = (np.array([row[key] for row in bins]) for key in ("confidence", "accuracy", "count"))
    with drawing_style():
        axes = _axes("how sure", "accuracy")
        axes.plot([0, 1], [0, 1], color=INK["quiet"], linewidth=1, linestyle="--")
        axes.plot(confidence, accuracy, color=INK["blue"], linewidth=1.2)
        axes.scatter(
            confidence, accuracy, s=12 + 160 * count / count.max(), color=INK["blue"], alpha=0.75, linewidths=0
        )
        axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.05))
        return _finished(axes, "Fraction of correct answers against confidence; the dashed line is perfect calibration")


def rejection_plot(points: Sequence[dict[str, float]]) -> Markup:
    """Which share of the answers is wrong when the least sure ones are left away."""
    with drawing_style():
        axes = _axes("rejected fraction", "error rate of the others")
        axes.plot([row["rejected"] for row in points], [row["error"] for row in points], color=INK["blue"])
        axes.set_ylim(bottom=0)
        return _finished(axes, "Error rate against the fraction of rejected images")


def scatter(x: Sequence[float], y: Sequence[float], words: tuple[str, str], summary: str) -> Markup:
    """One dot a row, with the line on which both values are equal; some, evenly chosen, where there are many."""
    every = max(1, -(-len(x) // MOST_POINTS))
    low, high = min(*x, *y), max(*x, *y)
    with drawing_style():
        axes = _axes(*words)
        axes.plot([low, high], [low, high], color=INK["quiet"], linewidth=1, linestyle="--")
        axes.scatter(x[::every], y[::every], s=9, color=INK["blue"], alpha=0.5, linewidths=0)
        return _finished(axes, summary)


def line_plot(
    points: Sequence[tuple[float, float]],
    words: tuple[str, str],
    summary: str,
    marked: tuple[float, float] | None = None,
) -> Markup:
    """A line through points (x, y); `marked` is drawn as a dot. Both axes start at 0, the second one ends at 1."""
    with drawing_style():
        axes = _axes(*words)
        _line(axes, points, "blue", words[1])
        if marked is not None:
            axes.plot(*marked, "o", color=INK["blue"], markersize=6)
        axes.set_xlim(left=-0.02)
        axes.set_ylim(-0.02, 1.04)
        return _finished(axes, summary)


def bland_altman(first: np.ndarray, second: np.ndarray, words: tuple[str, str], summary: str) -> Markup:
    """The differences first - second (N,) against the means, with their mean and the limits of agreement (1986)."""
    bias, spread = agreement(first - second)
    with drawing_style():
        axes = _axes(*words)
        axes.scatter((first + second) / 2, first - second, s=9, color=INK["blue"], alpha=0.5, linewidths=0)
        for height, style in ((bias, "-"), (bias - spread, "--"), (bias + spread, "--")):
            axes.axhline(height, color=INK["quiet"], linewidth=1, linestyle=style)
        return _finished(axes, summary)


def agreement(differences: np.ndarray) -> tuple[float, float]:
    """Mean of differences (N,), and 1.96 standard deviations: half of the distance of the limits of agreement.

    >>> agreement(np.array([1.0, 3.0]))
    (2.0, 2.7718585822512662)
    """
    return float(differences.mean()), 1.96 * float(differences.std(ddof=1)) if len(differences) > 1 else 0.0


def histogram(values: Sequence[float], word: str, summary: str) -> Markup:
    """How often which value occurs, with a line at zero."""
    with drawing_style():
        axes = _axes(word, "images")
        axes.hist(values, bins=min(40, max(5, len(values) // 8)), color=INK["blue"], alpha=0.75)
        axes.axvline(0, color=INK["quiet"], linewidth=1, linestyle="--")
        return _finished(axes, summary)


def in_words(name: str) -> str:
    """The name of a figure as people write it.

    >>> in_words("mean_average_precision"), in_words("psnr")
    ('mean average precision', 'PSNR')
    """
    return name.upper() if name in ("psnr", "ssim") else name.replace("_", " ")


def _looks(log: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entries of a log at which the validation images were looked at."""
    return [entry for entry in log if entry.get("validation")]


def _axes(x: str, y: str) -> "Axes":
    from matplotlib.figure import Figure

    axes = Figure(figsize=SIZE).subplots()
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    return axes


def _line(axes: "Axes", points: Sequence[tuple[float, float]], color: str, label: str, marker: str = "") -> None:
    x, y = np.array(points, dtype=float).reshape(-1, 2).T
    axes.plot(x, y, color=INK[color], linewidth=1.5, label=label, marker=marker, markersize=3)


def _finished(axes: "Axes", summary: str) -> Markup:
    assert axes.figure is not None
    return drawing(axes.get_figure(root=True), summary)  # pyright: ignore[reportArgumentType]
