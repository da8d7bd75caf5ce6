"""Criterion for detection: an object has disappeared if no location inside its box scores above the threshold."""

from dataclasses import dataclass, replace
from typing import final

import torch
from torch import Tensor

from .criterion import Criterion


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Disappearance(Criterion):
    """The score of a class must fall below `limit` (a logit) wherever `places` (N, K, h, w) is true.

    The task adds `shift` to the first K channels of the output to turn them into logits. With `background`, the output
    has two channels, background and object, and the logit is their difference.
    """

    places: Tensor
    limit: float
    shift: float = 0.0
    background: bool = False

    def only(self, rows: Tensor) -> Criterion:
        """Return the criterion for some of the images."""
        return replace(self, places=self.places[rows])

    def margin(self, output: Tensor, which: Tensor) -> Tensor:
        """Largest logit at these places minus the limit, (n,)."""
        places = self.places[which]
        logits = output[:, 1:2] - output[:, :1] if self.background else output[:, : places.shape[1]] + self.shift
        return logits.masked_fill(~places, -torch.inf).flatten(1).amax(1) - self.limit

    def fitness(self, output: Tensor, which: Tensor) -> Tensor:
        """Largest score at these places."""
        return (self.margin(output, which) + self.limit).sigmoid()
