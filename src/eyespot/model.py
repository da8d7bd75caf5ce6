"""A trained network with all that it needs to be used: its task, its preprocessing and its labels, in one file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .answers import answer_one, read_for
from .errors import ModelError, TaskError
from .features import features
from .findings import Evaluation
from .generated import evaluate_samples
from .images import ImageSpec, Picture, read_pixels
from .modelfile import images_spec, network_spec, read_model_file, write_model_file
from .networks import Network, build_from
from .networks.folding import FoldedCopy
from .networks.network import map_output
from .pretrained import is_pretrained, load_pretrained
from .samples import Samples, answered_at_once, load_samples, make_problem, network_x, to_batch
from .sources.source import Part
from .tasks import task_from_json, task_to_json
from .tasks.task import Hint, Task
from .tiles import halo_of, run_tiled

LARGEST_WHOLE = 1024 * 1024
"""Pixels up to which an image is answered in one piece."""
CHOSEN_FROM = 8
"""Images that one is chosen from where they should be near to a style or far from it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """A trained network with its task and its preprocessing: what predict, explain, attack, measure and serve work on.

    `made` records its origin (recipe, versions, scores). A model is immutable: `edited` returns a new one.

    `eyespot.load("runs/digits/model.safetensors").predict("new.png")["answer"]`
    """

    network: nn.Module
    task: Task
    images: ImageSpec
    made: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.network.eval()

    def read(self, picture: Picture, name: str = "") -> Tensor:
        """Read one image as pixels (1, C, H, W) in [0, 1], preprocessed according to `images`."""
        return to_batch(read_pixels(picture, self.images, name)[None])

    def network_x(self, pixels: Tensor) -> Tensor:
        """The input of the network for pixels (N, C, H, W) in [0, 1]; see `network_x`."""
        return network_x(pixels, self.task, self.images)

    def outputs(self, pixels: Tensor) -> Any:
        """Compute the raw output of the network for pixels (N, C, H, W) in [0, 1], as `task.outputs` describes it.

        A vector (N, K), a map (N, K, H', W'), or a dict[str, Tensor] of named outputs, differentiable. With gradients
        disabled, large images of native size are computed in tiles, with the same result.
        """
        x = self.network_x(pixels)
        large = self.images.fit == "native" and x.shape[2] * x.shape[3] > LARGEST_WHOLE
        if large and not torch.is_grad_enabled() and (halo := halo_of(self.network, x.shape[1])) is not None:
            return run_tiled(self.network, x, halo)
        return self.task.run(self.network, x)

    @torch.no_grad()
    def answer_outputs(self, pixels: Tensor) -> Any:
        """Same as `outputs`, up to rounding, in less time and without gradients: what answers are computed from.

        Batch normalization is folded into the convolutions of a copy of the network, which is made once; it is made
        anew if weights of the network have changed.
        """
        if self.images.fit == "native" or (network := self._folded.current()) is self.network:
            return self.outputs(pixels)
        return self.task.run(network, self.network_x(pixels).contiguous(memory_format=torch.channels_last))

    @cached_property
    def _folded(self) -> FoldedCopy:
        return FoldedCopy(self.network)

    def module(self) -> "AnswerModule":
        """Preprocessing, network and output as one `nn.Module` that shares the weights; see `AnswerModule`."""
        return AnswerModule(self).eval()

    def embed(self, part: Part) -> np.ndarray:
        """The input of the last dense layer for each image of a part: float32 (N, F), cached on disk.

        Raises `NetworkError` if the network has no dense layer, and `ImageError` for an image that cannot be read.
        """
        return features(self.network, self.task, self.images, part)

    @torch.no_grad()
    def sample(self, seed: int, n: int) -> Tensor:
        """Generate `n` new images (n, C, H, W) in [0, 1]; the same seed gives the same images.

        Raises `ModelError` for a task that does not generate images.
        """
        try:
            return self.task.sample(self.network, seed, n)
        except TaskError as error:
            raise ModelError(f"This model generates no images: {error}") from error

    @torch.no_grad()
    def sample_style(self, seed: int, n: int, style: str, farthest: bool = False) -> Tensor:
        """Of eight times as many samples of a seed, the `n` (n, C, H, W) that the network finds nearest to a style.

        With `farthest`, those farthest from it. Raises `TaskError` for a style that the model was not trained with,
        `ModelError` for a task that does not generate images.
        """
        made = self.sample(seed, n * CHOSEN_FROM)
        of = self.task.parse_target(style)
        values = torch.cat([self.task.value(self.outputs(part), of) for part in made.split(64)])
        return made[values.argsort(descending=not farthest, stable=True)[:n]]

    @torch.no_grad()
    def interpolate(self, seed: int, n: int) -> Tensor:
        """Generate `n` images (n, C, H, W) in [0, 1] from the first to the second image of `sample(seed, 2)`.

        Raises `ModelError` for a task that does not generate images.
        """
        try:
            return self.task.interpolate(self.network, seed, n)
        except TaskError as error:
            raise ModelError(f"This model generates no images: {error}") from error

    @torch.no_grad()
    def predict(self, picture: Picture, hints: Sequence[Hint] = ()) -> dict[str, Any]:
        """Predict one image, given as a path, the bytes of a file, or a uint8 array (H, W, C).

        Boxes and points are in pixels of the upright image. An answer that is an image is under "picture"; see
        `answer_one`. `hints` are for tasks that take them. Raises `ImageError` if the image cannot be read, and
        `TaskError` for a hint outside it.
        """
        read, frame = read_for(self.task, self.images, picture)
        pixels = to_batch(read[None])
        output = map_output(self.answer_outputs(pixels), lambda output: output[0])
        return answer_one(self.task, self.images, output, pixels, picture, frame, hints)

    def evaluate(self, part: Part) -> Evaluation:
        """Compare the answers with known targets and return the score; see `Evaluation`, which has one row per image.

        For a model that generates images, generated images are compared with the images of `part`, one row per sample.
        """
        if self.task.generates:
            return evaluate_samples(self.task, self.network, self.images, part)[0]
        return evaluation(self.task, to_rows(self, load_samples(part, self.task, self.images)))

    def edited(self, weights: Mapping[str, Tensor]) -> "Model":
        """A new model with some weights replaced, by their names in `network.state_dict()`."""
        network = deepcopy(self.network)
        state = network.state_dict()
        for name, value in weights.items():
            if name not in state or state[name].shape != value.shape:
                wanted = tuple(value.shape)
                raise ModelError(f"There is no weight '{name}' of shape {wanted}; there are: {', '.join(state)}.")
        network.load_state_dict({**state, **weights})
        return replace(self, network=network)

    def save(self, path: str | Path) -> Path:
        """Write the weights (float32) and a JSON header to a `.safetensors` file, which contains no code.

        Raises `ModelError` for a wrapped custom module, because its code cannot be stored.
        """
        if not isinstance(self.network, Network):
            raise ModelError("A custom module cannot be saved in a file without code; save its weights yourself.")
        header = {
            "network": asdict(self.network.spec),
            "task": task_to_json(self.task),
            "images": asdict(self.images),
            "labels": list(self.task.labels),
            "made": self.made,
        }
        return write_model_file(Path(path), self.network.state_dict(), header)


