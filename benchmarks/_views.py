"""Answers by several views of an image, as the speed records of CIFAR-10 and the ConvNetJS page give them."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import eyespot
from eyespot.model import Model

EMPTY_PAPER = -1.0


def by_six_views(model: Model) -> Model:
    """The same model, answering by the mean over an image and two shifted by a pixel, each with its mirror image."""

    def views(x: Tensor) -> list[tuple[Tensor, float]]:
        padded = F.pad(x, (1, 1, 1, 1), mode="reflect")
        shifted = [(x, 0.25), *((_cut(padded, x, place, place), 0.125) for place in (0, 2))]
        return [*shifted, *((view.flip(3), share) for view, share in shifted)]

    return eyespot.wrap(ByViews(model.network, views), model.task, model.images)


def by_five_views(model: Model) -> Model:
    """The same model of digits, answering by the mean over an image and itself shifted by a pixel on empty paper."""

    def views(x: Tensor) -> list[tuple[Tensor, float]]:
        padded = F.pad(x, (1, 1, 1, 1), value=EMPTY_PAPER)
        return [(_cut(padded, x, *place), 0.2) for place in ((1, 1), (0, 1), (2, 1), (1, 0), (1, 2))]

    return eyespot.wrap(ByViews(model.network, views), model.task, model.images)


class ByViews(nn.Module):
    """A network that answers by the mean over the views of an image, each with its share."""

    def __init__(self, network: nn.Module, views: Callable[[Tensor], list[tuple[Tensor, float]]]) -> None:
        super().__init__()
        self.network, self.views = network, views

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([share * self.network(view) for view, share in self.views(x)]).sum(0)


def _cut(padded: Tensor, x: Tensor, top: int, left: int) -> Tensor:
    return padded[:, :, top : top + x.shape[2], left : left + x.shape[3]]
