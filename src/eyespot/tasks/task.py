"""The task contract: what a right answer is, and everything that follows from it.

Whatever differs between tasks is asked of the task; no other package branches on its name or class.
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
    "Turn",
    "gathered",
    "index_target",
    "parse_position",
    "target_to",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """The one number that says how good a set of answers is; `better` is "higher" or "lower"."""

    name: str
    better: str
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One optimization turn of a training step: its name, and the submodule whose weights it changes ("" for all).

    The turns of a step follow each other: the second is computed with the weights that the first has changed.
    """

    name: str = "network"
    part: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """The color (red, green, blue; 0 to 255) that a person gives for the pixel at a row and a column, from 0 on."""

    row: int
    column: int
    color: tuple[int, int, int]


class Task(ABC):
    """What a right answer is.

    Final tasks are frozen keyword-only dataclasses of plain values, which go into the model file.
    """

    # Identity.
    name: ClassVar[str]
    metric: ClassVar[Metric]
    columns: ClassVar[tuple[str, ...]]
    """The columns of a source that the task reads; a source without them cannot serve it."""
    fit: ClassVar[str] = "crop"
    """How an image of another shape is brought to the network's size: one of `images.FITS`."""
    scaled_input: ClassVar[bool] = True
    """Whether the network sees pixels with mean 0 and standard deviation 1; otherwise they stay in [0, 1]."""
    input_side: ClassVar[int | None] = None
    """The longest side, in pixels, that images are scaled to unless another size is asked for; None: the usual one."""
    default_network: ClassVar[str] = "residual"
    """A key of `networks.NETWORKS`."""
    report_template: ClassVar[str] = "report_plain.html"
    """The page of a run's report, in `templates/`; `report_values` fills it."""
    text_columns: ClassVar[tuple[str, ...]] = ()
    """The columns of the table of predictions that hold names, which may look like numbers."""
    unsupported: ClassVar[Mapping[str, str]] = {}
    """What cannot be done with this task, and why: keys "pretrained", "robust" (training), "corruptions" and
    "predict"."""
    default_optimizer: ClassVar[str | None] = None
    """The optimizer that is used unless another is named; None: as the start of the training suggests."""
    default_steps: ClassVar[int | None] = None
    """Training steps unless epochs are given; None: enough epochs for a classifier."""
    default_batch: ClassVar[int | None] = None
    """Images of a training step, at most, unless another number is given; None: as suits images of this size."""
    generates: ClassVar[bool] = False
    """Whether `sample` makes new images. Such a model is evaluated by its images, see `generated.py`."""
    annotates: ClassVar[bool] = False
    """Whether an answer names places on the image, which `annotate` draws."""
    turns: ClassVar[tuple[Turn, ...]] = (Turn(),)
    """Optimization turns of one training step: one for most tasks, two for a generative adversarial network."""

    answer_suffix: ClassVar[str] = ""
    """What the file of an answer that is an image is called beside its input: "denoised"; empty where none is."""
    answer_settings: ClassVar[tuple[str, ...]] = ()
    """The fields that a person may change when a trained model is used: they change answers, not what was learned."""
    keeps_depth: ClassVar[bool] = False
    """Whether an answer that is an image has 16 bits where the file that it is for has more than 8."""
    compares: ClassVar[bool] = False
    """Whether an output is compared with that of another image: `reference_target` then makes an `of` of the latter."""
    takes_hints: ClassVar[bool] = False
    """Whether a person can give colors of some pixels, which an answer that is an image then follows."""

    # Data.
    def unusable(self, row: Row) -> str:
        """Why the image of a row cannot serve the task, in words; empty where it can. Such rows are left out."""
        return ""

    def check_images(self, sizes: np.ndarray, images: ImageSpec) -> None:
        """Raise `SourceError` where training images of `sizes` (N, 3: H, W, C) cannot serve the task at `images`."""
        return

    def check_source(self, source: Source) -> None:
        """Raise `SourceError` where a source as a whole cannot serve the task, before `prepare` sees its rows."""
        return

    def prepare(self, rows: Sequence[Row]) -> Self:
        """The same task knowing its data: classes, ranges, balance. Reads training rows only.

        By default nothing is learned from the data, but every row must be readable.
        """
        for row in rows:
            self.read(row)
        return self

    @abstractmethod
    def read(self, row: Row) -> Any:
        """The target of one row as a plain value; raises `TaskError` naming `row.location`."""

    def target_text(self, row: Row) -> str | None:
        """The target of one row as a person reads it in a caption; None where none is known."""
        return next((row.values[column] for column in self.columns if row.values.get(column)), None)

    def notes(self) -> list[str]:
        """What `prepare` noticed about the data and what is done about it, one sentence each."""
        return []

    def stack(self, targets: Sequence[Any]) -> Target:
        """Targets of several rows as tensors with N in front."""
        return torch.as_tensor(np.asarray(targets))

    def strata(self, targets: Target) -> list[str]:
        """What cross-validation keeps balanced over its folds: one name per sample, by default the same for all."""
        count = len(next(iter(targets.values())) if isinstance(targets, dict) else targets)
        return [""] * count

    def augmentation(self, shape: tuple[int, int, int]) -> str:
        """The key of `sources.augment.PRESETS` that suits images of `shape` (C, H, W).

        Images of at most 64 pixels a side are shifted by whole pixels: rotating and zooming would blur them.
        """
        return "small" if max(shape[1:]) <= 64 else "photos"

    def allows(self, change: str) -> bool:
        """Whether training images may be changed so without making the answer wrong; asked once a training.

        `change` is "flip" (left and right change places), "shift", "rotate", "zoom", "color", "erase" or "crop":
        random pieces of images whose sizes differ (`fit` "native"); otherwise the middle of each image is used.
        """
        return True

    @property
    def mirror_reason(self) -> str:
        """Why training images may be mirrored or not, where it is not left to the data."""
        return "a mirror changes no answer" if self.allows("flip") else "a mirror changes the answers"

    def request_mirror(self, mirrored: bool) -> Self:
        """The same task where the user asks for mirrored training images, or for none.

        Raises `TaskError` where a mirror would make answers wrong.
        """
        if mirrored and not self.allows("flip"):
            raise TaskError(f"mirror is yes, but a mirror changes the answers of the task {self.name}; leave it out.")
        return self

    @property
    def mirror_is_open(self) -> bool:
        """Whether it is left to the data if training images may be mirrored: then `decide_mirror` is called."""
        return False

    def decide_mirror(self, features: np.ndarray, mirrored: np.ndarray, targets: Sequence[Any]) -> tuple[Self, str]:
        """The same task knowing whether a mirror changes its answers, and the reason in words.

        `features` and `mirrored` (N, D) describe training images and their mirror images, `targets` are as `read`.
        """
        return self, ""

    def transform_target(self, target: Any, frame: Frame) -> Any:
        """Targets of N images, read in original pixels, where N frames take them: fit, crop and augmentation in one.

        For boxes and points; most targets stay as they are. Training and evaluation call it once for each batch.
        """
        return target

    def sampling_order(self, targets: Target, seed: int, epoch: int) -> np.ndarray | None:
        """The order (N,) in which an epoch visits the samples; None for a random permutation.

        Samples may come several times or not at all, but N in all. The same seed and epoch must give the same order.
        """
        return None

    # Network.
    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the numbers that the network puts out, in their order; empty where they have none."""
        return ()

    @abstractmethod
    def outputs(self, channels: int) -> Output:
        """What the network must put out, for images of `channels` channels: a vector, a map, or named ones."""

    def make_problem(self, images: tuple[Tensor, ...], target: Target, keys: Tensor) -> tuple[Tensor, Target]:
        """Pixels (N, C, H, W) in [0, 1] and targets of a training or evaluation batch: noise is added here.

        `images` holds one float tensor (two where rows have a paired image); `keys` (N,) int64 follow from each
        sample's content, the seed and the epoch: whatever is random here follows from them alone.
        """
        return images[0], target

    def network_input(self, pixels: Tensor) -> Tensor:
        """What the network sees of pixels (N, C, H, W) in [0, 1], before normalization: (N, C', H, W).

        Always the same differentiable function, called by training, evaluation, predict, explain, attack, serve and
        export through `samples.network_x`. It works on each pixel alone and keeps the precision of `pixels`, so that
        occlusion and pixel attacks, which change a few pixels, know what changes for the network.
        """
        return pixels

    def criterion(self) -> nn.Module | None:
        """A new module with the learned parameters of the loss, kept in the checkpoint and not in the model file.

        Its first weights may be drawn from torch's global generator, which is seeded before.
        """
        return None

    # Learning and evaluation.
    def linear_probe(self, features: np.ndarray, target: Target) -> tuple[Tensor, Tensor] | None:
        """Weight (K, F) and bias (K,) of the dense layer that answers best for features (N, F) of a trained network.

        None where it is the one with the least loss, which is found without a criterion.
        """
        return None

    @abstractmethod
    def loss(self, output: Any, target: Any, criterion: nn.Module | None = None) -> Tensor:
        """How wrong each answer is: (N,), one number per sample, the smaller the better.

        `criterion` is the module that `criterion()` made, with what training has learned in it; None for most tasks.
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
        """The loss (N,) that one optimization turn makes smaller, and the output that `score` and `watch` take.

        `x` (N, C, H, W) is normalized. Only the weights of `turn.part` get gradients, and with the first turn those of
        the criterion. What is random here follows from `keys` (N,). `progress` is the share of the training's steps
        that are done, from 0 to 1. Called in the training's precision.
        """
        output = map_output(network(x), Tensor.float)
        with torch.autocast(x.device.type, enabled=False):  # losses are summed in float32
            return self.loss(output, target, criterion), output

    def watch(self, turn: Turn, output: Any) -> dict[str, Tensor]:
        """Further numbers per sample (N,) that the log shows of a turn's output, by names of their own; none here."""
        return {}

    def is_selectable(self, progress: float) -> bool:
        """Whether the weights after this share of the training may become the model, if they score best."""
        return True

    @abstractmethod
    def score(self, output: Any, target: Any) -> dict[str, Tensor]:
        """How good each answer is: named numbers per sample (N,); their mean is watched during training.

        The first is the one that stands for the main metric. NaN means: does not count.
        """

    def calibrate(self, outputs: Iterable[tuple[Any, Any]]) -> Self:
        """The same task with temperature, thresholds and the like fitted on validation data.

        `outputs` streams (output, target) batch by batch, so that images of any size never lie in memory together.
        """
        return self

    @abstractmethod
    def to_rows(self, output: Any, target: Any, frame: Frame | None = None) -> list[dict[str, Any]]:
        """One row of plain values per sample for the table of predictions: target, answer, probabilities, errors.

        `frame` (N frames) leads from original pixels to those of the network: boxes and points go back by its inverse.
        """

    @abstractmethod
    def evaluate(self, table: Sequence[dict[str, Any]]) -> tuple[float, tuple[float, float], dict[str, Any]]:
        """Main metric, its 95 % interval and the task's own statistics, all derived from the table of predictions."""

    # Answers.
    value_name: ClassVar[str] = "output"
    """What `value` is called in legends and tables."""
    label_kind: ClassVar[str] = "label"
    """What one of `labels` is called in messages: "class", "tag"."""

    @property
    def significant_change(self) -> float:
        """How far the objective must move for an attack to count as successful, unless `Aim.change` states it."""
        return 1.0

    @property
    def choices(self) -> tuple[str, ...]:
        """The labels of which exactly one is the answer, the one with the largest output; empty for other tasks.

        Targets are then places among them, and every one of them can be the target of an attack.
        """
        return ()

    def activate(self, output: Any) -> Any:
        """Raw outputs (N, ...) as what they mean: probabilities, the number in its unit, an image.

        The only place where outputs become probabilities: answers, explanations, attacks, the page and exported
        models call it. It is differentiable and keeps the precision of `output`.
        """
        return output

    @abstractmethod
    def answer(self, output: Any, frame: Frame | None = None) -> dict[str, Any]:
        """The answer for ONE output (without N) as plain values; key "answer" holds it in short.

        Boxes and points are in original pixels where `frame` is given, otherwise in those of the network.
        """

    def answer_text(self, answer: Mapping[str, Any]) -> str:
        """What `answer` returned, as a person reads it in a caption."""
        return str(answer["answer"])

    @property
    def answer_rule(self) -> str:
        """How a program without eyespot turns what `activate` gives into the answer, in words."""
        return "the answer itself"

    def answer_image(self, output: Any, pixels: Tensor, hints: Sequence[Hint] = ()) -> Tensor | None:
        """The answers to `output` (N, ...) as images (N, C, H, W) in [0, 1]; None where an answer is not an image.

        `pixels` (N, C, H, W) are the images that were answered: what the network received, or the originals at their
        full size. The answers have their height and width; a task that keeps every image's own size may ignore them.
        `hints` are for one image and for tasks that take them (`takes_hints`), in pixels of `pixels`.
        """
        return None

    def answer_statistics(self, output: Any, pixels: Tensor, channels: int) -> dict[str, Any]:
        """What else is known of an answer that is an image, from the image that it is for; key "note" puts it in words.

        `output` (1, ...) is for `pixels` (1, C, H, W), as in `answer_image`; `channels` are those of the original file.
        """
        return {}

    def proposals(self) -> Mapping[str, Self]:
        """The task with settings that lead to several plausible answers, by what their files are called besides.

        Raises `TaskError` where there is only one answer.
        """
        raise TaskError(f"the task {self.name} makes no proposals; leave them out.", argument="proposals")

    def annotate(self, pixels: np.ndarray, answer: Mapping[str, Any]) -> np.ndarray:
        """The original image (H, W, C), uint8, with what `answer` returned drawn over it, where `annotates` is true."""
        return pixels

    def document(self, answers: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
        """Answers for many files, keys "image" and those of `answer`, in a JSON format that other programs read.

        None where there is no such format. Images that could not be read are among them, with the key "error".
        """
        return None

    def abstention(self, output: Any) -> tuple[Tensor, Tensor] | None:
        """How sure each answer is (N,), and whether the task abstains from it (N,); None if it never abstains."""
        return None

    @abstractmethod
    def objective(self, output: Any, of: Any = None) -> Tensor:
        """The one number per sample (N,) that explanations and attacks work on; `of` is what `parse_target` returns."""

    def value(self, output: Any, of: Any = None) -> Tensor:
        """The same as people read it, (N,): the probability where there is one, otherwise the objective."""
        return self.objective(output, of)

    def default_target(self, output: Any) -> Any:
        """The `of` that is explained for one output (1, ...) if none is given: the label with the largest output."""
        return int(output[0].argmax()) if self.labels else None

    def reference_target(self, output: Any, name: str) -> Any:
        """The `of` with which the objective is the similarity to another image, whose output is (1, ...).

        `name` is what the other image is called. Raises `TaskError` where outputs are not compared.
        """
        raise TaskError(f"{self.name} compares no images; leave the reference out.", argument="reference")

    def parse_target(self, of: Any) -> Any:
        """A user's `of` as the value that `objective` takes; text, numbers and None are understood.

        By default the name or the place of one of `labels`. Raises `TaskError` for what does not exist.
        """
        if of is None:
            return None
        if not self.labels:
            raise TaskError(f"'of' is '{of}', but {self.name} has a single output; leave 'of' out.")
        return self.place(of)

    def target_name(self, of: Any) -> str:
        """What a value of `parse_target` or `default_target` is called in words."""
        if of is None:
            return "the output"
        return self.labels[of] if self.labels else f"the output at {of}"

    def place(self, label: str | int) -> int:
        """The place of a label among `labels`, given by its name or its place; raises `TaskError` if there is none."""
        if isinstance(label, int):
            if not 0 <= label < len(self.labels):
                raise TaskError(
                    f"There is no {self.label_kind} {label}; expected 0 to {len(self.labels) - 1}, or a name."
                )
            return label
        return look_up(self.label_kind, str(label), {name: at for at, name in enumerate(self.labels)}, TaskError)

    def attack_criterion(self, aim: Aim, output: Any, truths: Sequence[Any] | None, farthest: bool) -> AttackPlan:
        """What counts as fooled, for N images with the outputs `output` (N, ...) and targets `truths`.

        Without `truths` the model's own answers are taken as right. With `farthest` a number is moved as far as
        possible unless `aim.change` is given. By default `objective` must move. Raises `AttackError` for an aim
        that the task does not have.
        """
        of = self.parse_target(aim.of)
        return number_plan(
            self.name, aim, lambda output: self.objective(output, of), output, self.significant_change, farthest
        )

    def sample(self, network: nn.Module, seed: int, n: int) -> Tensor:
        """`n` new images (n, C, H, W) in [0, 1], the same for the same seed; raises `TaskError` unless it generates."""
        raise TaskError(f"the task {self.name} answers images and makes none; expected a generative task.")

    def interpolate(self, network: nn.Module, seed: int, n: int) -> Tensor:
        """`n` images (n, C, H, W) in [0, 1] from the seed's first sample to its second; raises `TaskError` as above."""
        raise TaskError(f"the task {self.name} answers images and makes none; expected a generative task.")

    # Reports.
    def illustrate(self, images: tuple[Tensor, ...], pixels: Tensor, outputs: Callable[[Tensor], Any]) -> list[Tensor]:
        """The pictures (C, H, W) in [0, 1] that a report shows of one sample, from left to right.

        `images` are the sample's own (1, C, H, W), `pixels` what `make_problem` makes of them, and `outputs` gives the
        model's raw outputs for pixels. By default the sample's own image.
        """
        return [images[0][0]]

    def report_values(self, evaluation: Evaluation, pictures: Pictures) -> Values:
        """The values of `report_template`: "tiles" (value, name, hint), "examples" and what the template itself shows.

        `pictures` gives the picture of a row of `evaluation.table`. By default every single number of the statistics.
        """
        return plain_values(evaluation, pictures)

    def remarks(self, details: Mapping[str, Any]) -> list[str]:
        """What else the command line says of a result, from the statistics of `evaluate`, a line each."""
        return []

    @abstractmethod
    def example(self, seed: int) -> Source:
        """A small synthetic source with a known answer."""


def gathered(outputs: Iterable[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """Streamed (output, target) batches of small vectors as one pair of tensors, N in front."""
    pairs = list(outputs)
    return torch.cat([output for output, _ in pairs]), torch.cat([target for _, target in pairs])


def parse_position(text: str) -> tuple[int, int] | None:
    """A position given as text, "ROW,COLUMN"; None where the text is something else.

    >>> parse_position("3, 5"), parse_position("cat")
    ((3, 5), None)
    """
    found = re.fullmatch(r"\s*([0-9]{1,6})\s*,\s*([0-9]{1,6})\s*", text)
    return (int(found[1]), int(found[2])) if found else None
