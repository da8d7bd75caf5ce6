"""Calibration of tag probabilities on validation images, and thresholds for a requested precision.

Shapes: N images, K tags; targets are 1, 0 or NaN (unknown).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ._tag_groups import Attribute, attributes

ENOUGH = 10
"""Minimum numbers of validation images with and without a free tag for calibrating its probability."""
NEVER = 2.0
"""A threshold above every probability."""


def fit_scales(tags: Sequence[str], output: Tensor, target: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Scale and shift of each output for calibrated probabilities: (K,) and (K,).

    A group has one scale and no shift (temperature scaling, Guo et al. 2017); a free tag has both (Platt 1999). 1 and 0
    if there are too few validation images.
    """
    scales, shifts = [1.0] * len(tags), [0.0] * len(tags)
    for each in attributes(tags):
        x, y = output[:, each.places].detach().double().cpu(), target[:, each.places].double().cpu()
        known = y.sum(1) == 1 if each.exclusive else ~y[:, 0].isnan()
        x, y = x[known], y[known]
        if each.exclusive and len(x) >= 2 * ENOUGH:
            scale = _least(lambda s, x=x, y=y: F.cross_entropy(x * s[0].exp(), _smoothed(y)), 1)[0]
            scales[each.places] = [float(np.exp(scale))] * x.shape[1]
        elif not each.exclusive and min(float(y.sum()), float((1 - y).sum())) >= ENOUGH:
            place = each.places.start
            scale, shift = _least(
                lambda s, x=x, y=y: F.binary_cross_entropy_with_logits(x * s[0].exp() + s[1], _platt(y)), 2
            )
            scales[place], shifts[place] = float(np.exp(scale)), float(shift)
    return tuple(scales), tuple(shifts)


def _least(loss: Any, count: int) -> np.ndarray:
    """Minimize the loss over `count` numbers, starting at 0; the first, a log scale, stays within -3 to 3."""
    from scipy.optimize import minimize

    def value(numbers: np.ndarray) -> tuple[float, np.ndarray]:
        at = torch.tensor(numbers, dtype=torch.float64, requires_grad=True)
        result = loss(at)
        return result.item(), torch.autograd.grad(result, at)[0].numpy()

    bounds = [(-3.0, 3.0), (-20.0, 20.0)][:count]
    return minimize(value, np.zeros(count), jac=True, bounds=bounds, method="L-BFGS-B").x


def _smoothed(y: Tensor) -> Tensor:
    """Smooth targets, so that perfect validation answers do not lead to certainty."""
    share = 1 / (len(y) + 2)
    return y * (1 - share) + share / y.shape[1]


def _platt(y: Tensor) -> Tensor:
    """Platt's targets: (positives + 1) / (positives + 2) and 1 / (negatives + 2)."""
    return torch.where(y == 1, (y.sum() + 1) / (y.sum() + 2), 1 / ((1 - y).sum() + 2))


def chosen_thresholds(
    tags: Sequence[str], chances: np.ndarray, truths: np.ndarray, precision: float | None
) -> tuple[float, ...]:
    """One threshold per tag, shared within a group: the lowest one that reaches `precision` on validation images.

    Without a requested precision, every group is answered (threshold 0), and free tags get the threshold of the best
    F1.
    """
    cuts = [0.0] * len(tags)
    for each in attributes(tags):
        chance, truth = chances[:, each.places], truths[:, each.places]
        if precision is not None:
            cut = _cut_for(*_answers(each, chance, truth), precision)
        else:
            cut = 0.0 if each.exclusive else _best_f1(truth[:, 0], chance[:, 0])
        cuts[each.places] = [cut] * chance.shape[1]
    return tuple(cuts)


def _answers(each: Attribute, chance: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Confidence in the best tag, and whether it is correct, for the images where this is known."""
    known = ~np.isnan(truth[:, 0])
    best = chance.argmax(1) if each.exclusive else np.zeros(len(chance), int)
    rows = np.arange(len(chance))
    return chance[rows, best][known], truth[rows, best][known] == 1


def _cut_for(confidences: np.ndarray, right: np.ndarray, precision: float) -> float:
    """The lowest threshold with the requested precision above it; `NEVER` if there is none.

    One additional error is counted, so that few validation images do not promise too much.
    """
    order = np.argsort(-confidences, kind="stable")
    wrong = np.cumsum(~right[order]) + 1
    # Answers with equal confidence are accepted or rejected together.
    ends = np.append(np.diff(confidences[order]) != 0, True) if len(order) else np.zeros(0, bool)
    enough = np.flatnonzero(ends & (wrong / (np.arange(len(order)) + 2) <= 1 - precision))
    return float(confidences[order][enough[-1]]) if len(enough) else NEVER


def _best_f1(truth: np.ndarray, chance: np.ndarray) -> float:
    from sklearn.metrics import precision_recall_curve

    if not judgeable(truth):
        return 0.5
    known = ~np.isnan(truth)
    precision, recall, cuts = precision_recall_curve(truth[known], chance[known])
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(cuts[int(np.argmax(f1[:-1]))])


def judgeable(truth: np.ndarray) -> bool:
    """Whether known positives and known negatives exist."""
    return bool(np.any(truth == 1) and np.any(truth == 0))
