"""What does not change while training goes on."""

from dataclasses import dataclass
from pathlib import Path

from ..device import Placement, World
from ..images import ImageSpec
from ..samples import Samples
from ..tasks.task import Task
from .recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class Training:
    """The recipe and what it names, ready to be used."""

    recipe: Recipe
    task: Task
    images: ImageSpec
    placement: Placement
    world: World
    train: Samples
    validation: Samples
    checkpoint: Path
