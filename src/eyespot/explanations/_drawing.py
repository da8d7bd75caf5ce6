"""Draw an explanation: a title, the panels side by side, then checks and notes."""

import io
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ._explanation import Explanation, Panel

CELL = 3.05
"""Size of a panel with its title, its ticks and its legend, in inches."""
SIDE = 2.05
"""Longer side of a map in inches."""
TITLE = 0.5
NAMES = 1.15
"""Space for the names of bars in inches."""
COLUMNS = 4
SIGNED = "RdBu_r"
"""Positive numbers are red and negative ones blue, here and on the page (page/src/lib/colors.ts)."""
LINE = 0.17
"""Height of a line of small text in inches."""


def draw(explanation: "Explanation", kind: str) -> bytes:
    """Draw the explanation as a file of `kind` "png", "svg" or "pdf"."""
    import matplotlib as mpl

    style: Any = {"text.parse_math": False, "font.size": 8, "axes.titlesize": 8.5, "svg.hashsalt": explanation.method}
    with mpl.rc_context(style):
        figure = _figure(explanation)
        buffer = io.BytesIO()
        figure.savefig(buffer, format=kind, dpi=130, metadata={"Creator": None} if kind != "png" else None)
    return buffer.getvalue()


def _figure(explanation: "Explanation") -> "Figure":
    """Draw all panels in cells of equal size, independent of the lengths of texts."""
    from matplotlib.figure import Figure

    panels = explanation.panels
    columns = COLUMNS if len(panels) % 3 and len(panels) > 3 else 3
    width, rows = columns * CELL, -(-len(panels) // columns)
    head, foot = _head(explanation, width), _foot(explanation, width)
    top, bottom = LINE * (len(head) + 1.8), LINE * (len(foot) + 1.0)
    height = top + rows * CELL + bottom
    figure = Figure(figsize=(width, height))
    figure.text(0.2 / width, 1 - 0.12 / height, head[0], fontsize=11, fontweight="bold", va="top")
    figure.text(0.2 / width, 1 - 0.40 / height, "\n".join(head[1:]), va="top", linespacing=1.3)
    figure.text(0.2 / width, 0.1 / height, "\n".join(foot), fontsize=7, color="#444444", va="bottom", linespacing=1.4)
    for number, panel in enumerate(panels):
        row, column = divmod(number, columns)
        corner = (column * CELL + 0.2, height - top - row * CELL - TITLE)
        ax = figure.add_axes(_box(panel, corner, width, height))
        ax.set_title("\n".join(textwrap.wrap(panel.title, 28 if panel.kind == "bars" else 38)[:3]))
        _DRAW[panel.kind](ax, panel)
    return figure


def _box(panel: "Panel", corner: tuple[float, float], width: float, height: float) -> tuple[float, float, float, float]:
    """(left, bottom, width, height) of a panel's axes as fractions of the figure; `corner` is in inches."""
    left, wide, high = corner[0], SIDE, SIDE
    if panel.kind in ("bars", "curves"):
        inset = NAMES if panel.kind == "bars" else 0.45
        left, wide = left + inset, CELL - 0.45 - inset
    else:
        down, across = np.asarray(panel.values).shape[:2]
        wide, high = SIDE * min(1, across / down), SIDE * min(1, down / across)
    return left / width, (corner[1] - high) / height, wide / width, high / height


def _head(explanation: "Explanation", width: float) -> list[str]:
    layer = f"   layer: {explanation.layer}" if explanation.layer else ""
    line = f"explained: {explanation.of}   answer of the model: {explanation.answer}{layer}"
    return [
        f"{explanation.method} ({explanation.task})",
        *textwrap.wrap(line, int(width * 14), replace_whitespace=False),
    ]


def _foot(explanation: "Explanation", width: float) -> list[str]:
    marks = {True: "passed", False: "NOT PASSED", None: "measured"}
    lines = [
        f"check {marks[check.passed]}: {check.name} {check.value:.4g}. {check.summary}" for check in explanation.checks
    ]
    return [part for line in [*lines, *explanation.notes] for part in textwrap.wrap(line, int(width * 17))]


def _picture(ax: "Axes", panel: "Panel") -> None:
    pixels = np.asarray(panel.values)
    ax.imshow(pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels, cmap="gray", vmin=0, vmax=255)
    _outline(ax, panel)


def _map(ax: "Axes", panel: "Panel") -> None:
    """Signed numbers in red (positive) and blue (negative) around a white zero; positive ones from dark to light."""
    values = np.asarray(panel.values, float)
    limit = float(np.abs(values).max()) or 1.0
    scale: dict[str, Any] = {"cmap": SIGNED, "vmin": -limit, "vmax": limit}
    if panel.kind == "positive":
        scale = {"cmap": "viridis"}
    image = ax.imshow(values, interpolation="nearest", **scale)
    bar = ax.figure.colorbar(image, cax=ax.inset_axes((1.03, 0.0, 0.045, 1.0)))
    ax.set_xlabel(panel.legend)
    bar.formatter.set_powerlimits((-3, 4))  # pyright: ignore[reportAttributeAccessIssue]
    _outline(ax, panel)


def _choices(ax: "Axes", panel: "Panel") -> None:
    """A color for each index that occurs, the most frequent first; rare ones beyond the palette share gray."""
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Patch

    values = np.asarray(panel.values)
    found, counts = np.unique(values, return_counts=True)
    found = found[np.argsort(-counts, kind="stable")]
    colors = {int(choice): to_rgb(f"C{place}") if place < 10 else (0.7, 0.7, 0.7) for place, choice in enumerate(found)}
    ax.imshow(np.array([[colors[int(choice)] for choice in row] for row in values]), interpolation="nearest")
    handles = [Patch(color=colors[int(choice)], label=_short(panel.names[int(choice)])) for choice in found[:10]]
    ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=3, frameon=False, fontsize=7)
    _outline(ax, panel)


