"""Cropped copies: a photo whose edges are found inside another photo.

The gradients of the smaller picture are correlated with those of the larger one at every offset and at several sizes
(normalized cross-correlation, by the fast Fourier transform). Shapes: P pairs, thumbnails of S x S pixels.
"""

from collections.abc import Collection, Iterator
from itertools import islice

import numpy as np

SIDE = 32
"""Pixels a side at which photos are compared."""
CROPPED_SIDES = (31, 30, 29, 28, 27, 26, 25, 24, 22, 20)
"""Sides of the crop, in pixels of `SIDE`: 39 to 94 % of the area."""
CORRELATED = 0.65
"""Minimum correlation of a crop with its place. Of 7,220 pairs of different photos of ants and bees, the largest was
0.59; of 50 pairs of a photo and its crop to 70 or 90 % of the sides, the smallest was 0.70."""
SIMILAR = 0.6
"""Minimum cosine of the embeddings."""
NEIGHBORS = 3
"""Pairs that are compared for each photo, those with the most similar embeddings, since a comparison takes 3 ms."""
CHUNK = 256


def crop_candidates(content: np.ndarray, known: Collection[tuple[int, int]]) -> np.ndarray:
    """Pairs (P, 2), smaller number first, of the most similar photos that are not yet known to be copies.

    >>> crop_candidates(np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]]), {(1, 2)}).tolist()
    [[0, 1]]
    """
    found: set[tuple[int, int]] = set()
    for start in range(0, len(content), CHUNK):
        cosine = content[start : start + CHUNK] @ content.T
        for row, values in enumerate(cosine, start):
            near = np.flatnonzero(values >= SIMILAR)
            pairs = ((min(row, other), max(row, other)) for other in near[np.argsort(-values[near])])
            found.update(islice((pair for pair in pairs if pair[0] != pair[1] and pair not in known), NEIGHBORS))
    return np.array(sorted(found), np.int64).reshape(-1, 2)


def find_crops(thumbnails: np.ndarray, pairs: np.ndarray) -> Iterator[tuple[int, int, float, float]]:
    """Of pairs (P, 2) of thumbnails (N, S, S), those of which one shows a part of the other.

    Yields the whole, the part, their correlation, and the share of the sides that the part covers.
    """
    for start in range(0, len(pairs), CHUNK):
        for wholes, parts in (pairs[start : start + CHUNK].T, pairs[start : start + CHUNK, ::-1].T):
            best, side = correlate_crops(thumbnails[wholes], thumbnails[parts])
            for place in np.flatnonzero(best >= CORRELATED).tolist():
                yield int(wholes[place]), int(parts[place]), float(best[place]), float(side[place] / SIDE)


def correlate_crops(wholes: np.ndarray, parts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The best correlation (P,) of each part (P, S, S) with a place inside its whole (P, S, S), and its side (P,)."""
    edges = _gradients(_resized(wholes, SIDE))
    spectrum = np.fft.rfft2(edges, (2 * SIDE, 2 * SIDE))
    energy = np.zeros((len(wholes), SIDE, SIDE))
    energy[:, 1:, 1:] = np.square(edges).sum(1).cumsum(1).cumsum(2)
    best, side_of_best = np.full(len(wholes), -1.0), np.zeros(len(wholes), int)
    for side in CROPPED_SIDES:
        edges, span = _gradients(_resized(parts, side)), side - 1
        product = spectrum * np.fft.rfft2(edges, (2 * SIDE, 2 * SIDE)).conj()
        sums = np.fft.irfft2(product.sum(1), (2 * SIDE, 2 * SIDE))[:, : SIDE - span, : SIDE - span]
        window = energy[:, span:, span:] - energy[:, :-span, span:] - energy[:, span:, :-span]
        window = window + energy[:, :-span, :-span]
        own = np.square(edges).sum((1, 2, 3))[:, None, None]
        correlation = (sums / np.sqrt(np.maximum(window * own, 1e-6))).max((1, 2))
        better = correlation > best
        best[better], side_of_best[better] = correlation[better], side
    return best, side_of_best


def _gradients(pixels: np.ndarray) -> np.ndarray:
    """Differences of neighbors to the right and below: (P, S, S) to (P, 2, S - 1, S - 1)."""
    corner = pixels[:, :-1, :-1]
    return np.stack([pixels[:, :-1, 1:] - corner, pixels[:, 1:, :-1] - corner], axis=1)


def _resized(pixels: np.ndarray, side: int) -> np.ndarray:
    """Mean over areas: (P, S, S) to (P, side, side)."""
    edges = np.linspace(0, pixels.shape[1], side + 1)
    cells = np.arange(pixels.shape[1])
    share = np.minimum(cells + 1, edges[1:, None]) - np.maximum(cells, edges[:-1, None])
    weights = share.clip(0) / np.diff(edges)[:, None]
    return weights @ pixels.astype(np.float64) @ weights.T
