"""One number of any call as a sum of terms: which input values, times which weights, plus which bias."""

from collections.abc import Sequence

from ..networks.graph.record import Call
from ._decomposition import Place, Sum
from ._decomposition_of_numbers import NUMBERS
from ._decomposition_of_windows import WINDOWS

FOLLOWED = frozenset({*WINDOWS, *NUMBERS})
"""Kinds of calls whose numbers can be taken apart; of others only the number itself is shown."""


def sum_of(calls: Sequence[Call], call: Call, place: Place) -> Sum:
    """The sum behind one number of `call`; its kind must be one of `FOLLOWED`."""
    return (WINDOWS.get(call.kind) or NUMBERS[call.kind])(calls, call, place)
