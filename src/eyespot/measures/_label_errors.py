"""Label errors and confused classes by confident learning.

After Northcutt, Jiang and Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels"
(https://arxiv.org/abs/1911.00068). Shapes: N images, K classes.
"""

from dataclasses import dataclass

import numpy as np

from ..tasks.statistics import wilson_interval

CONFUSED = 0.1
"""Two classes are reported if significantly more than this fraction of their images is classified as the other."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two class numbers, the fraction of confused images, and those images, the most confident first."""

    classes: tuple[int, int]
    share: float
    interval: tuple[float, float]
    count: int
    images: tuple[int, ...]


def margins(chances: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Probability of the given label minus that of the best other one: (N,), from -1 (certainly wrong) to 1.

    >>> margins(np.array([[0.75, 0.25], [0.0, 1.0]]), np.array([0, 0])).tolist()
    [0.5, -1.0]
    """
    rows = np.arange(len(given))
    others = chances.copy()
    others[rows, given] = -np.inf
    return chances[rows, given] - others.max(1)


def proposals(chances: np.ndarray, given: np.ndarray) -> np.ndarray:
    """The most probable other label of each image (N,)."""
    others = chances.copy()
    others[np.arange(len(given)), given] = -np.inf
    return others.argmax(1)


def label_errors(chances: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Mask of labels (N,) that are probably wrong: another class has a probability above its own average.

    t_j = mean of p_j over the images labeled j; an image is assigned to the most probable class j with p_j >= t_j, and
    is suspicious if that is not its label (the paper's confident joint).
    """
    count = chances.shape[1]
    own = [chances[given == label, label] for label in range(count)]
    thresholds = np.array([values.mean() if len(values) else np.inf for values in own])
    counted = np.where(chances >= thresholds, chances, -1.0)
    return (counted.max(1) >= 0) & (counted.argmax(1) != given)


def confusable(chances: np.ndarray, given: np.ndarray) -> list[Pair]:
    """Pairs of classes that are often confused, the most confused first."""
    predicted = chances.argmax(1)
    pairs = []
    for a, b in sorted({(min(pair), max(pair)) for pair in zip(given.tolist(), predicted.tolist(), strict=True)}):
        mixed = ((given == a) & (predicted == b)) | ((given == b) & (predicted == a))
        count = int(np.isin(given, (a, b)).sum())
        interval = wilson_interval(int(mixed.sum()), count)
        if a != b and interval[0] > CONFUSED:
            images = np.flatnonzero(mixed)
            surest = images[np.argsort(-chances[images, predicted[images]], kind="stable")]
            share = float(mixed.sum() / count)
            pairs.append(Pair(classes=(a, b), share=share, interval=interval, count=count, images=tuple(surest)))
    return sorted(pairs, key=lambda pair: -pair.share)
