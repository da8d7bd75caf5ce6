"""Labels of classes and tags: their order, and properties of their text."""

import re
from collections.abc import Sequence
from typing import Any


def natural_key(text: str) -> tuple[list[Any], str]:
    """Key for natural sorting, with 2 before 10.

    >>> sorted(["b10", "b2", "A1"], key=natural_key)
    ['A1', 'b2', 'b10']
    """
    parts = re.split(r"([0-9]+)", text)
    return [int(part) if place % 2 else part.casefold() for place, part in enumerate(parts)], text


def is_sign(label: str) -> bool:
    """Return whether a label is a digit, a number or a single letter."""
    return label.isdigit() or (len(label) == 1 and label.isalpha())


def shortened(names: Sequence[str], most: int = 10) -> str:
    """List the first names, and the number of remaining ones."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
