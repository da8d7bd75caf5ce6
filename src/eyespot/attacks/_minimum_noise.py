"""The smallest perturbation that changes an answer, by walking along the decision boundary.

At every step the margin is linearized at the current point, and the walk moves toward the point of that plane, inside
the box, that is nearest to the original image; decreasing steps make it converge. Projecting onto the linearized
boundary follows DeepFool (Moosavi-Dezfooli et al. 2016) and FAB (Croce and Hein 2020); decreasing steps follow FMN
(Pintor et al. 2021).
Shapes: N images, n walks, D = C x H x W values of one image.
"""

import math

import torch
from torch import Tensor

from ._boundary import FARTHER, cost_of, first_guesses, nearest_below
from ._quantization import smallest, trimmed
from ._settings import Attempt, Settings
from ._victim import Victim

BEYOND = 0.005
"""Target distance beyond the boundary, as a fraction of the margin of the original image."""

SETTLED = 1e-3
"""A walk beyond the boundary ends if its next step is shorter than this fraction of its distance."""

TRIMS = 4
"""Number of rounds that bring the rounded image closer to the original; at most a tenth of the gradients."""

STARTS = 3
PATIENCE = 6
"""Number of steps without success after which a walk continues from its current point instead of the original: the
planes then accumulate, which finds classes that are surrounded by others."""


def minimum_noise(victim: Victim, images: Tensor, settings: Settings) -> Attempt:
    """Walk along the boundary to the smallest noise (L2): strong and fast, needs gradients.

    Starts toward the three nearest ways to fool the model, and continues with the best. `settings.steps` limits the
    gradients per image.
    """
    starts, margins, _ = first_guesses(victim, images, STARTS)
    trims = min(TRIMS, settings.steps // 10)
    left = settings.steps - trims - int(victim.gradients.max())
    rows = torch.arange(len(images))
    which = rows.repeat(len(starts))
    steps = max(1, left // (2 * len(starts)))
    points, costs = _walk(victim, images, starts.flatten(0, 1), margins.flatten(), which, steps)
    cost, first = costs.view(len(starts), -1).min(0)
    point = points.view(starts.shape)[first, rows]
    left = settings.steps - trims - int(victim.gradients.max())
    again, new_cost = _walk(victim, images, point, margins[first, rows], rows, max(0, left))
    point = torch.where((new_cost < cost)[:, None], again, point)
    quantized = smallest(victim, images, point.view_as(images).to(images))
    return Attempt(pixels=trimmed(victim, images, quantized, trims))


def _walk(
    victim: Victim, images: Tensor, start: Tensor, margins: Tensor, which: Tensor, steps: int
) -> tuple[Tensor, Tensor]:
    """Walk from `start` (n, D); return the best points on the way (n, D) and their costs (n,).

    The best point is the nearest that fools the model; if there is none, the one with the lowest margin.
    """
    original = images.flatten(1).to(start)[which]
    point, best = start.clone(), start.clone()
    least = torch.full_like(margins, torch.inf)
    stride = torch.zeros_like(margins)
    rows = torch.arange(len(start))
    for step in range(steps):
        if len(rows) == 0:
            break
        here, origin = point[rows], original[rows]
        margin, slope = victim.slopes(here.view(-1, *images.shape[1:]), which[rows])
        slope = slope.flatten(1)
        length = (here - origin).norm(dim=1)
        cost = cost_of(length, margin)
        better = cost < least[rows]
        best[rows[better]], least[rows[better]] = here[better], cost[better]
        level = (slope * here).sum(1) - margin - BEYOND * margins[rows]
        lost = (step >= PATIENCE) & (least[rows] >= FARTHER)
        origin = torch.where(lost[:, None], here, origin)
        stride[rows] = stride[rows].masked_fill(lost, 0)
        aim, stride[rows] = nearest_below(origin, slope, level, stride[rows], steps=2)
        share = 0.05 + 0.95 * (1 + math.cos(math.pi * step / steps)) / 2
        point[rows] = here + share * (aim - here)
        rows = rows[((aim - here).norm(dim=1) > SETTLED * length) | (margin >= 0)]
    return best, least
