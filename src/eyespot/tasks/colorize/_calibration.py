"""Settings of a colorization task that are chosen on validation images."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ._measures import colorfulness

if TYPE_CHECKING:
    from ._colorize import Colorize

SCALES = (0.5, 1.2)
"""Limits of the scale of a regression, since a few validation images estimate it poorly."""
PREFERENCES = tuple(step / 20 for step in range(21))
"""Candidates for the preference for rare colors."""
VIVID = 0.95
"""Colorfulness of the answers to be reached, relative to that of the true images.

From 1 to 0.95, the AuC of the validation images of scenes6 gains 0.3 points and the rebalanced one loses 0.06.
"""


def best_scale(pairs: Iterable[tuple[Tensor, Tensor]]) -> float:
    """The factor that minimizes the squared distance of colors (N, 2, H, W) from true ones; 1 if all are gray."""
    product, square = 0.0, 0.0
    for made, true in pairs:
        product += float((made * true).sum())
        square += float(made.square().sum())
    return min(max(product / square, SCALES[0]), SCALES[1]) if square else 1.0


def vivid_preference(task: "Colorize", pairs: Iterable[tuple[Tensor, Tensor]]) -> float:
    """The preference for rare colors with which the answers are about as colorful as the true images (N, 3, H, W)."""
    tasks = [replace(task, preference=preference) for preference in PREFERENCES]
    made, true = torch.zeros(len(tasks)), torch.zeros(())
    for output, images in pairs:
        made += torch.stack([colorfulness(each.answer_image(output, images)).sum() for each in tasks])
        true += colorfulness(images).sum()
    return PREFERENCES[int((made - VIVID * true).abs().argmin())]
