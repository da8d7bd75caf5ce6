"""First-order estimates of the decision boundary: initial guesses for attacks with minimal noise.

Shapes: N images, n queries, W ways to fool the model, C channels, H height, W width, D = C x H x W values of one image.
"""

import torch
from torch import Tensor

from ._victim import Victim

FARTHER = 1e4
"""Above the norm of any change of an image with 5,000 x 5,000 pixels."""


def nearest_below(
    original: Tensor, slope: Tensor, level: Tensor, stride: Tensor, steps: int = 12
) -> tuple[Tensor, Tensor]:
    """The point of the box [0, 1] nearest to `original` (n, D) with slope . point <= level (n,).

    It is clip(original - t slope) for the smallest such t >= 0; Newton's method finds t (n,) from an initial `stride`
    (n,). slope . point decreases with t, more and more slowly as values reach the box, so that no step from the left
    overshoots. Returns the points (n, D) and t. If the box contains no such point: the closest to one.

    >>> origin, slope = torch.tensor([[0.5, 0.1]]), torch.tensor([[1.0, 1.0]])
    >>> nearest_below(origin, slope, torch.tensor([0.2]), torch.zeros(1))[0]
    tensor([[0.2000, 0.0000]])
    """
    squares = slope.square()
    for _ in range(steps):
        beyond = torch.addcmul(original, stride[:, None], slope, value=-1)
        point = beyond.clamp(0, 1)
        above = (slope * point).sum(1) - level
        free = (squares * (beyond == point)).sum(1)
        stride = torch.where(free > 0, stride + above / free.clamp_min(1e-20), stride).clamp_min(0)
    return torch.addcmul(original, stride[:, None], slope, value=-1).clamp(0, 1), stride


def cost_of(length: Tensor, margin: Tensor) -> Tensor:
    """Cost of a point: the length of its change if it fools the model, else its margin plus a penalty above any length.

    >>> cost_of(torch.tensor([2.0, 1.0]), torch.tensor([-0.1, 0.5]))
    tensor([2.0000e+00, 1.0000e+04])
    """
    return torch.where(margin < 0, length, FARTHER + margin)


def first_guesses(victim: Victim, images: Tensor, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """The nearest points that fool the model by a first-order estimate, one for each way to fool it.

    Returns the `count` nearest of them per image, the nearest first: points (count, N, D), and at the original the
    margin (count, N) and the length of its gradient (count, N). Costs one gradient per image and way.
    """
    which = torch.arange(len(images))
    original = images.flatten(1).to(victim.dtype)
    ways = [
        _guess(victim, images, original, which, criterion)
        for criterion in victim.criterion.ways(victim.outputs(images, which))
    ]
    points, margins, slopes, lengths = (torch.stack(values) for values in zip(*ways, strict=True))
    order = lengths.argsort(0)[:count]
    return points[order, which], margins.gather(0, order), slopes.gather(0, order)


def _guess(victim: Victim, images: Tensor, original: Tensor, which: Tensor, criterion) -> tuple[Tensor, ...]:
    margin, slope = victim.slopes(images, which, criterion)
    slope = slope.flatten(1)
    point, _ = nearest_below(original, slope, (slope * original).sum(1) - margin, torch.zeros_like(margin))
    missing = margin + (slope * (point - original)).sum(1) > 1e-3 * margin.abs()
    return point, margin, slope.norm(dim=1), (point - original).norm(dim=1).masked_fill(missing, torch.inf)
