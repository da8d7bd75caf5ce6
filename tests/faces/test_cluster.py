"""Groups of faces: average linkage, its order, and how groups are scored."""

import numpy as np
import pytest
from sklearn.cluster import AgglomerativeClustering

from eyespot.faces import b_cubed, cluster_faces


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_groups_are_persons_and_the_largest_comes_first():
    random = np.random.default_rng(0)
    persons = np.array([2, 0, 1, 0, 2, 0])
    embeddings = unit(np.eye(8)[persons] + 0.1 * random.normal(size=(6, 8)))
    assert cluster_faces(embeddings).tolist() == [1, 0, 2, 0, 1, 0]


def test_one_face_between_two_persons_does_not_join_them():
    angles = np.radians([0, 2, 45, 88, 90])
    embeddings = np.stack([np.cos(angles), np.sin(angles)], 1)
    groups = cluster_faces(embeddings, threshold=0.7)  # 45 degrees: 0.707 to both sides
    assert groups[0] == groups[1] != groups[3] == groups[4]


def test_groups_are_those_of_average_linkage_over_all_pairs():
    embeddings = unit(np.random.default_rng(1).normal(size=(60, 6)))
    expected = AgglomerativeClustering(
        n_clusters=None, metric="cosine", linkage="average", distance_threshold=0.5
    ).fit_predict(embeddings)
    assert b_cubed(cluster_faces(embeddings, threshold=0.5), expected) == (1, 1, 1)


def test_no_face_and_one_face():
    assert cluster_faces(np.zeros((0, 128))).tolist() == []
    assert cluster_faces(unit(np.ones((1, 128)))).tolist() == [0]


def test_b_cubed_by_hand():
    # Group 0 holds two of person 7 and one of 8; group 1 one of 8.
    precision, recall, f = b_cubed(np.array([0, 0, 0, 1]), np.array([7, 7, 8, 8]))
    assert precision == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1) / 4)
    assert recall == pytest.approx((1 + 1 + 1 / 2 + 1 / 2) / 4)
    assert f == pytest.approx(2 * precision * recall / (precision + recall))
