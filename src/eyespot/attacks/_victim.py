"""A model with a query counter: the interface of attacks.

All queries are counted here, per image. Shapes: N images, n queries, d changed pixels,
C channels, H height, W width; `which` (n,) is the image of each query.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from ..model import Model
from ..networks.graph.incremental import Incremental
from ..networks.network import join_outputs
from ..tasks.criterion import Criterion

VALUES_AT_ONCE = 3_000_000
"""Input values per forward pass: large enough to be fast, small enough for the memory."""

WORTH_FOLLOWING = 1.2
"""Minimum speedup in multiply-adds for using incremental inference."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Changes:
    """Pixels to change: positions (n, d, 2) as row and column, colors (n, d, C) as integers from 0 to 255."""

    places: Tensor
    colors: Tensor

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, rows: slice | Tensor) -> "Changes":
        return Changes(places=self.places[rows], colors=self.colors[rows])


def joined(parts: Sequence[Changes]) -> Changes:
    """Concatenate several sets of candidates."""
    return Changes(places=torch.cat([one.places for one in parts]), colors=torch.cat([one.colors for one in parts]))


class Victim:
    """A model, the criterion of success, and the query counts of N images.

    `queries` (N,) counts forward passes, `gradients` (N,) those with a backward pass. With `double` the network
    computes in float64: a line search needs differences that float32 loses.
    """

    def __init__(self, model: Model, criterion: Criterion, count: int, double: bool = False) -> None:
        self.dtype = torch.float64 if double else torch.float32
        self.model = replace(model, network=deepcopy(model.network).double()) if double else model
        self.criterion = criterion
        self.queries = torch.zeros(count, dtype=torch.long)
        self.gradients = torch.zeros(count, dtype=torch.long)
        self._followers: dict[int, Incremental] = {}
        self._worth_following = True

    @torch.no_grad()
    def outputs(self, pixels: Tensor, which: Tensor) -> Any:
        """The raw outputs for images (n, C, H, W)."""
        return join_outputs([self.model.outputs(part) for part, _ in self._parts(pixels, which)])

    def margins(self, pixels: Tensor, which: Tensor) -> Tensor:
        """The margins of images (n, C, H, W): (n,), below zero if the model is fooled."""
        return self.criterion.margin(self.outputs(pixels, which), which)

    def slopes(self, pixels: Tensor, which: Tensor, criterion: Criterion | None = None) -> tuple[Tensor, Tensor]:
        """Margins (n,), of another criterion if given, and their gradients with respect to the pixels (n, C, H, W)."""
        criterion = criterion or self.criterion
        margins, gradients = [], []
        self.gradients += torch.bincount(which, minlength=len(self.gradients))
        for part, which_part in self._parts(pixels, which):
            given = part.detach().requires_grad_(True)
            margin = criterion.margin(self.model.outputs(given), which_part)
            gradients.append(torch.autograd.grad(margin.sum(), given)[0])
            margins.append(margin.detach())
        return torch.cat(margins), torch.cat(gradients)

    @torch.no_grad()
    def tried(self, images: Tensor, changes: Changes, which: Tensor) -> tuple[Tensor, Tensor]:
        """Margins (n,) and fitness (n,) of images (N, C, H, W) with some pixels changed; queries are sorted by image.

        If one pixel changes and the network can be followed, only the values that it affects are computed again.
        """
        if changes.places.shape[1] == 1 and self._worth_following:
            output = join_outputs([self._followed(images, changes[rows], which[rows]) for rows in _runs(which)])
        else:
            output = join_outputs(
                [self._outputs_of(images, changes[rows], which[rows]) for rows in self._shares(changes, images)]
            )
        return self.criterion.margin(output, which), self.criterion.fitness(output, which)

    def _outputs_of(self, images: Tensor, changes: Changes, which: Tensor) -> Any:
        return self.outputs(apply(images, changes, which), which)

    def _followed(self, images: Tensor, changes: Changes, which: Tensor) -> Any:
        """Outputs for many versions of one image with one changed pixel."""
        number = int(which[0])
        if number not in self._followers:
            self._followers[number] = Incremental(self.model.network, self.model.network_x(images[number, None]))
        follower = self._followers[number]
        if not follower.followed:
            self._worth_following = False
            return self._outputs_of(images, changes, which)
        self._count(which)
        colors = self.model.network_x(changes.colors[:, 0, :, None, None] / 255)
        output = follower.outputs(changes.places[:, 0, 0], changes.places[:, 0, 1], colors)
        self._worth_following = follower.saved > WORTH_FOLLOWING
        return output

    def forget(self, number: int) -> None:
        """Release the cached activations of an image."""
        self._followers.pop(number, None)

    def _shares(self, changes: Changes, images: Tensor) -> Iterator[slice]:
        size = max(1, VALUES_AT_ONCE // images[0].numel())
        return (slice(start, start + size) for start in range(0, len(changes), size))

    def _parts(self, pixels: Tensor, which: Tensor) -> list[tuple[Tensor, Tensor]]:
        self._count(which)
        size = max(1, VALUES_AT_ONCE // pixels[0].numel())
        return list(zip(pixels.to(self.dtype).split(size), which.split(size), strict=True))

    def _count(self, which: Tensor) -> None:
        self.queries += torch.bincount(which, minlength=len(self.queries))


def apply(images: Tensor, changes: Changes, which: Tensor) -> Tensor:
    """Change pixels of images (N, C, H, W): (n, C, H, W). Of two changes at one position, the later one wins."""
    pixels = images[which]
    rows = torch.arange(len(pixels))
    for k in range(changes.places.shape[1]):
        row, column = changes.places[:, k].unbind(1)
        pixels[rows, :, row, column] = (changes.colors[:, k] / 255).to(pixels)
    return pixels


def _runs(which: Tensor) -> Iterator[slice]:
    """The ranges of queries that belong to one image."""
    _, counts = torch.unique_consecutive(which, return_counts=True)
    ends = counts.cumsum(0).tolist()
    return (slice(end - count, end) for end, count in zip(ends, counts.tolist(), strict=True))
