"""Creation of networks by name: the dictionary of all networks, and the function that builds them."""

from collections.abc import Callable
from dataclasses import dataclass

from eyespot.errors import NetworkError, unknown

from ._blocks import NORMS
from ._classic import (
    make_ciresan_1,
    make_ciresan_2,
    make_convnetjs,
    make_harley2015,
    make_lecun1989,
    make_lenet5,
    make_pilotnet,
    make_tinyvgg,
)
from ._dahl import make_dahl
from ._dcgan import make_dcgan
from ._denoiser import make_denoiser
from ._efficientnet import make_efficientnet_lite0
from ._heads import ANY_OUTPUT
from ._residual import make_residual
from ._unet import make_unet
from ._written import make_written
from .adapters import is_adapted, library_of, make_adapted
from .airbench import make_airbench
from .graph_module import make_graph
from .network import Network, NetworkSpec, Output, check_output
from .sface import make_sface
from .text import is_text, parse
from .yolox import make_yolox_nano

SIZES = ("tiny", "small", "medium", "large")


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """Definition of a named network: how it is created, its possible outputs, and its origin.

    `input` is the (C, H, W) of the published parameter count, `outputs` the number of outputs there (0: the number of
    image channels). Networks of `any_size` were published for all image sizes and are trained at the size of the user's
    images; others are trained at the height and width of `input`. `signed` networks expect pixels from -1 to 1, others
    mean 0 and standard deviation 1. Where `free_size`, a size may also be WIDTHxDEPTH.
    """

    make: Callable[[NetworkSpec], Network]
    heads: tuple[str, ...]
    input: tuple[int, int, int]
    outputs: int
    summary: str
    signed: bool = False
    any_size: bool = False
    free_size: bool = False


def _make_default(spec: NetworkSpec) -> Network:
    """For maps at full size, the default network is the denoiser, which predicts a residual."""
    return make_denoiser(spec) if spec.output.kind == "map" and spec.output.stride == 1 else make_residual(spec)


NETWORKS: dict[str, Family] = {
    "residual": Family(
        make=_make_default,
        heads=ANY_OUTPUT,
        input=(3, 64, 64),
        outputs=10,
        summary="the default: residual blocks, four sizes, any input size (He et al. 2016)",
        any_size=True,
    ),
    "airbench": Family(
        make=make_airbench,
        heads=("vector",),
        input=(3, 32, 32),
        outputs=10,
        summary="small images, fast training to a high accuracy: four sizes (Jordan 2024)",
        any_size=True,
    ),
    "denoiser": Family(
        make=make_denoiser,
        heads=("map",),
        input=(1, 180, 180),
        outputs=0,
        summary="image to image: predicts a residual (Zhang et al. 2017, 2018)",
        any_size=True,
        free_size=True,
    ),
    "unet": Family(
        make=make_unet,
        heads=("map",),
        input=(3, 64, 64),
        outputs=0,
        summary="image to image at six sizes at once: Noise2Noise's U-Net (Lehtinen et al. 2018)",
        any_size=True,
    ),
    "dahl2016": Family(
        make=make_dahl,
        heads=("map",),
        input=(3, 64, 64),
        outputs=2,
        summary="colors for gray images: a residual encoder on the maps of VGG-16 (Dahl 2016)",
        any_size=True,
    ),
    "lecun1989": Family(
        make=make_lecun1989,
        heads=("vector",),
        input=(1, 16, 16),
        outputs=10,
        summary="the network that read zip codes (LeCun et al. 1989)",
        signed=True,
    ),
    "lenet5": Family(
        make=make_lenet5,
        heads=("vector",),
        input=(1, 28, 28),
        outputs=10,
        summary="handwritten digits, in its modern form (LeCun et al. 1998)",
    ),
    "harley2015": Family(
        make=make_harley2015,
        heads=("vector",),
        input=(1, 28, 28),
        outputs=10,
        summary="the digit network of a 3-D visualization (Harley 2015)",
    ),
    "convnetjs": Family(
        make=make_convnetjs,
        heads=("vector",),
        input=(3, 32, 32),
        outputs=10,
        summary="small color images, the CIFAR-10 demo of ConvNetJS (Karpathy 2014)",
    ),
    "tinyvgg": Family(
        make=make_tinyvgg,
        heads=("vector",),
        input=(3, 64, 64),
        outputs=10,
        summary="the network of CNN Explainer (Wang et al. 2020)",
    ),
    "pilotnet": Family(
        make=make_pilotnet,
        heads=("vector",),
        input=(3, 66, 200),
        outputs=1,
        summary="steers a car from its camera (Bojarski et al. 2016)",
    ),
    "ciresan-dnn1": Family(
        make=make_ciresan_1,
        heads=("vector", "map"),
        input=(3, 101, 101),
        outputs=2,
        summary="classifies the center pixel of microscope image windows (Ciresan et al. 2013)",
    ),
    "ciresan-dnn2": Family(
        make=make_ciresan_2,
        heads=("vector", "map"),
        input=(3, 101, 101),
        outputs=2,
        summary="the same with wider filters (Ciresan et al. 2013)",
    ),
    "dcgan": Family(
        make=make_dcgan,
        heads=("generator",),
        input=(3, 64, 64),
        outputs=5,
        summary="makes new images: a generator and a discriminator (Radford et al. 2016, Elgammal et al. 2017)",
        any_size=True,
    ),
    "efficientnet-lite0": Family(
        make=make_efficientnet_lite0,
        heads=ANY_OUTPUT,
        input=(3, 224, 224),
        outputs=1000,
        summary="photos; pretrained weights exist (Tan and Le 2019)",
    ),
    "yolox-nano": Family(
        make=make_yolox_nano,
        heads=ANY_OUTPUT,
        input=(3, 416, 416),
        outputs=1000,
        summary="object detector; pretrained weights exist (Ge et al. 2021)",
        any_size=True,
    ),
    "sface": Family(
        make=make_sface,
        heads=("vector",),
        input=(3, 112, 112),
        outputs=128,
        summary="aligned faces; pretrained weights exist (Zhong et al. 2021)",
        signed=True,
    ),
}


