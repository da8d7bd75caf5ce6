"""The task contract: targets, outputs, loss, answers and evaluation of one kind of question.

Everything that differs between tasks is a method of `Task`; no other package branches on a task's name or class.
Shapes: N images, C channels, H height, W width, K classes.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import TaskError, look_up
from ..findings import Evaluation
from ..images import Frame, ImageSpec
from ..networks.network import Output, map_output
from ..sources.source import Row, Source
from ._target import Target, index_target, target_to
from .criterion import Aim, AttackPlan, number_plan
from .report import Pictures, Values, plain_values

__all__ = [
    "Aim",
    "AttackPlan",
    "Hint",
    "Metric",
    "Target",
    "Task",
    "Tile",
    "Turn",
    "gathered",
    "index_target",
    "parse_position",
    "target_to",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """The main metric of a task; `better` is "higher" or "lower"."""

    name: str
    better: str
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One optimization turn of a training step: its name, and the submodule that it updates ("" for all).

    The turns of a step run in sequence: the second uses the weights that the first has updated.
    """

    name: str = "network"
    part: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """The color (red, green, blue; 0 to 255) that a user sets for the pixel at a row and a column, counted from 0."""

    row: int
    column: int
    color: tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """The answer for a tile of a large image, in pixels of the tile, whose corner is at `left` and `top`.

    `core` (x1, y1, x2, y2) is the part of the image that it answers for; neighboring tiles overlap.
    """

    answer: Mapping[str, Any]
    left: int
    top: int
    core: tuple[int, int, int, int]


