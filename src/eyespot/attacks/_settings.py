"""The settings and the raw outcome of an attack."""

import zlib
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from ..errors import AttackError


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The settings of an attack; `ATTACKS` lists those that each attack uses.

    `pixels` is the number of changed pixels; `size` is the largest change allowed, as a fraction of full brightness for
    L-inf and as a norm for L2; `steps` limits gradients per image, `queries` forward passes without gradient.
    """

    pixels: int = 1
    size: float = 8 / 255
    steps: int = 40
    queries: int = 40_400
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("pixels", "size", "steps", "queries"):
            value = getattr(self, name)
            if not value > 0:
                raise AttackError(f"{name} is {value}; expected a number above 0.")
        if self.seed < 0:
            raise AttackError(f"seed is {self.seed}; expected 0 or more.")


@dataclass(frozen=True, kw_only=True, eq=False)
class Attempt:
    """The outcome of an attack: pixels (N, C, H, W) with 256 values, fooled or the best attempt.

    `history` contains the best candidate of each generation for attacks that have generations: one list per image.
    """

    pixels: Tensor
    history: list[list[dict[str, Any]]] = field(default_factory=list)


def seed_of(image: Tensor, seed: int) -> int:
    """A seed computed from the pixels of an image: its search does not depend on the batch."""
    pixels = (image * 255).round().byte().cpu().contiguous().numpy().tobytes()
    return zlib.crc32(pixels) * 1_000_003 + seed
