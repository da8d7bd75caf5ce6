"""A linear layer on the features of a pretrained network: the fastest way to train on few images, and a good start.

Its strength of regularization is chosen by cross-validation on the training images. Shapes: N images, F features,
K outputs.
"""

from collections.abc import Sequence

import numpy as np
import torch
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold
from torch import Tensor

from ..tasks.task import Task

STRENGTHS = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
"""Strengths of the weight penalty, from strong to weak; each fit starts from the previous one."""
FOLDS = 5
MANY = 5000
MANY_ANSWERS = 100_000
"""With more images, or more images times outputs, one fold tells enough of a strength."""
WORSE = 2
"""After so many strengths in a row that are worse than the best one, weaker ones are not tried."""


def fit_probe(
    task: Task, outputs: int, features: np.ndarray, target: Tensor, kinds: Sequence[str], groups: Sequence[str]
) -> tuple[Tensor, Tensor]:
    """Fit weights (K, F) and biases (K,) of a dense layer to features (N, F) and targets (N, ...).

    `outputs` is K.
    Minimizes the mean loss of the task plus strength / 2 times the sum of squared weights for features
    of mean 0 and standard deviation 1. `kinds` (N,) is balanced over the folds (the label, or nothing);
    images of one group (N,) are in one fold.
    """
    x = torch.from_numpy(features).double()
    mean, std = x.mean(0), x.std(0, correction=0).clamp_min(1e-6)
    x, turn = _shortened((x - mean) / std)
    folds = _folds(kinds, groups)
    if len(x) > MANY or len(x) * outputs > MANY_ANSWERS:
        folds = folds[:1]
    best = _best_strength(task, x, target, outputs, folds)
    weight, bias = torch.zeros(outputs, x.shape[1], dtype=x.dtype), torch.zeros(outputs, dtype=x.dtype)
    for strength in STRENGTHS[: best + 1]:
        weight, bias = _fit(task, x, target, weight, bias, strength)
    weight = weight @ turn / std
    return weight.float(), (bias - weight @ mean).float()


def _shortened(x: Tensor) -> tuple[Tensor, Tensor]:
    """If there are more features than images: equivalent features (N, R) with the projection (R, F).

    The optimal weights are sums of images, and a rotation keeps their norm, so the result is the same.
    """
    if x.shape[0] >= x.shape[1]:
        return x, torch.eye(x.shape[1], dtype=x.dtype)
    left, size, turn = torch.linalg.svd(x, full_matrices=False)
    return left * size, turn


def _folds(kinds: Sequence[str], groups: Sequence[str]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Training and held-out rows of each fold: as many folds as the smallest kind has groups, at most five."""
    smallest = min(len({g for k, g in zip(kinds, groups, strict=True) if k == kind}) for kind in set(kinds))
    count = min(FOLDS, smallest)
    if count < 2:
        chosen = GroupKFold(min(FOLDS, len(set(groups))))
    elif len(set(kinds)) == 1 and len(set(groups)) == len(groups):
        chosen = KFold(count, shuffle=True, random_state=0)
    else:
        chosen = StratifiedGroupKFold(count, shuffle=True, random_state=0)
    grouped = None if isinstance(chosen, KFold) else list(groups)  # KFold warns if groups are given
    split = chosen.split(np.zeros(len(kinds)), list(kinds), grouped)
    return list(split)


def _best_strength(
    task: Task, x: Tensor, target: Tensor, outputs: int, folds: Sequence[tuple[np.ndarray, np.ndarray]]
) -> int:
    """The place of the strength with the least mean loss on the rows held out."""
    zeros = torch.zeros(outputs, x.shape[1], dtype=x.dtype), torch.zeros(outputs, dtype=x.dtype)
    found, losses = [zeros] * len(folds), []
    for strength in STRENGTHS:
        held_out = []
        for number, (rows, held) in enumerate(folds):
            weight, bias = found[number] = _fit(task, x[rows], target[rows], *found[number], strength)
            held_out.append(float(task.loss(x[held] @ weight.T + bias, target[held]).mean()))
        losses.append(np.mean(held_out))
        if len(losses) - 1 - int(np.argmin(losses)) >= WORSE:
            break
    return int(np.argmin(losses))


def _fit(task: Task, x: Tensor, target: Tensor, weight: Tensor, bias: Tensor, strength: float) -> tuple[Tensor, Tensor]:
    """Minimize from the given weights until convergence (L-BFGS, Liu and Nocedal 1989)."""
    weight, bias = weight.clone().requires_grad_(), bias.clone().requires_grad_()
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=60, tolerance_grad=1e-5, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = task.loss(x @ weight.T + bias, target).mean() + strength / 2 * weight.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    return weight.detach(), bias.detach()
