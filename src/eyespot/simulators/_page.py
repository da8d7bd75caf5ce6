"""The page of closed-loop drives: autonomy, and where on each track a person would have intervened."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from ..html import write_page
from ._closed_loop import Drive, autonomy, total

SIDE = 200
"""Width and height of a map in its own units."""


def write_drive_page(
    path: Path, title: str, drives: Sequence[Drive], facts: Mapping[str, Any], video: Path | None = None
) -> Path:
    """Write one self-contained page; `facts` are further values of the result by name, `video` a WebP file."""
    rows = [
        {
            "track": drive.track,
            "autonomy": autonomy(drive.interventions, drive.seconds),
            "interventions": drive.interventions,
            "seconds": drive.seconds,
            "map": _map(drive),
        }
        for drive in drives
    ]
    address = "data:image/webp;base64," + base64.b64encode(video.read_bytes()).decode() if video else ""
    values = {"title": title, "total": total(drives), "rows": rows, "facts": dict(facts), "video": address}
    return write_page(path, "drive.html", values)


def _map(one: Drive) -> Markup:
    """The road, the path of the car, and a dot at each intervention, as inline SVG."""
    low = one.center_line.min(axis=0)
    scale = (SIDE - 20) / max(np.ptp(one.center_line, axis=0).max(), 1e-9)

    def placed(points: np.ndarray) -> np.ndarray:
        x, y = ((points - low) * scale + 10).T
        return np.stack([x, SIDE - y], axis=1)

    def line(points: np.ndarray, end: str = "") -> str:
        return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in placed(points)) + end

    # Interrupted at put-backs: the car did not drive there.
    stretches = np.split(one.path, list(one.interventions_at))
    dots = placed(one.path[list(one.interventions_at)]) if one.interventions_at else np.empty((0, 2))
    name = f"Track {one.track}: {one.interventions} interventions"
    return Markup(
        f'<svg viewBox="0 0 {SIDE} {SIDE}" role="img" aria-label="{name}">'
        f'<path class="road" d="{line(one.center_line, _end(one.center_line))}"/>'
        + "".join(f'<path class="way" d="{line(points)}"/>' for points in stretches if len(points) > 1)
        + "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4"/>' for x, y in dots)
        + "</svg>"
    )


def _end(center_line: np.ndarray) -> str:
    """Close the line of a track whose ends meet; a recorded path is open."""
    gap = np.hypot(*(center_line[-1] - center_line[0]))
    return "Z" if gap < 0.1 * np.ptp(center_line, axis=0).max() else ""
