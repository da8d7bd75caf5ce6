"""The other sections of a robustness report: bounds, corruptions, out-of-distribution images, transfer.

Each returns plain values, or a reason why there are none. Shapes: N images, C channels, H height, W width.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from statistics import median
from typing import Any

import numpy as np
import torch

from ...errors import AttackError
from ...findings import to_plain
from ...model import Model
from ...sources.source import Part
from ...tasks.criterion import Aim
from .._corruptions import corruption_curves
from .._intervals import certified_sizes
from .._lipschitz import certified_radii, layer_bounds
from .._methods import choose
from .._out_of_distribution import out_of_distribution
from .._quantization import to_bytes
from .._transfer import transfer
from ..candidates import Candidates, draw
from ..pixel_map import map_of

BOUNDED, CARRIED_OVER = 20, 50
"""Number of images for intervals and transfer."""
MAPPED, LARGEST_MAPPED = 2, 32 * 32
"""Number of pixel maps in a report, and the maximum number of positions per image."""
LARGEST_BOUNDED = 3 * 128 * 128
"""Maximum input size for bounds: beyond it, they take long and prove nothing."""


def about_bounds(model: Model, chosen: Candidates) -> dict[str, Any]:
    """Norms layer by layer, and the radii within which answers provably do not change."""
    if np.prod(model.images.shape) > LARGEST_BOUNDED:
        return {"reason": "The images are too large for a useful bound.", "layers": []}
    layers = [asdict(row) for row in layer_bounds(model)]
    if not model.task.choices:
        return {"reason": "Certified radii need classes: a regression has no decision boundary.", "layers": layers}
    numbers = chosen.ready[:BOUNDED]
    images = torch.cat([chosen.images[number] for number in numbers])
    radii = certified_radii(model, images)
    bounds = {"layers": layers, "count": len(numbers), "radii": None if radii is None else _spread(radii.tolist())}
    try:
        return {**bounds, "sizes": _spread(certified_sizes(model, images).tolist())}
    except AttackError as error:
        return {**bounds, "sizes": None, "reason": str(error)}


def about_places(model: Model, chosen: Candidates, rows: Sequence[Mapping[str, Any]], aim: Aim) -> list[dict[str, Any]]:
    """Maps of the first images that one pixel fools, if the images are small."""
    fooled = [row["number"] for row in rows if row["outcome"] == "fooled" and row["pixels_changed"] == 1]
    maps = []
    for number in fooled[:MAPPED]:
        image = chosen.images[number]
        if image.shape[2] * image.shape[3] <= LARGEST_MAPPED:
            pixel_map = map_of(model, image, chosen.names[number], aim, chosen.truths[number])
            kept = {part.name: getattr(pixel_map, part.name) for part in fields(pixel_map) if part.name != "original"}
            maps.append({"number": number, **kept})
    return to_plain(maps)


def about_everyday(model: Model, chosen: Candidates) -> dict[str, Any]:
    """Scores under corruptions, for all evaluated images, correctly classified or not."""
    alike = [number for number, image in enumerate(chosen.images) if image.shape == chosen.images[0].shape]
    images = torch.cat([chosen.images[number] for number in alike])
    try:
        truths = [chosen.truths[number] for number in alike]
        curves = corruption_curves(model, images, truths, chosen.frames[alike])
    except AttackError as error:
        return {"reason": str(error), "curves": []}
    return {"curves": [asdict(curve) for curve in curves]}


def measure_out_of_distribution(model: Model, chosen: Candidates, ood: Part) -> dict[str, Any]:
    """The answers for out-of-distribution images, compared with the evaluated ones."""
    drawn = draw(ood, len(chosen.images), seed=0)
    try:
        own = torch.cat([image for image in chosen.images if image.shape == chosen.images[0].shape])
        shown = torch.cat([model.read(row.picture, row.name) for row in drawn.rows])
        return asdict(out_of_distribution(model, own, shown, ood.name))
    except AttackError as error:
        return {"reason": str(error)}


def about_transfer(models: Mapping[str, Model], chosen: Candidates) -> dict[str, Any] | None:
    """Transfer between models, for images at the input size of the first one; None for a single model."""
    if len(models) < 2:
        return None
    first = next(iter(models.values())).task
    numbers = chosen.ready[:CARRIED_OVER]
    pictures = [to_bytes(chosen.images[number][0]) for number in numbers]
    labels = [first.choices[chosen.truths[number]] if first.choices else "" for number in numbers]
    by = "minimum-noise"
    try:
        return {"by": by, "cells": [asdict(cell) for cell in transfer(models, pictures, labels, by, choose(by))]}
    except AttackError as error:
        return {"by": by, "reason": str(error), "cells": []}


def weights_key(model: Model) -> str:
    """A short text that changes with any weight of a model."""
    digest = hashlib.blake2b(digest_size=8)
    for name, value in model.network.state_dict().items():
        digest.update(name.encode() + value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def part_key(part: Part) -> str:
    """A short text that changes with any image of a part, or their order."""
    return hashlib.blake2b(part.keys.tobytes(), digest_size=8).hexdigest()


def _spread(values: list[float]) -> dict[str, float]:
    return {"smallest": min(values), "median": median(values), "largest": max(values)}
