"""Decompose one number of any call into a sum of input values times weights, plus a bias."""

from collections.abc import Sequence

from ..networks.graph.record import Call
from ._decomposition import Place, Sum
from ._decomposition_of_numbers import NUMBERS
from ._decomposition_of_windows import WINDOWS

FOLLOWED = frozenset({*WINDOWS, *NUMBERS})
"""Kinds of calls that can be decomposed; for others only the value is shown."""


def sum_of(calls: Sequence[Call], call: Call, place: Place) -> Sum:
    """The decomposition of one number of `call`, whose kind must be one of `FOLLOWED`."""
    return (WINDOWS.get(call.kind) or NUMBERS[call.kind])(calls, call, place)
