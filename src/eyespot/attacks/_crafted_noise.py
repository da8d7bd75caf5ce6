"""The smallest perturbation that changes an answer, by box-constrained L-BFGS.

Szegedy et al., "Intriguing properties of neural networks" (2013): minimize c |r|^2 + loss(x + r) with x + r in the box
[0, 1], and use the largest c that still succeeds, because it yields the smallest noise r. (The paper prints
"minimum c"; that would yield the largest.) Shapes: N images, n still active, D = C x H x W values each.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from ._boundary import cost_of, first_guesses
from ._lbfgs import minimize
from ._quantization import smallest
from ._settings import Attempt, Settings
from ._victim import Victim

ROUNDS = 8
"""Number of values of c per image."""
GUESSES, PATIENCE = 3, 2
"""Number of initial guesses, and of values of c without success before the next guess is used."""


def crafted_noise(victim: Victim, images: Tensor, settings: Settings) -> Attempt:
    """Szegedy's box-constrained L-BFGS: strong and small noise; slow, needs gradients.

    The loss is softplus(margin), log(1 + exp(m)): for two classes that is the cross-entropy. `settings.steps` limits
    the gradients per image over the whole search.
    """
    search = _Search(victim, images, settings.steps)
    for number in range(ROUNDS):
        if number and number % PATIENCE == 0:
            search.turn()
        search.round()
    return Attempt(pixels=smallest(victim, images, search.best.view_as(images).to(images)))


class _Search:
    """For every image: the largest c that succeeded, the smallest that failed, and the smallest noise so far."""

    def __init__(self, victim: Victim, images: Tensor, gradients: int) -> None:
        self.victim = victim
        self.shape = images.shape[1:]
        self.original = images.flatten(1).to(victim.dtype)
        self.left = torch.full((len(images),), gradients)
        self.best = self.original.clone()
        self.cost = torch.full((len(images),), torch.inf, dtype=victim.dtype)
        self.guesses = first_guesses(victim, images, GUESSES)
        self.left -= victim.gradients
        self.guess = torch.zeros(len(images), dtype=torch.long)
        self.point, (self.margin, self.c, self.succeeded, self.failed) = self.original.clone(), self.cost.repeat(4, 1)
        self._begin(torch.arange(len(images)))

    def _begin(self, rows: Tensor) -> None:
        """Start some images at their current initial guess, with the c that would converge there.

        If the margin were linear and the box far away, r = slope / 4c would end exactly on the boundary.
        """
        self.point[rows], self.margin[rows], slope = (values[self.guess[rows], rows] for values in self.guesses)
        noise = (self.point[rows] - self.original[rows]).norm(dim=1)
        self.c[rows] = slope / (4 * noise.clamp_min(1e-9)) / 1.5
        self.succeeded[rows], self.failed[rows] = 0, torch.inf

    def round(self) -> None:
        """Minimize once for every image with its current c, starting at the previous minimum, and choose the next c."""
        rows = ((self.left > 0) & (self.c > 0)).nonzero()[:, 0]
        if len(rows) == 0:
            return
        share = max(2, int(self.left[rows].max()) // 3)
        minimum = minimize(lambda point, part: self._objective(point, rows[part]), self.point[rows], evaluations=share)
        self.left[rows] -= minimum.evaluations
        self.point[rows] = minimum.point
        noise = (minimum.point - self.original[rows]).square().sum(1)
        # The value without the noise term is softplus(margin).
        self._next(rows, (minimum.value - self.c[rows] * noise).clamp_min(1e-12).expm1().log())

    def turn(self) -> None:
        """Restart images without success from the next nearest initial guess."""
        last = len(self.guesses[0]) - 1
        rows = ((self.succeeded == 0) & (self.guess < last)).nonzero()[:, 0]
        self.guess[rows] += 1
        self._begin(rows)

    def _next(self, rows: Tensor, margin: Tensor) -> None:
        """Choose the next c: the zero of the line through this margin and the first one, inside the bounds."""
        c = self.c[rows]
        fooled = margin < 0
        succeeded = torch.where(fooled, torch.maximum(c, self.succeeded[rows]), self.succeeded[rows])
        failed = torch.where(fooled, self.failed[rows], torch.minimum(c, self.failed[rows]))
        guess = c * (1 - margin / self.margin[rows]) * 0.5 / margin.sigmoid() * 0.99
        middle = torch.where(
            failed.isinf(), succeeded * 4, torch.where(succeeded == 0, failed / 4, (succeeded * failed).sqrt())
        )
        inside = (guess > succeeded * 1.001) & (guess < failed * 0.999) & (guess < 10 * c) & (guess > c / 10)
        self.c[rows] = torch.where(inside, guess, middle)
        self.succeeded[rows], self.failed[rows] = succeeded, failed

    def _objective(self, point: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        margin, slope = self.victim.slopes(point.view(-1, *self.shape), rows)
        noise = point - self.original[rows]
        self._note(rows, point, noise, margin)
        value = self.c[rows] * noise.square().sum(1) + F.softplus(margin)
        return value, 2 * self.c[rows, None] * noise + margin.sigmoid()[:, None] * slope.flatten(1)

    def _note(self, rows: Tensor, point: Tensor, noise: Tensor, margin: Tensor) -> None:
        """Store the best of all evaluated points."""
        cost = cost_of(noise.norm(dim=1), margin)
        better = cost < self.cost[rows]
        self.best[rows[better]], self.cost[rows[better]] = point[better], cost[better]
