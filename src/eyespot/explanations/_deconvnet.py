"""The part of the image that activates a unit: its activation projected back to the pixels by a deconvnet.

Zeiler and Fergus 2014, "Visualizing and Understanding Convolutional Networks" (https://arxiv.org/abs/1311.2901):
unpool with the recorded switches, rectify, convolve with the transposed filters, down to the pixels. This is the
gradient through convolutions and poolings (overlapping windows add up); only the rule at a ReLU differs: it passes
the positive part of the signal, instead of the positions with positive activations.
Shapes: N images, C channels, H height, W width.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ..networks.graph.record import Call
from ..networks.graph.replay import replay, require_followed
from ._checks import randomization_check
from ._explanation import Explanation, Panel
from ._request import ExplanationRequest
from ._trace import check_place
from .subject import Subject, choose_layer, choose_unit

LAYERS = ("relu", "conv", "tanh", "elementwise", "add")


class _Rectified(torch.autograd.Function):
    """A ReLU whose backward pass keeps only the positive part of the signal."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, *signals: Tensor) -> Tensor:
        return signals[0].clamp(min=0)


def project(calls: Sequence[Call], x: Tensor, index: int, unit: int, at: tuple[int, int] | None = None) -> Tensor:
    """Project the activations of one unit of call `index` to the pixels of images `x` (N, C, H, W).

    Projects only position `at`, or the unit's whole map. Returns (N, C, H, W), in the units of the network's input.
    """
    return project_from(calls, x, index, [(unit, at)] * len(x))


def project_from(
    calls: Sequence[Call], x: Tensor, index: int, starts: Sequence[tuple[int, tuple[int, int] | None]]
) -> Tensor:
    """Like `project`, with a separate unit and position for each image."""
    require_followed(calls[: index + 1], "A deconvnet")
    relus = {call.index: _Rectified.apply for call in calls[: index + 1] if call.kind == "relu"}
    with torch.enable_grad():
        image = x.detach().requires_grad_()
        output = replay(calls[: index + 1], image, relus)[-1]
        seed = torch.zeros_like(output)
        for number, (unit, at) in enumerate(starts):
            place = (number, unit) if at is None else (number, unit, *at)
            seed[place] = output[place].detach().clamp(min=0)
        return torch.autograd.grad(output, image, seed)[0].detach()


def explain_deconvnet(subject: Subject, request: ExplanationRequest) -> Explanation:
    """Project one activation (at a given position or the strongest), and the whole map of its unit, to the pixels."""
    call = choose_layer(subject.calls, request.layer, LAYERS)
    unit = choose_unit(call, request.unit)
    at = check_place(call, unit, request.at)
    one = project(subject.calls, subject.x, call.index, unit, at)[0]
    whole = project(subject.calls, subject.x, call.index, unit)[0]
    strength = float(call.output[(0, unit, *(at or ()))])
    box = call.receptive_field.box(*at) if at and call.receptive_field else None

    def again(calls: Sequence[Call]) -> Tensor:
        return project(calls, subject.x, call.index, unit)[0].sum(0)

    silent = ("This unit is zero on this image, so there is nothing to project.",) if strength <= 0 else ()
    return Explanation(
        method="deconvnet",
        task=subject.model.task.name,
        answer=subject.answer,
        of=f"unit {unit}" + (f" at row {at[0]}, column {at[1]}" if at else "") + f" (activation {strength:.4g})",
        layer=call.name,
        values={"unit": unit, "at": at, "activation": strength, "receptive_field": box},
        maps={"projection": one.sum(0).numpy(), "projection_of_map": whole.sum(0).numpy()},
        checks=() if silent else randomization_check(subject, again, [call.index]),
        notes=(*silent, *subject.notes),
        panels=_panels(subject, call, unit, box, one, whole),
    )


def _panels(
    subject: Subject, call: Call, unit: int, box: tuple[int, int, int, int] | None, one: Tensor, whole: Tensor
) -> tuple[Panel, ...]:
    boxes = (box,) if box else ()
    activity = call.output[0, unit].numpy()
    panels = [
        Panel(
            title="the image, and what the activation depends on", kind="picture", values=subject.picture, boxes=boxes
        )
    ]
    if activity.ndim == 2:
        panels.append(
            Panel(title=f"map of unit {unit} in '{call.name}'", kind="signed", values=activity, legend="activation")
        )
    if box:
        title = "projection of the activation"
        panels.append(
            Panel(title=title, kind="signed", values=one.sum(0).numpy(), legend="sum over channels", boxes=boxes)
        )
    title = "projection of the whole map" if box else "projection"
    panels.append(Panel(title=title, kind="signed", values=whole.sum(0).numpy(), legend="sum over channels"))
    panels.append(Panel(title=f"{title}, as an image", kind="picture", values=as_picture(whole)))
    return tuple(panels)


def as_picture(projection: Tensor) -> Any:
    """A projection (C, H, W) as uint8 (H, W, C): zero is middle gray, the largest absolute value is scaled to full."""
    limit = projection.abs().max().clamp(min=1e-12)
    return ((projection / limit + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()
