"""Uses of a number: the later calls that read it, and whether it is the maximum in max pooling."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..networks.graph.receptive_fields import taps
from ..networks.graph.record import Call, winners
from ._decomposition import Place

_BY_CHANNEL = ("max_pool", "adaptive_max_pool", "average_pool", "adaptive_average_pool", "upsample")
"""Calls that read each channel separately; for others except convolutions the readers are not counted."""
_ONE_TO_ONE = ("relu", "tanh", "elementwise", "batch_norm", "dropout", "identity")


def uses_of(calls: Sequence[Call], call: Call, place: Place) -> Iterator[dict[str, Any]]:
    """Each later call that reads this number: its name, kind and use."""
    for later in calls[call.index + 1 :]:
        if call.index in later.inputs:
            yield {"name": later.name, "index": later.index, "kind": later.kind, **_use(calls, later, call, place)}


def _use(calls: Sequence[Call], later: Call, call: Call, place: Place) -> dict[str, Any]:
    if later.kind in _ONE_TO_ONE and later.shape == call.shape:
        return {"becomes": float(later.output[0][place])}
    if later.kind in ("max_pool", "adaptive_max_pool") and len(place) == 3:
        return _competed(calls, later, call, place)
    if later.kind == "dense":
        return {"read_by": later.shape[-1]}
    read = _readers(later, call, place)
    return {} if read is None else {"read_by": read}


def _competed(calls: Sequence[Call], later: Call, call: Call, place: Place) -> dict[str, Any]:
    """The number of windows that contain the number, and the pooled positions where it is the maximum."""
    won = winners(later, list(calls))[0, place[0]] == place[1] * call.shape[2] + place[2]
    places = [tuple(map(int, where)) for where in won.nonzero().tolist()]
    return {"windows": _readers(later, call, place), "won": places}


def _readers(later: Call, call: Call, place: Place) -> int | None:
    """The number of values of the later call that read this one; None if unknown."""
    convolution = later.kind in ("conv", "conv_transposed")
    if len(place) != 3 or len(later.shape) != 3 or not (convolution or later.kind in _BY_CHANNEL):
        return None
    count = later.shape[0] // later.settings.get("groups", 1) if convolution else 1
    for axis in (-2, -1):
        reads = taps(
            later.kind, later.settings, later.inputs.index(call.index), call.output.shape, later.output.shape, axis
        )
        if reads is None:
            return None
        count *= int((reads == place[axis]).any(1).sum())
    return int(np.int64(count))
