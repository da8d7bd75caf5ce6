"""Every choice of one training, as plain values, decided before its first step."""

import json
import math
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from ..device import ComputeConfig
from ..errors import RecipeError, RunError
from ..modelfile import images_spec, network_spec
from ..tasks import task_from_json
from ._adversarial import Hardening
from ._initial_weights import Start
from .options import TrainOptions, options_from

AUTOMATIC_IMAGES = 110_000
"""Default number of images of a training: well under a minute for small images on two cores."""
PROBED = "no steps: the last layer is fitted to the features of the pretrained network"
"""The description of a probe in messages."""


VERSION = 3
"""The version of `recipe.json`. It increases when a recipe would train differently or has other fields."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Every choice of one training. Written to `recipe.json` before the first step and never changed."""

    version: int = VERSION
    options: dict[str, Any]
    source: dict[str, Any]
    fingerprint: str
    answers: str
    task: dict[str, Any]
    start: dict[str, str]
    network: dict[str, Any]
    images: dict[str, Any]
    steps: int
    batch: int
    micro_batches: int
    count: int
    optimizer: str
    rate: float
    warmup: float
    weight_decay: float
    average: float
    lookahead: bool
    augment: str
    mirror: bool
    robust: dict[str, Any] | None
    snapshots: bool
    seed: int
    compute: dict[str, Any]

    @property
    def epochs(self) -> float:
        """The number of epochs."""
        return self.steps * self.batch / self.count

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the source with the targets."""
        return task_from_json(self.task).columns

    def rate_at(self, step: int) -> float:
        """The learning rate of one step without schedule changes."""
        return one_cycle(self.rate, step, self.steps, self.warmup)

    def describe(self) -> str:
        """One line of text about the choices."""
        channels, height, width = self.network["input"]
        learned = (
            f"{self.steps} steps of {self.batch} images ({self.epochs:.3g} epochs) of {self.optimizer}, "
            f"augmentation {self.augment}"
        )
        hardened = f", trained for robustness by {self.robust['by']} {self.robust['size']:.3g}" if self.robust else ""
        place = f"{self.compute['precision']} on {self.compute['device']}"
        return (
            f"network {self.network['name']} ({self.network['size']}) on {height}x{width}x{channels}, "
            f"{learned if self.steps else PROBED}{hardened}, {place}"
        )

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2, ensure_ascii=False)


def one_cycle(rate: float, step: float, steps: int, share: float) -> float:
    """The learning rate of a step: up to `rate` in the first `share`, then down to zero (one cycle, Smith 2018)."""
    warmup = max(1, int(steps * share))
    if step < warmup:
        return rate * (step + 1) / warmup
    return rate * (steps - step) / max(1, steps - warmup)


def with_steps(recipe: Recipe, steps: int) -> Recipe:
    """The same recipe with another number of steps; weights are averaged over the last fortieth."""
    return replace(recipe, steps=steps, average=max(1.0, steps / 40))


def read_recipe(path: Path) -> Recipe:
    """Read a recipe from a run folder; raises `RunError` if it is invalid or has another version."""
    try:
        values = json.loads(path.read_text())
        _check_version(path, values.get("version", 1))
        recipe = Recipe(**{field.name: values[field.name] for field in fields(Recipe)})
        _check(recipe)
    except RunError:
        raise
    except FileNotFoundError as error:
        raise RunError(f"{path}: is missing; this folder has no training run. Start one with: eyespot train") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(f"{path}: is not a training recipe ({error}). Train again in another folder.") from error
    return recipe


def _check_version(path: Path, found: Any) -> None:
    """Raise `RunError` for a recipe of another version: resumed with this code, it would end with other weights."""
    if found == VERSION:
        return
    age = "an older" if isinstance(found, int) and found < VERSION else "a newer"
    with_it = f"finish it with {age} eyespot" if age == "an older" else "upgrade eyespot to resume it"
    raise RunError(
        f"{path}: has version {found}, from {age} eyespot; this one resumes version {VERSION}. "
        f"Train again in another folder, or {with_it}. A finished model can still be loaded."
    )


def _check(recipe: Recipe) -> None:
    """Parse every part once, so that a damaged recipe is detected before anything is built from it."""
    options_from(recipe.options)
    network_spec(recipe.network)
    images_spec(recipe.images)
    ComputeConfig(**recipe.compute)
    if recipe.robust is not None:
        Hardening(**recipe.robust)
    task_from_json(recipe.task)
    Start(**recipe.start)
    if not isinstance(recipe.optimizer, str):
        raise ValueError("the optimizer has no name")
    if not {"what", "columns"} <= recipe.source.keys():
        raise ValueError("the source of the images is missing")
    fewest = 0 if recipe.start["how"] == "probe" else 1
    if not (recipe.steps >= fewest and 0 < recipe.batch <= recipe.count and recipe.micro_batches > 0):
        raise ValueError("steps, batch, micro-batches and count are inconsistent")


def differences(options: TrainOptions, recipe: Recipe) -> list[str]:
    """The requested options that differ from those of the existing run."""
    requested, original = asdict(options), recipe.options
    return [
        f"{name} {original.get(name)} then, {requested[name]} now"
        for name in requested
        if requested[name] != original.get(name)
    ]


def automatic_epochs(count: int) -> float:
    """Enough epochs for about 110,000 images, at least 6 and at most 80."""
    return min(80.0, max(6.0, AUTOMATIC_IMAGES / count))


def automatic_batch(count: int, pixels: int) -> int:
    """Smaller batches for few or large images, at most 128."""
    by_size = 128 if pixels <= 64 * 64 else 32
    by_count = 2 ** max(3, int(math.log2(max(8, count / 16))))
    return min(by_size, by_count, count)


def parse_input(text: str) -> tuple[int, int, int | None]:
    """Parse "64x64x3" or "64x64" as height, width and channels (None: those of the images)."""
    parts = text.lower().split("x")
    if len(parts) not in (2, 3) or not all(part.isdecimal() for part in parts):
        raise RecipeError(f"input is '{text}'; give height x width, or height x width x channels, such as 64x64x3.")
    return int(parts[0]), int(parts[1]), int(parts[2]) if len(parts) == 3 else None
