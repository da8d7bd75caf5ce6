"""All attacks by name, with the settings that each one uses."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from ..errors import AttackError, look_up
from ._crafted_noise import crafted_noise
from ._differential_evolution import one_pixel
from ._every_pixel import every_pixel
from ._gradient import fgsm, pgd, pgd_l2
from ._minimum_noise import minimum_noise
from ._patch import patch
from ._pixel_search import pixel_search
from ._settings import Attempt, Settings
from ._victim import Victim


@dataclass(frozen=True, kw_only=True)
class Method:
    """An attack: its function, its settings with defaults, and a one-line summary.

    `double`: it requires float64. `farthest`: it makes a change of fixed size, and moves a number as far as possible.
    """

    run: Callable[[Victim, Tensor, Settings], Attempt]
    defaults: dict[str, Any]
    summary: str
    double: bool = False
    farthest: bool = False


ATTACKS = {
    "crafted-noise": Method(
        run=crafted_noise,
        defaults={"steps": 200},
        summary="smallest perturbation, by box-constrained L-BFGS (Szegedy et al. 2013); strong, slow",
        double=True,
    ),
    "minimum-noise": Method(
        run=minimum_noise,
        defaults={"steps": 100},
        summary="smallest perturbation, by walking along the decision boundary; strong, fast",
    ),
    "fgsm": Method(
        run=fgsm,
        defaults={"size": 8 / 255},
        summary="one step along the sign of the gradient (Goodfellow et al. 2014); weak, very fast",
        farthest=True,
    ),
    "pgd": Method(
        run=pgd,
        defaults={"size": 8 / 255, "steps": 40, "seed": 0},
        summary="many steps, L-infinity norm at most the size (Madry et al. 2017); strong",
        farthest=True,
    ),
    "pgd-l2": Method(
        run=pgd_l2,
        defaults={"size": 1.0, "steps": 40, "seed": 0},
        summary="many steps, L2 norm at most the size (Madry et al. 2017); strong",
        farthest=True,
    ),
    "patch": Method(
        run=patch,
        defaults={"pixels": 64, "steps": 100, "seed": 0},
        summary="a square of any content where the gradient is largest (Brown et al. 2017); strong, visible",
        farthest=True,
    ),
    "one-pixel": Method(
        run=one_pixel,
        defaults={"pixels": 1, "queries": 40_400, "seed": 0},
        summary="one or a few pixels, by differential evolution (Su et al. 2017); black box, many queries",
        farthest=True,
    ),
    "pixel-search": Method(
        run=pixel_search,
        defaults={"pixels": 1, "queries": 40_400, "seed": 0},
        summary="one or a few pixels, by scanning and combining; black box, fewer queries",
        farthest=True,
    ),
    "every-pixel": Method(
        run=every_pixel,
        defaults={"queries": 10_000_000},
        summary="every position with the corner colors and a grid: whether one pixel is enough; small images only",
        farthest=True,
    ),
}


def choose(
    by: str,
    *,
    pixels: int | None = None,
    size: float | None = None,
    steps: int | None = None,
    queries: int | None = None,
    seed: int | None = None,
) -> Settings:
    """The settings of an attack, with its defaults. Warns about a setting that it does not use."""
    method = look_up("attack", by, ATTACKS, AttackError)
    options = {"pixels": pixels, "size": size, "steps": steps, "queries": queries, "seed": seed}
    options = {name: value for name, value in options.items() if value is not None}
    idle = [name for name in options if name not in method.defaults]
    if idle:
        reads = ", ".join(method.defaults)
        warnings.warn(f"{', '.join(idle)} has no effect on {by}, which reads {reads}.", stacklevel=3)
    return Settings(**{**method.defaults, **options})