def _curves(ax: "Axes", panel: "Panel") -> None:
    for name, points in panel.values.items():
        x, y = np.asarray(points, float).T
        ax.plot(x, y, label=_short(name), linewidth=1.4)
    ax.set_xlabel(panel.across)
    ax.set_ylabel(panel.legend)
    ax.grid(color="#dddddd", linewidth=0.6)
    if len(panel.values) > 1:
        ax.legend(fontsize=6, frameon=False, ncols=2, columnspacing=1, loc="upper center", bbox_to_anchor=(0.5, -0.17))


def _bars(ax: "Axes", panel: "Panel") -> None:
    values = np.asarray(panel.values, float)
    places = np.arange(len(values))
    ax.barh(places, values, color=np.where(values < 0, "#2166ac", "#b2182b"))
    ax.set_yticks(places, [_short(name) for name in panel.names], fontsize=7)
    ax.invert_yaxis()
    ax.axvline(0, color="#444444", linewidth=0.8)
    ax.set_xlabel(panel.legend)


def _outline(ax: "Axes", panel: "Panel") -> None:
    from matplotlib.patches import Rectangle

    for top, left, bottom, right in panel.boxes:
        ax.add_patch(
            Rectangle(
                (left - 0.5, top - 0.5), right - left, bottom - top, fill=False, edgecolor="#e8a000", linewidth=1.6
            )
        )
    ax.set_xticks([])
    ax.set_yticks([])


def _short(name: str, length: int = 22) -> str:
    """Truncate long names at the end, and layer paths at the start, which is similar for all."""
    if len(name) <= length:
        return name
    return "…" + name[1 - length :] if "." in name and " " not in name else name[: length - 1] + "…"


_DRAW = {"picture": _picture, "signed": _map, "positive": _map, "choices": _choices, "curves": _curves, "bars": _bars}
