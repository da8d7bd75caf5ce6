"""Decomposition of one number into a sum of terms: data structures and lookup of values.

Shapes: C channels, H height, W width, T terms. A position is (channel, row, column) in a map, (index,) in a vector.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from ..networks.graph.receptive_fields import OUTSIDE
from ..networks.graph.record import Call

Place = tuple[int, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Group:
    """The terms from one earlier call: the products of values and weights (T,).

    `places` (T, 3) or (T, 1) are the positions of the values in the output of call number `index`; a row or column of
    -1 is in the padding, whose value is 0.
    """

    name: str
    index: int
    places: np.ndarray
    values: np.ndarray
    weights: np.ndarray
    products: np.ndarray


@dataclass(frozen=True, kw_only=True, eq=False)
class Sum:
    """Terms, bias and their total; the number itself is `function` of the total, or the total if it is empty."""

    rule: str
    groups: tuple[Group, ...]
    bias: float = 0.0
    function: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def total(self) -> float:
        """Sum of all products and the bias."""
        return self.bias + sum(float(group.products.sum()) for group in self.groups)


def group_of(source: Call, places: np.ndarray, weights: np.ndarray | float) -> Group:
    """Terms from the output of `source`: values (0 outside the map) times weights."""
    outside = (places == OUTSIDE).any(1)
    numbers = source.output[0].double().numpy()
    values = numbers[tuple(np.where(outside[:, None], 0, places).T)] * ~outside
    weights = np.broadcast_to(np.asarray(weights, np.float64), values.shape)
    return Group(
        name=source.name, index=source.index, places=places, values=values, weights=weights, products=values * weights
    )


def source_place(calls: Sequence[Call], call: Call, place: Place) -> tuple[Call, Place] | None:
    """Source call and position of a value, for an operation that only moves values; None for padding.

    Determined by passing the indices of all cells through the operation.
    """
    numbered, first = [], 1
    for index in call.inputs:
        shape = calls[index].output.shape[1:]
        numbered.append(torch.arange(first, first + shape.numel(), dtype=torch.float64).view(1, *shape))
        first += shape.numel()
    number = int(_moved(call, numbered)[(0, *place)]) - 1
    for index in call.inputs:
        shape = calls[index].output.shape[1:]
        if 0 <= number < shape.numel():
            return calls[index], tuple(int(i) for i in np.unravel_index(number, shape))
        number -= shape.numel()
    return None


def _moved(call: Call, numbered: Sequence[torch.Tensor]) -> torch.Tensor:
    if call.kind == "pad" and call.settings["mode"] == "constant":
        return F.pad(numbered[0], call.settings["pad"])
    assert call.run is not None
    return call.run(*numbered)


def grid(*axes: Sequence[int] | np.ndarray) -> np.ndarray:
    """All combinations of positions along several axes: (T, axes)."""
    return np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, len(axes))


def weight_of(call: Call, role: str, default: float, channel: int) -> float:
    """One weight of a call by role, or `default` if there is none."""
    weight = call.weights.get(role)
    return default if weight is None else float(weight.double().flatten()[channel])
