"""Age-invariant identity: additional losses of `identify` where ages are known.

After Zhao et al. 2019 ("Look Across Elapse") and Wang et al. 2019 ("Decorrelated Adversarial Learning"): an age task on
a separate number, and two adversaries that predict the age from the identity part. Shapes: N images, D numbers of
the identity part, K identities.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

GROUPS = (-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5)
"""Boundaries between the eight age groups of the adversary, in standard deviations of the ages."""
HIDDEN = 64
SMOOTHING = 0.1
"""Width of the soft boundaries between age groups; hard labels would make the adversarial training unstable."""
AGE_WEIGHT = 1.0
DECORRELATION = 30.0
"""Weight of the covariance with the age in the loss."""
REVERSAL = 0.1
"""Strength of the reversed gradient relative to that of the adversaries."""


class Factorization(nn.Module):
    """Learned parameters of the loss: the identity directions and the age adversaries.

    `identities` is a dense layer with weight (K, D). `adversary` predicts the age group from the identity part, and
    `covariance` (2, D) estimates its covariance with the age and with the squared age.
    """

    def __init__(self, dimensions: int, identities: int) -> None:
        super().__init__()
        self.identities = nn.Linear(dimensions, identities, bias=False)
        self.adversary = nn.Sequential(nn.Linear(dimensions, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, len(GROUPS) + 1))
        self.covariance = nn.Parameter(torch.zeros(2, dimensions))

    def age_losses(self, unit: Tensor, age: Tensor, truth: Tensor) -> Tensor:
        """Losses (N,) of the age task and both adversaries; 0 if the age is unknown.

        `unit` (N, D) are identity parts of unit length, `age` (N,) the predicted and `truth` (N,) the true age, both in
        standard deviations; NaN if unknown.
        """
        known, filled = ~truth.isnan(), truth.nan_to_num()
        turned = reverse_gradient(unit * unit.shape[1] ** 0.5)
        groups = torch.bucketize(filled, torch.tensor(GROUPS, device=filled.device, dtype=filled.dtype))
        adversary_loss = F.cross_entropy(self.adversary(turned), groups, reduction="none", label_smoothing=SMOOTHING)
        total = AGE_WEIGHT * (age - filled).square() + adversary_loss + self._correlation(unit, filled)
        return torch.where(known, total, torch.zeros_like(adversary_loss))

    def _correlation(self, unit: Tensor, truth: Tensor) -> Tensor:
        """Losses (N,) that fit `covariance` to that of age and identity part, and push the network to make it 0.

        Both the age and its square are used: otherwise the young and the old could be grouped together, apart from
        those in between. Standardized ages make both means 0, so that the covariance is the mean of the products.
        """
        powers = torch.stack([truth, truth.square() - 1], 1)
        products = powers[:, :, None] * unit[:, None]
        learned = (self.covariance - products.detach()).square().sum((1, 2))
        return learned + DECORRELATION * (products * self.covariance.detach()).sum((1, 2))


def reverse_gradient(x: Tensor) -> Tensor:
    """Identity function whose gradients are multiplied by -REVERSAL (Ganin and Lempitsky 2015).

    >>> x = torch.ones(1, requires_grad=True)
    >>> (3 * reverse_gradient(x)).backward()
    >>> x.grad
    tensor([-0.3000])
    """
    return (1 + REVERSAL) * x.detach() - REVERSAL * x
