"""Ways in which a clean image becomes a noisy one, each following from a sample's key alone.

Shapes: N images, C channels, H height, W width; pixels in [0, 1]. Nothing is clipped: noise would lose its mean.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from ...errors import TaskError
from ..noise import gaussian_noise, generators, uniform_noise
from ._text import text_over

Noisy = tuple[Tensor, Tensor | None]
"""Noisy images, and which of their pixels are known (N, 1, H, W), None where all are."""


class NoiseSettings(Protocol):
    """Which noise, and how much: each amount is drawn from its lower bound on, or is fixed where that is None."""

    @property
    def noise(self) -> str: ...
    @property
    def sigma(self) -> float: ...
    @property
    def sigma_from(self) -> float | None: ...
    @property
    def peak(self) -> float: ...
    @property
    def peak_from(self) -> float | None: ...
    @property
    def share(self) -> float: ...
    @property
    def share_from(self) -> float | None: ...


def gaussian(clean: Tensor, keys: Tensor, sigma: Tensor) -> Noisy:
    """Gaussian noise of deviation `sigma` on the scale 0 to 255."""
    return clean + gaussian_noise(keys, tuple(clean.shape[1:])).to(clean) * (sigma / 255), None


def poisson(clean: Tensor, keys: Tensor, peak: Tensor) -> Noisy:
    """Counted light: full brightness is `peak` counts on average."""
    means = (clean.clamp(min=0) * peak).cpu().numpy()
    counts = [one.poisson(mean).astype(np.float32) for one, mean in zip(generators(keys), means, strict=True)]
    return torch.from_numpy(np.stack(counts)).to(clean) / peak, None


def bernoulli(clean: Tensor, keys: Tensor, share: Tensor) -> Noisy:
    """A share of the pixels is lost, and black."""
    known = uniform_noise(keys, (1, *clean.shape[2:])).to(clean) >= share
    return clean * known, known


def impulse(clean: Tensor, keys: Tensor, share: Tensor) -> Noisy:
    """A share of the pixels has a random color instead of its own."""
    drawn = uniform_noise(keys, (clean.shape[1] + 1, *clean.shape[2:])).to(clean)
    return torch.where(drawn[:, :1] < share, drawn[:, 1:], clean), None


def text(clean: Tensor, keys: Tensor, share: Tensor) -> Noisy:
    """Random words in random colors and sizes lie over a share of the pixels."""
    drawn = zip(clean.cpu().numpy(), generators(keys), share.flatten().tolist(), strict=True)
    return torch.from_numpy(np.stack([text_over(*one) for one in drawn])).to(clean), None


@dataclass(frozen=True, kw_only=True)
class NoiseModel:
    """How one kind of noise is made, the setting that says how much, and the loss that suits noisy targets, and why."""

    make: Callable[[Tensor, Tensor, Tensor], Noisy]
    amount: str
    words: str
    loss: str
    reason: str


_MEAN_ZERO = "the mean of all noisy images of a scene is the clean one, and the squared difference leads to the mean"
NOISES = {
    "impulse": NoiseModel(
        make=impulse,
        amount="share",
        words="noise that gives {} of the pixels a random color",
        loss="l0",
        reason="the most frequent color of a pixel is the clean one, and its exponent falls from 2 to 0",
    ),
    "text": NoiseModel(
        make=text,
        amount="share",
        words="text over {} of the pixels",
        loss="l1",
        reason="fewer than half of the colors of a pixel are those of text, and the absolute difference leads to the "
        "median",
    ),
    "bernoulli": NoiseModel(
        make=bernoulli,
        amount="share",
        words="noise that loses {} of the pixels",
        loss="l2",
        reason=f"of the pixels that are not lost, {_MEAN_ZERO}",
    ),
    "gaussian": NoiseModel(
        make=gaussian,
        amount="sigma",
        words="Gaussian noise of deviation {} (on the scale 0 to 255)",
        loss="l2",
        reason=_MEAN_ZERO,
    ),
    "poisson": NoiseModel(
        make=poisson,
        amount="peak",
        words="Poisson noise with {} counts for full brightness",
        loss="l2",
        reason=_MEAN_ZERO,
    ),
}
"""Kinds of noise. Of a mixture, the first one here decides the loss: it does the most harm to the mean."""

MIXED = "+"
"""Stands between the kinds of a mixture, which come one after another: "poisson+gaussian" is that of a camera."""


def kinds_of(noise: str) -> list[str]:
    """The kinds of noise in their order, of one or of a mixture.

    >>> kinds_of("poisson+gaussian")
    ['poisson', 'gaussian']
    """
    return noise.split(MIXED)


def suited_loss(noise: str) -> tuple[str, str]:
    """The loss for targets that are noisy themselves, and why."""
    first = next(model for name, model in NOISES.items() if name in kinds_of(noise))
    return first.loss, first.reason


def add_noise(clean: Tensor, keys: Tensor, settings: NoiseSettings) -> Noisy:
    """Images with the noise of `settings.noise`; a pixel is known where no kind of noise has lost it."""
    noisy, known = clean, None
    for place, kind in enumerate(kinds_of(settings.noise)):
        own = changed(keys, 10 * place) if place else keys  # each kind of a mixture is drawn independently
        noisy, left = NOISES[kind].make(noisy, own, _amounts(own, NOISES[kind].amount, settings).to(clean))
        known = left if known is None else known if left is None else known & left
    return noisy, known


BOUNDS = {"sigma": (0, 255, "a deviation"), "peak": (0, 1e6, "a count"), "share": (0, 1, "a share of the pixels")}
"""What an amount lies above, what it is at most, and what it is."""
MOST_TEXT = 0.5
"""With more text than that over the target, the median of the colors of a pixel is no longer the clean one."""


def check_amounts(settings: NoiseSettings) -> None:
    """Raise `TaskError` for noise that there is not, and for amounts that cannot be."""
    kinds = kinds_of(settings.noise)
    if unknown := [kind for kind in kinds if kind not in NOISES]:
        raise TaskError(f"noise is '{unknown[0]}'; expected one of {', '.join(NOISES)}, or some with + between them.")
    if len(set(kinds)) < len(kinds):
        raise TaskError(f"noise is '{settings.noise}'; expected each kind once.")
    for name, (low, high, what) in BOUNDS.items():
        most, least = getattr(settings, name), getattr(settings, f"{name}_from")
        if not low < most <= high or (name, most) == ("share", 1):
            raise TaskError(f"{name} is {most}; expected {what} above {low}, {_limit(name, high)}.")
        if least is not None and not low <= least < most:
            raise TaskError(f"{name}_from is {least}; expected {what} from {low} on, below {name} {most}.")
    if settings.peak_from == 0:
        raise TaskError("peak_from is 0; expected a count above 0, since no light leaves nothing to restore.")
    if "text" in kinds and settings.share > MOST_TEXT:
        raise TaskError(f"share is {settings.share}; expected at most {MOST_TEXT} for text, which words cannot exceed.")


def _limit(name: str, high: float) -> str:
    return f"below {high}" if name == "share" else f"at most {high:,.0f}"


def _amounts(keys: Tensor, name: str, settings: NoiseSettings) -> Tensor:
    """How much noise each sample gets: (N, 1, 1, 1)."""
    most, least = getattr(settings, name), getattr(settings, f"{name}_from")
    if least is None:
        return torch.full((len(keys), 1, 1, 1), float(most))
    return least + uniform_noise(changed(keys, 2), (1, 1, 1)) * (most - least)


def describe_noise(settings: NoiseSettings) -> str:
    """The kinds of noise and their amounts in words."""
    return ", then ".join(
        NOISES[kind].words.format(amount_text(NOISES[kind].amount, settings)) for kind in kinds_of(settings.noise)
    )


def amount_text(name: str, settings: NoiseSettings) -> str:
    """An amount or its range in words."""
    form = "{:.0%}" if name == "share" else "{:g}"
    bounds = getattr(settings, f"{name}_from"), getattr(settings, name)
    return " to ".join(form.format(bound) for bound in bounds if bound is not None)


def changed(keys: Tensor, number: int) -> Tensor:
    """Other keys (N,) for an independent drawing of the same samples."""
    return keys * 6364136223846793005 + number
