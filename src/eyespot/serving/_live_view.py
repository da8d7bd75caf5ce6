"""Live view of a training: kernels, maps, and answers to random held-out images.

All values are computed with the averaged weights, which become the model. Shapes: N images, C channels, H height, W
width.
"""

import base64
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..findings import to_plain
from ..model import Model
from ..networks.graph.record import Call, record
from ..networks.network import map_output
from ..samples import make_problem

if TYPE_CHECKING:
    from ..training.state import State, Training

HELD = 12
"""Number of random validation images at a time; a third for models without a fixed input size."""
MOST_TILES, MOST_SIDE = 32, 64
"""Maximum number of maps or filters of one layer, and their maximum side in pixels."""
MOST_INPUTS = 8
"""Maximum number of channels of a kernel."""
BEST = 3
KEPT = ("target", "answer", "label", "right", "error", "psnr")
"""Columns of the table of predictions that are sent for an image."""


def view(
    training: "Training", state: "State", layer: str = "", images: int = 0, picture: int = 0, pixels: bool = False
) -> dict[str, Any]:
    """Kernels and maps of one layer, and the answers to some held-out images, as plain values.

    `images` is the seed of the random images, and `picture` the index of the one whose maps are returned; with `pixels`
    the images themselves are included. The training is not changed. Without validation images, training images are
    used.
    """
    model = Model(network=state.average, task=training.task, images=training.images)
    samples = training.validation if len(training.validation) else training.train
    count = min(HELD // 3 if samples.native else HELD, len(samples))
    rows = np.random.default_rng([training.recipe.seed, images]).choice(len(samples), count, replace=False)
    batches = [samples.single(int(row)) for row in rows] if samples.native else [samples.batch(rows)]
    held: list[dict[str, Any]] = []
    seen: list[Tensor] = []
    with torch.no_grad(), training.compute.autocast():
        for batch in (make_problem(model.task, decoded) for decoded in batches):
            output = model.outputs(batch.x.to(training.compute.device))
            output = map_output(output, lambda one: one.float().cpu())
            seen += list(batch.x.split(1))
            answer = model.task.answer_image(output, batch.x)
            answer = [None] * len(batch) if answer is None else list(answer)
            held += [_to_dict(*pair) for pair in zip(model.task.to_rows(output, batch.target), answer, strict=True)]
        x = model.network_x(seen[picture % count].to(training.compute.device))
        calls = record(model.network, x)
    for place, (row, one) in enumerate(zip(rows, held, strict=True)):
        one["name"] = samples.part.rows[int(row)].name
        if pixels:
            one["pixels"] = _bytes(seen[place][0])
    return {
        "part": samples.part.name,
        "step": state.step,
        "steps": state.schedule.steps,
        "images": state.schedule.seen(state.step),
        "seconds": state.seconds,
        "held": held,
        **_layer(calls, layer),
    }


def _to_dict(row: dict[str, Any], made: Tensor | None) -> dict[str, Any]:
    """One answer: whether it is correct, and the most probable classes; or the resulting image."""
    kept = {name: to_plain(row[name]) for name in KEPT if name in row}
    chances = row.get("probabilities") or {}
    best = sorted(chances.items(), key=lambda pair: -pair[1])[:BEST]
    return {**kept, "best": best, **({} if made is None else {"answered": _bytes(made)})}


def _layer(calls: list[Call], name: str) -> dict[str, Any]:
    """Names of the layers with maps, and the maps and kernels of one of them; the first convolution by default."""
    drawn = [call for call in calls[1:] if len(call.shape) == 3]
    listed = {"layers": [{"name": call.name, "kind": call.kind, "shape": call.shape} for call in drawn]}
    convolutions = [call for call in drawn if call.kind == "conv"]
    chosen = next((call for call in drawn if call.name == name), next(iter(convolutions or drawn), None))
    if chosen is None:
        return {**listed, "layer": "", "maps": None, "kernels": None}
    weight = chosen.weights.get("weight") if chosen.kind == "conv" else None
    kernels = None if weight is None else _numbers(weight[:MOST_TILES, :MOST_INPUTS])
    return {**listed, "layer": chosen.name, "maps": _numbers(_small(chosen.output[0][:MOST_TILES])), "kernels": kernels}


def _small(maps: Tensor) -> Tensor:
    """Subsample maps (C, H, W) that are too large to be sent several times a second."""
    every = -(-max(maps.shape[1:]) // MOST_SIDE)
    return maps[:, ::every, ::every]


def _numbers(values: Tensor) -> dict[str, Any]:
    """Numbers as signed bytes in base64: 127 corresponds to `scale`, the largest absolute value."""
    values = values.detach().float().cpu()
    scale = float(values.abs().max()) if values.numel() else 0.0
    levels = (values / (scale or 1.0) * 127).round().to(torch.int8).numpy()
    return {"shape": list(values.shape), "scale": scale, "data": base64.b64encode(levels.tobytes()).decode()}


def _bytes(picture: Tensor) -> dict[str, Any]:
    """An image (C, H, W) in [0, 1] as bytes (C, H, W) in base64, downscaled if it is large."""
    levels = (_small(picture).clamp(0, 1) * 255).round().byte().cpu().numpy()
    return {"shape": list(levels.shape), "data": base64.b64encode(np.ascontiguousarray(levels).tobytes()).decode()}
