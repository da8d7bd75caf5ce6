"""What a person asked for of a training; what they left open is chosen."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ..errors import RecipeError, unknown


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """What the user asked for; None means: choose for me. The command line's options are these fields."""

    task: str | None = None
    start: str | None = None
    weights: str | None = None
    network: str | None = None
    size: str | None = None
    input: str | None = None
    fit: str | None = None
    range: str | None = None
    epochs: float | None = None
    minutes: float | None = None
    batch: int | None = None
    micro_batches: int | None = None
    optimizer: str | None = None
    rate: float | None = None
    weight_decay: float | None = None
    lookahead: bool = False
    augment: str | None = None
    norm: str | None = None
    precision: str | None = None
    robust: str | None = None
    snapshots: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if self.epochs is not None and self.minutes is not None:
            raise RecipeError("Both epochs and minutes were given; give only one of them.")
        for name in ("epochs", "minutes", "batch", "micro_batches", "rate"):
            value = getattr(self, name)
            if value is not None and not (value > 0 and math.isfinite(value)):
                raise RecipeError(f"{name} is {value}; give a number above 0.")
        if self.weight_decay is not None and not (self.weight_decay >= 0 and math.isfinite(self.weight_decay)):
            raise RecipeError(f"weight_decay is {self.weight_decay}; give 0 or a number above it.")
        if self.start == "scratch" and self.weights is not None:
            raise RecipeError(f"weights are {self.weights}, but start is nothing; give only one of them.")
        if not 0 <= self.seed < 2**63:
            raise RecipeError(f"seed is {self.seed}; give a whole number from 0 to {2**63 - 1}.")


def options_from(values: Mapping[str, Any]) -> TrainOptions:
    """Options from plain values; an unknown name raises `RecipeError` with the nearest one."""
    names = [field.name for field in fields(TrainOptions)]
    for name in values:
        if name not in names:
            raise RecipeError(unknown("choice of training", name, names))
    return TrainOptions(**values)
