"""Synthetic faces with known person and age: the person determines the shape, the age wrinkles, hair and color.

They are not portraits: two faces differ only in the numbers below. Coordinates range from -1 to 1, x to the right and
y down.
"""

from dataclasses import dataclass

import numpy as np

SHAPE_NUMBERS = 12
"""Number of parameters of a person: face (3), eyes (3), brows (1), nose (2), mouth (2) and skin (1)."""
EDGE = 0.04
"""Width of the blurred border between two colors, like the blur of a lens."""
YOUNG_HAIR, GRAY_HAIR = np.array([0.18, 0.11, 0.06]), np.array([0.82, 0.82, 0.84])
YOUNG_SKIN, OLD_SKIN = np.array([0.86, 0.64, 0.52]), np.array([0.74, 0.62, 0.5])
DARK, WHITE, LIPS = np.array([0.1, 0.07, 0.07]), np.array([0.93, 0.93, 0.9]), np.array([0.68, 0.3, 0.28])


@dataclass(frozen=True, kw_only=True)
class View:
    """Conditions of one photo: shift of the face, its size, the light on it, and grain."""

    shift: tuple[float, float]
    zoom: float
    light: float
    grain: int


def draw_view(random: np.random.Generator) -> View:
    """Draw a random view that a camera could have."""
    shift = random.uniform(-0.06, 0.06, 2)
    return View(
        shift=(float(shift[0]), float(shift[1])),
        zoom=float(random.uniform(0.95, 1.05)),
        light=float(random.uniform(0.8, 1.15)),
        grain=int(random.integers(0, 2**31)),
    )


def draw_face(person: np.ndarray, age: float, size: int, view: View) -> np.ndarray:
    """A face (size, size, 3), 0 to 1, of a person (12,) with numbers from -1 to 1, at an age in years."""
    line = ((np.arange(size) + 0.5) / size * 2 - 1) / view.zoom
    y, x = np.meshgrid(line - view.shift[0], line - view.shift[1], indexing="ij")
    width, height, jaw, apart, eye, eye_height, brow, long, broad, mouth, lips, tone = person
    hair = YOUNG_HAIR + (GRAY_HAIR - YOUNG_HAIR) * _sigmoid((age - 48) / 7)
    skin = (YOUNG_SKIN + (OLD_SKIN - YOUNG_SKIN) * np.clip((age - 20) / 60, 0, 1)) * (1 + 0.12 * tone)
    face_width, face_height = 0.58 + 0.07 * width, 0.74 + 0.06 * height
    image = np.full((size, size, 3), 0.35)
    head = 1 - np.hypot(x / (face_width + 0.14), (y + 0.12) / (face_height + 0.1))
    _paint(image, head, hair)
    chin = np.where(y > 0, 1 + (0.25 + 0.2 * jaw) * y**2, 1)
    _paint(image, 1 - np.hypot(x * chin / face_width, (y - 0.05) / face_height), skin)
    hairline = -0.48 - 0.16 * np.clip((age - 30) / 40, 0, 1) + 0.15 * x**2
    _paint(image, np.minimum(2 * (hairline - y), head), hair)
    _wrinkle(image, x, y, age, 0.3 + 0.05 * apart, -0.14 + 0.05 * eye_height)
    for side in (-1, 1):
        right, down = x - side * (0.26 + 0.06 * apart), y + 0.14 - 0.05 * eye_height
        radius = 0.1 + 0.03 * eye
        _paint(image, 1 - np.hypot(right / (1.5 * radius), down / radius), WHITE)
        _paint(image, 1 - np.hypot(right, down) / (0.6 * radius), DARK)
        _paint(image, 1 - np.hypot(right / 0.17, (down + 0.17 + side * 0.25 * brow * right) / 0.035), hair * 0.8)
    tip = 0.2 + 0.08 * long
    _paint(image, 1 - np.hypot(x / (0.09 + 0.035 * broad), (y - tip) / 0.06), skin * 0.72)
    _paint(image, 1 - np.hypot(x / (0.25 + 0.08 * mouth), (y - 0.46) / (0.06 + 0.03 * lips)), LIPS)
    noise = np.random.default_rng(view.grain).normal(0, 0.02, image.shape)
    return np.clip(image * view.light + noise, 0, 1)


def _wrinkle(image: np.ndarray, x: np.ndarray, y: np.ndarray, age: float, eye_x: float, eye_y: float) -> None:
    """Darken lines on the forehead, next to the eyes and from the nose to the mouth, growing from the age of 25."""
    depth = 0.45 * np.clip((age - 25) / 50, 0, 1)
    forehead = (np.cos((y + 0.1 * x**2) * 45) > 0.3) & (np.abs(x) < 0.36) & (y > -0.45) & (y < -0.3)
    beside = (np.cos(np.arctan2(y - eye_y, np.abs(x) - eye_x) * 9) > 0.3) & (np.abs(x) > eye_x + 0.14)
    folds = (np.abs(np.abs(x) - 0.2 - 0.35 * (y - 0.2)) < 0.025) & (y > 0.18) & (y < 0.5)
    lines = forehead | (beside & (np.abs(y - eye_y) < 0.1) & (np.abs(x) < eye_x + 0.26)) | folds
    image[lines] *= 1 - depth


def _paint(image: np.ndarray, inside: np.ndarray, color: np.ndarray) -> None:
    """Paint the region where `inside` is above 0 with a color; the border is blurred."""
    share = np.clip(inside / EDGE / 4 + 0.5, 0, 1)[..., None]
    image += share * (color - image)


def _sigmoid(value: float) -> float:
    return float(1 / (1 + np.exp(-value)))
