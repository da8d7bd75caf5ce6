"""The learning curve: accuracy against the number of images per class, with an extrapolation.

The error decreases as a power of the number of images, a + b n^-c (Hestness et al. 2017,
https://arxiv.org/abs/1712.00409). Shapes: S sizes, N images.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from markupsafe import Markup

from ..embeddings.embed import Embeddings, embed
from ..html import INK, drawing, drawing_style, write_page
from ..sources.source import Source
from ..tasks.statistics import wilson_interval
from ._cross_validation import choose_penalty, folds, probabilities

REPEATS = 8
HELD_OUT = 4
"""One in this many images is for testing, the others are for training."""
BOOTSTRAPS = 200
FEWEST_SIZES = 4


@dataclass(frozen=True, kw_only=True)
class Point:
    """Accuracy after training on some images of each class (on average), with its 95 % interval."""

    per_class: float
    images: int
    accuracy: float
    interval: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Extrapolation:
    """The extrapolation of the fitted curve to more images: `gain` in accuracy with its 95 % interval."""

    times: int
    images: int
    accuracy: float
    gain: float
    interval: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Accuracy against the number of images; `extrapolation` is empty if there are too few sizes."""

    name: str
    by: str
    count: int
    classes: int
    points: tuple[Point, ...]
    fit: tuple[float, float, float] | None
    extrapolation: tuple[Extrapolation, ...]

    @property
    def summary(self) -> str:
        """The extrapolation in one sentence."""
        if not self.extrapolation:
            return "There are too few images to extrapolate."
        extrapolation = self.extrapolation[0]
        low, high = (100 * value for value in extrapolation.interval)
        return (
            f"Twice as many images would change the accuracy by about {100 * extrapolation.gain:+.1f} "
            f"points ({low:.1f} to {high:.1f})."
        )


def curve(source: Source, weights: str | None = None, repeats: int = REPEATS, seed: int = 0) -> Curve:
    """Measure how accuracy depends on the number of images per class, and extrapolate.

    A linear layer is trained on subsets of three quarters of the images, each half the size of the next, and tested on
    the last quarter, `repeats` times. `weights` selects the feature extractor: a pretrained network or a model file.
    Raises `SourceError` unless there are two classes with two or more labeled images.

    >>> from eyespot.sources.synthetic import shapes
    >>> found = curve(shapes(count=80), repeats=2)
    >>> len(found.points) > 2
    True
    """
    return curve_of(embed(source, weights), source.name, repeats, seed)


def curve_of(embeddings: Embeddings, name: str, repeats: int = REPEATS, seed: int = 0) -> Curve:
    """The curve for precomputed features."""
    sizes = _sizes(embeddings)
    right, queried, learned = _measured(embeddings, sizes, repeats, seed)
    kinds = len(embeddings.classes)
    mean = right.sum(1) / queried.sum()
    points = [
        Point(
            per_class=count / kinds,
            images=round(count),
            accuracy=float(accuracy),
            interval=wilson_interval(round(accuracy * len(embeddings.given)), len(embeddings.given)),
        )
        for count, accuracy in zip(learned, mean, strict=True)
    ]
    found = Curve(
        name=name,
        by=embeddings.by,
        count=len(embeddings.given),
        classes=kinds,
        points=tuple(points),
        fit=None,
        extrapolation=(),
    )
    if len(sizes) < FEWEST_SIZES:
        return found
    return _with_ahead(found, right, queried, learned, seed)


def power_law(counts: np.ndarray, errors: np.ndarray) -> tuple[float, float, float]:
    """Least-squares fit of errors = a + b n^-c, with nonnegative parameters and c at most 2.

    >>> n = np.array([8.0, 16, 32, 64, 128])
    >>> [round(value, 2) for value in power_law(n, 0.05 + 0.8 * n**-0.5)]
    [0.05, 0.8, 0.5]
    """
    weight = counts / counts.sum()  # the extrapolation starts at the largest sizes
    powers = np.linspace(0.05, 2.0, 118)
    falling = counts ** -powers[:, None]
    middle, height = falling @ weight, float(errors @ weight)
    spread = np.square(falling - middle[:, None]) @ weight
    factor = ((falling - middle[:, None]) * (errors - height)) @ weight / spread
    floor = height - factor * middle
    through_zero = (falling * errors) @ weight / (np.square(falling) @ weight)
    factor = np.where(floor < 0, through_zero, np.maximum(factor, 0))
    floor = np.where(floor < 0, 0.0, height - factor * middle)
    off = np.square(floor[:, None] + factor[:, None] * falling - errors) @ weight
    best = int(off.argmin())
    return float(floor[best]), float(factor[best]), float(powers[best])


