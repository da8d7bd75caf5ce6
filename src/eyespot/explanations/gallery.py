"""The methods `units` and `directions`: galleries of the images that activate a layer, as values and as a page.

Szegedy et al. 2014, "Intriguing properties of neural networks" (https://arxiv.org/abs/1312.6199): images that activate
a random direction of a layer resemble each other as much as those that activate a unit. The blind comparison shows it.
Shapes: h and w height and width of a receptive field, U units, D directions, C channels.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ExplanationError
from ..files import write_whole
from ..findings import to_json, to_plain
from ..html import write_page
from ..model import Model
from ..sources.cache import decode
from ..sources.source import Part, Source, part_of
from ._directions import excited_by_directions
from ._request import ExplanationRequest
from .units import Exciting, LayerUnits, Unit, spec_for_batches, strongest_images

GAP = 2
LARGEST_FIELD = 96
"""Larger fields are downscaled on the page."""
PAIRS = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class Gallery:
    """The images of a source that activate the units of a model most, layer by layer."""

    method: str
    task: str
    source: str
    count: int
    layers: tuple[LayerUnits, ...]
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()
    solution: tuple[str, ...] = ()

    @property
    def dead(self) -> list[str]:
        """Units that are active on no image, as "layer/number"."""
        return [f"{layer.name}/{unit.number}" for layer in self.layers for unit in layer.units if unit.dead]

    def to_plain(self) -> dict[str, Any]:
        """All values except the pixels."""
        layers = [
            {"name": layer.name, "field": layer.field, "units": [self._unit(u) for u in layer.units]}
            for layer in self.layers
        ]
        rest = {
            part.name: to_plain(getattr(self, part.name))
            for part in fields(self)
            if part.name not in ("layers", "names")
        }
        return {**rest, "dead": self.dead, "layers": layers}

    def _unit(self, unit: Unit) -> dict[str, Any]:
        strongest = [
            {"image": self.names[one.image], "activation": one.activation, "at": one.at, "box": one.box}
            for one in unit.strongest
        ]
        return {
            "unit": unit.number,
            "mean": unit.mean,
            "active": unit.active,
            "dead": unit.dead,
            "strongest": strongest,
        }

    def to_json(self) -> str:
        """All values except the pixels, as a JSON document."""
        return to_json(self.to_plain())

    def save(self, path: str | Path) -> Path:
        """Write a self-contained page (.html) or the values (.json); raises `ExplanationError` for another suffix."""
        path = Path(path)
        if path.suffix.lower() == ".json":
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, self.to_json().encode())
            return path
        if path.suffix.lower() != ".html":
            raise ExplanationError(f"{path}: expected .html for a page, or .json for the values.")
        return write_page(
            path, "units.html", {"gallery": self, "layers": [self._shown(layer) for layer in self.layers]}
        )

    def _shown(self, layer: LayerUnits) -> dict[str, Any]:
        """The HTML section of a layer."""
        units = [
            {
                "number": unit.number,
                "dead": unit.dead,
                "active": unit.active,
                "strip": strip(unit.strongest, layer.field),
                "names": [self.names[one.image] for one in unit.strongest],
                "strongest": unit.strongest[0].activation if unit.strongest else 0.0,
            }
            for unit in layer.units
        ]
        return {"name": layer.name, "field": layer.field, "units": units}


def strip(strongest: Sequence[Exciting], field: tuple[int, int]) -> np.ndarray | None:
    """Patches side by side, with their projections below, as one image (2 h + gap, 9 w + gaps, C); None without any."""
    if not strongest:
        return None
    step = max(1, -(-max(field) // LARGEST_FIELD))
    height, width = (-(-side // step) for side in field)
    rows = []
    for pictures in ([one.patch for one in strongest], [one.projection for one in strongest]):
        if pictures[0].size:
            rows.append([_framed(picture[::step, ::step], height, width) for picture in pictures])
    lines = [
        np.concatenate([np.pad(cell, ((0, GAP), (0, GAP), (0, 0)), constant_values=255) for cell in row], 1)
        for row in rows
    ]
    return np.concatenate(lines, 0)[:-GAP, :-GAP]


def _framed(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """Extend a patch that is cropped at the border of the image to its full size, with gray."""
    frame = np.full((height, width, picture.shape[2]), 128, np.uint8)
    kept = picture[:height, :width]
    frame[: kept.shape[0], : kept.shape[1]] = kept
    return frame


def explain_units(model: Model, source: Source | Part, request: ExplanationRequest) -> Gallery:
    """The images that activate every unit of every layer (or of one) most."""
    part, images = _images_of(model, source)
    layers = strongest_images(model, images, request.layer)
    return Gallery(
        method="units",
        task=model.task.name,
        source=_named(source),
        count=len(part),
        layers=tuple(layers),
        names=tuple(row.name for row in part.rows),
        notes=_notes(model),
    )


def explain_directions(model: Model, source: Source | Part, request: ExplanationRequest) -> Gallery:
    """Units of one layer and random directions of it, in random order and without names, for a blind comparison."""
    part, images = _images_of(model, source)
    seed = request.seed or 0
    name, index, field, units, directions = excited_by_directions(model, images, request.layer, PAIRS, seed)
    order = np.random.default_rng(seed).permutation(len(units) + len(directions))
    both = [*units, *directions]
    shuffled = tuple(
        Unit(number=place + 1, strongest=both[which].strongest, mean=both[which].mean, active=both[which].active)
        for place, which in enumerate(order)
    )
    solution = tuple(f"unit {units[which].number}" if which < len(units) else "random direction" for which in order)
    return Gallery(
        method="directions",
        task=model.task.name,
        source=_named(source),
        count=len(part),
        layers=(LayerUnits(name=name, index=index, field=field, units=shuffled),),
        names=tuple(row.name for row in part.rows),
        notes=_notes(model),
        solution=solution,
    )


def _images_of(model: Model, source: Source | Part) -> tuple[Part, Any]:
    part = part_of(source, "all") if isinstance(source, Source) else source
    if not len(part):
        raise ExplanationError(f"The part '{part.name}' holds no images; give one that does.")
    return part, decode(part, spec_for_batches(model.images))


def _named(source: Source | Part) -> str:
    return source.name


def _notes(model: Model) -> tuple[str, ...]:
    height, width = model.images.height, model.images.width
    return (f"All images went through the model's own preprocessing to {width} x {height} pixels.",)
