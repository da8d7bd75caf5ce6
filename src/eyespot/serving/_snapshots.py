"""A model after each epoch of its training, from the snapshots of the run."""

import re
from dataclasses import replace
from functools import lru_cache

from ..errors import ModelError
from ..model import Model, load
from .resources import ModelResource

NAMED = re.compile("epoch-([0-9]+).safetensors")
KEPT = 2
"""Number of loaded snapshots: the page requests several things of one, and switches between neighbors."""


def epochs_of(shown: ModelResource) -> list[int]:
    """The epochs with snapshots, in order; listed again on each call, since a training may be running."""
    if shown.snapshots is None or not shown.snapshots.is_dir():
        return []
    return sorted(int(match[1]) for file in shown.snapshots.iterdir() if (match := NAMED.fullmatch(file.name)))


@lru_cache(maxsize=KEPT)
def at_epoch(shown: ModelResource, epoch: int) -> ModelResource:
    """The model with the weights after an epoch; raises `ModelError` for a damaged snapshot.

    Parameters fitted at the end of training (temperature, thresholds) are kept, so that all epochs have the same calls
    and their values can be compared.
    """
    assert shown.snapshots is not None
    kept = load(shown.snapshots / f"epoch-{epoch:04d}.safetensors")
    if kept.images != shown.model.images or _shapes(kept) != _shapes(shown.model):
        raise ModelError(f"{shown.name}: the snapshot of epoch {epoch} is of another network; train it anew.")
    return replace(shown, model=replace(kept, task=shown.model.task))


def _shapes(model: Model) -> dict[str, tuple[int, ...]]:
    return {name: tuple(weight.shape) for name, weight in model.network.state_dict().items()}