class Task(ABC):
    """Abstract base class of all tasks.

    Concrete tasks are frozen keyword-only dataclasses of plain values, which are saved in the model file.
    """

    # Identity.
    name: ClassVar[str]
    metric: ClassVar[Metric]
    columns: ClassVar[tuple[str, ...]]
    """The columns of a source that the task requires."""
    fit: ClassVar[str] = "crop"
    """How images of another shape are fitted to the network's input size: one of `images.FITS`."""
    scaled_input: ClassVar[bool] = True
    """Whether network inputs are standardized (mean 0, standard deviation 1); otherwise they stay in [0, 1]."""
    input_side: ClassVar[int | None] = None
    """Default for the longer side of the network input, in pixels; None: the general default."""
    default_network: ClassVar[str] = "residual"
    """A key of `networks.NETWORKS`."""
    report_template: ClassVar[str] = "report_plain.html"
    """The template of a run's report, in `templates/`; `report_values` returns its values."""
    text_columns: ClassVar[tuple[str, ...]] = ()
    """Columns of the table of predictions that contain names, even if they look like numbers."""
    unsupported: ClassVar[Mapping[str, str]] = {}
    """What this task does not support, and why: keys "pretrained", "robust" (training), "corruptions" and
    "predict"."""
    default_optimizer: ClassVar[str | None] = None
    """The default optimizer; None: depends on the initial weights."""
    default_steps: ClassVar[int | None] = None
    """Default number of training steps; None: the number of epochs for a classifier."""
    default_batch: ClassVar[int | None] = None
    """Default for the largest batch size; None: depends on the image size."""
    default_rates: ClassVar[Mapping[str, float]] = {}
    """Learning rates by optimizer, where the usual ones do not suit the task's networks."""
    mirrored_probe: ClassVar[bool] = False
    """Whether a probe for maps learns from mirrored images only, in small steps, and not from augmented ones."""
    mean_metric: ClassVar[bool] = True
    """Whether the mean of `score` over images selects epochs and fine-tuned networks; otherwise the loss selects
    epochs, and `evaluate` selects networks."""
    generates: ClassVar[bool] = False
    """Whether `sample` generates images. Such a model is evaluated by its samples, see `generated.py`."""
    annotates: ClassVar[bool] = False
    """Whether an answer contains positions in the image, which `annotate` draws."""
    turns: ClassVar[tuple[Turn, ...]] = (Turn(),)
    """Optimization turns of one training step: one for most tasks, two for a generative adversarial network."""

    answer_suffix: ClassVar[str] = ""
    """File name suffix of an answer that is an image, such as "denoised"; empty if answers are not images."""
    answer_settings: ClassVar[tuple[str, ...]] = ()
    """Fields that may be changed after training: they affect answers, not learned weights."""
    keeps_depth: ClassVar[bool] = False
    """Whether an answer that is an image has 16 bits per channel if its input file has more than 8."""
    study_options: ClassVar[tuple[str, ...]] = ()
    """Options such as "stride=16" that a trade-off study compares with the task as it is by default."""
    study_answers: ClassVar[tuple[Mapping[str, Any], ...]] = ()
    """Fields that change answers and not what is learned, such as {"candidates": 50}: a trade-off study also measures
    the trained candidates on its front with them."""
    compares: ClassVar[bool] = False
    """Whether outputs of two images are compared: `reference_target` then returns an `of` for the second image."""
    takes_hints: ClassVar[bool] = False
    """Whether users can set colors of some pixels to guide an answer that is an image."""

    # Data.
    def unusable(self, row: Row) -> str:
        """Why the image of a row cannot be used for the task, as text; empty if it can. Such rows are left out."""
        return ""

    def check_images(self, sizes: np.ndarray, images: ImageSpec) -> None:
        """Raise `SourceError` if training images of `sizes` (N, 3: H, W, C) cannot be used at the size of `images`."""
        return

    def check_source(self, source: Source) -> None:
        """Raise `SourceError` if a source as a whole cannot be used for the task; called before `prepare`."""
        return

    def prepare(self, rows: Sequence[Row]) -> Self:
        """Return the task with what it learned from the training rows: classes, ranges, balance.

        By default nothing is learned, but every row must be readable.
        """
        for row in rows:
            self.read(row)
        return self

    @abstractmethod
    def read(self, row: Row) -> Any:
        """The target of one row as a plain value; raises `TaskError` naming `row.location`."""

    def target_text(self, row: Row) -> str | None:
        """The target of one row as text for a caption; None if unknown."""
        return next((row.values[column] for column in self.columns if row.values.get(column)), None)

    def notes(self) -> list[str]:
        """What `prepare` noticed about the data and how it is handled, one sentence each."""
        return []

    def stack(self, targets: Sequence[Any]) -> Target:
        """Stack the targets of several rows as tensors, batch dimension first."""
        return torch.as_tensor(np.asarray(targets))

    def strata(self, targets: Target) -> list[str]:
        """Strata that cross-validation balances over its folds: one name per sample, by default the same for all."""
        count = len(next(iter(targets.values())) if isinstance(targets, dict) else targets)
        return [""] * count

    def augmentation(self, shape: tuple[int, int, int]) -> str:
        """The default augmentation, a key of `sources.augment.PRESETS`, for images of `shape` (C, H, W).

        Images of at most 64 pixels per side are shifted by whole pixels: rotating and zooming would blur them.
        """
        return "small" if max(shape[1:]) <= 64 else "photos"

    def allows(self, change: str) -> bool:
        """Whether an augmentation keeps the target valid; called once per training.

        `change` is "flip" (horizontal), "turn" (upside down), "shift", "rotate", "zoom", "color", "erase" or "crop":
        random crops of images of varying size (`fit` "native"); without it the center of each image is used.
        """
        return True

    @property
    def mirror_reason(self) -> str:
        """Why training images are mirrored or not, if this is not decided from the data."""
        return "a mirror changes no answer" if self.allows("flip") else "a mirror changes the answers"

    def request_mirror(self, mirrored: bool) -> Self:
        """Return the task with the user's choice whether training images are mirrored.

        Raise `TaskError` if mirroring would make targets wrong.
        """
        if mirrored and not self.allows("flip"):
            raise TaskError(f"mirror is yes, but a mirror changes the answers of the task {self.name}; leave it out.")
        return self

    @property
    def mirror_is_open(self) -> bool:
        """Whether mirroring is decided from the data, by `decide_mirror`."""
        return False

    def decide_mirror(self, features: np.ndarray, mirrored: np.ndarray, targets: Sequence[Any]) -> tuple[Self, str]:
        """Return the task with the decision whether mirroring is allowed, and the reason as text.

        `features` and `mirrored` (N, D) describe training images and their mirror images; `targets` are those of
        `read`.
        """
        return self, ""

    def transform_target(self, target: Any, frame: Frame) -> Any:
        """Transform the targets of N images from original pixels by N frames: fit, crop and augmentation in one.

        Needed for boxes and points; other targets stay unchanged. Called once per training and evaluation batch.
        """
        return target

    def sampling_order(self, targets: Target, seed: int, epoch: int) -> np.ndarray | None:
        """The order (N,) in which an epoch uses the samples; None for a random permutation.

        Samples may occur several times or not at all. The same seed and epoch must return the same order.
        """
        return None

    # Network.
    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the network's outputs, in their order; empty if they have none."""
        return ()

    @abstractmethod
    def outputs(self, channels: int) -> Output:
        """The required network output, for images with `channels` channels: a vector, a map, or several by name."""

    def make_problem(self, images: tuple[Tensor, ...], target: Target, keys: Tensor) -> tuple[Tensor, Target]:
        """Pixels (N, C, H, W) in [0, 1] and targets of a training or evaluation batch; adds noise if the task needs it.

        `images` contains one float tensor (two if rows have a paired image); `keys` (N,) int64 depend on each sample's
        content, the seed and the epoch, and are the only source of randomness here.
        """
        return images[0], target

    def with_noise(self, noise: str, amount: float) -> Self:
        """The same task, which adds `noise` of one amount to images; raise `TaskError` if it does not remove any."""
        raise TaskError(f"noise was given, but {self.name} does not remove any; leave it out.", argument="noise")

    def network_input(self, pixels: Tensor) -> Tensor:
        """Convert pixels (N, C, H, W) in [0, 1] to the network's input before normalization, (N, C', H, W).

        A deterministic, differentiable function, called by training, evaluation, predict, explain, attack, serve and
        export through `samples.network_x`. It works on each pixel separately and keeps the dtype of `pixels`, so that
        occlusion and pixel attacks, which change a few pixels, know what changes for the network.
        """
        return pixels

    def run(self, network: nn.Module, x: Tensor) -> Any:
        """The network's output for its normalized input `x` (N, C, H, W), where a model answers.

        Tasks may average the outputs for several views of the images here. Training runs the network itself, and so do
        explanations of its inner values.
        """
        return network(x)

    def criterion(self) -> nn.Module | None:
        """A new module with the learned parameters of the loss, saved in the checkpoint but not in the model file.

        Its initial weights may use torch's global generator, which is seeded before.
        """
        return None

    # Learning and evaluation.
    def linear_probe(self, features: np.ndarray, target: Target) -> tuple[Tensor, Tensor] | None:
        """Weight (K, F) and bias (K,) of a dense layer fitted to features (N, F) of a pretrained network.

        None: the layer is fitted by minimizing the loss, without a criterion.
        """
        return None

    @abstractmethod
    def loss(self, output: Any, target: Any, criterion: nn.Module | None = None) -> Tensor:
        """Loss per sample, (N,).

        `criterion` is the trained module from `criterion()`; None for most tasks.
        """

    def losses(
        self,
        turn: Turn,
        network: nn.Module,
        x: Tensor,
        target: Any,
        keys: Tensor,
        criterion: nn.Module | None,
        progress: float,
    ) -> tuple[Tensor, Any]:
        """The loss (N,) of one optimization turn, and the output for `score` and `watch`.

        `x` (N, C, H, W) is normalized. Only the weights of `turn.part` get gradients, and in the first turn also those
        of the criterion. Randomness must derive from `keys` (N,). `progress` is the fraction of completed training
        steps, from 0 to 1. Called in the precision of the training.
        """
        output = map_output(network(x), Tensor.float)
        with torch.autocast(x.device.type, enabled=False):  # losses are summed in float32
            return self.loss(output, target, criterion), output

    def watch(self, turn: Turn, output: Any) -> dict[str, Tensor]:
        """Additional values per sample (N,) that the log shows for a turn's output, by name; empty by default."""
        return {}

    def is_selectable(self, progress: float) -> bool:
        """Whether the weights at this fraction of the training may be selected as the model."""
        return True

    @abstractmethod
    def score(self, output: Any, target: Any) -> dict[str, Tensor]:
        """Metrics per sample (N,) by name; their means are monitored during training.

        The first one stands for the main metric. NaN values are ignored.
        """

    def calibrate(self, outputs: Iterable[tuple[Any, Any]]) -> Self:
        """Return the task with parameters such as temperature and thresholds fitted on validation data.

        `outputs` streams (output, target) batches, so that not all of them are in memory at once.
        """
        return self

    @abstractmethod
    def to_rows(self, output: Any, target: Any, frame: Frame | None = None) -> list[dict[str, Any]]:
        """One row of plain values per sample for the table of predictions: target, answer, probabilities, errors.

        `frame` (N frames) maps original pixels to those of the network; its inverse maps boxes and points back.
        """

    @abstractmethod
    def evaluate(self, table: Sequence[dict[str, Any]]) -> tuple[float, tuple[float, float], dict[str, Any]]:
        """Main metric, its 95 % interval and the task's statistics, all computed from the table of predictions."""

    # Answers.
    value_name: ClassVar[str] = "output"
    """Name of `value` in legends and tables."""
    label_kind: ClassVar[str] = "label"
    """Name for one of `labels` in messages: "class", "tag"."""

    @property
    def significant_change(self) -> float:
        """How far an attack must move the objective to succeed, unless `Aim.change` is set."""
        return 1.0

    @property
    def choices(self) -> tuple[str, ...]:
        """The labels if exactly one of them is the answer, the one with the largest output; empty for other tasks.

        Targets are then indices of these labels, and each of them can be the target of an attack.
        """
        return ()

    def activate(self, output: Any) -> Any:
        """Convert raw outputs (N, ...) to their meaning: probabilities, the number in its unit, an image.

        The only place where outputs become probabilities: used by answers, explanations, attacks, the page and exported
        models. It is differentiable and keeps the dtype of `output`.
        """
        return output

    @abstractmethod
    def answer(self, output: Any, frame: Frame | None = None) -> dict[str, Any]:
        """The answer for ONE output (without N) as plain values; the key "answer" contains its short form.

        Boxes and points are in original pixels if `frame` is given, otherwise in those of the network.
        """

    def answer_text(self, answer: Mapping[str, Any]) -> str:
        """Format the result of `answer` for a caption."""
        return str(answer["answer"])

    @property
    def answer_rule(self) -> str:
        """How a program without eyespot converts the result of `activate` to the answer, as text."""
        return "the answer itself"

    def answer_image(self, output: Any, pixels: Tensor, hints: Sequence[Hint] = ()) -> Tensor | None:
        """The answers to `output` (N, ...) as images (N, C, H, W) in [0, 1]; None if answers are not images.

        `pixels` (N, C, H, W) are the input images: at the size of the network input, or the originals at full size. The
        answers have the same height and width; a task that keeps every image's own size may ignore them. `hints`, in
        coordinates of `pixels`, are for one image and for tasks that support them (`takes_hints`).
        """
        return None

    def answer_statistics(self, output: Any, pixels: Tensor, channels: int) -> dict[str, Any]:
        """Additional statistics of an answer that is an image, computed with its input; key "note" is a text summary.

        `output` (1, ...) belongs to `pixels` (1, C, H, W), as in `answer_image`; `channels` are those of the original
        file.
        """
        return {}

    def proposals(self) -> Mapping[str, Self]:
        """Variants of the task that lead to several plausible answers, by the suffix of their file names.

        Raise `TaskError` if there is only one answer.
        """
        raise TaskError(f"the task {self.name} makes no proposals; leave them out.", argument="proposals")

    def annotate(self, pixels: np.ndarray, answer: Mapping[str, Any]) -> np.ndarray:
        """Draw the result of `answer` on the original image (H, W, C), uint8; requires `annotates`."""
        return pixels

    def join_tiles(self, tiles: Sequence[Tile], size: tuple[int, int]) -> dict[str, Any]:
        """The answer for a large image of height and width `size` from those for its tiles.

        Raise `TaskError` if answers cannot be joined; called without tiles before any is computed.
        """
        raise TaskError(f"the task {self.name} answers whole images only; leave tiles out.", argument="tiles")

    def document(self, answers: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
        """Answers for many files, keys "image" and those of `answer`, in a standard JSON format.

        None if there is no such format. Images that could not be read are included, with the key "error".
        """
        return None

    def abstention(self, output: Any) -> tuple[Tensor, Tensor] | None:
        """Confidence of each answer (N,), and whether the task abstains from it (N,); None if it never abstains."""
        return None

    @abstractmethod
    def objective(self, output: Any, of: Any = None) -> Tensor:
        """One number per sample (N,) that explanations and attacks work on; `of` is a value from `parse_target`."""

    def value(self, output: Any, of: Any = None) -> Tensor:
        """The objective in readable form, (N,): a probability if there is one, otherwise the objective."""
        return self.objective(output, of)

    def default_target(self, output: Any) -> Any:
        """The default `of` for explaining one output (1, ...): by default the label with the largest output."""
        return int(output[0].argmax()) if self.labels else None

    def reference_target(self, output: Any, name: str) -> Any:
        """The `of` that makes the objective the similarity to another image, whose output is (1, ...).

        `name` is the name of the other image. Raise `TaskError` if the task does not compare outputs.
        """
        raise TaskError(f"{self.name} compares no images; leave the reference out.", argument="reference")

    def parse_target(self, of: Any) -> Any:
        """Parse a user's `of`, which may be text, a number or None, to the value that `objective` takes.

        By default it is the name or index of one of `labels`. Raise `TaskError` if it does not exist.
        """
        if of is None:
            return None
        if not self.labels:
            raise TaskError(f"'of' is '{of}', but {self.name} has a single output; leave 'of' out.")
        return self.place(of)

    def target_name(self, of: Any) -> str:
        """Describe a value of `parse_target` or `default_target` as text."""
        if of is None:
            return "the output"
        return self.labels[of] if self.labels else f"the output at {of}"

    def place(self, label: str | int) -> int:
        """Index of a label among `labels`, given by its name or index; raise `TaskError` if there is none."""
        if isinstance(label, int):
            if not 0 <= label < len(self.labels):
                raise TaskError(
                    f"There is no {self.label_kind} {label}; expected 0 to {len(self.labels) - 1}, or a name."
                )
            return label
        return look_up(self.label_kind, str(label), {name: at for at, name in enumerate(self.labels)}, TaskError)

    def attack_criterion(self, aim: Aim, output: Any, truths: Sequence[Any] | None, farthest: bool) -> AttackPlan:
        """The criterion of a successful attack, for N images with the outputs `output` (N, ...) and targets `truths`.

        Without `truths` the model's own answers count as correct. With `farthest` a number is moved as far as possible
        unless `aim.change` is given. By default `objective` must move. Raise `AttackError` for an aim that the task
        does not support.
        """
        of = self.parse_target(aim.of)
        return number_plan(
            self.name, aim, lambda output: self.objective(output, of), output, self.significant_change, farthest
        )

    def sample(self, network: nn.Module, seed: int, n: int) -> Tensor:
        """`n` new images (n, C, H, W) in [0, 1], reproducible by seed; raise `TaskError` unless the task generates."""
        raise TaskError(f"the task {self.name} answers images and makes none; expected a generative task.")

    def interpolate(self, network: nn.Module, seed: int, n: int) -> Tensor:
        """`n` images (n, C, H, W) in [0, 1] from the seed's first sample to its second; raise `TaskError` as above."""
        raise TaskError(f"the task {self.name} answers images and makes none; expected a generative task.")

    # Reports.
    def illustrate(self, images: tuple[Tensor, ...], pixels: Tensor, outputs: Callable[[Tensor], Any]) -> list[Tensor]:
        """The images (C, H, W) in [0, 1] that a report shows of one sample, from left to right.

        `images` are the sample's own (1, C, H, W), `pixels` the result of `make_problem`, and `outputs` computes the
        model's raw outputs for pixels. By default the sample's own image.
        """
        return [images[0][0]]

    def report_values(self, evaluation: Evaluation, pictures: Pictures) -> Values:
        """The values of `report_template`: "tiles" (value, name, hint), "examples" and others that the template uses.

        `pictures` returns the image of a row of `evaluation.table`. By default the scalar statistics are shown.
        """
        return plain_values(evaluation, pictures)

    def outcomes(self, row: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]] | None:
        """What was found in one row of the table of predictions, matched with what is there; None without places.

        "objects" have a `label` and a `place`, 2 numbers (x, y) or 4 (x1, y1, x2, y2) in original pixels; "found" also
        a `score`, and `object`, the number of the object that it was matched with (by decreasing score) or None.
        """
        return None

    def remarks(self, details: Mapping[str, Any]) -> list[str]:
        """Additional lines that the command line prints for a result, from the statistics of `evaluate`."""
        return []

    @abstractmethod
    def example(self, seed: int) -> Source:
        """A small synthetic source with known answers."""


def gathered(outputs: Iterable[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """Concatenate streamed (output, target) batches to one pair of tensors, batch dimension first."""
    pairs = list(outputs)
    return torch.cat([output for output, _ in pairs]), torch.cat([target for _, target in pairs])


def parse_position(text: str) -> tuple[int, int] | None:
    """Parse a position "ROW,COLUMN"; None if the text is something else.

    >>> parse_position("3, 5"), parse_position("cat")
    ((3, 5), None)
    """
    match = re.fullmatch(r"\s*([0-9]{1,6})\s*,\s*([0-9]{1,6})\s*", text)
    return (int(match[1]), int(match[2])) if match else None
