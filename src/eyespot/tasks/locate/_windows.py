"""Windows classified one by one, as in mitosis detection (Ciresan et al. 2013): samples, smoothing, suppression.

A window is positive if its center lies within a disk around a point. There are far more negatives than positives, most
of them easy, so that a part of the negatives is drawn by the score that the network gives them (hard negatives).
Shapes: N images, M points, h x w locations.
"""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ...sources.randomness import uniforms
from ._points import decode

NEGATIVES = ("hard", "random")
"""How negatives are drawn."""
POSITIVE, HARD = 0.066, 0.4
"""Shares of positive and hard negative windows among the training windows of the paper; the rest is random."""
FIRST_STAGE = 1 / 3
"""The share of training with random negatives only: the scores of an untrained network do not find hard ones."""
LEAST = 4
"""Number of positives that the negatives of an image are drawn for, if it has fewer."""


def positives(target: Tensor, height: int, width: int, stride: int, disk: float) -> Tensor:
    """Whether each location (N, h, w) lies within `disk` pixels of a point of (N, M, 2), padded with NaN.

    The location nearest to a point is positive even if the disk is smaller than the distance of two locations.
    """
    centers = decode(target.new_zeros(1, 2, height, width), stride)[0]
    inside = torch.zeros(len(target), height, width, dtype=torch.bool, device=target.device)
    for image, points in zip(inside, target, strict=True):
        for point in points[~points.isnan().any(-1)]:
            away = (centers - point).norm(dim=-1)
            image |= away <= max(disk, float(away.min()))
    return inside


def window_losses(logits: Tensor, inside: Tensor) -> Tensor:
    """Cross-entropy (N,) of all locations with logits (N, h, w), positives and negatives weighted as in training."""
    losses = F.binary_cross_entropy_with_logits(logits, inside.to(logits.dtype), reduction="none")
    chosen = inside.flatten(1).to(losses.dtype)
    positive = (losses.flatten(1) * chosen).sum(1) / chosen.sum(1).clamp(min=1)
    negative = (losses.flatten(1) * (1 - chosen)).sum(1) / (1 - chosen).sum(1).clamp(min=1)
    return POSITIVE * positive + (1 - POSITIVE) * negative


def sampled_losses(logits: Tensor, inside: Tensor, keys: Tensor, near: Tensor | None = None) -> Tensor:
    """Mean cross-entropy (N,) of all positives and the drawn negatives of each image; `keys` (N,) decide the draw.

    With `near`, some are hard ones, see `drawn_negatives`.
    """
    losses = F.binary_cross_entropy_with_logits(logits, inside.to(logits.dtype), reduction="none")
    chosen = inside | drawn_negatives(logits.detach().sigmoid(), inside, keys, near)
    return (losses * chosen).flatten(1).sum(1) / chosen.flatten(1).sum(1)


def drawn_negatives(scores: Tensor, inside: Tensor, keys: Tensor, near: Tensor | None = None) -> Tensor:
    """The negatives (N, h, w) to learn from, in the paper's proportion to the positives.

    With `near`, three of seven are hard ones: drawn with probabilities in proportion to their scores (N, h, w), without
    replacement, where `near` (N, h, w) is false. The scores are highest just outside the positive disks, where a
    point would still count as found: these locations are no mistakes.
    """
    numbers = uniforms(0, 0, keys.cpu().numpy(), scores[0].numel())
    chosen = torch.zeros_like(inside)
    closest = [None] * len(scores) if near is None else near
    for image, score, positive, close, row in zip(chosen, scores, inside, closest, numbers, strict=True):
        count = round(max(LEAST, int(positive.sum())) * (1 - POSITIVE) / POSITIVE)
        count = min(count, int((~positive).sum()))
        waiting = -torch.from_numpy(np.log1p(-row)).to(score).view_as(score)  # exponential: the first ones are drawn
        waiting = waiting.masked_fill(positive, torch.inf)
        if close is not None:
            wanted = min(round(count * HARD / (1 - POSITIVE)), int((~(close | positive)).sum()))
            by_score = (waiting / score.clamp(min=1e-8)).masked_fill(close, torch.inf)
            image.view(-1)[by_score.flatten().argsort(stable=True)[:wanted]] = True
        others = waiting.masked_fill(image, torch.inf).flatten().argsort(stable=True)[: count - int(image.sum())]
        image.view(-1)[others] = True
    return chosen


def smooth(scores: Tensor, radius: float) -> Tensor:
    """Mean of the scores (N, h, w) over a disk with a radius in locations, within the image."""
    reach = int(radius)
    if reach < 1:
        return scores
    away = torch.arange(-reach, reach + 1, dtype=scores.dtype, device=scores.device)
    disk = (away[:, None].square() + away.square() <= radius**2).to(scores.dtype)[None, None]
    total = F.conv2d(scores[:, None], disk, padding=reach)[:, 0]
    return total / F.conv2d(torch.ones_like(scores[:1, None]), disk, padding=reach)[:, 0]


def averaged(run: Callable[[Tensor], Tensor], x: Tensor, stride: int) -> Tensor:
    """Mean of a map's outputs (N, K, h, w) for the 8 turned and mirrored views of images (N, C, H, W).

    Sides that the stride does not divide are extended first, so that the locations of all views coincide within a
    pixel.
    """
    x = F.pad(x, (0, -x.shape[3] % stride, 0, -x.shape[2] % stride), mode="replicate")
    total = torch.zeros(())
    for turns in range(4):
        for mirrored in (False, True):
            view = torch.rot90(x.flip(3) if mirrored else x, turns, (2, 3))
            back = torch.rot90(run(view), -turns, (2, 3))
            total = total + (back.flip(3) if mirrored else back)
    return total / 8
