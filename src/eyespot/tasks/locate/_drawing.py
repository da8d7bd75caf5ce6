"""Points drawn on an image as rings."""

from collections.abc import Sequence

import numpy as np

COLOR = (230, 80, 0)


def ringed(pixels: np.ndarray, points: Sequence[Sequence[float]], radius: float) -> np.ndarray:
    """Draw a ring with the radius around each point [x, y] on an image (H, W, 1 or 3), uint8; return (H, W, 3)."""
    drawn = np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels.copy()
    height, width = drawn.shape[:2]
    reach = int(np.ceil(radius)) + 1
    for x, y in points:
        top, left = max(0, int(y) - reach), max(0, int(x) - reach)
        bottom, right = min(height, int(y) + reach + 1), min(width, int(x) + reach + 1)
        rows, columns = np.mgrid[top:bottom, left:right] + 0.5
        away = np.hypot(rows - y, columns - x)
        drawn[top:bottom, left:right][abs(away - radius) <= 0.6] = COLOR
    return drawn
