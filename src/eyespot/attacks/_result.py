"""The result of an attack on one image: values, the images before and after, and a drawing of both."""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import AttackError
from ..findings import to_json
from ..images import write_png

OUTCOMES = ("fooled", "resisted", "skipped")


@dataclass(frozen=True, kw_only=True)
class AttackResult:
    """The result of one attack on one image.

    `outcome` is "fooled" (the answer changes as requested for the saved 8-bit file, read back), "resisted", or
    "skipped" with a `reason`. `original` and `fooled` are uint8 (H, W, C) at the input size of the network; if the
    model resisted, `fooled` is the closest attempt. `before` and `after` are the answers with their captions, and
    `abstains` tells whether the model answers "unknown" afterward. The size of the change is measured on pixels from 0
    to 1: `distortion` is its root mean square, `l2` its L2 norm, `linf` its largest absolute value. `moved` is the
    change of a numeric answer, in its unit. `queries` counts forward passes, `gradients` backward passes; `seconds` is
    the time for this image. `history` has the steps of the search, for animation.
    """

    by: str
    name: str
    outcome: str
    reason: str = ""
    target: str | int | None = None
    before: dict[str, Any]
    after: dict[str, Any]
    before_text: str
    after_text: str
    abstains: bool = False
    distortion: float = 0.0
    l2: float = 0.0
    linf: float = 0.0
    pixels_changed: int = 0
    moved: float | None = None
    queries: int = 0
    gradients: int = 0
    seconds: float = 0.0
    history: list[dict[str, Any]] = field(default_factory=list, repr=False)
    original: np.ndarray = field(repr=False)
    fooled: np.ndarray = field(repr=False)

    def facts(self) -> dict[str, Any]:
        """All values except the images, as a plain dictionary."""
        return {part.name: getattr(self, part.name) for part in fields(self) if part.name not in ("original", "fooled")}

    def to_json(self) -> str:
        """All values except the images, as a JSON document."""
        return to_json(self.facts())

    def difference(self) -> tuple[np.ndarray, float]:
        """The magnified difference between the original and the fooled image; see `magnified`."""
        return magnified(self.original, self.fooled)

    def save_fooled(self, path: str | Path) -> Path:
        """Write the fooled image as a lossless PNG file: the file that was evaluated."""
        return write_png(self.fooled, path)

    def frames(self) -> list[np.ndarray]:
        """The images of the search, each uint8 (H, W, C): the original first, then the best image of each step."""
        frames = [self.original]
        for step in self.history:
            pixels = self.original.copy()
            for change in step["best"]:
                pixels[change["row"], change["column"]] = np.array(change["color"], dtype=np.uint8)
            frames.append(pixels)
        return frames

    def save_animation(self, path: str | Path) -> Path:
        """Write the search as an animated GIF; raises `AttackError` for an attack without a history."""
        import matplotlib as mpl
        from matplotlib.animation import ArtistAnimation, PillowWriter
        from matplotlib.figure import Figure

        if not self.history:
            raise AttackError(f"{self.by} keeps no history; only one-pixel and pixel-search do.")
        with mpl.rc_context({"text.parse_math": False}):
            figure = Figure(figsize=(3.4, 3.8))
            axes = figure.subplots()
            axes.set_axis_off()
            captions = [
                "untouched",
                *(f"{step['queries']:,} queries, fitness {step['fitness']:.3f}" for step in self.history),
            ]
            frames = [
                [
                    axes.imshow(pixels.squeeze(), cmap="gray", vmin=0, vmax=255, interpolation="nearest"),
                    axes.text(0.5, 1.04, text, transform=axes.transAxes, ha="center"),
                ]
                for pixels, text in zip(self.frames(), captions, strict=True)
            ]
            ArtistAnimation(figure, frames).save(path, writer=PillowWriter(fps=4))
        return Path(path)

    def save(self, path: str | Path) -> Path:
        """Draw the original, the magnified difference and the fooled image side by side, with both answers."""
        import matplotlib as mpl
        from matplotlib.figure import Figure

        difference, factor = self.difference()
        panels = [
            (self.original, f"before: {self.before_text}"),
            (difference, f"difference, {factor:.3g} times"),
            (self.fooled, f"{self.outcome}: {self.after_text}"),
        ]
        with mpl.rc_context({"text.parse_math": False}):
            figure = Figure(figsize=(9, 3.4), layout="constrained")
            for axes, (pixels, title) in zip(figure.subplots(1, 3), panels, strict=True):
                axes.imshow(pixels.squeeze(), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
                axes.set_title(title, fontsize=10)
                axes.set_axis_off()
            figure.savefig(path, dpi=120)
        return Path(path)


def plain(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without its image."""
    return {name: value for name, value in answer.items() if not isinstance(value, np.ndarray)}


def magnified(before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, float]:
    """A change as uint8 (H, W, C) around gray, magnified until its largest value reaches the limit, and the factor.

    >>> magnified(np.array([[[100]]], np.uint8), np.array([[[101]]], np.uint8))
    (array([[[255]]], dtype=uint8), 127.0)
    """
    change = after.astype(np.float64) - before.astype(np.float64)
    largest = np.abs(change).max(initial=0)
    factor = 127 / largest if largest else 1.0
    return np.clip(np.rint(128 + change * factor), 0, 255).astype(np.uint8), float(factor)
