"""The options of an explanation besides the image; each method uses some of them and refuses the others."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from ..errors import ExplanationError
from ..images import Picture
from ..sources.source import Source
from ..tasks.task import parse_position

At = tuple[int, int] | None


@dataclass(frozen=True, kw_only=True)
class ExplanationRequest:
    """The options of one explanation; None selects the method's default, which the result reports.

    `of` is a class, tag or position; `layer` and `unit` select a unit; `at` (row, column) is a position in its map.
    `patch`, `stride` and `fill` (0 to 1) are for occlusion. `among` is a source whose images are compared with the
    image, `reference` another image, the similarity to which is explained.
    """

    of: Any = None
    reference: Picture | None = None
    layer: str | None = None
    unit: int | None = None
    at: At = None
    patch: int | None = None
    stride: int | None = None
    fill: float | None = None
    among: Source | None = None
    seed: int | None = None

    def only(self, method: str, used: Sequence[str]) -> None:
        """Raise `ExplanationError` for an option that `method` does not use."""
        options = [part.name for part in fields(self) if getattr(self, part.name) is not None]
        idle = [name for name in options if name not in used]
        if idle:
            takes = ", ".join(used) or "nothing else"
            raise ExplanationError(f"'{idle[0]}' has no effect on '{method}', which takes {takes}; leave it out.")


def parse_at(at: At | str) -> At:
    """Parse a position in a map, given as numbers or as text; raises `ExplanationError` for other text."""
    position = parse_position(at) if isinstance(at, str) else at
    if position is None and at is not None:
        raise ExplanationError(f"at is '{at}'; expected ROW,COLUMN, such as 3,5.")
    return position
