"""Synthetic images with known answers, for experiments and tests.

Each generator is a function of `count`, `size` (pixels per side) and `seed`, and returns a source.
"""

import json
from collections.abc import Callable

import numpy as np

from ..errors import SourceError, look_up
from ._arrays import from_arrays
from ._drawn_faces import SHAPE_NUMBERS, draw_face, draw_view
from .source import Source

KINDS = ("cross", "disc", "square", "triangle")
IMAGES_OF_A_SIGN = 4
SPLIT_OF_SIGNS = ("train", "test", "train", "validation", "train")
"""The sides of identities, in rotation."""
IMAGES_OF_A_FACE = 8
YEARS_OF_AN_ALBUM = 15
STEEPEST = 40.0
"""The largest angle of a road, in degrees."""


def shapes(count: int = 240, size: int = 32, seed: int = 0) -> Source:
    """One shape per image, bright on a dark and grainy background; the label is its name."""
    random = _random(seed, count, size)
    pictures, values = [], []
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        picture = _ground(random, size)
        _paint(picture, _placed(kind, random, size), random)
        pictures.append(_to_bytes(picture))
        values.append({"label": kind})
    return from_arrays("synthetic:shapes", "drawn shapes", np.stack(pictures), values)


def scenes(count: int = 240, size: int = 32, seed: int = 0) -> Source:
    """None, one or several shapes per image; the tags are their names."""
    random = _random(seed, count, size)
    pictures, values = [], []
    for _ in range(count):
        kinds = [kind for kind in KINDS if random.random() < 0.4]
        picture = _ground(random, size)
        for kind in kinds:
            _paint(picture, _placed(kind, random, size), random)
        pictures.append(_to_bytes(picture))
        values.append({"tags": "|".join(kinds) or "-"})
    return from_arrays("synthetic:scenes", "drawn scenes", np.stack(pictures), values)


def road(count: int = 240, size: int = 32, seed: int = 0) -> Source:
    """A bright road from the center of the lower edge; the number is its angle in degrees, positive to the right.

    Every second road is straight, as most roads are.
    """
    random = _random(seed, count, size)
    pictures, values = [], []
    for number in range(count):
        angle = 0.0 if number % 2 else round(float(random.uniform(-STEEPEST, STEEPEST)), 1)
        y, x = _grid(size)
        middle = np.tan(np.radians(angle)) * (1 - y)
        picture = _ground(random, size)
        picture[np.abs(x - middle) < 0.12] = random.uniform(0.6, 0.9)
        pictures.append(_to_bytes(picture))
        values.append({"number": str(angle)})
    return from_arrays("synthetic:road", "drawn roads", np.stack(pictures), values)


def rated(count: int = 240, size: int = 32, seed: int = 0) -> Source:
    """A disk on a background, rated from 1 to 7 by a simulated audience that likes bright disks."""
    random = _random(seed, count, size)
    pictures, values = [], []
    for _ in range(count):
        brightness = float(random.uniform(0, 1))
        y, x = _grid(size)
        middle, radius = random.uniform(-0.4, 0.4, 2), random.uniform(0.3, 0.5)
        picture = _ground(random, size)
        picture[np.hypot(x - middle[0], y - middle[1]) < radius] = brightness
        pictures.append(_to_bytes(picture))
        values.append({"rating": f"{1 + 6 * brightness + random.normal(0, 0.2):.2f}"})
    return from_arrays("synthetic:rated", "drawn discs", np.stack(pictures), values)