def load(path: str | Path) -> Model:
    """Load a model file, or a pretrained network such as "pretrained:efficientnet-lite0".

    Raises `ModelError` if the file is damaged, has another format or is not a model, and `NetworkError` if the
    package with the pretrained weights is not installed.

    >>> load("pretrained:efficientnet-lite0").images.shape
    (3, 224, 224)
    """
    if is_pretrained(path):
        network, task, images = load_pretrained(str(path))
        return Model(network=network, task=task, images=images, made={"by": str(path)})
    path = Path(path)
    if path.suffix.lower() == ".onnx":
        raise ModelError(
            f"{path}: is an ONNX file, which predicts and evaluates only; for anything else give the model.safetensors "
            "that it was exported from."
        )
    header, tensors = read_model_file(path)
    try:
        spec = network_spec(header["network"])
        images = images_spec(header["images"])
        task = task_from_json(header["task"])
        with torch.device("meta"):
            expected = {name: tuple(value.shape) for name, value in build_from(spec).state_dict().items()}
    except ModelError:
        raise
    except (KeyError, TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise ModelError(f"{path}: its metadata cannot be used ({error}).") from error
    found = {name: tuple(value.shape) for name, value in tensors.items()}
    if found != expected:
        odd = sorted(set(found.items()) ^ set(expected.items()))[0]
        raise ModelError(f"{path}: its weights are not those of its network '{spec.name}' (see {odd[0]} {odd[1]}).")
    network = build_from(spec)
    network.load_state_dict(tensors)
    return Model(network=network, task=task, images=images, made=header.get("made", {}))


def wrap(network: nn.Module, task: Task, images: ImageSpec) -> Model:
    """Make a model of your own `nn.Module`, so that it can be explained, attacked, measured and served.

    `network` takes float images (N, C, H, W), normalized as `images` specifies, and returns what `task.outputs`
    requires.

    `wrap(network, Classify(classes=("cat", "dog")), ImageSpec(height=64, width=64, channels=3)).evaluate(source.test)`
    """
    return Model(network=network, task=task, images=images, made={"by": "wrap"})


class AnswerModule(nn.Module):
    """Pixels (N, C, H, W) in [0, 1] to what the task makes of the network's output: probabilities, numbers, an image.

    Contains `task.network_input`, the normalization (buffers `mean` and `std`), the network and `task.activate`.
    Forward depends on its input and the tensors of the module alone, so that torch.export can trace it.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.network = model.network
        self.task = model.task
        self.register_buffer("mean", torch.tensor(model.images.mean).view(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(model.images.std).view(1, -1, 1, 1))

    def outputs(self, pixels: Tensor) -> Any:
        """The network's raw output for pixels (N, C, H, W) in [0, 1]."""
        return self.task.run(self.network, (self.task.network_input(pixels) - self.mean) / self.std)

    def forward(self, pixels: Tensor) -> Any:
        return self.task.activate(self.outputs(pixels))


@torch.no_grad()
def outputs_over(
    model: Model,
    samples: Samples,
    autocast: Callable[[], AbstractContextManager] = nullcontext,
    rank: int = 0,
    world: int = 1,
) -> Iterator[tuple[np.ndarray, Any, Any]]:
    """Row numbers, outputs (float32, on the CPU) and targets of all samples of one process, batch by batch.

    Batches have at most 256 images, and fewer of large ones.
    """
    device = next(model.network.parameters()).device
    for decoded in samples.batches(answered_at_once(model.images), rank, world):
        batch = make_problem(model.task, decoded)
        with autocast():
            output = model.outputs(batch.x.to(device))
        yield batch.rows, map_output(output, lambda one: one.float().cpu()), batch.target


def to_rows(model: Model, samples: Samples, rank: int = 0, world: int = 1) -> list[dict[str, Any]]:
    """The table of predictions: one row of plain values an image, in the order of the part."""
    table: list[tuple[int, dict[str, Any]]] = []
    for rows, output, target in outputs_over(model, samples, rank=rank, world=world):
        values = model.task.to_rows(output, target, samples.frames(rows))
        table += [
            (int(i), {"image": samples.part.rows[int(i)].name, **row}) for i, row in zip(rows, values, strict=True)
        ]
    if world > 1:
        shares: list[Any] = [None] * world
        torch.distributed.all_gather_object(shares, table)
        table = [entry for share in shares for entry in share]
    return [row for _, row in sorted(table, key=lambda entry: entry[0])]


@torch.no_grad()
def evaluate_outputs(
    outputs: Callable[[Tensor], Any], task: Task, images: ImageSpec, part: Part, size: int = 64
) -> Evaluation:
    """How good the answers of `outputs`, a function like `Model.outputs`, are for a part; `size` images at a time."""
    samples, table = load_samples(part, task, images), []
    for decoded in samples.batches(size):
        batch = make_problem(task, decoded)
        rows = task.to_rows(outputs(batch.x), batch.target, batch.frames)
        names = [part.rows[int(row)].name for row in batch.rows]
        table += [{"image": name, **row} for name, row in zip(names, rows, strict=True)]
    return evaluation(task, table)


def evaluation(task: Task, table: list[dict[str, Any]]) -> Evaluation:
    """Derive everything that is said about a set of answers from their table."""
    score, interval, details = task.evaluate(table)
    metric = task.metric
    return Evaluation(
        task=task.name,
        metric=metric.name,
        better=metric.better,
        unit=details.get("unit", metric.unit),
        score=score,
        interval=interval,
        count=len(table),
        details=details,
        table=table,
    )
