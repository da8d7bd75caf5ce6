"""When a detected object counts as gone: no location inside its box scores its class above the threshold."""

from dataclasses import dataclass, replace
from typing import final

import torch
from torch import Tensor

from .criterion import Criterion


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Disappearance(Criterion):
    """The score of a class must fall below `limit` (a logit) wherever `places` (N, K, h, w) is true.

    `shift` is what the task adds to the first K channels of the output to make them logits.
    """

    places: Tensor
    limit: float
    shift: float

    def only(self, rows: Tensor) -> Criterion:
        """The same for some of the images."""
        return replace(self, places=self.places[rows])

    def margin(self, output: Tensor, which: Tensor) -> Tensor:
        """The largest logit there, above the limit: (n,)."""
        places = self.places[which]
        logits = output[:, : places.shape[1]] + self.shift
        return logits.masked_fill(~places, -torch.inf).flatten(1).amax(1) - self.limit

    def fitness(self, output: Tensor, which: Tensor) -> Tensor:
        """The largest score there."""
        return (self.margin(output, which) + self.limit).sigmoid()
