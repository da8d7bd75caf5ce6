"""Out-of-distribution images: does the model answer "unknown"?

Hendrycks and Gimpel, "A Baseline for Detecting Misclassified and Out-of-Distribution Examples" (2016): the probability
of the best class distinguishes known from unknown images, measured by the area under the ROC curve. Shapes: N images.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..errors import AttackError
from ..model import Model
from ..tasks.statistics import wilson_interval

RESAMPLES = 300


@dataclass(frozen=True, kw_only=True)
class OutOfDistribution:
    """The answers of a classifier for out-of-distribution images.

    `refused` and `refused_own` are the fractions of "unknown" among out-of-distribution and own images;
    `auroc` is the probability that an out-of-distribution image has a lower confidence than an own one.
    """

    name: str
    count: int
    own: int
    refused: float
    refused_interval: tuple[float, float]
    refused_own: float
    refused_own_interval: tuple[float, float]
    auroc: float
    auroc_interval: tuple[float, float]


def out_of_distribution(model: Model, own: Tensor, ood: Tensor, name: str) -> OutOfDistribution:
    """Compare own and out-of-distribution images (N, C, H, W); raises `AttackError` if the task never abstains."""
    sure_own, unknown_own = _answers(model, own)
    sure, unknown = _answers(model, ood)
    auroc, interval = _area(sure_own, sure)
    return OutOfDistribution(
        name=name,
        count=len(sure),
        own=len(sure_own),
        refused=float(unknown.mean()),
        refused_interval=wilson_interval(int(unknown.sum()), len(unknown)),
        refused_own=float(unknown_own.mean()),
        refused_own_interval=wilson_interval(int(unknown_own.sum()), len(unknown_own)),
        auroc=auroc,
        auroc_interval=interval,
    )


@torch.no_grad()
def _answers(model: Model, images: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """The confidence of each answer (N,), and whether it is "unknown" (N,)."""
    found = [model.task.abstention(model.outputs(part)) for part in images.split(256)]
    known = [part for part in found if part is not None]
    if not known:
        raise AttackError(f"Only a classifier can answer 'unknown'; this model's task is {model.task.name}.")
    sure, unknown = (torch.cat(parts).numpy() for parts in zip(*known, strict=True))
    return sure, unknown


def _area(own: np.ndarray, ood: np.ndarray) -> tuple[float, tuple[float, float]]:
    """Area under the ROC curve, and its 95 % interval by resampling both kinds (Efron 1979)."""
    from sklearn.metrics import roc_auc_score

    def area(first: np.ndarray, second: np.ndarray) -> float:
        known = np.r_[np.ones(len(first)), np.zeros(len(second))]
        return float(roc_auc_score(known, np.r_[first, second]))

    random = np.random.default_rng(0)
    drawn = [area(random.choice(own, len(own)), random.choice(ood, len(ood))) for _ in range(RESAMPLES)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return area(own, ood), (float(low), float(high))
