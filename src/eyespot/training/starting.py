"""The network before the first step: drawn at random, or with weights that others have learned and a fitted head."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from ..features import features
from ..images import ImageSpec
from ..model import Model, normalise
from ..modelfile import network_spec
from ..networks import Network, build_from
from ..networks.airbench import whiten
from ..networks.network import last_dense
from ..pretrained import borrow
from ..samples import Samples
from ..tasks.task import Task
from .probe import fit_probe
from .recipe import Recipe

FROZEN = 3
"""The lowest third of the stages is left as it is: edges and textures are alike on all photos, and cost most time."""
LOWER = 0.2
"""What all below the last dense layer learns at, of that layer's rate."""
WHITENED = 2000
"""Images that a whitening first layer is made of."""


def starting_network(recipe: Recipe, task: Task, images: ImageSpec, train: Samples) -> Network:
    """The network as the recipe says it begins; the same bits every time."""
    torch.manual_seed(recipe.seed)
    network = build_from(network_spec(recipe.network))
    if recipe.start["how"] == "nothing":
        if "whiten" in network.stages:
            whiten(network, _sample(train, images))
        return network
    borrow(network, recipe.start["weights"])
    _fit_head(network, task, images, train)
    return ready_to_learn(network, recipe.start["how"])


@torch.no_grad()
def _fit_head(network: Network, task: Task, images: ImageSpec, train: Samples) -> None:
    """Give the last dense layer the weights of a probe on the training images, as they are."""
    seen = features(Model(network=network, task=task, images=images), train.part)
    rows = train.part.rows
    kinds = [row.values.get("label", "") if task.name == "classify" else "" for row in rows]
    groups = [row.values.get("group") or str(place) for place, row in enumerate(rows)]
    with torch.enable_grad():
        weight, bias = fit_probe(task, seen, train.targets, kinds, groups)
    _, dense = last_dense(network)
    dense.weight.copy_(weight)
    dense.bias.copy_(bias)


def _sample(train: Samples, images: ImageSpec) -> Tensor:
    """At most 2,000 training images (N, C, H, W), scaled, from all over the part."""
    pixels, _, _ = train.batch(np.arange(0, len(train), max(1, len(train) // WHITENED)))
    return normalise(pixels[0].float() / 255, images)


def ready_to_learn(network: Network, how: str) -> Network:
    """Training mode; where it is tuned, the lowest stages learn nothing, and the normalisation keeps its statistics.

    Those of a few images in a batch are poor.
    """
    network.train()
    if how != "finetune":
        return network
    for stage in list(network.stages.values())[: len(network.stages) // FROZEN]:
        stage.requires_grad_(False)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    return network


def shares(network: Network, recipe: Recipe) -> Iterator[tuple[float, list[nn.Parameter]]]:
    """The weights that learn, each group with what it learns at, of the recipe's rate."""
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    if recipe.start["how"] != "finetune":
        yield 1.0, weights
        return
    last = list(last_dense(network)[1].parameters())
    yield 1.0, last
    yield LOWER, [weight for weight in weights if all(weight is not other for other in last)]
