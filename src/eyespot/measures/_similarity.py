"""Near duplicates and outliers by features.

Shapes: N images, F numbers, M neighbors.
"""

import numpy as np

NEAR = 0.45
"""Two images are near duplicates below this fraction of the median distance between nearest neighbors."""
ODD = 4.0
"""An image is an outlier at this many robust deviations above the median distance to its five nearest neighbors."""
NEIGHBOURS = 5


def nearest(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distances (N, M) to up to five nearest images, and their indices (N, M).

    The rows of `numbers` (N, F) are normalized to length 1, which ignores the strength of features.
    """
    from sklearn.neighbors import NearestNeighbors

    rows = numbers / np.maximum(np.linalg.norm(numbers, axis=1, keepdims=True), 1e-9)
    most = min(NEIGHBOURS, len(rows) - 1)
    return NearestNeighbors(n_neighbors=most, algorithm="brute").fit(rows).kneighbors()


def near_pairs(distances: np.ndarray, neighbors: np.ndarray) -> list[tuple[int, int, float]]:
    """Mutual nearest neighbors that are much closer than usual, with their distance, closest first."""
    closest = neighbors[:, 0]
    usual = float(np.median(distances[:, 0]))
    pairs = [
        (image, int(other), float(distances[image, 0]))
        for image, other in enumerate(closest)
        if image < other and closest[other] == image and distances[image, 0] < NEAR * usual
    ]
    return sorted(pairs, key=lambda pair: pair[2])


def odd_ones(distances: np.ndarray) -> list[tuple[int, float]]:
    """Images far from all others, with their robust deviations above the median, farthest first."""
    mean = distances.mean(1)
    middle = np.median(mean)
    spread = 1.4826 * float(np.median(np.abs(mean - middle))) or 1e-9
    scores = (mean - middle) / spread
    order = np.argsort(-scores, kind="stable")
    return [(int(image), float(scores[image])) for image in order if scores[image] > ODD]
