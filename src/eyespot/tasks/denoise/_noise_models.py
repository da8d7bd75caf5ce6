"""Noise models, each depending only on a sample's key.

Shapes: N images, C channels, H height, W width; pixels in [0, 1]. Noise is not clipped, to keep its mean.
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
"""Noisy images, and the mask of pixels that have a value (N, 1, H, W); None if all have."""


class NoiseSettings(Protocol):
    """Kind and amount of noise: each amount is drawn from a range with a lower bound, or fixed if that is None."""

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
    """Gaussian noise with standard deviation `sigma` on the scale 0 to 255."""
    return clean + gaussian_noise(keys, tuple(clean.shape[1:])).to(clean) * (sigma / 255), None


def poisson(clean: Tensor, keys: Tensor, peak: Tensor) -> Noisy:
    """Photon noise: full brightness is `peak` counts on average."""
    means = (clean.clamp(min=0) * peak).cpu().numpy()
    counts = [one.poisson(mean).astype(np.float32) for one, mean in zip(generators(keys), means, strict=True)]
    return torch.from_numpy(np.stack(counts)).to(clean) / peak, None


def bernoulli(clean: Tensor, keys: Tensor, share: Tensor) -> Noisy:
    """A fraction of the pixels is missing (black)."""
    known = uniform_noise(keys, (1, *clean.shape[2:])).to(clean) >= share
    return clean * known, known


def impulse(clean: Tensor, keys: Tensor, share: Tensor) -> Noisy:
    """A fraction of the pixels has a random color."""
    drawn = uniform_noise(keys, (clean.shape[1] + 1, *clean.shape[2:])).to(clean)
    return torch.where(drawn[:, :1] < share, drawn[:, 1:], clean), None


def text(clean: Tensor, keys: Tensor, share: Tensor) -> Noisy:
    """Random words in random colors and sizes cover a fraction of the pixels."""
    drawn = zip(clean.cpu().numpy(), generators(keys), share.flatten().tolist(), strict=True)
    return torch.from_numpy(np.stack([text_over(*one) for one in drawn])).to(clean), None


@dataclass(frozen=True, kw_only=True)
class NoiseModel:
    """A kind of noise, the setting of its amount, and the loss for noisy targets, with the reason."""

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
        reason="the most frequent color of a pixel is the clean one, and its exponent falls from 2 to 0.5",
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
"""Kinds of noise. In a mixture, the first one in this order determines the loss: it changes the mean most."""

MIXED = "+"
"""Separator of the kinds in a mixture, which are applied in sequence: "poisson+gaussian" models a camera."""


def kinds_of(noise: str) -> list[str]:
    """The kinds of noise of a name, in order; a mixture has several.

    >>> kinds_of("poisson+gaussian")
    ['poisson', 'gaussian']
    """
    return noise.split(MIXED)


def suited_loss(noise: str) -> tuple[str, str]:
    """The loss for noisy targets, and the reason."""
    first = next(model for name, model in NOISES.items() if name in kinds_of(noise))
    return first.loss, first.reason


def amount_of(noise: str) -> str:
    """The setting that is the amount of one kind of noise; raise `TaskError` for an unknown kind.

    >>> amount_of("gaussian"), amount_of("text")
    ('sigma', 'share')
    """
    if noise not in NOISES:
        raise TaskError(f"noise is '{noise}'; expected one of {', '.join(NOISES)}.")
    return NOISES[noise].amount


def add_noise(clean: Tensor, keys: Tensor, settings: NoiseSettings) -> Noisy:
    """Add the noise of `settings.noise` to images; a pixel has a value if no kind of noise removed it."""
    noisy, known = clean, None
    for place, kind in enumerate(kinds_of(settings.noise)):
        own = changed(keys, 10 * place) if place else keys  # each kind of a mixture is drawn independently
        noisy, left = NOISES[kind].make(noisy, own, _amounts(own, NOISES[kind].amount, settings).to(clean))
        known = left if known is None else known if left is None else known & left
    return noisy, known


BOUNDS = {"sigma": (0, 255, "a deviation"), "peak": (0, 1e6, "a count"), "share": (0, 1, "a share of the pixels")}
"""Lower bound (exclusive), upper bound and description of each amount."""
MOST_TEXT = 0.5
"""With more text in the target, the median color of a pixel is no longer the clean one."""


def check_amounts(settings: NoiseSettings) -> None:
    """Raise `TaskError` for unknown kinds of noise and invalid amounts."""
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
    """Amount of noise of each sample: (N, 1, 1, 1)."""
    most, least = getattr(settings, name), getattr(settings, f"{name}_from")
    if least is None:
        return torch.full((len(keys), 1, 1, 1), float(most))
    return least + uniform_noise(changed(keys, 2), (1, 1, 1)) * (most - least)


def describe_noise(settings: NoiseSettings) -> str:
    """Describe the kinds of noise and their amounts."""
    return ", then ".join(
        NOISES[kind].words.format(amount_text(NOISES[kind].amount, settings)) for kind in kinds_of(settings.noise)
    )


def amount_text(name: str, settings: NoiseSettings) -> str:
    """Format an amount or its range."""
    form = "{:.0%}" if name == "share" else "{:g}"
    bounds = getattr(settings, f"{name}_from"), getattr(settings, name)
    return " to ".join(form.format(bound) for bound in bounds if bound is not None)


def changed(keys: Tensor, number: int) -> Tensor:
    """Derive other keys (N,) for an independent draw of the same samples."""
    return keys * 6364136223846793005 + number
