"""Adversarial training: training on perturbed images, which improves robustness at the cost of clean accuracy.

Method: Wong, Rice and Kolter, "Fast is better than free" (2020): one signed gradient step from a random start
within the allowed change, which costs one more gradient per training step. Noise is free, but less effective.
Shapes: N images, C channels, H height, W width.


It also measures accuracy under attack next to clean accuracy.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..attacks import attack_many, choose
from ..attacks.candidates import candidates, draw
from ..attacks.report.summary import rate
from ..errors import AttackError, look_up
from ..html import percent
from ..model import Model
from ..sources.source import Part
from ..tasks.noise import gaussian_noise, uniform_noise

HARDENINGS = {"adversarial": 8 / 255, "noise": 0.1}
"""The methods with their default sizes."""
STRIDE = 1.25
"""The step size as a multiple of the allowed change; above 1.25, catastrophic overfitting is known to occur."""


@dataclass(frozen=True, kw_only=True)
class Hardening:
    """The method: "adversarial" changes every value by at most `size` (a share of full brightness), "noise" adds
    Gaussian noise of standard deviation `size`. Raises `AttackError` for another name or size.
    """

    by: str
    size: float

    def __post_init__(self) -> None:
        look_up("method of adversarial training", self.by, HARDENINGS, AttackError)
        if not isinstance(self.size, int | float) or not 0 < self.size < 1:
            raise AttackError(f"The perturbation size is {self.size}; expected a share of full brightness, 0 to 1.")


def read_hardening(text: str) -> Hardening:
    """Read "adversarial", or with a size "adversarial:size=0.1".

    >>> read_hardening("noise:size=0.2")
    Hardening(by='noise', size=0.2)
    """
    by, _, options = text.partition(":")
    usual = look_up("method of adversarial training", by, HARDENINGS, AttackError)
    name, _, value = options.partition("=")
    if not options:
        return Hardening(by=by, size=usual)
    try:
        size = float(value)
    except ValueError:
        size = None
    if name != "size" or size is None:
        raise AttackError(f"robust is '{text}'; expected {' or '.join(HARDENINGS)}, or with a size: {by}:size={usual}.")
    return Hardening(by=by, size=size)


def harden(hardening: Hardening, images: Tensor, losses: Callable[[Tensor], Tensor], keys: Tensor) -> Tensor:
    """Perturbed training images (N, C, H, W) in [0, 1], detached.

    `losses` returns the loss of each image (N,), which the perturbation increases; random numbers depend only on
    the key of each image (N,) int64.
    """
    size, shape = hardening.size, tuple(images.shape[1:])
    if hardening.by == "noise":
        return (images + size * gaussian_noise(keys, shape).to(images)).clamp(0, 1).detach()
    drawn = uniform_noise(keys, shape).to(images)
    start = (images + size * (2 * drawn - 1)).clamp(0, 1).detach().requires_grad_(True)
    with torch.enable_grad():
        slope = torch.autograd.grad(losses(start).sum(), start)[0]
    change = (start.detach() - images + STRIDE * size * slope.sign()).clamp(-size, size)
    return (images + change).clamp(0, 1).detach()


IMAGES = 300
"""Maximum number of held-out images to attack."""
ATTACK, STEPS = "pgd", 20


def adversarial_evaluation(model: Model, part: Part, hardening: Hardening) -> dict[str, Any]:
    """The accuracy on held-out images, clean and under an attack of fixed size.

    The attack has the size used in training, or 8/255 after training with noise. "right" and
    "withstood" are shares of the same images, with 95 % Wilson intervals.
    """
    size = hardening.size if hardening.by == "adversarial" else HARDENINGS["adversarial"]
    drawn = draw(part, IMAGES, seed=0)
    tried = {"by": ATTACK, "size": size, "steps": STEPS}
    try:
        chosen = candidates(model, drawn, len(drawn))
    except AttackError:  # no image is classified correctly
        return {**tried, "right": rate(0, len(drawn)), "robust": rate(0, len(drawn))}
    found = attack_many(
        model,
        torch.cat([chosen.images[number] for number in chosen.ready]),
        ATTACK,
        names=[chosen.names[number] for number in chosen.ready],
        truths=[chosen.truths[number] for number in chosen.ready],
        settings=choose(ATTACK, size=size, steps=STEPS),
    )
    robust = sum(one.outcome != "fooled" for one in found)
    count = len(chosen.right)
    return {**tried, "right": rate(len(chosen.ready), count), "robust": rate(robust, count)}


def tiles(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The tiles of the report: value, label and hint, for clean and attacked images."""
    shares = [percent(found[name]["share"]) for name in ("right", "robust")]
    low, high = (percent(end) for end in found["robust"]["interval"])
    return [
        (shares[0], "correct on clean images", f"of {found['right']['count']} held-out images"),
        (
            shares[1],
            "correct under attack",
            f"each value changed by at most {255 * found['size']:.3g}/255; {low} to {high}",
        ),
    ]