def build(name: str, input: tuple[int, int, int], output: Output, size: str = "small", norm: str = "batch") -> Network:
    """Create a network with new weights, by its name in `NETWORKS` or from its text.

    `input` is (C, H, W) of the images. Weights are drawn from torch's global generator (`torch.manual_seed`).
    Raises `NetworkError` for an unknown name, size or norm, and for impossible shapes.

    >>> import torch
    >>> build("residual", input=(1, 28, 28), output=Output("vector", 10), size="tiny")(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """
    spec = NetworkSpec(name=name, input=input, output=output, size=size, norm=norm)
    return build_from(spec)


def build_from(spec: NetworkSpec) -> Network:
    """Create the network described by `spec`, with new weights."""
    _check(spec)
    if spec.graph:
        return make_graph(spec)
    family = describe(spec.name)
    if spec.output.kind not in family.heads:
        can = " or ".join(family.heads)
        raise NetworkError(f"Network '{spec.name}' puts out a {can}; the task needs a {spec.output}.")
    try:
        return family.make(spec)
    except NetworkError as error:
        raise error if is_text(spec.name) else NetworkError(f"Network '{spec.name}': {error}") from error


def describe(name: str) -> Family:
    """Return the definition of a network, given by name or text; raise `NetworkError` for an unknown name."""
    if is_adapted(name):
        about = f"a network of {name.partition(':')[0]}"
        return Family(
            make=make_adapted, heads=("vector",), input=(3, 224, 224), outputs=1000, summary=about, any_size=True
        )
    if not is_text(name):
        _check_known(name)
        return NETWORKS[name]
    picture = parse(name)[-1].kind == "conv"
    return Family(
        make=lambda spec: make_written(spec, spec.name),
        heads=("map",) if picture else ("vector",),
        input=(1, 28, 28),
        outputs=0 if picture else 10,
        summary="written as text",
        any_size=True,
    )


def _check_known(name: str) -> None:
    """Raise `NetworkError` for an unknown name, with a suggestion for names of other libraries."""
    if name in NETWORKS:
        return
    library = library_of(name)
    if library:
        raise NetworkError(
            f"Unknown network '{name}', but {library} has networks of this name: write '{library}:{name}', which needs "
            f"the package {library} (pip install {library}). There are also: {', '.join(NETWORKS)}."
        )
    raise NetworkError(unknown("network", name, NETWORKS))


def _check(spec: NetworkSpec) -> None:
    if spec.size not in SIZES and not (spec.name in NETWORKS and NETWORKS[spec.name].free_size):
        raise NetworkError(unknown("size", spec.size, SIZES))
    if spec.norm not in NORMS:
        raise NetworkError(unknown("norm", spec.norm, NORMS))
    if len(spec.input) != 3 or not all(isinstance(side, int) and 1 <= side <= 8192 for side in spec.input):
        raise NetworkError(
            f"Pictures of {spec.input}: expected (channels, height, width), each a whole number from 1 to 8192."
        )
    check_output(spec.output)
