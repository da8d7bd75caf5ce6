"""Images of a fixed camera, which are all similar without being duplicates.

Near duplicates stay in one part of a split. If most images of a class are near duplicates, none would remain for
testing; then similarity is ignored, and the images are split by the order of their names, in which cameras number
them, so that neighbors mostly stay together.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ._split import TEST, TRAIN, UNDECIDED, VALIDATION, Shares

FEWEST_CLUSTERS = 3
"""Minimum number of clusters of a class for three parts."""
MOSTLY = 10
"""A cluster with at least this many images of a class, and most of them, is a fixed camera instead of a burst."""
FEWEST = 4
"""Fewer images than this are not divided but used for training."""


@dataclass(frozen=True, kw_only=True)
class Resemblance:
    """Pairs (P, 2) that stay on one side, the mask of images (N,) to divide by the order of their names, and a note."""

    pairs: np.ndarray
    by_name: np.ndarray
    notes: list[str]


def weigh(exact: np.ndarray, near: np.ndarray, labels: np.ndarray, names: Sequence[str]) -> Resemblance:
    """Drop near pairs (P, 2) that would prevent a class from being divided; `labels` (N,) are class numbers.

    `names` are the names of the labels, by number.
    """
    count = len(labels)
    clusters, alone = _clusters(count, np.concatenate([exact, near])), _clusters(count, exact)
    dropped: set[int] = set()
    classes = []
    for label in range(int(labels.max(initial=-1)) + 1):
        members = np.flatnonzero(labels == label)
        found, sizes = np.unique(clusters[members], return_counts=True)
        fixed = found[(sizes >= MOSTLY) & (2 * sizes > len(members))]
        if len(found) < FEWEST_CLUSTERS and len(np.unique(alone[members])) >= max(FEWEST, FEWEST_CLUSTERS):
            fixed = found
        if len(fixed):
            dropped.update(fixed.tolist())
            classes.append(names[label])
    by_name = np.isin(clusters, list(dropped))
    kept = near[~by_name[near[:, 0]]]
    return Resemblance(pairs=np.concatenate([exact, kept]), by_name=by_name, notes=_notes(by_name, classes))


def _clusters(count: int, pairs: np.ndarray) -> np.ndarray:
    """Cluster number (N,) of each image."""
    graph = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return connected_components(graph, directed=False)[1]


def _notes(by_name: np.ndarray, classes: Sequence[str]) -> list[str]:
    if not by_name.any():
        return []
    named = [f"'{name}'" for name in classes if name]
    of = f" of {', '.join(named[:5])}" if named else ""
    count = np.count_nonzero(by_name)
    note = f"{count:,} images{of} resemble one another, as those of a fixed camera do: they are split by the order of "
    return [note + "their names, and the test images are similar to the training images"]


def divide_by_name(names: Sequence[str], labels: np.ndarray, shares: Shares) -> np.ndarray:
    """The side (N,) of images in the order of their names: for each label the last for test, before them validation.

    >>> divide_by_name([f"{number}.png" for number in range(10)], np.zeros(10, int), Shares()).tolist()
    [0, 0, 0, 0, 0, 0, 1, 1, 2, 2]
    """
    sides = np.full(len(names), UNDECIDED)
    order = np.array(sorted(range(len(names)), key=lambda place: _natural(names[place])), np.int64)
    for label in np.unique(labels).tolist():
        members = order[labels[order] == label]
        sides[members] = TRAIN
        if len(members) < FEWEST:
            continue
        test = max(1, round(shares.test * len(members))) if shares.test else 0
        validation = max(1, round(shares.validation * len(members)))
        sides[members[len(members) - test - validation : len(members) - test]] = VALIDATION
        sides[members[len(members) - test :]] = TEST
    return sides


def _natural(name: str) -> list[tuple[int, str]]:
    """Names in natural order: 2 before 10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]+)", name)]
