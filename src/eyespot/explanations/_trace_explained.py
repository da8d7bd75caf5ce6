"""The method `trace`: one number of a network as an explanation, with its terms drawn by channel."""

from dataclasses import fields
from typing import Any

from ..networks.graph.record import find_call
from ._contributions import channels_of, sums_by_channel
from ._decomposition import Group
from ._explanation import Explanation, Panel
from ._request import ExplanationRequest
from ._trace import Trace, trace
from .subject import Subject, choose_unit

SHOWN = 12
"""Number of channels to draw, those with the largest sums; the values include all."""


def explain_trace(subject: Subject, request: ExplanationRequest) -> Explanation:
    """The decomposition of one number of one layer: all its terms, and its uses."""
    call = find_call(subject.calls, request.layer) if request.layer else subject.calls[-1]
    unit = request.unit
    if unit is None and call is subject.calls[-1] and isinstance(subject.of, int):
        unit = subject.of
    decomposition = trace(subject.calls, call, choose_unit(call, unit), request.at)
    place = f" at row {decomposition.at[0]}, column {decomposition.at[1]}" if decomposition.at else ""
    return Explanation(
        method="trace",
        task=subject.model.task.name,
        answer=subject.answer,
        of=f"number {decomposition.unit}{place} = {decomposition.number:.6g}",
        layer=f"{call.name} ({call.kind})",
        values=_to_dict(decomposition),
        notes=(_sentence(decomposition), *subject.notes),
        panels=_panels(subject, decomposition),
    )


def _to_dict(found: Trace) -> dict[str, Any]:
    values = {part.name: getattr(found, part.name) for part in fields(found)}
    return {**values, "magnitude": found.magnitude}


def _sentence(found: Trace) -> str:
    count = sum(len(group.products) for group in found.groups)
    given = f"{found.function}(" if found.function else ""
    return (
        f"{found.rule}. {count} terms with the sum {found.total - found.bias:.6g}, and {found.bias:.6g} beside them: "
        f"{given}{found.total:.6g}{')' if given else ''} = {found.number:.6g}."
    )


def _panels(subject: Subject, found: Trace) -> tuple[Panel, ...]:
    boxes = (found.receptive_field,) if found.receptive_field else ()
    panels = [Panel(title="what the number depends on", kind="picture", values=subject.picture, boxes=boxes)]
    kernel = subject.calls[found.index].settings.get("kernel", (0, 0))
    for group in found.groups:
        by_channel = sums_by_channel(channels_of(subject.calls, group), group.products)
        strongest = sorted(by_channel, key=lambda channel: -abs(by_channel[channel]))[:SHOWN]
        panels.append(
            Panel(
                title=f"sum of products by channel of '{group.name}'",
                kind="bars",
                values=[by_channel[channel] for channel in strongest],
                names=tuple(f"channel {channel}" for channel in strongest),
                legend="sum of products",
            )
        )
        panels += _windows(group, strongest[0], kernel)
    return tuple(panels)


def _windows(group: Group, channel: int, kernel: tuple[int, int]) -> list[Panel]:
    """Values and weights of one channel, arranged as in the window."""
    chosen = group.places[:, 0] == channel
    if chosen.sum() != kernel[0] * kernel[1] or chosen.sum() < 2:
        return []
    parts = {"input values": group.values, "weights": group.weights}
    return [
        Panel(
            title=f"{name}, channel {channel} of '{group.name}'", kind="signed", values=numbers[chosen].reshape(kernel)
        )
        for name, numbers in parts.items()
    ]
