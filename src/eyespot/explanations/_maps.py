"""The method `map`: a 2-D layout of images in which images with similar features are close.

t-SNE (van der Maaten and Hinton 2008) of a layer's features computes the layout; an assignment moves each image to its
own cell of a grid, so that images do not overlap. Frames show wrong answers, or answers that are numbers, such as
ranks. Shapes: N images, F features, h and w side of a thumbnail.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from ..embeddings.layers import BATCH, batch_of, features_over
from ..errors import ExplanationError, EyespotError
from ..files import write_whole
from ..findings import to_json, to_plain
from ..html import thumbnail
from ..model import Model, outputs_over
from ..networks.network import map_output
from ..samples import load_samples
from ..sources.cache import Images, decode
from ..sources.source import Part, Source, part_of
from ._request import ExplanationRequest
from .units import spec_for_batches

MOST = 900
"""Maximum number of images on a map: more would be too small to see, and slow to lay out."""
SIDE = 40
"""Longer side of a thumbnail in pixels."""
FRAME = 3
WRONG = (200, 30, 30)
COLORS = "viridis"


@dataclass(frozen=True, kw_only=True, eq=False)
class ImageMap:
    """The layout of images: `places` (N, 2) from t-SNE, `cells` (N, 2) row and column on the grid.

    `right` is whether the model's answer is correct, None if unknown; `values` are the answers that are numbers, such
    as ranks, else empty. `pixels` is the drawn map.
    """

    method: str
    task: str
    source: str
    layer: str
    names: tuple[str, ...]
    places: np.ndarray = field(repr=False)
    cells: np.ndarray = field(repr=False)
    right: tuple[bool | None, ...]
    values: tuple[float, ...] = ()
    value_name: str = ""
    notes: tuple[str, ...] = ()
    pixels: np.ndarray = field(repr=False)

    def to_plain(self) -> dict[str, Any]:
        """All values except the pixels."""
        return {part.name: to_plain(getattr(self, part.name)) for part in fields(self) if part.name != "pixels"}

    def to_json(self) -> str:
        """All values except the pixels, as a JSON document."""
        return to_json(self.to_plain())

    def save(self, path: str | Path) -> Path:
        """Write the map as an image (.png) or its values (.json); raises `ExplanationError` for another suffix."""
        path = Path(path)
        if path.suffix.lower() not in (".png", ".json"):
            raise ExplanationError(f"{path}: expected .png for an image, or .json for the values.")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, self.picture() if path.suffix.lower() == ".png" else self.to_json().encode())
        return path

    def picture(self) -> bytes:
        """The map with its legend, as a PNG file."""
        import matplotlib as mpl
        from matplotlib.figure import Figure

        height, width = (max(side, 300) for side in self.pixels.shape[:2])
        with mpl.rc_context({"text.parse_math": False}):
            figure = Figure(figsize=(width / 100 + 0.4, height / 100 + 0.9), dpi=100)
            tall = figure.get_figheight()
            figure.text(
                0.02, 1 - 0.08 / tall, f"map ({self.task}) of {self.source}", fontsize=11, fontweight="bold", va="top"
            )
            figure.text(0.02, 1 - 0.36 / tall, self._legend(), fontsize=8, va="top")
            ax = figure.add_axes(
                (0.2 / figure.get_figwidth(), 0.1 / tall, width / 100 / figure.get_figwidth(), height / 100 / tall)
            )
            ax.imshow(self.pixels, interpolation="nearest")
            ax.set_axis_off()
            if self.values:
                wide = figure.get_figwidth()
                bar = figure.add_axes((1 - 1.1 / wide, 1 - 0.2 / tall, 1 / wide, 0.1 / tall))
                bar.imshow(np.linspace(0, 1, 100)[None], aspect="auto", cmap=COLORS)
                bar.set_axis_off()
            buffer = io.BytesIO()
            figure.savefig(buffer, format="png")
        return buffer.getvalue()

    def _legend(self) -> str:
        wrong = sum(right is False for right in self.right)
        outlined = f"; red outline: {wrong} wrong answers" if any(right is not None for right in self.right) else ""
        if self.values:
            outlined = f"; frames: {self.value_name} from {min(self.values):.3g} to {max(self.values):.3g}"
        return f"layer {self.layer}, {len(self.names)} images, neighbors are similar{outlined}"


def explain_map(model: Model, source: Source | Part, request: ExplanationRequest) -> ImageMap:
    """Lay out the images of a source by the features of a layer; frames show wrong answers, or numbers."""
    part = part_of(source, "all") if isinstance(source, Source) else source
    if len(part) < 4:
        raise ExplanationError(f"A map needs at least four images; '{part.name}' holds {len(part)}.")
    numbers = np.unique(np.linspace(0, len(part) - 1, min(MOST, len(part))).astype(int))
    images = decode(part, spec_for_batches(model.images))
    layer, features = features_over(model, images, numbers.tolist(), request.layer)
    places = arrange(features, request.seed or 0)
    cells = to_grid(places)
    values = _values(model, images, numbers)
    right = (None,) * len(numbers) if values else _answers(model, part, numbers)
    left_out = len(part) - len(numbers)
    return ImageMap(
        method="map",
        task=model.task.name,
        source=source.name,
        layer=layer,
        names=tuple(part.rows[number].name for number in numbers),
        places=places,
        cells=cells,
        right=right,
        values=values,
        value_name=model.task.value_name if values else "",
        notes=(f"{left_out} images were left out, evenly across the source.",) if left_out else (),
        pixels=_mosaic(images, numbers, cells, _frames(right, values)),
    )


def arrange(features: np.ndarray, seed: int) -> np.ndarray:
    """t-SNE of features (N, F): (N, 2); reproducible by seed."""
    from sklearn.manifold import TSNE

    spread = features.std(0)
    scaled = (features - features.mean(0)) / np.where(spread > 0, spread, 1)
    if not spread.any():
        return np.random.default_rng(seed).normal(size=(len(features), 2))
    perplexity = min(30.0, (len(features) - 1) / 3)
    return TSNE(
        perplexity=perplexity, init="pca" if min(scaled.shape) > 1 else "random", random_state=seed
    ).fit_transform(scaled)


def to_grid(places: np.ndarray) -> np.ndarray:
    """A distinct cell (row, column) for each point (N, 2), with the smallest total distance; a few cells stay empty."""
    columns = int(np.ceil(np.sqrt(len(places) * 1.1)))
    rows = -(-len(places) // columns)
    low, high = places.min(0), places.max(0)
    unit = (places - low) / np.where(high > low, high - low, 1)
    grid = np.stack(np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij"), -1).reshape(-1, 2)
    _, chosen = linear_sum_assignment(cdist(unit[:, ::-1], grid, "sqeuclidean"))
    return np.stack(np.divmod(chosen, columns), 1)


def _answers(model: Model, part: Part, numbers: np.ndarray) -> tuple[bool | None, ...]:
    """Whether each answer is correct, if the source has labels and the task defines it."""
    try:
        samples = load_samples(part, model.task, spec_for_batches(model.images))
    except EyespotError:
        return (None,) * len(numbers)
    rows: dict[int, bool | None] = {}
    for indices, output, target in outputs_over(model, samples):
        records = model.task.to_rows(output, target)
        rows |= {int(index): row.get("right") for index, row in zip(indices, records, strict=True)}
    return tuple(rows[number] for number in numbers.tolist())


def _values(model: Model, images: Images, numbers: np.ndarray) -> tuple[float, ...]:
    """The answer for each image, if the task answers with a number; otherwise empty."""
    found: list[float] = []
    for start in range(0, len(numbers), BATCH):
        chosen = numbers[start : start + BATCH]
        outputs = model.answer_outputs(batch_of(images, chosen))
        for place in range(len(chosen)):
            answer = model.task.answer(map_output(outputs, lambda one, place=place: one[place].cpu()))["answer"]
            if not isinstance(answer, int | float):
                return ()
            found.append(float(answer))
    return tuple(found)


def _frames(right: Sequence[bool | None], values: Sequence[float]) -> list[tuple[int, ...] | None]:
    """The color of each image's frame: from the lowest value to the highest, or red if it is answered wrongly."""
    if not values:
        return [WRONG if answer is False else None for answer in right]
    import matplotlib as mpl

    low, high = min(values), max(values)
    scaled = [(value - low) / (high - low) if high > low else 0.5 for value in values]
    return [tuple(color[:3]) for color in mpl.colormaps[COLORS](scaled, bytes=True).tolist()]


def _mosaic(
    images: Images, numbers: np.ndarray, cells: np.ndarray, frames: Sequence[tuple[int, ...] | None]
) -> np.ndarray:
    tiles = [thumbnail(images.image(int(number)), SIDE) for number in numbers]
    height, width = (max(tile.shape[axis] for tile in tiles) + 2 * FRAME for axis in (0, 1))
    canvas = np.full(((cells[:, 0].max() + 1) * height, (cells[:, 1].max() + 1) * width, 3), 255, np.uint8)
    for tile, (row, column), color in zip(tiles, cells, frames, strict=True):
        top, left = row * height, column * width
        bottom, far = top + tile.shape[0] + 2 * FRAME, left + tile.shape[1] + 2 * FRAME
        if color is not None:
            canvas[top:bottom, left:far] = color
        canvas[top + FRAME : bottom - FRAME, left + FRAME : far - FRAME] = tile
    return canvas
