"""Out-of-fold probabilities of each label: grouped, stratified cross-validation.

Shapes: N images, F numbers, K classes.
"""

import warnings
from collections.abc import Iterator

import numpy as np

from ..embeddings.embed import Embeddings

FOLDS = 5
PENALTIES = (1.0, 0.1, 0.01, 0.001)
"""Weights of the L2 penalty, from strong to weak, relative to the mean loss."""


def folds(given: np.ndarray, groups: np.ndarray, random: np.random.Generator, count: int = FOLDS) -> np.ndarray:
    """The fold (N,) of each image: classes are distributed over all folds, and groups are never divided."""
    _, first = np.unique(groups, return_index=True)
    order = random.permutation(first)
    order = order[np.argsort(given[order], kind="stable")]
    fold_of = np.empty(len(first), int)
    fold_of[groups[order]] = (np.arange(len(order)) + random.integers(count)) % count
    return fold_of[groups]


def splits(fold: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Training and held-out rows, once for each fold."""
    for number in range(int(fold.max()) + 1):
        yield np.flatnonzero(fold != number), np.flatnonzero(fold == number)


def probabilities(embeddings: Embeddings, learned: np.ndarray, queried: np.ndarray, penalty: float) -> np.ndarray:
    """Probabilities (M, K) of the classes for the rows `asked`, after fitting to the rows `learned`.

    Multinomial logistic regression; a class without training rows gets 0.
    """
    from sklearn.linear_model import LogisticRegression

    result = np.zeros((len(queried), len(embeddings.classes)))
    present = np.unique(embeddings.given[learned])
    if len(present) == 1:
        result[:, present] = 1.0
        return result
    line = LogisticRegression(C=1 / (penalty * len(learned)), max_iter=300, tol=1e-3)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The number of unique classes")  # many small classes are fine
        line.fit(embeddings.numbers[learned], embeddings.given[learned])
    result[:, present] = line.predict_proba(embeddings.numbers[queried])
    return result


def choose_penalty(embeddings: Embeddings, learned: np.ndarray) -> float:
    """The penalty with the highest likelihood on held-out training rows."""
    fold = folds(embeddings.given[learned], _renumbered(embeddings.groups[learned]), np.random.default_rng(0), 3)
    losses = dict.fromkeys(PENALTIES, 0.0)
    for inner, held in splits(fold):
        rows, queried = learned[inner], learned[held]
        for penalty in PENALTIES:
            chances = probabilities(embeddings, rows, queried, penalty)
            losses[penalty] -= float(np.log(chances[np.arange(len(queried)), embeddings.given[queried]] + 1e-3).sum())
    return min(losses, key=losses.__getitem__)


def out_of_fold(embeddings: Embeddings, repeats: int = 3) -> np.ndarray:
    """Out-of-fold probabilities (N, K) for every image, averaged over several divisions."""
    penalty = choose_penalty(embeddings, np.arange(len(embeddings.given)))
    result = np.zeros((len(embeddings.given), len(embeddings.classes)))
    for repeat in range(repeats):
        for learned, held in splits(folds(embeddings.given, embeddings.groups, np.random.default_rng(repeat))):
            result[held] += probabilities(embeddings, learned, held, penalty) / repeats
    return result


def _renumbered(groups: np.ndarray) -> np.ndarray:
    return np.unique(groups, return_inverse=True)[1]
