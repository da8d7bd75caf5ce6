"""Successful pixels: every position of one image with every color of a grid.

Shapes: C channels, H height, W width.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import AttackError
from ..findings import to_json
from ..images import Picture
from ..model import Model
from ..tasks.criterion import Aim
from ._every_pixel import exhaust, grid
from ._quantization import SURE, rounded, to_bytes
from ._result import plain
from ._victim import Victim

MOST_PLACES = 128 * 128


@dataclass(frozen=True, kw_only=True)
class PixelMap:
    """Where one changed pixel fools the model, and the margin elsewhere.

    `share` (H, W) is the fraction of the `colors` tried at a position that fool the model; `margin` (H, W) is the
    lowest margin, negative where the model is fooled; `color` (H, W, C) is the color with that margin. `working` is the
    number of positions that fool the model, out of `places`; `queries` is the number of queries.
    """

    name: str
    target: str | int | None
    before: dict[str, Any]
    before_text: str
    colors: int
    places: int
    working: int
    queries: int
    margin: np.ndarray = field(repr=False)
    share: np.ndarray = field(repr=False)
    color: np.ndarray = field(repr=False)
    original: np.ndarray = field(repr=False)

    def to_json(self) -> str:
        """All values as a JSON document, the maps row by row."""
        return to_json(self)

    def save(self, path: str | Path) -> Path:
        """Draw the image next to the map of margins: the brightest positions fool the model."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7.4, 3.5), layout="constrained")
        left, right = figure.subplots(1, 2)
        left.imshow(self.original.squeeze(), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        left.set_title("the image", fontsize=10)
        image = right.imshow(-self.margin, cmap="inferno", interpolation="nearest")
        right.scatter(*np.argwhere(self.share > 0).T[::-1], marker="s", s=9, facecolors="none", edgecolors="cyan")
        right.set_title(f"{self.working} of {self.places} places work (outlined)", fontsize=10)
        figure.colorbar(image, ax=right, label="margin to a wrong answer (above 0: fooled)")
        for axes in (left, right):
            axes.set_axis_off()
        figure.savefig(path, dpi=120)
        return Path(path)


def pixel_map(model: Model, picture: Picture, *, target: str | int | None = None, of: Any = None) -> PixelMap:
    """Try every position of one image with every color of a grid (8 corners and 56 others; 18 grays).

    `target` and `of` are those of `attack`. An image of 32 x 32 pixels in color takes 65,536 queries. Raises
    `AttackError` for images of more than 128 x 128 pixels.
    """
    image = rounded(model.read(picture))
    name = str(picture) if isinstance(picture, str | Path) else "the image"
    return map_of(model, image, name, Aim(target=target, of=of), None)


def map_of(model: Model, image: Tensor, name: str, aim: Aim, truth: Any) -> PixelMap:
    """The map for pixels (1, C, H, W) in [0, 1]; `truth` is the target, None for the model's own answer."""
    height, width = image.shape[2:]
    if height * width > MOST_PLACES:
        raise AttackError(
            f"An image of {width} x {height} pixels has too many positions to try all; give a smaller one."
        )
    with torch.no_grad():
        output = model.outputs(image)
    aimed = model.task.attack_criterion(aim, output, None if truth is None else [truth], farthest=False)
    if aimed.skipped[0]:
        raise AttackError(f"{name}: cannot be attacked: {aimed.skipped[0]}.")
    victim = Victim(model, aimed.criterion, 1)
    table = _all_margins(victim, image)
    lowest, number = table.min(0)
    answer = model.task.answer(output[0])
    share = (table < -SURE).float().mean(0)
    return PixelMap(
        name=name,
        target=aim.target,
        before=plain(answer),
        before_text=model.task.answer_text(answer),
        colors=len(table),
        places=height * width,
        working=int((share > 0).sum()),
        queries=int(victim.queries[0]),
        margin=lowest.numpy(),
        share=share.numpy(),
        color=grid(image.shape[1])[number].numpy().astype(np.uint8),
        original=to_bytes(image[0]),
    )


def _all_margins(victim: Victim, image: Tensor) -> Tensor:
    """The margin for every color and position: (colors, H, W)."""
    margins = []
    for changes in exhaust(image[0]):
        margin, _ = victim.tried(image, changes, torch.zeros(len(changes), dtype=torch.long))
        margins.append(margin)
    return torch.cat(margins).view(-1, *image.shape[2:])
