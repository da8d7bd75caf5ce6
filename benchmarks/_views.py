"""Answers by several views of an image, as the speed records of CIFAR-10 and the ConvNetJS page give them."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import eyespot
from eyespot.model import Model

EMPTY_PAPER = -1.0


def by_six_views(model: Model) -> Model:
    """The same model, answering by the mean of six views of each image."""
    return eyespot.wrap(SixViews(model.network), model.task, model.images)


def by_five_views(model: Model) -> Model:
    """The same model of digits, answering by the mean of five views of each image."""
    return eyespot.wrap(FiveViews(model.network), model.task, model.images)


class SixViews(nn.Module):
    """A network that answers by the mean over an image and two shifted ones, each with its mirror image."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        padded = F.pad(x, (1, 1, 1, 1), mode="reflect")
        views = (x, 0.5), (padded[:, :, :height, :width], 0.25), (padded[:, :, 2:, 2:], 0.25)
        return torch.stack([share * (self.network(view) + self.network(view.flip(3))) for view, share in views]).sum(0)


class FiveViews(nn.Module):
    """A network that answers by the mean over an image and itself a pixel up, down, left and right on empty paper."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        padded = F.pad(x, (1, 1, 1, 1), value=EMPTY_PAPER)
        places = (1, 1), (0, 1), (2, 1), (1, 0), (1, 2)
        views = [padded[:, :, top : top + height, left : left + width] for top, left in places]
        return torch.stack([self.network(view) for view in views]).mean(0)
