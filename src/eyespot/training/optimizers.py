"""The optimizers, and which weights each of them updates."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..tasks.task import Turn
from ._initial_weights import lr_scales
from ._muon import Muon, SphereMuon
from .recipe import Recipe
from .schedule import Segment

Groups = list[dict[str, Any]]
OTHERS, LAST = 0.14, 0.05
"""With filters of fixed norm: learning rate of AdamW relative to theirs, and of the last layer relative to AdamW's."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """An optimizer: its factory and its default settings.

    `warmup` is the share of the steps with rising learning rate. The momentum averages over `remembered` images
    at most, so over fewer steps of large batches.
    """

    make: Callable[[nn.Module, Recipe], dict[str, torch.optim.Optimizer]]
    rate: float
    weight_decay: float
    momentum: float
    warmup: float = 0.2
    remembered: float = math.inf


Optimizers = dict[str, dict[str, torch.optim.Optimizer]]
"""The optimizers of each turn, by name: every trainable weight of a turn is in one of them."""


def make_optimizers(
    network: nn.Module, recipe: Recipe, turns: Sequence[Turn], criterion: nn.Module | None = None
) -> Optimizers:
    """New optimizers for each turn of a step; those of the first turn also update the weights of the loss."""
    kind = OPTIMIZERS[recipe.optimizer]
    made = {turn.name: kind.make(network.get_submodule(turn.part), recipe) for turn in turns}
    weights = [weight for weight in criterion.parameters() if weight.requires_grad] if criterion is not None else []
    if weights:
        # The usual rate of AdamW, whatever updates the network: the rates of Muon have another scale.
        share = OPTIMIZERS["adamw"].rate / kind.rate
        group = {"params": weights, "weight_decay": recipe.weight_decay, "share": share, "decayed": 1}
        made[turns[0].name]["criterion"] = _adamw_of([group], recipe)
    return made


def set_groups(optimizer: torch.optim.Optimizer, now: Segment, rate: float) -> None:
    """Set rate and momentum of the next step from the schedule; an unchanged momentum is that of each optimizer."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["share"]
        group["weight_decay"] = now.weight_decay * group["decayed"]
        if now.momentum is not None and "betas" in group:
            group["betas"] = (now.momentum, group["betas"][1])
        elif now.momentum is not None:
            group["momentum"] = now.momentum


def momentum_of(name: str, batch: int) -> float:
    """The default momentum of an optimizer for a batch size."""
    kind = OPTIMIZERS[name]
    return max(0.0, min(kind.momentum, 1 - batch / kind.remembered))


def _muon(network: nn.Module, recipe: Recipe) -> dict[str, torch.optim.Optimizer]:
    """Muon for filters and hidden dense layers; AdamW for the last layer, biases and normalization."""
    filters, others = _parted(network, recipe)
    found = {"network": _adamw_of(others, recipe)}
    return found | {"filters": _muon_of(Muon, filters, recipe)} if filters else found


def _sphere(network: nn.Module, recipe: Recipe) -> dict[str, torch.optim.Optimizer]:
    """Muon with fixed norm for filters and hidden dense layers; AdamW at a much lower rate for the rest.

    The last layer is the slowest, so that the features change rather than the classifier.
    """
    filters, others = _parted(network, recipe)
    slow = [{**group, "share": group["share"] * OTHERS * (LAST if group["decayed"] else 1)} for group in others]
    found = {"network": _adamw_of(slow, recipe)}
    return found | {"filters": _muon_of(SphereMuon, filters, recipe)} if filters else found


def _adamw(network: nn.Module, recipe: Recipe) -> dict[str, torch.optim.Optimizer]:
    return {"network": _adamw_of(_groups(network, recipe), recipe)}


def _adam(network: nn.Module, recipe: Recipe) -> dict[str, torch.optim.Optimizer]:
    """AdamW with momentum 0.5, which GANs need (Radford et al. 2016)."""
    return {"network": _adamw_of(_groups(network, recipe), recipe, momentum=OPTIMIZERS["adam"].momentum)}


def _sgd(network: nn.Module, recipe: Recipe) -> dict[str, torch.optim.Optimizer]:
    """Stochastic gradient descent with Nesterov momentum."""
    return {"network": torch.optim.SGD(_groups(network, recipe), lr=recipe.rate, momentum=0.9, nesterov=True)}


OPTIMIZERS = {
    "muon": Kind(make=_muon, rate=4e-3, weight_decay=0.05, momentum=0.95, remembered=4_000),
    "sphere": Kind(make=_sphere, rate=0.17, weight_decay=0.0, momentum=0.95, warmup=0.0, remembered=4_000),
    "adamw": Kind(make=_adamw, rate=3e-3, weight_decay=0.05, momentum=0.9),
    "adam": Kind(make=_adam, rate=2.5e-3, weight_decay=0.0, momentum=0.5, warmup=0.0),
    "sgd": Kind(make=_sgd, rate=0.05, weight_decay=5e-4, momentum=0.9),
}


def _adamw_of(groups: Groups, recipe: Recipe, momentum: float = 0.9) -> torch.optim.Optimizer:
    """AdamW (Loshchilov and Hutter 2019).

    `eps` is above the rounding error of float32 gradients, which would otherwise be amplified to full steps if a
    gradient is nearly zero: two processes would then not end with the weights of one.
    """
    return torch.optim.AdamW(groups, lr=recipe.rate, betas=(momentum, 0.99), eps=1e-6, fused=True)


def _groups(network: nn.Module, recipe: Recipe) -> Groups:
    """Trainable weights, without decay for biases and normalization. `share` is the relative learning rate of each."""
    groups: Groups = []
    for share, weights in lr_scales(network, recipe.start["how"]):
        decayed = [weight for weight in weights if weight.ndim > 1]
        free = [weight for weight in weights if weight.ndim <= 1]
        groups.append({"params": decayed, "weight_decay": recipe.weight_decay, "share": share, "decayed": 1})
        groups.append({"params": free, "weight_decay": 0.0, "share": share, "decayed": 0})
    return _filled(groups)


def _parted(network: nn.Module, recipe: Recipe) -> tuple[Groups, Groups]:
    """The groups of filters and hidden dense layers, and those of all other trainable weights."""
    filters = {id(weight) for weight in _filters(network)}
    groups = _groups(network, recipe)
    ours = [_only(group, lambda weight: id(weight) in filters) for group in groups]
    others = [_only(group, lambda weight: id(weight) not in filters) for group in groups]
    return _filled(ours), _filled(others)


def _muon_of(kind: type[Muon], groups: Groups, recipe: Recipe) -> Muon:
    dtype = torch.bfloat16 if recipe.compute["precision"] == "bfloat16" else torch.float32
    return kind(groups, recipe.rate, momentum_of(recipe.optimizer, recipe.batch), dtype=dtype)


def _filters(network: nn.Module) -> Iterator[Tensor]:
    """Weights of convolutions and dense layers except the last, whose rows are outputs, not features."""
    layers = [module for module in network.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    yield from (layer.weight for layer in layers[:-1] if layer.weight.requires_grad)


def _only(group: dict[str, Any], wanted: Callable[[nn.Parameter], bool]) -> dict[str, Any]:
    return {**group, "params": [weight for weight in group["params"] if wanted(weight)]}


def _filled(groups: Groups) -> Groups:
    return [group for group in groups if group["params"]]