def _sizes(embeddings: Embeddings) -> list[float]:
    """Fractions of the training images, each twice the previous one, from about two images per class."""
    smallest = 2 * len(embeddings.classes) / (len(embeddings.given) * (1 - 1 / HELD_OUT))
    steps = max(0, int(np.floor(-np.log2(max(smallest, 1e-9)))))
    return [0.5**step for step in range(min(steps, 7), -1, -1)]


def _measured(
    embeddings: Embeddings, sizes: list[float], repeats: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Correct answers per image (S, N), tests per image (N,), and training images (S,)."""
    right, queried = np.zeros((len(sizes), len(embeddings.given))), np.zeros(len(embeddings.given))
    learned = np.zeros(len(sizes))
    penalties: dict[int, float] = {}
    for repeat in range(repeats):
        random = np.random.default_rng([seed, repeat])
        fold = folds(embeddings.given, embeddings.groups, random, HELD_OUT)
        held, pool = np.flatnonzero(fold == 0), np.flatnonzero(fold != 0)
        queried[held] += 1
        place = _places(embeddings, pool, random)
        for step, share in enumerate(sizes):
            rows = pool[place < share]
            if step not in penalties:
                penalties[step] = choose_penalty(embeddings, rows)
            chances = probabilities(embeddings, rows, held, penalties[step])
            right[step, held] += chances.argmax(1) == embeddings.given[held]
            learned[step] += len(rows) / repeats
    return right, queried, learned


def _places(embeddings: Embeddings, pool: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Relative position of each row of the pool within its class: values below 0.5 are half of every class."""
    place = np.empty(len(pool))
    for label in range(len(embeddings.classes)):
        rows = np.flatnonzero(embeddings.given[pool] == label)
        place[random.permutation(rows)] = np.arange(len(rows)) / max(len(rows), 1)
    return place


def _with_ahead(found: Curve, right: np.ndarray, queried: np.ndarray, learned: np.ndarray, seed: int) -> Curve:
    """The fit, extrapolated to two and four times as many images, with bootstrap intervals."""
    random = np.random.default_rng(seed)
    images = found.count
    fit = power_law(learned, 1 - right.sum(1) / queried.sum())
    drawn = []
    for _ in range(BOOTSTRAPS):
        weight = random.multinomial(images, np.full(images, 1 / images))
        errors = 1 - (right @ weight) / max(1, queried @ weight)
        drawn.append(power_law(learned, errors))
    return replace(found, fit=fit, extrapolation=tuple(_extrapolate(found, fit, drawn, times) for times in (2, 4)))


def _extrapolate(
    found: Curve, fit: tuple[float, float, float], drawn: list[tuple[float, float, float]], times: int
) -> Extrapolation:
    have = found.count
    gains = [_error(other, have) - _error(other, times * have) for other in drawn]
    low, high = np.percentile(gains, [2.5, 97.5])
    return Extrapolation(
        times=times,
        images=times * have,
        accuracy=1 - _error(fit, times * have),
        gain=_error(fit, have) - _error(fit, times * have),
        interval=(float(low), float(high)),
    )


def _error(fit: tuple[float, float, float], count: float) -> float:
    floor, factor, power = fit
    return floor + factor * count**-power


def write_curve(found: Curve, folder: str | Path) -> Path:
    """Write the curve as a self-contained page; return its path."""
    return write_page(Path(folder) / "index.html", "curve.html", {"found": found, "drawing": _drawn(found)})


def _drawn(found: Curve) -> Markup:
    from matplotlib.figure import Figure

    with drawing_style():
        figure = Figure(figsize=(5.4, 3.2))
        axes = figure.subplots()
        axes.set(xscale="log", xlabel="images per class", ylabel="accuracy")
        axes.xaxis.set_major_formatter(lambda count, _: f"{count:,.0f}")
        axes.xaxis.set_minor_formatter("")
        per_class = np.array([point.per_class for point in found.points])
        low, high = np.array([point.interval for point in found.points]).T
        axes.fill_between(per_class, low, high, color=INK["blue"], alpha=0.18, linewidth=0)
        accuracy = [point.accuracy for point in found.points]
        axes.plot(per_class, accuracy, color=INK["blue"], marker="o", markersize=3, label="measured")
        if found.fit:
            ahead = np.geomspace(per_class[0], 4 * found.count / found.classes, 60)
            expected = [1 - _error(found.fit, count * found.classes) for count in ahead]
            axes.plot(ahead, expected, color=INK["orange"], linestyle="--", linewidth=1.2, label="expected")
        axes.legend(loc="lower right")
        return drawing(figure, "Accuracy against the number of images per class; dashed: the fitted power law")
