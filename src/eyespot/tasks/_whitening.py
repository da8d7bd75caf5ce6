"""A linear map that shrinks the directions in which images of one identity differ.

Within-class covariance normalization (Hatch et al. 2006), shrunk toward a multiple of the identity matrix, which
changes no angle. Shapes: N images, F features, D numbers of an embedding.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from .verification import all_pairs, rates_of

SHRINKAGES = (1.0, 0.9, 0.7, 0.5, 0.3, 0.1, 0.03)
"""Candidates, from no whitening to almost full whitening; cross-validation selects the first of the best."""
FOLDS = 5
RIDGE = 1e-2
"""Ridge of a fitted line, as a fraction of the mean variance of the features."""


def fit_whitening(features: np.ndarray, identities: np.ndarray, dimensions: int) -> tuple[Tensor, Tensor]:
    """Weight (D, F) and bias (D,) for features (N, F) of identities (N,), where D is `dimensions`.

    The shrinkage has the lowest equal error rate on identities that were held out of the covariance.
    """
    x = features.astype(np.float64)
    errors = np.array([_errors(x, identities, held) for held in _folds(identities)])
    best = SHRINKAGES[int(errors.mean(0).argmin())] if len(errors) else SHRINKAGES[0]
    weight = _projection(x, _whitening(x, identities, [best])[0], dimensions)
    return torch.from_numpy(weight).float(), torch.from_numpy(-weight @ x.mean(0)).float()


def fit_line(features: np.ndarray, numbers: np.ndarray) -> tuple[Tensor, Tensor]:
    """Weight (F,) and bias () of a ridge regression from features (N, F) to numbers (N,), ignoring NaN."""
    known = ~np.isnan(numbers)
    x, y = features[known].astype(np.float64), numbers[known]
    around = x - x.mean(0)
    level = RIDGE * max(1e-12, np.trace(around.T @ around) / x.shape[1])
    weight = np.linalg.solve(around.T @ around + level * np.eye(x.shape[1]), around.T @ (y - y.mean()))
    return torch.from_numpy(weight).float(), torch.tensor(y.mean() - weight @ x.mean(0)).float()


def _folds(identities: np.ndarray) -> list[np.ndarray]:
    """Validation folds: at least two identities each, and no identity twice."""
    names = np.unique(identities)
    count = min(FOLDS, len(names) // 2)
    if count < 2:
        return []
    fold = np.random.default_rng(0).permutation(len(names)) % count
    return [np.isin(identities, names[fold == number]) for number in range(count)]


def _errors(x: np.ndarray, identities: np.ndarray, held: np.ndarray) -> list[float]:
    """Equal error rate on the held-out images for each shrinkage; 0.5 if there are no pairs to compare."""
    found = []
    for matrix in _whitening(x[~held], identities[~held], SHRINKAGES):
        turned = (x[held] - x[~held].mean(0)) @ matrix
        pairs = all_pairs(turned / np.linalg.norm(turned, axis=1, keepdims=True).clip(1e-12), identities[held])
        found.append(rates_of(pairs.similarity, pairs.same).equal_error_rate() if pairs.complete else 0.5)
    return found


def _whitening(x: np.ndarray, identities: np.ndarray, shrinkages: Sequence[float]) -> list[np.ndarray]:
    """Inverse square root (F, F) of the within-identity covariance, for each shrinkage."""
    _, place, counts = np.unique(identities, return_inverse=True, return_counts=True)
    sums = np.zeros((len(counts), x.shape[1]))
    np.add.at(sums, place, x)
    around = x - sums[place] / counts[place][:, None]
    covariance = around.T @ around / max(1, len(x) - len(counts))
    level = np.trace(covariance) / len(covariance)
    if level <= 0:  # every identity has one image, or identical ones
        return [np.eye(x.shape[1]) for _ in shrinkages]
    values, vectors = np.linalg.eigh(covariance / level)
    return [vectors / np.sqrt((1 - each) * values.clip(0) + each) @ vectors.T for each in shrinkages]


def _projection(x: np.ndarray, matrix: np.ndarray, dimensions: int) -> np.ndarray:
    """Weight (D, F): the matrix, projected to the D directions with the largest variance; missing rows are zero."""
    if dimensions < len(matrix):
        turned = (x - x.mean(0)) @ matrix
        _, vectors = np.linalg.eigh(turned.T @ turned)
        return vectors[:, ::-1][:, :dimensions].T @ matrix
    return np.concatenate([matrix, np.zeros((dimensions - len(matrix), matrix.shape[1]))])
