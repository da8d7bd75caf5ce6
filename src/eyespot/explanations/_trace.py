"""The decomposition of one number: every input value, weight and product, the bias, the sum, and its uses.

Shapes: C channels, H height, W width, T terms.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import ExplanationError
from ..networks.graph.record import Call
from ._decomposition import Group, Place, Sum, source_place
from ._request import At
from ._sums import FOLLOWED, sum_of
from ._uses import uses_of
from .subject import choose_unit

_MOVING = ("flatten", "reshape", "slice", "pad", "concatenate", "dropout", "identity")
_POINTWISE = ("relu", "tanh", "elementwise", "batch_norm")


@dataclass(frozen=True, kw_only=True, eq=False)
class Trace:
    """The decomposition of one number of a network.

    The number is `function` of `total`, and `total` is the sum of the products of all `groups` and the `bias`. `rule`
    is the formula; `details` contains values specific to the kind (mean and variance of a normalization, the winner of
    a maximum). `field` is (top, left, bottom, right) of the pixels it depends on. `uses` are its uses by later calls.
    `folded` is the same sum with a normalization folded into the convolution before it. An opaque call has no groups,
    only its value.
    """

    name: str
    index: int
    kind: str
    unit: int
    at: At
    number: float
    rule: str
    function: str = ""
    groups: tuple[Group, ...] = ()
    bias: float = 0.0
    total: float = 0.0
    details: dict[str, Any] = field(default_factory=dict)
    receptive_field: tuple[int, int, int, int] | None = None
    uses: tuple[dict[str, Any], ...] = ()
    folded: Sum | None = None

    @property
    def magnitude(self) -> float:
        """The sum of absolute terms, the reference for rounding errors."""
        return abs(self.bias) + sum(float(np.abs(group.products).sum()) for group in self.groups)


def trace(calls: Sequence[Call], call: Call, unit: int, at: At = None) -> Trace:
    """Decompose one number: unit (channel) `unit` of `call` at (row, column) `at`, or element `unit` of a vector.

    `calls` comes from `networks.graph.record` with one image. Raises `ExplanationError` for an invalid position.
    """
    at = check_place(call, unit, at)
    place = (unit, *at) if at else (unit,)
    worked = sum_of(calls, call, place) if call.kind in FOLLOWED else None
    return Trace(
        name=call.name,
        index=call.index,
        kind=call.kind,
        unit=unit,
        at=at,
        number=float(call.output[(0, *place)]),
        rule=worked.rule if worked else f"{call.operation}: its terms cannot be shown, only its value",
        function=worked.function if worked else "",
        groups=worked.groups if worked else (),
        bias=worked.bias if worked else 0.0,
        total=worked.total if worked else float("nan"),
        details=worked.details if worked else {},
        receptive_field=field_of_number(calls, call, place),
        uses=tuple(uses_of(calls, call, place)),
        folded=fold(calls, call, place),
    )


def check_place(call: Call, unit: int, at: At) -> At:
    """Validate the position in a call; a map without `at` means its strongest position.

    Raises `ExplanationError` with the valid range.
    """
    choose_unit(call, unit)
    if len(call.shape) not in (1, 3):
        raise ExplanationError(
            f"The output of '{call.name}' has the shape {call.shape}; a trace needs maps (channels, rows, columns) or "
            "one row of numbers. Choose the layer before or after it."
        )
    if len(call.shape) != 3:
        if at is not None:
            raise ExplanationError(f"'{call.name}' is a row of {call.shape[0]} numbers; leave out the position {at}.")
        return None
    height, width = call.shape[1:]
    if at is None:
        row, column = divmod(int(call.output[0, unit].argmax()), width)
        return row, column
    if not (0 <= at[0] < height and 0 <= at[1] < width):
        raise ExplanationError(
            f"'{call.name}' has no place {at}; its rows are 0 to {height - 1}, its columns 0 to {width - 1}."
        )
    return at


def field_of_number(calls: Sequence[Call], call: Call, place: Place) -> tuple[int, int, int, int] | None:
    """(top, left, bottom, right) of the pixels that one number depends on; cells of a flattened map keep their own."""
    while len(call.shape) == 1 and call.kind in (*_MOVING, *_POINTWISE):
        found = source_place(calls, call, place) if call.kind in _MOVING else (calls[call.inputs[0]], place)
        if found is None:
            break
        call, place = found
    if call.receptive_field is None:
        return None
    return call.receptive_field.box(*place[1:]) if len(place) == 3 else call.receptive_field.box(0, 0)


def fold(calls: Sequence[Call], call: Call, place: Place) -> Sum | None:
    """Fold a batch normalization into the convolution or dense layer before it: one sum with scaled weights."""
    if call.kind != "batch_norm" or calls[call.inputs[0]].kind not in ("conv", "conv_transposed", "dense"):
        return None
    norm = sum_of(calls, call, place)
    inner = sum_of(calls, calls[call.inputs[0]], place)
    scale = norm.details["scale"]
    groups = tuple(
        Group(
            name=group.name,
            index=group.index,
            places=group.places,
            values=group.values,
            weights=group.weights * scale,
            products=group.products * scale,
        )
        for group in inner.groups
    )
    return Sum(rule="sum of input x (weight x scale), + bias", groups=groups, bias=inner.bias * scale + norm.bias)
