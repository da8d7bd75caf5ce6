"""The result of an explanation: values, panels to draw, and checks of its reliability."""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ExplanationError
from ..files import write_whole
from ..findings import to_json, to_plain

PANEL_KINDS = ("picture", "signed", "positive", "choices", "curves", "bars")


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One panel of the drawing of an explanation.

    `kind` is the type of `values`: "picture" uint8 (H, W, C); "signed" and "positive" numbers (H, W), drawn in colors
    with a legend, the signed ones symmetric around zero; "choices" integers (H, W), indices of `names`; "bars" one
    number for each of `names`; "curves" lists of (x, y) by name. `boxes` are (top, left, bottom, right) to outline.
    """

    title: str
    kind: str
    values: Any
    legend: str = ""
    across: str = ""
    names: tuple[str, ...] = ()
    boxes: tuple[tuple[int, int, int, int], ...] = ()

    def __post_init__(self) -> None:
        assert self.kind in PANEL_KINDS, self.kind


@dataclass(frozen=True, kw_only=True)
class Check:
    """One sanity check of a method: the measured value, and a one-sentence summary.

    `passed` is None if the number speaks for itself.
    """

    name: str
    value: float
    summary: str
    passed: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """An explanation of one answer of a model, by one method.

    `of` is what was explained (a class, a tag or a unit), `layer` the layer. `values` contains the scalar results of
    the method, `maps` its arrays, `checks` their reliability, and `notes` preprocessing and limitations.
    """

    method: str
    task: str
    answer: str
    of: str
    layer: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    maps: dict[str, np.ndarray] = field(default_factory=dict, repr=False)
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()
    panels: tuple[Panel, ...] = field(default=(), repr=False)

    def to_plain(self) -> dict[str, Any]:
        """All values except the drawings, as plain values."""
        return {part.name: to_plain(getattr(self, part.name)) for part in fields(self) if part.name != "panels"}

    def to_json(self) -> str:
        """All values except the drawings, as a JSON document."""
        return to_json(self.to_plain())

    def picture(self) -> bytes:
        """The explanation drawn as a PNG file."""
        from ._drawing import draw

        return draw(self, "png")

    def save(self, path: str | Path) -> Path:
        """Write the explanation as an image (.png, .svg, .pdf) or its values (.json).

        Raises `ExplanationError` for another suffix, or if the file cannot be written.
        """
        from ._drawing import draw

        path = Path(path)
        kind = path.suffix.lower().removeprefix(".")
        if kind not in ("png", "svg", "pdf", "json"):
            raise ExplanationError(f"{path}: expected .png, .svg or .pdf for an image, or .json for the values.")
        data = self.to_json().encode() if kind == "json" else draw(self, kind)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data)
        return path
