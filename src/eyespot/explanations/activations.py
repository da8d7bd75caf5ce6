"""The method `activations`: the output of every call for one image, with the gradient of the answer.

Shapes: C channels, H height, W width.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..networks.graph.record import Call, output_of
from ..networks.graph.replay import first_opaque, replay
from ._deconvnet import LAYERS
from ._explanation import Explanation, Panel
from ._request import ExplanationRequest
from .subject import Subject, choose_layer

BINS = 32
TILES = 36
"""Maximum number of channels to draw, most active first."""


def explain_activations(subject: Subject, request: ExplanationRequest) -> Explanation:
    """Values, shape, range, mean, fraction of zeros and histogram of each call in order; the same of its gradient."""
    slopes = gradients(subject)
    rows = [layer_row(call, None if slopes is None else slopes[call.index]) for call in subject.calls]
    call = choose_layer(subject.calls, request.layer, LAYERS)
    silent = {row["name"]: row["silent_units"] for row in rows if row["silent_units"]}
    listed = ", ".join(f"{name}: {len(units)}" for name, units in silent.items())
    notes = (f"Units that are nowhere above zero on this image: {listed}.",) if silent else ()
    gap = () if slopes is not None else ("Gradients are left out: the network has an unsupported operation.",)
    return Explanation(
        method="activations",
        task=subject.model.task.name,
        answer=subject.answer,
        of=subject.name,
        layer=call.name,
        values={"calls": rows},
        notes=(*notes, *gap, *subject.notes),
        panels=_panels(subject, call, rows, slopes),
    )


def gradients(subject: Subject) -> list[Tensor] | None:
    """The gradient of the explained number with respect to each call (1, ...); None if a call is not supported."""
    if first_opaque(subject.calls) is not None:
        return None
    with torch.enable_grad():
        values = replay(subject.calls, subject.x.detach().requires_grad_())
        number = subject.objective(output_of(subject.calls, values)).sum()
        slopes = torch.autograd.grad(number, values, allow_unused=True)
    return [torch.zeros_like(value) if slope is None else slope for value, slope in zip(values, slopes, strict=True)]


def layer_row(call: Call, slope: Tensor | None = None) -> dict[str, Any]:
    """The statistics of one call: index, shape, values and gradients."""
    field = call.receptive_field
    return {
        "index": call.index,
        "name": call.name,
        "kind": call.kind,
        "inputs": list(call.inputs),
        "shape": list(call.shape),
        "receptive_field": field.size if field else None,
        "values": figures(call.output),
        "gradients": None if slope is None else figures(slope),
        "silent_units": silent_units(call),
    }


def figures(tensor: Tensor) -> dict[str, Any]:
    """Minimum, maximum, mean, standard deviation, fraction of zeros, and a histogram with its edges."""
    numbers = tensor.detach().double().flatten().numpy()
    finite = numbers[np.isfinite(numbers)]
    counts, edges = np.histogram(finite, bins=BINS)
    return {
        "minimum": float(numbers.min()),
        "maximum": float(numbers.max()),
        "mean": float(numbers.mean()),
        "std": float(numbers.std()),
        "zeros": float((numbers == 0).mean()),
        "histogram": counts.tolist(),
        "edges": [float(edges[0]), float(edges[-1])],
    }


def silent_units(call: Call) -> list[int]:
    """Channels of an activation that are never above zero for this image; they may be dead units."""
    if call.kind != "relu":
        return []
    return (call.output[0].flatten(1).amax(1) <= 0).nonzero().flatten().tolist() if len(call.shape) == 3 else []


def _panels(
    subject: Subject, call: Call, rows: Sequence[dict[str, Any]], slopes: Sequence[Tensor] | None
) -> tuple[Panel, ...]:
    output = call.output[0]
    maps = _as_maps(output)
    energy = maps.abs().flatten(1).sum(1)
    strongest = energy.argsort(descending=True)[:TILES]
    ranked = f"{len(strongest)} of {len(maps)} maps, most active first"
    panels = [
        Panel(title="the image as the network sees it", kind="picture", values=subject.picture),
        Panel(title=ranked, kind="signed", values=tiled(maps[strongest].numpy()), legend="activation"),
    ]
    if slopes is not None:
        slope = slopes[call.index][0]
        slope = _as_maps(slope)
        title = "gradients of the answer with respect to them"
        panels.append(Panel(title=title, kind="signed", values=tiled(slope[strongest].numpy()), legend="gradient"))
    named = [row for row in rows if row["kind"] not in ("input", "flatten", "dropout", "identity")][-14:]
    panels.append(
        Panel(
            title="share of zeros, in order of execution",
            kind="bars",
            values=[row["values"]["zeros"] for row in named],
            names=tuple(row["name"] for row in named),
            legend="share of zeros",
        )
    )
    return tuple(panels)


def _as_maps(output: Tensor) -> Tensor:
    """Any output of one image as maps (C, H, W); vectors become lines."""
    return output if output.dim() == 3 else output.reshape(len(output), 1, -1)


def tiled(maps: np.ndarray) -> np.ndarray:
    """Maps (n, h, w) arranged in a square grid, with a line of zeros between them."""
    columns = int(np.ceil(np.sqrt(len(maps))))
    padded = np.pad(maps, ((0, -len(maps) % columns), (0, 1), (0, 1)))
    lines = [np.concatenate(list(padded[start : start + columns]), 1) for start in range(0, len(padded), columns)]
    return np.concatenate(lines, 0)[:-1, :-1]
