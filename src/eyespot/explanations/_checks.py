"""Sanity checks of explanations, applied to every method.

Shapes: N images, C channels, H height, W width.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from scipy.stats import spearmanr
from torch import Tensor

from ..networks.graph.record import Call, record
from ..networks.graph.replay import ancestors
from ._explanation import Check, Panel
from .subject import Subject

ALIKE = 0.5
"""Above this rank correlation with the map of a randomized network, a map depends on the image, not on the network."""
STEPS = 24
ORDERS = 4
"""Number of random orders that a deletion curve is compared with."""


def randomization_check(
    subject: Subject, explain: Callable[[Sequence[Call]], Tensor], tops: Sequence[int], seed: int = 0
) -> tuple[Check, ...]:
    """Check that the map changes when weights are randomized (Adebayo et al. 2018, "Sanity Checks").

    `explain` computes the map (H, W) of a network from its calls; the weights up to the calls `tops` are shuffled,
    first those of the highest layer with weights, then all. The result is the rank correlation of the absolute maps, 1
    for no change.
    """
    before = explain(subject.calls)
    learned = subject.model.network.state_dict().keys()  # excludes constants such as PilotNet's color conversion
    below = [subject.calls[index] for index in ancestors(subject.calls, *tops)]
    weights = [call.parameters["weight"] for call in below if _has_weights(call)]
    names = [name for name in weights if name in learned]
    if not names:
        return ()
    checks = []
    for label, chosen in (("the highest layer", names[-1:]), ("all layers", names)):
        after = explain(_shuffled(subject, chosen, seed))
        value = similarity(before, after)
        summary = f"Rank correlation with the map of the network whose weights are shuffled in {label}; near 0 is right"
        summary += "." if after.any() else " (that map is empty)."
        checks.append(Check(name=f"randomization of {label}", value=value, summary=summary, passed=value < ALIKE))
    return tuple(checks)


def _has_weights(call: Call) -> bool:
    return call.kind in ("conv", "conv_transposed", "dense") and "weight" in call.parameters


def _shuffled(subject: Subject, names: Sequence[str], seed: int) -> list[Call]:
    """The record of the same network with some weights shuffled: the same distribution, without learned structure."""
    generator = torch.Generator().manual_seed(seed)
    state = subject.model.network.state_dict()
    weights = {}
    for name in dict.fromkeys(names):
        flat = state[name].flatten()
        weights[name] = flat[torch.randperm(len(flat), generator=generator)].view_as(state[name])
    return record(subject.model.edited(weights).network, subject.x)


def similarity(one: Tensor, other: Tensor) -> float:
    """Spearman's rank correlation of two absolute maps; 0 if one of them is constant."""
    a, b = one.abs().flatten().numpy(), other.abs().flatten().numpy()
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(spearmanr(a, b)[0])  # pyright: ignore[reportArgumentType]


def completeness_check(full: Tensor, expected: float, summary: str, tolerance: float = 0.02) -> Check:
    """Check that the map sums to the output, if the method guarantees it; relative to the sum of absolute values."""
    total = float(full.sum())
    off = abs(total - expected) / max(float(full.abs().sum()), 1e-12)
    return Check(
        name="sum of the map against the output",
        value=off,
        summary=f"The map adds up to {total:.4g}; {summary} is {expected:.4g}.",
        passed=off <= tolerance,
    )


@torch.no_grad()
def deletion_insertion(subject: Subject, heat: Tensor, seed: int = 0) -> tuple[tuple[Check, ...], Panel]:
    """Delete or insert pixels in the order of importance of a map (H, W), and record the output.

    Petsiuk et al. 2018, "RISE" (https://arxiv.org/abs/1806.07421). Removed pixels are replaced by the blurred image.
    The results are areas under the curve of the probability (or the objective) over the fraction of pixels.
    """
    order = heat.flatten().argsort(descending=True, stable=True)
    curves = {"deletion": _curve(subject, order, keep=False), "insertion": _curve(subject, order, keep=True)}
    generator = torch.Generator().manual_seed(seed)
    orders = [torch.randperm(len(order), generator=generator) for _ in range(ORDERS)]
    chance = np.mean([_curve(subject, other, keep=False)[:, 1] for other in orders], axis=0)
    curves["deletion, random order"] = np.stack([curves["deletion"][:, 0], chance], 1)
    areas = {name: float(np.trapezoid(points[:, 1], points[:, 0])) for name, points in curves.items()}
    random = areas["deletion, random order"]
    better = {"deletion": areas["deletion"] < random, "insertion": areas["insertion"] > random}
    wanted = {"deletion": "smaller", "insertion": "larger"}
    checks = tuple(
        Check(
            name=f"area under {name}",
            value=areas[name],
            summary=f"The {wanted[name]} the better; a random order gives {random:.4g}.",
            passed=better[name],
        )
        for name in better
    )
    panel = Panel(
        title="deleted or inserted pixels, most important first",
        kind="curves",
        values={name: points.tolist() for name, points in curves.items()},
        legend=subject.measure,
        across="share of pixels",
    )
    return checks, panel


def _curve(subject: Subject, order: Tensor, keep: bool) -> np.ndarray:
    """(steps, 2): fraction of changed pixels, and the resulting probability or objective."""
    height, width = subject.x.shape[2:]
    blurred = _blurred(subject.x)
    shares = torch.linspace(0, 1, STEPS + 1)
    masks = torch.zeros(STEPS + 1, height * width)
    for mask, share in zip(masks, shares, strict=True):
        mask[order[: round(float(share) * len(order))]] = 1
    chosen = masks.view(-1, 1, height, width)
    images = subject.x * chosen + blurred * (1 - chosen) if keep else blurred * chosen + subject.x * (1 - chosen)
    return np.stack([shares.numpy(), subject.probability(subject.model.network(images)).numpy()], 1)


def _blurred(x: Tensor) -> Tensor:
    """Mean of a wide window (a quarter of the shorter side) around each pixel."""
    side = max(3, min(x.shape[2:]) // 4 // 2 * 2 + 1)
    return torch.nn.functional.avg_pool2d(x, side, 1, side // 2, count_include_pad=False)
