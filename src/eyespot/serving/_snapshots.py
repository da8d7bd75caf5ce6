"""A model as it was after each epoch of its training, from the snapshots that the run kept."""

import re
from dataclasses import replace
from functools import lru_cache

from ..errors import ModelError
from ..model import Model, load
from .resources import ModelResource

NAMED = re.compile("epoch-([0-9]+).safetensors")
KEPT = 2
"""Snapshots that stay loaded: the page asks for several things of one, and goes from one to the next."""


def epochs_of(shown: ModelResource) -> list[int]:
    """The epochs that there are snapshots of, in order; looked for anew each time, as a training may be at work."""
    if shown.snapshots is None or not shown.snapshots.is_dir():
        return []
    return sorted(int(found[1]) for file in shown.snapshots.iterdir() if (found := NAMED.fullmatch(file.name)))


@lru_cache(maxsize=KEPT)
def at_epoch(shown: ModelResource, epoch: int) -> ModelResource:
    """The same model with the weights that it had after an epoch; raises `ModelError` for a snapshot that is damaged.

    What was settled when the training was finished (temperature, thresholds) stays, so that every epoch has the same
    calls and their numbers can be compared.
    """
    assert shown.snapshots is not None
    kept = load(shown.snapshots / f"epoch-{epoch:04d}.safetensors")
    if kept.images != shown.model.images or _shapes(kept) != _shapes(shown.model):
        raise ModelError(f"{shown.name}: the snapshot of epoch {epoch} is of another network; train it anew.")
    return replace(shown, model=replace(kept, task=shown.model.task))


def _shapes(model: Model) -> dict[str, tuple[int, ...]]:
    return {name: tuple(weight.shape) for name, weight in model.network.state_dict().items()}
