"""Criterion for detection: an object has disappeared if no location inside its box scores above the threshold."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, final

import torch
from torch import Tensor

from .criterion import Criterion


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Disappearance(Criterion):
    """The score of a class must fall below `limit` (a logit) wherever `places` (N, K, ...) is true.

    `logits` maps the outputs to logits (n, K, ...).
    """

    places: Tensor
    limit: float
    logits: Callable[[Any], Tensor]

    def only(self, rows: Tensor) -> Criterion:
        """Return the criterion for some of the images."""
        return replace(self, places=self.places[rows])

    def margin(self, output: Any, which: Tensor) -> Tensor:
        """Largest logit at these places minus the limit, (n,)."""
        return self.logits(output).masked_fill(~self.places[which], -torch.inf).flatten(1).amax(1) - self.limit

    def fitness(self, output: Any, which: Tensor) -> Tensor:
        """Largest score at these places."""
        return (self.margin(output, which) + self.limit).sigmoid()
