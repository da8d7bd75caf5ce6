"""Conversion of values to JSON."""

import math
from collections.abc import Mapping
from typing import Any

from ..findings import to_json, to_plain


def finite(value: Any) -> Any:
    """Plain values with tuples as lists, and null for numbers that JSON does not support.

    >>> finite({"pad": (1, math.inf)})
    {'pad': [1, None]}
    """
    if isinstance(value, Mapping):
        return {name: finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def strict_json(value: Any) -> bytes:
    """Serialize any values as one JSON document that every browser can read.

    Invalid bytes in file names become question marks.
    """
    return to_json(finite(to_plain(value))).encode(errors="replace")