def signs(count: int = 240, size: int = 32, seed: int = 0) -> Source:
    """Signs: bright and dark fields of a 4x4 board; the identity is the pattern."""
    random = _random(seed, count, size)
    boards = random.integers(0, 2, (max(2, count // IMAGES_OF_A_SIGN), 4, 4))
    pictures, values = [], []
    for number in range(count):
        board = boards[number // IMAGES_OF_A_SIGN % len(boards)]
        places = np.arange(size) * 4 // size
        picture = _ground(random, size) * 0.5 + board[places[:, None], places][..., None] * random.uniform(0.25, 0.5)
        pictures.append(_to_bytes(picture))
        values.append({"identity": f"sign {number // IMAGES_OF_A_SIGN % len(boards)}"})
    split = [SPLIT_OF_SIGNS[number // IMAGES_OF_A_SIGN % len(boards) % len(SPLIT_OF_SIGNS)] for number in range(count)]
    return from_arrays("synthetic:signs", "drawn signs", np.stack(pictures), values, split)


def faces(count: int = 240, size: int = 32, seed: int = 0) -> Source:
    """Synthetic faces, eight of each person; `identity` is the person, `age` the age in years, 12 to 80.

    Training images show each person within 15 years, as albums do; the others cover the whole range.
    """
    random = _random(seed, count, size)
    persons = max(5, count // IMAGES_OF_A_FACE)
    pictures, values, split = [], [], []
    for number in range(count):
        person = number // IMAGES_OF_A_FACE % persons
        part = SPLIT_OF_SIGNS[person % len(SPLIT_OF_SIGNS)]
        own = np.random.default_rng([seed, person, 28])
        shape, youngest = own.uniform(-1, 1, SHAPE_NUMBERS), own.uniform(12, 80 - YEARS_OF_AN_ALBUM)
        ages = (youngest, youngest + YEARS_OF_AN_ALBUM) if part == "train" else (12, 80)
        age = round(float(random.uniform(*ages)))
        pictures.append(_to_bytes(draw_face(shape, age, size, draw_view(random))))
        values.append({"identity": f"person {person}", "age": str(age)})
        split.append(part)
    return from_arrays("synthetic:faces", "drawn faces", np.stack(pictures), values, split)


def textures(count: int = 240, size: int = 32, seed: int = 0) -> Source:
    """Superimposed waves and a hard edge, without noise: the target of a denoiser."""
    random = _random(seed, count, size)
    y, x = _grid(size)
    pictures = []
    for _ in range(count):
        waves = random.uniform(-4, 4, (3, 2))
        phases = random.uniform(0, 2 * np.pi, 3)
        picture = sum(np.sin(a * x + b * y + phase) for (a, b), phase in zip(waves, phases, strict=True)) / 3
        side = x * random.normal() + y * random.normal() > random.uniform(-0.5, 0.5)
        picture = 0.5 + 0.25 * picture + np.where(side, 0.15, -0.15)
        pictures.append(_to_bytes(np.repeat(picture[..., None], 3, axis=2)))
    return from_arrays("synthetic:textures", "drawn textures", np.stack(pictures), [{} for _ in pictures])


def dawns(count: int = 240, size: int = 32, seed: int = 0) -> Source:
    """Brightness that increases toward one side, blue where dark and yellow where bright."""
    random = _random(seed, count, size)
    y, x = _grid(size)
    dark, bright = np.array([0.1, 0.2, 0.5]), np.array([0.9, 0.8, 0.3])
    pictures = []
    for _ in range(count):
        angle, offset = random.uniform(0, 2 * np.pi), random.uniform(-0.3, 0.3)
        day = np.clip(0.5 + offset + 0.5 * (x * np.cos(angle) + y * np.sin(angle)), 0, 1)[..., None]
        pictures.append(_to_bytes(dark + (bright - dark) * day + random.normal(0, 0.01, (size, size, 1))))
    return from_arrays("synthetic:dawns", "drawn dawns", np.stack(pictures), [{} for _ in pictures])


def colored_squares(count: int = 240, size: int = 16, seed: int = 0) -> Source:
    """A square of about half the side on a dark background, red on every second image and blue on the others."""
    random = _random(seed, count, size)
    pictures = np.full((count, size, size, 3), 30, np.uint8)
    for number, picture in enumerate(pictures):
        row, column = random.integers(0, size - size // 2 + 1, 2)
        color = (220, 40, 40) if number % 2 else (40, 40, 220)
        picture[row : row + size // 2, column : column + size // 2] = color
    values = [{"label": "red" if number % 2 else "blue"} for number in range(count)]
    return from_arrays("synthetic:colored-squares", "drawn squares", pictures, values)


def objects(count: int = 240, size: int = 64, seed: int = 0) -> Source:
    """None, one or two bright squares and disks in the corners of dark images, with their boxes."""
    random = _random(seed, count, size)
    pictures, values = [], []
    for number in range(count):
        picture, boxes = _ground(random, size), []
        for place in random.permutation(4)[: number % 3].tolist():
            kind = str(random.choice(["disc", "square"]))
            side = int(random.integers(size // 4, size * 2 // 5))
            y, x = (int(random.integers(0, size // 2 - side + 1)) + size // 2 * half for half in divmod(place, 2))
            down, right = _grid(side)
            where = down**2 + right**2 <= 1 if kind == "disc" else np.ones((side, side), bool)
            _paint(picture[y : y + side, x : x + side], where, random)
            boxes.append({"label": kind, "box": [x, y, x + side, y + side]})
        pictures.append(_to_bytes(picture))
        values.append({"boxes": json.dumps(boxes)})
    return from_arrays("synthetic:objects", "drawn objects", np.stack(pictures), values)


def dots(count: int = 240, size: int = 64, seed: int = 0) -> Source:
    """None to three bright dots in the corners of dark images, with their centers."""
    random = _random(seed, count, size)
    pictures, values = [], []
    for number in range(count):
        picture, points = _ground(random, size), []
        for place in random.permutation(4)[: number % 4].tolist():
            radius = random.uniform(size / 12, size / 9)
            y, x = (
                _quarters(random.uniform(radius, size / 2 - radius)) + size // 2 * half for half in divmod(place, 2)
            )
            rows, columns = np.mgrid[:size, :size] + 0.5
            _paint(picture, (rows - y) ** 2 + (columns - x) ** 2 <= radius**2, random)
            points.append([x, y])
        pictures.append(_to_bytes(picture))
        values.append({"points": json.dumps(points)})
    return from_arrays("synthetic:dots", "drawn dots", np.stack(pictures), values)


MAKERS: dict[str, Callable[..., Source]] = {
    "shapes": shapes,
    "scenes": scenes,
    "road": road,
    "rated": rated,
    "textures": textures,
    "signs": signs,
    "faces": faces,
    "objects": objects,
    "dawns": dawns,
    "dots": dots,
}


def open_synthetic(name: str) -> Source:
    """Create the source of that name; raise `SourceError` with the most similar name for an unknown one.

    >>> len(open_synthetic("road"))
    240
    """
    return look_up("synthetic source", name, MAKERS, SourceError)()


def _random(seed: int, count: int, size: int) -> np.random.Generator:
    if count < 1 or not 8 <= size <= 512:
        raise SourceError(f"{count} generated images of {size} pixels: give at least 1, and a size from 8 to 512.")
    return np.random.default_rng(seed)


def _grid(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of every pixel, from -1 to 1, each (size, size)."""
    line = (np.arange(size) + 0.5) / size * 2 - 1
    y, x = np.meshgrid(line, line, indexing="ij")
    return y, x


def _quarters(place: float) -> float:
    """A position in quarters of a pixel, so that mirroring it twice is exact."""
    return round(4 * place) / 4


def _ground(random: np.random.Generator, size: int) -> np.ndarray:
    return random.uniform(0.1, 0.3, 3) + random.normal(0, 0.03, (size, size, 3))


def _placed(kind: str, random: np.random.Generator, size: int) -> np.ndarray:
    """Mask of the shape: bool (size, size)."""
    y, x = _grid(size)
    radius = random.uniform(0.25, 0.45)
    down, right = random.uniform(radius - 1, 1 - radius, 2)
    y, x = (y - down) / radius, (x - right) / radius
    if kind == "disc":
        return x**2 + y**2 < 1
    if kind == "square":
        return np.maximum(np.abs(x), np.abs(y)) < 0.85
    if kind == "cross":
        return (np.minimum(np.abs(x), np.abs(y)) < 0.25) & (np.maximum(np.abs(x), np.abs(y)) < 1)
    assert kind == "triangle", kind
    return (np.abs(x) < (y + 1) / 2) & (y < 0.9)


def _paint(picture: np.ndarray, where: np.ndarray, random: np.random.Generator) -> None:
    picture[where] = random.uniform(0.5, 1, 3)


def _to_bytes(picture: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
