"""How a network from another program wants its pixels: the usual conventions are tried on labeled images.

Shapes: N images, C channels, H height, W width, K labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import ModelError
from ..images import ImageSpec
from ..model import Model
from ..samples import answered_at_once, normalize
from ..sources.source import Part, Row, Source, join_parts

MOST = 200
"""Labeled images that are tried; more would hardly change which convention fits."""
SURE = 2.0
"""Standard errors by which the best convention must lead, for the choice to be called clear."""
ORDERS = ("rgb", "bgr")

_IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_CAFFE = tuple(value / 255 for value in (123.68, 116.779, 103.939)), (1 / 255,)
SCALINGS = {
    "pixels from 0 to 1": ((0.0,), (1.0,)),
    "pixels from -1 to 1": ((0.5,), (0.5,)),
    "pixels from 0 to 255": ((0.0,), (1 / 255,)),
    "mean and standard deviation of ImageNet": _IMAGENET,
    "pixels from 0 to 255 less the mean of ImageNet": _CAFFE,
}
"""Mean and std of (pixel / 255 - mean) / std: torchvision and timm, Keras, and networks that come from Caffe."""


@dataclass(frozen=True, kw_only=True)
class Convention:
    """One way to prepare pixels, and how well the network answers labeled images with it.

    `mean` and `std` are those of (pixel / 255 - mean) / std, `order` is "rgb" or "bgr", `loss` the mean cross-entropy.
    """

    name: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    order: str
    accuracy: float
    loss: float


@dataclass(frozen=True, kw_only=True)
class Trial:
    """All conventions, the best one first; `clear` where it leads by more than two standard errors, over `images`."""

    conventions: tuple[Convention, ...]
    images: int
    clear: bool


@torch.no_grad()
def try_conventions(model: Model, source: Source) -> Trial:
    """Answer up to 200 labeled images under each usual convention, the least cross-entropy first.

    Raises `ModelError` where a label is none of the model's, or where no convention answers better than chance.
    """
    if not model.task.choices:
        raise ModelError(
            f"images show how pixels are prepared only where one label is the answer, not for the task "
            f"{model.task.name}; state mean and std."
        )
    part = _labeled(source)
    targets = _targets(part.rows, model.task.labels, source.name)
    losses: dict[Convention, np.ndarray] = {}
    for name, mean, std, order in _usual(model.images.channels):
        outputs = torch.cat([_outputs(model, rows, mean, std, order) for rows in _chunks(part.rows, model.images)])
        loss = F.cross_entropy(outputs, targets, reduction="none").double().numpy()
        accuracy = (outputs.argmax(1) == targets).double().mean().item()
        found = Convention(name=name, mean=mean, std=std, order=order, accuracy=accuracy, loss=float(loss.mean()))
        losses[found] = loss
    best, second, *_ = ranked = sorted(losses, key=lambda one: one.loss)
    chance = 1 / len(model.task.labels)
    if best.accuracy <= chance + SURE * np.sqrt(chance * (1 - chance) / len(targets)):
        raise ModelError(
            f"no usual convention makes it answer better than chance on {len(targets)} images (at best "
            f"{best.accuracy:.1%}, '{best.name}'); check the order of the labels, or state mean and std."
        )
    lead = losses[second] - losses[best]
    clear = bool(lead.mean() > SURE * lead.std() / np.sqrt(len(lead)))
    return Trial(conventions=tuple(ranked), images=len(targets), clear=clear)


def _usual(channels: int) -> list[tuple[str, tuple[float, ...], tuple[float, ...], str]]:
    """Name, mean, std and order of each; gray images have neither an order nor a mean for each color."""
    return [
        (name + (" in the order BGR" if order == "bgr" else ""), mean, std, order)
        for order in (ORDERS if channels == 3 else ORDERS[:1])
        for name, (mean, std) in SCALINGS.items()
        if channels == 3 or len(mean) == 1
    ]


def _outputs(model: Model, rows: Sequence[Row], mean: Sequence[float], std: Sequence[float], order: str) -> Tensor:
    """Raw outputs (N, K) for images whose pixels are prepared so."""
    channels = model.images.channels
    spec = replace(model.images, mean=spread(mean, channels), std=spread(std, channels))
    x = normalize(torch.cat([model.read(row.picture) for row in rows]), spec)
    return model.network(x.flip(1) if order == "bgr" else x)


def spread(values: Sequence[float], channels: int) -> tuple[float, ...]:
    """One value for each channel, from one for all of them or one each."""
    return tuple(values) if len(values) == channels else tuple(values) * channels


def _labeled(source: Source) -> Part:
    """Up to 200 labeled images from all parts; which ones follows from their content."""
    part = join_parts(source.parts, source.name)
    places = np.array([place for place, row in enumerate(part.rows) if row.values.get("label")], np.int64)
    if not len(places):
        raise ModelError(f"{source.name} has no labels; give a folder for each class, or a table with a column label.")
    return part.take(np.sort(places[np.argsort(part.keys[places], kind="stable")[:MOST]]))


def _targets(rows: Sequence[Row], labels: Sequence[str], name: str) -> Tensor:
    number = {label.casefold(): place for place, label in enumerate(labels)}
    unknown = sorted({row.values["label"] for row in rows if row.values["label"].casefold() not in number})
    if unknown:
        raise ModelError(
            f"{name} has the label '{unknown[0]}', which is none of the network's {len(labels)} labels "
            f"({', '.join(labels[:3])}, ...); name the classes as the network does."
        )
    return torch.tensor([number[row.values["label"].casefold()] for row in rows])


def _chunks(rows: Sequence[Row], images: ImageSpec) -> list[Sequence[Row]]:
    size = answered_at_once(images)
    return [rows[start : start + size] for start in range(0, len(rows), size)]
