"""The page of a study: the Pareto front with intervals, the knee, the recommendation, and every point in a table.

It needs no script: a point of a drawing names its numbers when pointed at, and leads to its row when clicked.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from ..html import INK, drawing, drawing_style, interval_text, is_share, score_text, write_page
from ._selection import Point

if TYPE_CHECKING:
    from ._tradeoff import Study

Z = 1.96
"""Standard errors on each side of a 95 % interval."""
MARGIN = 1.3
"""Factor by which the axis of costs reaches beyond the first and the last point."""


def write_study_page(study: "Study") -> Path:
    """Write `index.html` into the study's folder; the page needs no other file."""
    values = {
        "study": study,
        "limits": _limits(study),
        "rows": point_rows(study),
        "latency": _drawn(study, "milliseconds", "milliseconds per image"),
        "size": _drawn(study, "size", "megabytes of weights"),
        "memory": _drawn(study, "memory", "megabytes of memory") if _has_memory(study) else None,
    }
    return write_page(study.folder / "index.html", "tradeoff.html", values)


def point_rows(study: "Study") -> list[dict[str, Any]]:
    """Every point, the fastest first, as the text of its columns: for the page and for the terminal."""
    return [_row(study, point) for point in study.points]


def _has_memory(study: "Study") -> bool:
    return any(point.peak_memory for point in study.points)


def _limits(study: "Study") -> str:
    """The budget in words."""
    budget = study.budget
    parts = [f"at most {budget.milliseconds:g} ms per image"] if budget.milliseconds else []
    parts += [f"at most {budget.size / 1e6:g} MB"] if budget.size else []
    if budget.score is not None:
        parts.append(f"{study.metric.replace('_', ' ')} of {_text(study, budget.score)}")
    return ", ".join(parts) or "none"


def _row(study: "Study", point: Point) -> dict[str, Any]:
    reach = Z * point.standard_error
    test = point.test
    marks = [
        name
        for name, holds in (
            ("recommended" if study.within else "closest", point.candidate.key == study.recommended),
            ("knee", point.candidate.key == study.knee),
            ("front", point.front),
        )
        if holds
    ]
    return {
        "key": point.candidate.key,
        "milliseconds": f"{point.candidate.milliseconds:.2f}",
        "p95": f"{point.candidate.p95:.2f}",
        "megabytes": f"{point.candidate.size / 1e6:.2f}",
        "memory": "" if point.peak_memory is None else f"{point.peak_memory / 1e6:.0f}",
        "multiply_adds": f"{point.candidate.multiply_adds / 1e6:,.1f}",
        "validation": f"{_text(study, point.score)} ± {_text(study, reach)}",
        "test": "" if test is None else f"{_text(study, test['score'])} ({_interval(study, test['interval'])})",
        "seconds": f"{point.seconds:.0f}",
        "marks": ", ".join(marks),
        "front": point.front,
    }


def _share(study: "Study") -> bool:
    return is_share([point.score for point in study.points], study.unit, study.better)


def _text(study: "Study", value: float) -> str:
    return score_text(value, share=_share(study), unit=study.unit)


def _interval(study: "Study", interval: Any) -> str:
    return interval_text(interval, share=_share(study), unit=study.unit)


def _drawn(study: "Study", cost: str, label: str) -> Markup:
    """Score against one cost, on a logarithmic scale: points with 95 % intervals, the front joined by a line."""
    from matplotlib.figure import Figure

    scale = 100 if _share(study) else 1
    unit = "%" if scale == 100 else study.unit
    with drawing_style():
        figure = Figure(figsize=(6.4, 3.8))
        axes = figure.subplots()
        shown = [(place, point) for place, point in enumerate(study.points) if _cost(point, cost)]
        costs = [_cost(point, cost) for _, point in shown]
        axes.set(xscale="log", xlim=(min(costs) / MARGIN, max(costs) * MARGIN))
        _mark_axis(axes.xaxis)
        axes.set(xlabel=label, ylabel=f"validation {study.metric.replace('_', ' ')} {unit}".strip())
        for number, point in shown:
            color = INK["blue"] if point.front else INK["quiet"]
            x, y = _cost(point, cost), scale * point.score
            reach = scale * Z * point.standard_error
            alpha = 1.0 if point.front else 0.4
            axes.errorbar(x, y, yerr=reach, fmt="none", ecolor=color, elinewidth=1, alpha=alpha)
            axes.scatter(x, y, color=color, s=16, alpha=alpha, zorder=3).set_urls([f"#candidate-{number}"])
        front = sorted((_cost(point, cost), scale * point.score) for point in study.points if point.front)
        if cost == "milliseconds":
            axes.plot([x for x, _ in front], [y for _, y in front], color=INK["blue"], linewidth=1)
        _label(axes, study, cost, scale)
        found = drawing(figure, f"Score against {label}, with 95 % intervals")
    return _with_details(found, study)


def _mark_axis(axis: Any) -> None:
    """Plain numbers, not powers, since texts of these drawings stay texts."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def _with_details(found: Markup, study: "Study") -> Markup:
    """The drawing, each of whose points names its numbers when pointed at."""
    details = [
        f"{row['key']}: {row['milliseconds']} ms, {row['megabytes']} MB, {row['validation']}"
        for row in point_rows(study)
    ]

    def detailed(match: re.Match[str]) -> str:
        number = int(match[1])
        return f'<a href="#candidate-{number}"><title>{Markup.escape(details[number])}</title>'

    return Markup(re.sub(r'<a xlink:href="#candidate-(\d+)" target="_blank">', detailed, found))


def _label(axes: Any, study: "Study", cost: str, scale: int) -> None:
    """Name the recommended point and the knee."""
    for point in study.points:
        key = point.candidate.key
        if key in (study.recommended, study.knee) and _cost(point, cost):
            chosen = "recommended" if study.within else "closest"
            name = chosen if key == study.recommended else "knee"
            at = (_cost(point, cost), scale * point.score)
            axes.annotate(name, at, xytext=(5, -12), textcoords="offset points", color=INK["orange"], fontsize=8)


def _cost(point: Point, cost: str) -> float:
    if cost == "memory":
        return (point.peak_memory or 0) / 1e6
    return point.candidate.milliseconds if cost == "milliseconds" else point.candidate.size / 1e6
