"""Boxes drawn on an image, in one color per class."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

COLORS = ((230, 80, 0), (0, 90, 230), (0, 150, 60), (190, 0, 150), (200, 160, 0), (0, 160, 170), (120, 80, 40))


def annotated(pixels: np.ndarray, boxes: Sequence[Mapping[str, Any]], classes: Sequence[str]) -> np.ndarray:
    """Draw boxes on an image (H, W, 1 or 3), uint8, in order of increasing score; return (H, W, 3)."""
    drawn = np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels.copy()
    thick = max(1, round(min(drawn.shape[:2]) / 200))
    for entry in sorted(boxes, key=lambda entry: entry.get("score", 1.0)):
        outline(drawn, entry["box"], COLORS[list(classes).index(entry["label"]) % len(COLORS)], thick)
    return drawn


def outline(pixels: np.ndarray, box: Sequence[float], color: Sequence[int], thick: int) -> None:
    """Draw the sides of one box into an image (H, W, 3), inside the box and the image."""
    height, width = pixels.shape[:2]
    left, top = (max(0, int(side)) for side in box[:2])
    right, bottom = min(width, int(np.ceil(box[2]))), min(height, int(np.ceil(box[3])))
    for region in (
        np.s_[top : top + thick, left:right],
        np.s_[max(top, bottom - thick) : bottom, left:right],
        np.s_[top:bottom, left : left + thick],
        np.s_[top:bottom, max(left, right - thick) : right],
    ):
        pixels[region] = color
