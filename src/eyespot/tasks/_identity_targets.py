"""Targets of identities as bytes: the name of each, since test images show some that training never saw, and an age.

Shapes: N images. A target has `LONGEST_NAME` bytes of the name, padded with zeros, and two of the age in tenths of a
year.
"""

import math

import torch
from torch import Tensor

from ..errors import TaskError
from ..sources.source import Row

LONGEST_NAME = 96
"""Bytes of a name in UTF-8: targets hold the names, since test images show identities that training never saw."""
OLDEST, NO_AGE = 150, 65535
"""Years, and the number that stands for no age."""


def identity_of(row: Row) -> str:
    """The row's identity; raises `TaskError` for none, and for a name that is too long."""
    name = row.values.get("identity", "")
    if not name or len(name.encode()) > LONGEST_NAME:
        raise TaskError(
            f"{row.location}: the identity is '{name[:40]}'; expected a name of 1 to {LONGEST_NAME} bytes. Correct it."
        )
    return name


def names_of(targets: Tensor) -> list[str]:
    """The name of each of N identities."""
    return [bytes(row[:LONGEST_NAME]).rstrip(b"\0").decode() for row in targets.cpu().numpy()]


def age_of(row: Row) -> float:
    """The row's age in years, NaN where none is given; raises `TaskError` for what is no age."""
    text = row.values.get("age", "").strip()
    try:
        age = float(text) if text else math.nan
    except ValueError:
        age = -1.0
    if text and not 0 <= age <= OLDEST:
        raise TaskError(f"{row.location}: the age is '{text[:40]}'; expected years from 0 to {OLDEST}. Correct it.")
    return age


def ages_of(targets: Tensor) -> Tensor:
    """Ages in years (N,); NaN where none is known."""
    high, low = targets[:, -2].double(), targets[:, -1].double()
    tenths = 256 * high + low
    return torch.where(tenths == NO_AGE, torch.nan, tenths / 10)
