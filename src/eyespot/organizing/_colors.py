"""Color names: each color gets the name of its nearest prototype in CIELAB space."""

import numpy as np

PROTOTYPES: dict[str, tuple[tuple[int, int, int], ...]] = {
    "black": ((0, 0, 0), (35, 33, 34)),
    "gray": ((90, 90, 92), (130, 130, 130), (175, 175, 175)),
    "white": ((235, 235, 235), (255, 255, 255)),
    "red": ((200, 20, 30), (140, 20, 30), (230, 60, 60)),
    "orange": ((245, 140, 30), (230, 110, 40)),
    "yellow": ((245, 220, 40), (225, 195, 90), (250, 240, 130)),
    "green": ((40, 140, 50), (90, 110, 50), (130, 190, 90), (20, 80, 50)),
    "blue": ((30, 80, 190), (20, 30, 100), (90, 150, 220), (150, 195, 235), (60, 100, 130)),
    "purple": ((120, 50, 150), (80, 40, 100), (170, 120, 200)),
    "pink": ((240, 130, 170), (220, 60, 130), (245, 190, 200)),
    "brown": ((110, 70, 40), (75, 45, 30), (150, 105, 70)),
    "beige": ((215, 195, 165), (235, 220, 195)),
}
"""Typical sRGB colors for each name: the basic color terms of Berlin and Kay, and beige."""

CHUNK = 64
"""Images whose pixels are compared at once."""

TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = TO_XYZ.sum(axis=1)
"""The white point D65."""


def lab(colors: np.ndarray) -> np.ndarray:
    """Convert sRGB colors (..., 3) from 0 to 255 to CIELAB (..., 3).

    >>> lab(np.array([255, 255, 255])).round(1).tolist()
    [100.0, 0.0, 0.0]
    """
    values = np.asarray(colors, np.float64) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    ratio = linear @ TO_XYZ.T / WHITE
    x, y, z = np.moveaxis(np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116), -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def color_shares(colors: np.ndarray) -> np.ndarray:
    """For images (N, H, W, 3), the fraction (N, K) of pixels of each of the K names in `PROTOTYPES`."""
    names = np.repeat(np.arange(len(PROTOTYPES)), [len(each) for each in PROTOTYPES.values()])
    prototypes = lab(np.array([color for each in PROTOTYPES.values() for color in each]))
    lengths = np.square(prototypes).sum(axis=1)
    shares = np.empty((len(colors), len(PROTOTYPES)))
    for start in range(0, len(colors), CHUNK):
        pixels = lab(colors[start : start + CHUNK])
        nearest = names[(lengths - 2 * pixels @ prototypes.T).argmin(axis=-1)]
        for name in range(len(PROTOTYPES)):
            shares[start : start + CHUNK, name] = (nearest == name).mean(axis=(1, 2))
    return shares
