"""Occlusion: cover parts of the image with a patch, and record the change of the output.

Zeiler and Fergus 2014 (https://arxiv.org/abs/1311.2901), figure 7, computed incrementally (`networks.incremental`).
Shapes: N images, C channels, H height, W width, P patches.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from ..errors import ExplanationError
from ..networks.graph.incremental import TOLERANCE, Incremental, paste
from ..networks.graph.record import output_calls, output_of
from ..networks.network import map_output
from ..progress import report
from ._checks import deletion_insertion
from ._deconvnet import LAYERS, project
from ._explanation import Check, Explanation, Panel
from ._request import ExplanationRequest
from .subject import Subject, choose_layer, choose_unit

GRAY = 0.5
COMPARED = 12
"""Number of positions that are also computed in full, to check the incremental results."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Sweep:
    """All positions of a patch: upper left corners `rows` and `columns` (P,), arranged in a `grid` (down, across)."""

    rows: Tensor
    columns: Tensor
    grid: tuple[int, int]
    patch: int
    contents: Tensor


def sweep_over(subject: Subject, patch: int | None, stride: int | None, fill: float | None) -> Sweep:
    """The positions and fill of a patch; raises `ExplanationError` for a patch that does not fit the image."""
    height, width = subject.x.shape[2:]
    patch = patch if patch is not None else max(1, min(height, width) // 8)
    stride = stride if stride is not None else max(1, patch // 4)
    if not (1 <= patch <= min(height, width)) or stride < 1:
        raise ExplanationError(
            f"A patch of {patch} pixels with stride {stride} does not fit an image of {width} x {height} pixels; "
            f"the patch must have 1 to {min(height, width)} pixels, the stride at least 1."
        )
    if fill is not None and not 0 <= fill <= 1:
        raise ExplanationError(f"fill is {fill:g}; expected a gray from 0 (black) to 1 (white).")
    down, across = (torch.arange(0, side - patch + 1, stride) for side in (height, width))
    rows, columns = torch.meshgrid(down, across, indexing="ij")
    gray = torch.full((1, subject.pixels.shape[1], patch, patch), GRAY if fill is None else fill)
    return Sweep(
        rows=rows.flatten(),
        columns=columns.flatten(),
        grid=(len(down), len(across)),
        patch=patch,
        contents=subject.model.network_x(gray),
    )


@torch.no_grad()
def explain_occlusion(subject: Subject, request: ExplanationRequest) -> Explanation:
    """Slide a patch over the image, and record probability, answer and the strongest feature map."""
    sweep = sweep_over(subject, request.patch, request.stride, request.fill)
    incremental = Incremental(subject.model.network, subject.x)
    ends = list(output_calls(incremental.calls).values())
    watched = _watched(subject, request)
    outputs: dict[int, list[Tensor]] = {index: [] for index in ends}
    activity = []
    wanted = ends if watched is None else [*ends, watched[0]]
    for maps in incremental.maps(sweep.rows, sweep.columns, sweep.contents, wanted):
        for index in ends:
            outputs[index].append(maps[index])
        if watched:
            activity.append(maps[watched[0]][:, watched[1]].flatten(1).sum(1))
        report(sum(map(len, outputs[ends[0]])), len(sweep.rows))
    output = output_of(incremental.calls, {index: torch.cat(parts) for index, parts in outputs.items()})
    probability = subject.probability(output)
    whole = float(subject.probability(subject.output)[0])
    heat = _heat(sweep, whole - probability, subject.x.shape[2:])
    checks, curves = deletion_insertion(subject, heat)
    panels = [_image(subject, sweep), _probability(subject, sweep, probability), *_chosen(subject, sweep, output)]
    if watched:
        panels += _strongest(subject, watched, torch.cat(activity).view(sweep.grid))
    drop = f"loss of {subject.measure}, by pixel"
    panels += [Panel(title="loss when the pixel is covered", kind="signed", values=heat.numpy(), legend=drop), curves]
    return Explanation(
        method="occlusion",
        task=subject.model.task.name,
        answer=subject.answer,
        of=f"{subject.name} ({subject.measure} {whole:.4g} uncovered)",
        layer=subject.calls[watched[0]].name if watched else "",
        values=_values(sweep, probability, whole, incremental),
        maps={"probability": probability.view(sweep.grid).numpy(), "heat": heat.numpy()},
        checks=(_exactness(subject, sweep, output), *checks),
        notes=(_said(sweep, request, incremental), *subject.notes),
        panels=tuple(panels),
    )


def _watched(subject: Subject, request: ExplanationRequest) -> tuple[int, int] | None:
    """Call and unit of the strongest map of the last layer with positions (or of the given layer)."""
    if request.layer is None and not any(
        len(c.shape) == 3 and c.kind in LAYERS and c.shape[1] > 1 for c in subject.calls
    ):
        return None
    call = choose_layer(subject.calls, request.layer, LAYERS)
    return call.index, choose_unit(call, request.unit)


def _heat(sweep: Sweep, drop: Tensor, size: torch.Size) -> Tensor:
    """Mean drop (H, W) over all patches that cover each pixel."""
    total, count = torch.zeros(*size), torch.zeros(*size)
    for row, column, lost in zip(sweep.rows.tolist(), sweep.columns.tolist(), drop.tolist(), strict=True):
        total[row : row + sweep.patch, column : column + sweep.patch] += lost
        count[row : row + sweep.patch, column : column + sweep.patch] += 1
    return total / count.clamp(min=1)


def _values(sweep: Sweep, probability: Tensor, whole: float, incremental: Incremental) -> dict:
    worst = int(probability.argmin())
    return {
        "patch": sweep.patch,
        "stride": int(sweep.rows.unique().diff()[0]) if sweep.grid[0] > 1 else 1,
        "places": len(sweep.rows),
        "uncovered": whole,
        "lowest": float(probability[worst]),
        "lowest_at": [int(sweep.rows[worst]), int(sweep.columns[worst])],
        "multiply_adds_saved": incremental.saved,
    }


def _image(subject: Subject, sweep: Sweep) -> Panel:
    return Panel(
        title="the image, and the size of the patch",
        kind="picture",
        values=subject.picture,
        boxes=((0, 0, sweep.patch, sweep.patch),),
    )


def _probability(subject: Subject, sweep: Sweep, probability: Tensor) -> Panel:
    return Panel(
        title=f"{subject.measure} of '{subject.name}', patch by patch",
        kind="positive",
        values=probability.view(sweep.grid).numpy(),
        legend=subject.measure,
    )


def _chosen(subject: Subject, sweep: Sweep, output: Any) -> list[Panel]:
    """The most probable class at each position, for tasks with classes."""
    labels = subject.model.task.labels
    if not labels or not isinstance(output, Tensor):
        return []
    best = output.argmax(1).view(sweep.grid).numpy()
    return [Panel(title="most probable, patch by patch", kind="choices", values=best, names=labels)]


def _strongest(subject: Subject, watched: tuple[int, int], activity: Tensor) -> list[Panel]:
    index, unit = watched
    call = subject.calls[index]
    panels = [
        Panel(
            title=f"activity of unit {unit}, the strongest of '{call.name}', patch by patch",
            kind="positive",
            values=activity.numpy(),
            legend="sum of the map",
        )
    ]
    if not any(earlier.opaque for earlier in subject.calls[: index + 1]):
        down = project(subject.calls, subject.x, index, unit)[0].sum(0)
        panels.append(
            Panel(
                title="projection of that map (deconvnet)",
                kind="signed",
                values=down.numpy(),
                legend="sum over channels",
            )
        )
    return panels


def _exactness(subject: Subject, sweep: Sweep, output: Any) -> Check:
    """Compare some positions with the full computation."""
    some = torch.linspace(0, len(sweep.rows) - 1, min(COMPARED, len(sweep.rows))).long()
    contents = sweep.contents.expand(len(some), -1, -1, -1)
    plain = subject.model.network(paste(subject.x, sweep.rows[some], sweep.columns[some], contents))
    pairs = zip(tree_leaves(plain), tree_leaves(map_output(output, lambda one: one[some])), strict=True)
    off = max(float((a - b).abs().max() / a.abs().max().clamp(min=1)) for a, b in pairs)
    return Check(
        name="difference from computing whole images",
        value=off,
        summary=f"Largest of {len(some)} places, relative to the largest output; at most {TOLERANCE:g}.",
        passed=off <= TOLERANCE,
    )


def _said(sweep: Sweep, request: ExplanationRequest, incremental: Incremental) -> str:
    fill = GRAY if request.fill is None else request.fill
    how = f"{incremental.saved:.1f} times fewer multiply-adds" if incremental.followed else "computed image by image"
    return (
        f"Patch of {sweep.patch} x {sweep.patch} pixels filled with gray {fill:g}, {len(sweep.rows)} places, {how}. "
        "The result depends on the color of the patch: try another fill."
    )
