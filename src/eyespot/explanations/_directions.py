"""Units and random directions of a layer, with the images that activate each, under the same conditions.

Shapes: N images, C channels, H height, W width, U units, D directions.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..errors import ExplanationError
from ..model import Model
from ..networks.graph.record import Call, find_call, record
from ..networks.graph.replay import replay, require_followed
from ..sources.cache import Images
from .units import BATCH, STRONGEST, Exciting, Unit, batch_of, seen_side, unit_layers


@torch.no_grad()
def excited_by_directions(
    model: Model, images: Images, layer: str | None, count: int, seed: int
) -> tuple[str, int, tuple[int, int], list[Unit], list[Unit]]:
    """Name, index and field of a layer, then `count` of its units and as many random directions, with their images.

    By default the last layer with positions. A direction is a random unit vector with C components; its activation at a
    position is the scalar product with the C activations there.
    """
    calls = record(model.network, model.network_x(batch_of(images, [0])))
    require_followed(calls, "A comparison with random directions")
    call = find_call(calls, layer) if layer else _last_with_places(calls)
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.randperm(call.shape[0], generator=generator)[:count].sort().values
    random = torch.randn(len(chosen), call.shape[0], generator=generator)
    basis = torch.cat([torch.eye(call.shape[0])[chosen], random / random.norm(dim=1, keepdim=True)])
    peaks = torch.cat([_peaks(model, calls, call, basis, images, start) for start in range(0, len(images), BATCH)])
    found = [_unit(model, calls, call, basis, images, peaks, row) for row in range(len(basis))]
    units = [
        Unit(number=int(number), strongest=unit.strongest, mean=unit.mean, active=unit.active)
        for number, unit in zip(chosen, found, strict=False)
    ]
    return call.name, call.index, seen_side(call, images), units, found[len(chosen) :]


def _last_with_places(calls: Sequence[Call]) -> Call:
    fitting = [call for call in unit_layers(calls) if len(call.shape) == 3 and max(call.shape[1:]) > 1]
    if not fitting:
        raise ExplanationError("The network has no layer with maps; choose a layer with layer=.")
    return fitting[-1]


def _activity(model: Model, calls: Sequence[Call], call: Call, basis: Tensor, pixels: Tensor) -> Tensor:
    """The component of each direction at each position: (N, D, H, W), or (N, D, 1, 1) for vectors."""
    value = replay(calls[: call.index + 1], model.network_x(pixels))[-1]
    value = value if value.dim() == 4 else value[:, :, None, None]
    return torch.einsum("dc,nchw->ndhw", basis, value)


def _peaks(model: Model, calls: Sequence[Call], call: Call, basis: Tensor, images: Images, start: int) -> Tensor:
    pixels = batch_of(images, range(start, min(len(images), start + BATCH)))
    return _activity(model, calls, call, basis, pixels).amax((2, 3))


def _unit(
    model: Model, calls: Sequence[Call], call: Call, basis: Tensor, images: Images, peaks: Tensor, row: int
) -> Unit:
    best = peaks[:, row].topk(min(STRONGEST, len(peaks)))
    pixels = batch_of(images, best.indices.numpy())
    activity = _activity(model, calls, call, basis[row : row + 1], pixels)[:, 0]
    strongest = tuple(
        _seen(call, int(image), activity[place], pixels[place]) for place, image in enumerate(best.indices.tolist())
    )
    mean, active = float(peaks[:, row].mean()), float((peaks[:, row] > 0).float().mean())
    return Unit(number=row, strongest=strongest, mean=mean, active=active)


def _seen(call: Call, image: int, activity: Tensor, pixels: Tensor) -> Exciting:
    """The patch at the strongest position, without a projection, which directions do not have."""
    row, column = divmod(int(activity.argmax()), activity.shape[1])
    places = len(call.shape) == 3
    height, width = pixels.shape[1:]
    box = call.receptive_field.box(row, column) if places and call.receptive_field else (0, 0, height, width)
    top, left, bottom, right = box
    patch = (pixels[:, top:bottom, left:right] * 255).round().byte().permute(1, 2, 0).numpy()
    return Exciting(
        image=image,
        activation=float(activity.max()),
        at=(row, column) if places else None,
        box=box,
        patch=patch,
        projection=np.empty((0, 0, patch.shape[2]), np.uint8),
    )
