"""Identity without age: what the loss of `identify` learns besides, where ages are known.

After Zhao et al. 2019 ("Look Across Elapse") and Wang et al. 2019 ("Decorrelated Adversarial Learning"): an age task on
a number of its own, and two adversaries that look for the age in the identity part. Shapes: N images, D numbers of the
identity part, K identities.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

GROUPS = (-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5)
"""Borders between the eight age groups that the adversary tells apart, in standard deviations of the ages."""
HIDDEN = 64
SMOOTHING = 0.1
"""An age near a border is of both groups; labels that are too sure would make the adversary's game unstable."""
AGE_WEIGHT = 1.0
DECORRELATION = 30.0
"""How much the covariance with the age counts in the loss."""
REVERSAL = 0.1
"""How strongly the network works against the adversaries, of the strength with which they learn."""


class Factorization(nn.Module):
    """Learned parameters of the loss: the identities' directions, and what finds the age in a vector of identity.

    `identities` is a dense layer with weight (K, D). `adversary` tells age groups apart from the identity part, and
    `covariance` (2, D) learns how that varies with the age and its square.
    """

    def __init__(self, dimensions: int, identities: int) -> None:
        super().__init__()
        self.identities = nn.Linear(dimensions, identities, bias=False)
        self.adversary = nn.Sequential(nn.Linear(dimensions, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, len(GROUPS) + 1))
        self.covariance = nn.Parameter(torch.zeros(2, dimensions))

    def age_losses(self, unit: Tensor, age: Tensor, truth: Tensor) -> Tensor:
        """Losses (N,) of the age task and both adversaries; 0 where no age is known.

        `unit` (N, D) are identity parts of unit length, `age` (N,) what the network says of the age and `truth` (N,)
        the right one, both in standard deviations; NaN where it is not known.
        """
        known, filled = ~truth.isnan(), truth.nan_to_num()
        turned = reverse_gradient(unit * unit.shape[1] ** 0.5)
        groups = torch.bucketize(filled, torch.tensor(GROUPS, device=filled.device, dtype=filled.dtype))
        found = F.cross_entropy(self.adversary(turned), groups, reduction="none", label_smoothing=SMOOTHING)
        total = AGE_WEIGHT * (age - filled).square() + found + self._correlation(unit, filled)
        return torch.where(known, total, torch.zeros_like(found))

    def _correlation(self, unit: Tensor, truth: Tensor) -> Tensor:
        """Losses (N,) whose mean leads `covariance` to that of age and identity part, and the network to make it 0.

        It is that of the age and of its square: otherwise the young and the old would go together, apart from those
        between. Both have the mean 0 over standardized ages, so that the covariance is the mean of the products.
        """
        powers = torch.stack([truth, truth.square() - 1], 1)
        products = powers[:, :, None] * unit[:, None]
        learned = (self.covariance - products.detach()).square().sum((1, 2))
        return learned + DECORRELATION * (products * self.covariance.detach()).sum((1, 2))


def reverse_gradient(x: Tensor) -> Tensor:
    """The same numbers, whose gradients come back times -REVERSAL (Ganin and Lempitsky 2015).

    >>> x = torch.ones(1, requires_grad=True)
    >>> (3 * reverse_gradient(x)).backward()
    >>> x.grad
    tensor([-0.3000])
    """
    return (1 + REVERSAL) * x.detach() - REVERSAL * x
