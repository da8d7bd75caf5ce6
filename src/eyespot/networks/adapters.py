"""Networks of two other libraries, where they are installed: "timm:NAME" and "torchvision:NAME".

Their own code computes; around it stands our frame: all of it is one stage, `body`, and its last dense layer the head.
Only making one with learned weights fetches something, and only where nobody has fetched it before.
"""

import importlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType

from torch import Tensor, nn

from eyespot.errors import NetworkError

from ._blocks import sequence
from .network import Network, NetworkSpec, last_dense

KNOWN_FAMILIES = (
    "convnext",
    "densenet",
    "dpn",
    "efficientnet",
    "ghostnet",
    "googlenet",
    "hrnet",
    "inception",
    "mnasnet",
    "mobilenet",
    "nfnet",
    "regnet",
    "repvgg",
    "resnest",
    "resnet",
    "resnext",
    "seresnet",
    "shufflenet",
    "squeezenet",
    "tf_efficientnet",
    "vgg",
    "wide_resnet",
    "xception",
)
"""Well-known families of convolutional networks, by what their names begin with."""
ONLY_TORCHVISION = ("googlenet", "shufflenet", "squeezenet")
NAME = re.compile(r"[A-Za-z0-9_.]+")
"""Of a network within its library: no place to fetch code or a configuration from."""


@dataclass(frozen=True, kw_only=True)
class Learned:
    """A network of another library with its learned weights, and how it was shown images: (height, width), mean, ..."""

    whole: nn.Module
    sides: tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Library:
    """How one library makes a network by its name: with new weights for some channels, or with learned ones."""

    make: Callable[[ModuleType, str, int], nn.Module]
    learn: Callable[[ModuleType, str], Learned]


def _learned_by_timm(timm: ModuleType, name: str) -> Learned:
    whole = timm.create_model(name, pretrained=True)
    shown = timm.data.resolve_model_data_config(whole)
    _, height, width = shown["input_size"]
    return Learned(whole=whole, sides=(height, width), mean=tuple(shown["mean"]), std=tuple(shown["std"]))


def _made_by_torchvision(torchvision: ModuleType, name: str, channels: int) -> nn.Module:
    if channels != 3:
        raise NetworkError(f"takes 3 channels and not {channels}; torchvision's networks do not support it.")
    return torchvision.models.get_model(name, weights=None)


def _learned_by_torchvision(torchvision: ModuleType, name: str) -> Learned:
    weights = torchvision.models.get_model_weights(name).DEFAULT
    shown = weights.transforms()
    side = shown.crop_size[0]
    whole = torchvision.models.get_model(name, weights=weights)
    return Learned(whole=whole, sides=(side, side), mean=tuple(shown.mean), std=tuple(shown.std))


LIBRARIES: Mapping[str, Library] = {
    "timm": Library(
        make=lambda timm, name, channels: timm.create_model(name, pretrained=False, in_chans=channels),
        learn=_learned_by_timm,
    ),
    "torchvision": Library(make=_made_by_torchvision, learn=_learned_by_torchvision),
}


def is_adapted(name: str) -> bool:
    """Tell whether a network of another library is meant.

    >>> is_adapted("timm:resnet18"), is_adapted("residual")
    (True, False)
    """
    return name.partition(":")[0] in LIBRARIES


def library_of(name: str) -> str:
    """The library that a name without a prefix is likely from, or "" where none is known.

    >>> library_of("resnet50"), library_of("squeezenet1_0"), library_of("residul")
    ('timm', 'torchvision', '')
    """
    known = NAME.fullmatch(name) and name.lower().startswith(KNOWN_FAMILIES)
    return ("torchvision" if name.lower().startswith(ONLY_TORCHVISION) else "timm") if known else ""


def make_adapted(spec: NetworkSpec) -> Network:
    """The network that a library calls by this name, with new weights, under a head for the outputs asked for."""
    with _library(spec.name) as (library, module, name):
        whole = library.make(module, name, spec.input[0])
    place, dense = last_dense(whole)
    whole.set_submodule(place, nn.Identity())
    return Network(spec, {"body": whole}, sequence({"dense": nn.Linear(dense.in_features, spec.output.size)}))


def learned_elsewhere(name: str) -> Learned:
    """A network with the weights that its library has for it; they are fetched where they are not there yet."""
    with _library(name) as (library, module, inner):
        return library.learn(module, inner)


def named_as_ours(whole: nn.Module) -> dict[str, Tensor]:
    """The weights of a library's network by the names that they have in our frame."""
    place, _ = last_dense(whole)
    return {
        name.replace(f"{place}.", "head.dense.", 1) if name.startswith(f"{place}.") else f"stages.body.{name}": value
        for name, value in whole.state_dict().items()
    }


@contextmanager
def _library(full: str) -> Iterator[tuple[Library, ModuleType, str]]:
    """A library, its module and the name within it; whatever it stumbles over becomes one sentence."""
    library, _, name = full.partition(":")
    if not NAME.fullmatch(name):
        raise NetworkError(f"'{full}': give {library}:NAME, with letters, digits, '_' and '.' only.")
    try:
        module = importlib.import_module(library)
    except (ImportError, RuntimeError) as error:
        raise NetworkError(
            f"'{full}' needs the package {library}, which cannot be used here ({error}); pip install {library}, in the "
            "version that fits your torch."
        ) from error
    try:
        yield LIBRARIES[library], module, name
    except (RuntimeError, ValueError, KeyError, OSError, TypeError) as error:
        raise NetworkError(f"'{full}': {library} cannot make it ({error}).") from error
