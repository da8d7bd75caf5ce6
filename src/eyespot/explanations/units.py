"""What each unit has learned: the images that activate it most, each with the patch and its projection.

Zeiler and Fergus 2014 (https://arxiv.org/abs/1311.2901), figure 2. One pass over the images finds the strongest for all
units of all layers; those few are then evaluated again for position, patch and projection.
Shapes: N images, C channels, H height, W width, U units of a layer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from ..embeddings.layers import BATCH, batch_of
from ..images import ImageSpec
from ..model import Model
from ..networks.graph.record import Call, find_call, record
from ..networks.graph.replay import replay, require_followed
from ..progress import report
from ..sources.cache import Images
from ._deconvnet import as_picture, project_from

STRONGEST = 9
RECTIFIED = ("relu", "tanh", "elementwise")
WEIGHTED = ("conv", "conv_transposed", "dense")
BETWEEN = ("batch_norm", "group_norm", "add", "dropout", "identity")


@dataclass(frozen=True, kw_only=True, eq=False)
class Exciting:
    """One image that activates a unit: its index, the activation, its position, and the image region there.

    `patch` and `projection` are uint8 (h, w, C): the receptive field of the position, and the deconvnet projection
    within it (middle gray is zero). `at` is (row, column) in the unit's map, None for a unit without positions.
    """

    image: int
    activation: float
    at: tuple[int, int] | None
    box: tuple[int, int, int, int]
    patch: np.ndarray = field(repr=False)
    projection: np.ndarray = field(repr=False)


@dataclass(frozen=True, kw_only=True, eq=False)
class Unit:
    """One unit: the images that activate it most, the mean (over images) of its largest activation, and the fraction of
    images for which it is active. A dead unit is active on no image.
    """

    number: int
    strongest: tuple[Exciting, ...]
    mean: float
    active: float

    @property
    def dead(self) -> bool:
        """Whether the unit is active on no image."""
        return self.active == 0


@dataclass(frozen=True, kw_only=True, eq=False)
class LayerUnits:
    """All units of one layer; `field` is the side (height, width) of the receptive field of one position."""

    name: str
    index: int
    field: tuple[int, int]
    units: tuple[Unit, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Ranking:
    """The strongest images of one layer: indices and activations (U, 9); mean and active fraction of each unit (U,)."""

    images: Tensor
    activations: Tensor
    mean: Tensor
    active: Tensor


def strongest_images(
    model: Model, images: Images, layer: str | None = None, strongest: int = STRONGEST
) -> list[LayerUnits]:
    """Find the decoded `images` that activate each unit of every layer (or of `layer`) most.

    Raises `ExplanationError` for an unknown layer, or for a network that cannot be followed.
    """
    calls = record(model.network, model.network_x(batch_of(images, [0])))
    require_followed(calls, "A gallery of units")
    chosen = [find_call(calls, layer)] if layer else unit_layers(calls)
    rankings = rank_images(model, calls, [call.index for call in chosen], images, strongest)
    return [_seen(model, calls, call, rankings[call.index], images) for call in chosen]


def unit_layers(calls: Sequence[Call]) -> list[Call]:
    """The calls whose channels are units: activations after weights, and weights without an activation after them."""
    rectified = [call for call in calls if call.kind in RECTIFIED and _comes_from_weights(calls, call)]
    covered = {index for call in rectified for index in _behind(calls, call)}
    bare = [call for call in calls if call.kind in WEIGHTED and call.index not in covered]
    followed = {index for call in calls for index in call.inputs if call.kind in BETWEEN}
    bare = [call for call in bare if call.index not in followed]
    return sorted([*rectified, *bare], key=lambda call: call.index)


def _behind(calls: Sequence[Call], call: Call) -> set[int]:
    """The call directly before a call, skipping normalizations and sums."""
    result, waiting = set(), list(call.inputs)
    while waiting:
        index = waiting.pop()
        result.add(index)
        if calls[index].kind in BETWEEN:
            waiting += calls[index].inputs
    return result


def _comes_from_weights(calls: Sequence[Call], call: Call) -> bool:
    return any(calls[index].kind in WEIGHTED for index in _behind(calls, call))


@torch.no_grad()
def rank_images(
    model: Model, calls: Sequence[Call], indices: Sequence[int], images: Images, strongest: int
) -> dict[int, Ranking]:
    """One pass over all images: for each unit of each call the images with the largest activation at any position."""
    peaks: dict[int, list[Tensor]] = {index: [] for index in indices}
    for start in range(0, len(images), BATCH):
        pixels = batch_of(images, range(start, min(len(images), start + BATCH)))
        x = model.network_x(pixels).contiguous(memory_format=torch.channels_last)
        values = replay(calls[: max(indices) + 1], x)
        for index in indices:
            peaks[index].append(values[index].flatten(2).amax(2) if values[index].dim() == 4 else values[index])
        report(min(start + BATCH, len(images)), len(images))
    return {index: _ranking(torch.cat(parts), strongest) for index, parts in peaks.items()}


def _ranking(peaks: Tensor, strongest: int) -> Ranking:
    """`peaks` (N, U) is the largest activation of each unit in each image."""
    best = peaks.topk(min(strongest, len(peaks)), dim=0)
    return Ranking(
        images=best.indices.T, activations=best.values.T, mean=peaks.mean(0), active=(peaks > 0).float().mean(0)
    )


def _seen(model: Model, calls: Sequence[Call], call: Call, ranking: Ranking, images: Images) -> LayerUnits:
    """Compute positions, patches and projections for the selected images."""
    pairs = [(unit, int(image)) for unit, row in enumerate(ranking.images.tolist()) for image in row]
    exciting: list[Exciting] = []
    for start in range(0, len(pairs), BATCH):
        exciting += _project_some(model, calls, call, pairs[start : start + BATCH], images)
    count = ranking.images.shape[1]
    units = tuple(
        Unit(
            number=unit,
            strongest=tuple(one for one in exciting[unit * count : (unit + 1) * count] if one.activation > 0),
            mean=float(ranking.mean[unit]),
            active=float(ranking.active[unit]),
        )
        for unit in range(len(ranking.images))
    )
    return LayerUnits(name=call.name, index=call.index, field=seen_side(call, images), units=units)


def seen_side(call: Call, images: Images) -> tuple[int, int]:
    """Receptive field (height, width) of one position of a call, at most the whole image."""
    height, width = images.image(0).shape[:2]
    field = call.receptive_field.size if call.receptive_field else None
    return (min(field[0], height), min(field[1], width)) if field and len(call.shape) == 3 else (height, width)


def _project_some(
    model: Model, calls: Sequence[Call], call: Call, pairs: Sequence[tuple[int, int]], images: Images
) -> list[Exciting]:
    pixels = batch_of(images, [image for _, image in pairs])
    x = model.network_x(pixels)
    with torch.no_grad():
        output = replay(calls[: call.index + 1], x)[-1]
    places = [_peak(output[number, unit]) for number, (unit, _) in enumerate(pairs)]
    starts = [(unit, at) for (unit, _), at in zip(pairs, places, strict=True)]
    projections = project_from(calls, x, call.index, starts)
    return [
        _exciting(call, image, output[(number, unit, *(at or ()))], at, pixels[number], projections[number])
        for number, ((unit, image), at) in enumerate(zip(pairs, places, strict=True))
    ]


def _peak(activity: Tensor) -> tuple[int, int] | None:
    if activity.dim() < 2:
        return None
    row, column = divmod(int(activity.argmax()), activity.shape[1])
    return row, column


def _exciting(
    call: Call, image: int, activation: Tensor, at: tuple[int, int] | None, pixels: Tensor, projection: Tensor
) -> Exciting:
    height, width = pixels.shape[1:]
    box = call.receptive_field.box(*at) if at and call.receptive_field else (0, 0, height, width)
    top, left, bottom, right = box
    patch = (pixels[:, top:bottom, left:right] * 255).round().byte().permute(1, 2, 0).numpy()
    return Exciting(
        image=image,
        activation=float(activation),
        at=at,
        box=box,
        patch=patch,
        projection=as_picture(projection[:, top:bottom, left:right]),
    )


def spec_for_batches(spec: ImageSpec) -> ImageSpec:
    """The preprocessing that resizes all images to one size: that of training if a model accepts any size."""
    return replace(spec, fit="crop") if spec.fit == "native" else spec
