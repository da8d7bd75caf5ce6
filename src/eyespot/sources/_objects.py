"""Objects with boxes as text, the form of the column `boxes` that all annotation readers produce.

Boxes are x1, y1, x2, y2 in pixels of the upright image. Invalid boxes are left out and counted, never silently
repaired.
"""

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..findings import counted

OUTSIDE = 1.0
"""Tolerance in pixels beyond the image: annotation tools count from 0 or from 1, and round."""


@dataclass(kw_only=True)
class Objects:
    """The objects of one image, the reasons for left-out ones, and ignored properties."""

    found: list[tuple[str, list[float]]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    unused: Counter[str] = field(default_factory=Counter)

    def add(self, label: str, box: Sequence[float], size: tuple[int, int] | None = None) -> None:
        """Add one object if its box is valid; `size` is (height, width) of the image if known."""
        if reason := _fault(box, size):
            self.left_out[reason] += 1
            return
        sides = [float(side) for side in box]
        if size is not None:
            height, width = size
            sides = [max(0.0, sides[0]), max(0.0, sides[1]), min(width, sides[2]), min(height, sides[3])]
        self.found.append((label, sides))

    def text(self) -> str:
        """The objects as JSON, without duplicates."""
        kept = list(dict.fromkeys((label, tuple(box)) for label, box in self.found))
        if doubled := len(self.found) - len(kept):
            self.left_out["listed twice"] += doubled
        return json.dumps([{"label": label, "box": [round(side, 2) for side in box]} for label, box in kept])


def _fault(box: Sequence[float], size: tuple[int, int] | None) -> str:
    """Why a box is invalid, or an empty string."""
    if not all(math.isfinite(side) for side in box):
        return "with sides that are not finite numbers"
    if box[2] <= box[0] or box[3] <= box[1]:
        return "without area (x2 <= x1 or y2 <= y1)"
    if size is not None:
        height, width = size
        if box[0] >= width or box[1] >= height or box[2] <= 0 or box[3] <= 0:
            return "outside the image"
    return ""


def object_notes(left_out: Counter[str], empty: int) -> list[str]:
    """Left-out boxes, and the number of images without objects, one sentence each."""
    notes = [f"{counted(count, 'box', 'boxes')} {reason}: left out" for reason, count in sorted(left_out.items())]
    return [*notes, f"{counted(empty, 'image')} without an object: kept as background"] if empty else notes
