"""What a network has made of many images at one layer: the ground on which images are compared.

Shapes: N images, F features (the channels of the layer; a map counts by its mean over places).
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..errors import ExplanationError
from ..model import Model
from ..networks.graph.record import Call, find_call, record
from ..networks.graph.replay import first_opaque, replay
from ..progress import report
from ..samples import to_pixels
from ..sources.cache import Images

BATCH = 64


def features_layer(calls: Sequence[Call], layer: str | None) -> Call:
    """The call of a layer by its name; without one, what the last dense layer reads, or the last map.

    Raises `ExplanationError` for an unknown layer.
    """
    if layer:
        return find_call(list(calls), layer)
    dense = [call for call in calls if call.kind == "dense"]
    if dense:
        return calls[dense[-1].inputs[0]]
    maps = [call for call in calls[1:-1] if len(call.shape) == 3]
    if not maps:
        raise ExplanationError("The network has no layer whose features could be compared; name one with layer=.")
    return maps[-1]


def batch_of(images: Images, numbers: Sequence[int] | np.ndarray) -> Tensor:
    """Some decoded images as pixels (N, C, H, W) in [0, 1]."""
    return to_pixels(torch.from_numpy(images.take(np.asarray(numbers))).permute(0, 3, 1, 2))


def as_features(value: Tensor) -> Tensor:
    """The output of a layer (N, ...) as features (N, F)."""
    return value.mean((2, 3)) if value.dim() == 4 else value.flatten(1)


@torch.no_grad()
def features_of(model: Model, x: Tensor, layer: str | None) -> tuple[str, Tensor]:
    """Name of the layer, and features (N, F) of images as the network takes them."""
    call = features_layer(calls := record(model.network, x), layer)
    return call.name, as_features(calls[call.index].output)


@torch.no_grad()
def features_over(model: Model, images: Images, numbers: Sequence[int], layer: str | None) -> tuple[str, np.ndarray]:
    """Name of the layer, and features (N, F) of some decoded images."""
    calls = record(model.network, model.network_x(batch_of(images, numbers[:1])))
    call = features_layer(calls, layer)
    parts = []
    for start in range(0, len(numbers), BATCH):
        x = model.network_x(batch_of(images, numbers[start : start + BATCH]))
        followed = first_opaque(calls[: call.index + 1]) is None
        value = replay(calls[: call.index + 1], x)[-1] if followed else record(model.network, x)[call.index].output
        parts.append(as_features(value))
        report(min(start + BATCH, len(numbers)), len(numbers))
    return call.name, torch.cat(parts).numpy()
