"""Networks of other libraries, if they are installed: "timm:NAME" and "torchvision:NAME".

The library's code computes the network; it becomes one stage, `body`, and its last dense layer the head. Only
creating one with pretrained weights downloads anything, and only if the library's cache does not contain it.
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
"""Families of convolutional networks, by the prefixes of their names."""
ONLY_TORCHVISION = ("googlenet", "shufflenet", "squeezenet")
NAME = re.compile(r"[A-Za-z0-9_.]+")
"""Name of a network within its library, which excludes locations to load code or configurations from."""


@dataclass(frozen=True, kw_only=True)
class Learned:
    """A network of another library with its pretrained weights and their preprocessing: (height, width), mean, std."""

    whole: nn.Module
    sides: tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Library:
    """How a library creates a network by name: with new weights for some channels, or with pretrained ones."""

    make: Callable[[ModuleType, str, int], nn.Module]
    learn: Callable[[ModuleType, str], Learned]


def _learned_by_timm(timm: ModuleType, name: str) -> Learned:
    whole = timm.create_model(name, pretrained=True)
    config = timm.data.resolve_model_data_config(whole)
    _, height, width = config["input_size"]
    return Learned(whole=whole, sides=(height, width), mean=tuple(config["mean"]), std=tuple(config["std"]))


def _made_by_torchvision(torchvision: ModuleType, name: str, channels: int) -> nn.Module:
    if channels != 3:
        raise NetworkError(f"takes 3 channels and not {channels}; torchvision's networks do not support it.")
    return torchvision.models.get_model(name, weights=None)


def _learned_by_torchvision(torchvision: ModuleType, name: str) -> Learned:
    weights = torchvision.models.get_model_weights(name).DEFAULT
    transforms = weights.transforms()
    side = transforms.crop_size[0]
    whole = torchvision.models.get_model(name, weights=weights)
    return Learned(whole=whole, sides=(side, side), mean=tuple(transforms.mean), std=tuple(transforms.std))


LIBRARIES: Mapping[str, Library] = {
    "timm": Library(
        make=lambda timm, name, channels: timm.create_model(name, pretrained=False, in_chans=channels),
        learn=_learned_by_timm,
    ),
    "torchvision": Library(make=_made_by_torchvision, learn=_learned_by_torchvision),
}


def is_adapted(name: str) -> bool:
    """Return whether a name refers to another library.

    >>> is_adapted("timm:resnet18"), is_adapted("residual")
    (True, False)
    """
    return name.partition(":")[0] in LIBRARIES


def library_of(name: str) -> str:
    """The library that probably has a network of this name without a prefix, or "" if unknown.

    >>> library_of("resnet50"), library_of("squeezenet1_0"), library_of("residul")
    ('timm', 'torchvision', '')
    """
    known = NAME.fullmatch(name) and name.lower().startswith(KNOWN_FAMILIES)
    return ("torchvision" if name.lower().startswith(ONLY_TORCHVISION) else "timm") if known else ""


def make_adapted(spec: NetworkSpec) -> Network:
    """Create the network of this name from a library, with new weights and a head for the required outputs."""
    with _library(spec.name) as (library, module, name):
        whole = library.make(module, name, spec.input[0])
    place, dense = last_dense(whole)
    whole.set_submodule(place, nn.Identity())
    return Network(spec, {"body": whole}, sequence({"dense": nn.Linear(dense.in_features, spec.output.size)}))


def learned_elsewhere(name: str) -> Learned:
    """Load a network with the pretrained weights of its library; they are downloaded if not cached."""
    with _library(name) as (library, module, inner):
        return library.learn(module, inner)


def named_as_ours(whole: nn.Module) -> dict[str, Tensor]:
    """The weights of a library's network by our names."""
    place, _ = last_dense(whole)
    return {
        name.replace(f"{place}.", "head.dense.", 1) if name.startswith(f"{place}.") else f"stages.body.{name}": value
        for name, value in whole.state_dict().items()
    }


@contextmanager
def _library(full: str) -> Iterator[tuple[Library, ModuleType, str]]:
    """Import a library; yield its definition, its module and the name within it. Errors become one sentence."""
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
