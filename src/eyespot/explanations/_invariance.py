"""The method `invariance`: how features and answer change as the image is shifted, scaled and rotated.

Zeiler and Fergus 2014 (https://arxiv.org/abs/1311.2901), figure 5. Shapes: N images, C channels, H height, W width.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..networks.graph.record import Call, output_calls, output_of, record
from ..sources.warp import motion, warp
from ._explanation import Explanation, Panel
from ._request import ExplanationRequest
from .subject import Subject
from .units import unit_layers

SHIFT = 0.25
"""Largest shift, as a fraction of the width."""
ZOOM = 1.8
STEPS = 25


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One transformation: its amounts, with the distance of the features and the answer for each."""

    change: str
    amounts: tuple[float, ...]
    first: tuple[float, ...]
    last: tuple[float, ...]
    probability: tuple[float, ...]


@torch.no_grad()
def explain_invariance(subject: Subject, request: ExplanationRequest) -> Explanation:
    """Shift, scale and rotate the image, and measure the distance of the features and the output."""
    layers = unit_layers(subject.calls)
    hidden = [call for call in layers if call.index not in output_calls(subject.calls).values()] or layers
    first, last = hidden[0], hidden[-1]
    curves = [_curve(subject, change, first, last) for change in ("shift", "scale", "rotate")]
    return Explanation(
        method="invariance",
        task=subject.model.task.name,
        answer=subject.answer,
        of=subject.name,
        layer=f"{first.name} and {last.name}",
        values={"curves": curves},
        notes=("Distances are relative to the norm of the features of the unchanged image.", *subject.notes),
        panels=(
            *(_features_panel(curve, first, last) for curve in curves),
            *(_answer_panel(subject, curve) for curve in curves),
        ),
    )


AXES = {"shift": "shift to the right, share of the width", "scale": "factor", "rotate": "degrees"}


def amounts_of(change: str) -> list[float]:
    """The amounts of a transformation, including the unchanged image."""
    if change == "shift":
        return torch.linspace(-SHIFT, SHIFT, STEPS).tolist()
    return torch.linspace(1, ZOOM, STEPS).tolist() if change == "scale" else torch.linspace(0, 350, 36).tolist()


def changed(pixels: Tensor, change: str, amounts: list[float]) -> Tensor:
    """Apply a transformation to one image (1, C, H, W) by each amount; the border is repeated outside."""
    height, width = pixels.shape[2:]
    values = np.array(amounts)
    frames = {
        "shift": lambda: motion((height, width), shift=values[:, None] * [0, width]),
        "scale": lambda: motion((height, width), zoom=values),
        "rotate": lambda: motion((height, width), rotate=values),
    }[change]()
    return warp(pixels.expand(len(amounts), -1, -1, -1), frames, border="border").clamp(0, 1)


def _curve(subject: Subject, change: str, first: Call, last: Call) -> Curve:
    amounts = amounts_of(change)
    model = subject.model
    pixels = changed(subject.pixels, change, amounts)
    calls = record(model.network, model.network_x(pixels))
    return Curve(
        change=change,
        amounts=tuple(amounts),
        first=_distances(calls[first.index].output, first.output),
        last=_distances(calls[last.index].output, last.output),
        probability=tuple(subject.probability(output_of(calls)).tolist()),
    )


def _distances(moved: Tensor, untouched: Tensor) -> tuple[float, ...]:
    length = untouched.norm().clamp(min=1e-12)
    return tuple(((moved - untouched).flatten(1).norm(dim=1) / length).tolist())


def _features_panel(curve: Curve, first: Call, last: Call) -> Panel:
    lines = {first.name: curve.first, last.name: curve.last}
    return Panel(
        title=f"{curve.change}: distance of the features",
        kind="curves",
        values={name: list(zip(curve.amounts, line, strict=True)) for name, line in lines.items()},
        legend="relative distance",
        across=AXES[curve.change],
    )


def _answer_panel(subject: Subject, curve: Curve) -> Panel:
    return Panel(
        title=f"{curve.change}: {subject.measure} of '{subject.name}'",
        kind="curves",
        values={subject.name: list(zip(curve.amounts, curve.probability, strict=True))},
        legend=subject.measure,
        across=AXES[curve.change],
    )
