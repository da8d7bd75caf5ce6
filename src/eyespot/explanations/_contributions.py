"""The method `contributions`: the contribution of each feature to the output of a class (logit).

Shapes: C channels, H height, W width, T terms.
"""

from collections.abc import Sequence

import numpy as np

from ..errors import ExplanationError
from ..networks.graph.record import Call
from ._decomposition import Group
from ._explanation import Check, Explanation, Panel
from ._request import ExplanationRequest
from ._trace import Trace, trace
from .subject import Subject

SHOWN = 10
ROUNDING = 1e-5
_AFTER = ("softmax", "log_softmax", "identity", "dropout")
_PASSING = ("flatten", "reshape", "dropout", "identity", "relu", "tanh", "elementwise", "batch_norm")


def explain_contributions(subject: Subject, request: ExplanationRequest) -> Explanation:
    """Split the output of one class into the contributions of the channels of the last features, and the bias.

    Raises `ExplanationError` for a network that does not end in a dense layer.
    """
    dense = _last_dense(subject.calls)
    if dense is None:
        raise ExplanationError(
            "Contributions need a network that ends in a dense layer; this one does not. Try by='gradient'."
        )
    if not isinstance(subject.of, int) and dense.shape[0] > 1:
        raise ExplanationError(
            f"Contributions explain a single output; here {dense.shape[0]} outputs answer together. Try by='gradient'."
        )
    unit = subject.of if isinstance(subject.of, int) else 0
    decomposition = trace(subject.calls, dense, unit)
    channels = channels_of(subject.calls, decomposition.groups[0])
    sums = sums_by_channel(channels, decomposition.groups[0].products)
    ranked = sorted(sums, key=lambda channel: -sums[channel])
    contributions = [{"feature": int(channel), "vote": sums[channel]} for channel in ranked]
    return Explanation(
        method="contributions",
        task=subject.model.task.name,
        answer=subject.answer,
        of=f"{subject.name} (output {decomposition.number:.4g} = contributions "
        f"{decomposition.total - decomposition.bias:.4g} + bias {decomposition.bias:.4g})",
        layer=dense.name,
        values={
            "contributions": contributions,
            "bias": decomposition.bias,
            "sum": decomposition.total,
            "output": decomposition.number,
        },
        checks=(_adds_up(decomposition),),
        notes=subject.notes,
        panels=(_image(subject), *_drawn(ranked, sums), *_places(subject.calls, decomposition.groups[0])),
    )


def _last_dense(calls: Sequence[Call]) -> Call | None:
    """The dense layer that computes the output, possibly before a softmax; None if there is none.

    Searched backward from the output: the last dense layer that was computed may belong to another head.
    """
    call = calls[-1]
    while call.kind in _AFTER:
        call = calls[call.inputs[0]]
    return call if call.kind == "dense" and len(call.shape) == 1 else None


def _adds_up(found: Trace) -> Check:
    off = abs(found.total - found.number)
    return Check(
        name="contributions and bias compared with the network's output",
        value=off,
        summary=f"A difference below {ROUNDING:g} of the sum of absolute contributions, "
        f"{found.magnitude:.4g}, is rounding error.",
        passed=off <= ROUNDING * found.magnitude,
    )


def _image(subject: Subject) -> Panel:
    return Panel(title="the image as the network sees it", kind="picture", values=subject.picture)


def _drawn(ranked: Sequence[int], sums: dict[int, float]) -> list[Panel]:
    """The largest positive and negative contributions."""
    sides = {
        "the largest positive contributions": [channel for channel in ranked[:SHOWN] if sums[channel] > 0],
        "the largest negative contributions": [channel for channel in ranked[::-1][:SHOWN] if sums[channel] < 0],
    }
    return [
        Panel(
            title=title,
            kind="bars",
            values=[sums[channel] for channel in channels],
            names=tuple(f"feature {channel}" for channel in channels),
            legend="part of the output",
        )
        for title, channels in sides.items()
        if channels
    ]


def _places(calls: Sequence[Call], group: Group) -> list[Panel]:
    """The contributions by position, if the features are maps."""
    source = _map_behind(calls, group)
    if source is None or max(source.shape[1:]) == 1:
        return []
    contributions = group.products.reshape(source.shape).sum(0)
    return [
        Panel(
            title=f"contributions by position in '{source.name}'",
            kind="signed",
            values=contributions,
            legend="part of the output",
        )
    ]


def channels_of(calls: Sequence[Call], group: Group) -> np.ndarray:
    """The channel of each term (T,), also if a map was flattened before."""
    source = _map_behind(calls, group)
    return group.places[:, 0] if source is None else group.places[:, 0] // (source.shape[1] * source.shape[2])


def _map_behind(calls: Sequence[Call], group: Group) -> Call | None:
    """The map (C, H, W) that was flattened to the terms; None if channels do not come first."""
    source = calls[group.index]
    count = source.output[0].numel()
    if group.places.shape[1] != 1 or len(group.places) != count:
        return None
    while len(source.shape) == 1 and source.kind in _PASSING and len(source.inputs) == 1:
        source = calls[source.inputs[0]]
    if source.kind in ("permute", "reshape"):
        return None
    return source if len(source.shape) == 3 and source.output[0].numel() == count else None


def sums_by_channel(channels: np.ndarray, products: np.ndarray) -> dict[int, float]:
    """Sum products (T,) by channel."""
    unique, which = np.unique(channels, return_inverse=True)
    return dict(zip(unique.tolist(), np.bincount(which, products).tolist(), strict=True))
