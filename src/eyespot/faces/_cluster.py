"""Group faces by person, without knowing any: who is on the photos of an album?"""

from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.cluster import AgglomerativeClustering

CLUSTER_THRESHOLD = 0.40
"""Two groups are joined where the mean similarity of their faces reaches this."""
CHUNK = 1000


def cluster_faces(embeddings: np.ndarray, threshold: float = CLUSTER_THRESHOLD) -> np.ndarray:
    """The number (F,) of the group of each face, by embeddings (F, D) of unit length; the largest group is 0.

    Groups are joined by the mean similarity of all their pairs (average linkage), so that one face that is similar to
    two persons does not make one group of them. A higher threshold splits more.
    """
    if not len(embeddings):
        return np.zeros(0, np.int64)
    groups = np.zeros(len(embeddings), np.int64)
    count = 0
    for members in _linked(embeddings, threshold):
        inside = _joined(embeddings[members], threshold)
        groups[members] = count + inside
        count += int(inside.max()) + 1
    sizes = np.bincount(groups)
    place = np.empty(count, np.int64)
    place[np.argsort(-sizes, kind="stable")] = np.arange(count)
    return place[groups]


def _linked(embeddings: np.ndarray, threshold: float) -> list[np.ndarray]:
    """Faces that a chain of similar ones connects: no group reaches beyond, and each is small enough for all pairs."""
    rows, columns = [], []
    for start in range(0, len(embeddings), CHUNK):
        row, column = np.nonzero(embeddings[start : start + CHUNK] @ embeddings.T >= threshold)
        rows.append(row + start)
        columns.append(column)
    ends = (np.concatenate(rows), np.concatenate(columns))
    graph = coo_array((np.ones(len(ends[0]), bool), ends), shape=(len(embeddings),) * 2)
    labels = connected_components(graph, directed=False)[1]
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)


def _joined(embeddings: np.ndarray, threshold: float) -> np.ndarray:
    if len(embeddings) == 1:
        return np.zeros(1, np.int64)
    joined: Any = AgglomerativeClustering  # its types do not allow the None that its documentation asks for
    linkage = joined(n_clusters=None, metric="cosine", linkage="average", distance_threshold=1 - threshold)
    return linkage.fit_predict(embeddings)


def b_cubed(groups: np.ndarray, persons: np.ndarray) -> tuple[float, float, float]:
    """B-cubed precision, recall and F (Bagga and Baldwin 1998) of groups (F,) against persons (F,).

    For each face: which share of its group is of its person, and which share of its person is in its group.

    >>> b_cubed(np.array([0, 0, 1, 1]), np.array([7, 7, 7, 7]))[:2]
    (1.0, 0.5)
    """
    both = (groups[:, None] == groups[None]) & (persons[:, None] == persons[None])
    shared = both.sum(1)
    precision = float((shared / (groups[:, None] == groups[None]).sum(1)).mean())
    recall = float((shared / (persons[:, None] == persons[None]).sum(1)).mean())
    return precision, recall, 2 * precision * recall / (precision + recall)
