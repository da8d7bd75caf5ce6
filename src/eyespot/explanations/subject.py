"""The subject of an explanation: a model, an image at the input size, and the number to explain."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..errors import ExplanationError
from ..images import Picture, read_size
from ..model import Model
from ..networks.graph.record import Call, find_call, output_calls, output_of, record
from ..networks.graph.replay import ancestors
from ..networks.network import map_output


@dataclass(frozen=True, kw_only=True, eq=False)
class Subject:
    """A model and one image `pixels` (1, C, H, W) in [0, 1]; `of` is the argument of `task.objective`.

    `name` describes the objective. Shapes: N images, C channels, H height, W width.
    """

    model: Model
    pixels: Tensor
    of: Any
    name: str
    answer: str
    notes: tuple[str, ...] = ()

    @cached_property
    def x(self) -> Tensor:
        """The network input: `model.network_x` of the pixels; the recorded calls start here.

        Gradients and attributions are computed with respect to it: they have its channels and the image's size.
        """
        return self.model.network_x(self.pixels)

    @cached_property
    def calls(self) -> list[Call]:
        """The recorded calls of the network for the image."""
        return record(self.model.network, self.x)

    @cached_property
    def output(self) -> Any:
        """The output of the network for the image."""
        return output_of(self.calls)

    def objective(self, output: Any) -> Tensor:
        """The explained number for each of several outputs: (N,)."""
        return self.model.task.objective(output, self.of)

    def probability(self, output: Any) -> Tensor:
        """The probability of the explained class or tag if there is one, otherwise the objective: (N,)."""
        return self.model.task.value(output, self.of)

    @property
    def measure(self) -> str:
        """Name of `probability` in legends."""
        return self.model.task.value_name

    @property
    def picture(self) -> Any:
        """The image as uint8 (H, W, C) at the input size, not normalized."""
        return (self.pixels[0] * 255).round().byte().permute(1, 2, 0).numpy()


def make_subject(model: Model, picture: Picture, of: Any = None, reference: Picture | None = None) -> Subject:
    """Read an image for a model and determine what is explained: `of`, or the answer of the model.

    With `reference`, another image, it is the similarity to that one. Raises `ImageError` for an invalid image,
    `TaskError` for an unknown class, and for a reference if the task does not compare images.
    """
    pixels = model.read(picture)
    with torch.no_grad():
        output = model.outputs(pixels)
    task = model.task
    if reference is not None:
        of = _similarity_to(model, reference)
    else:
        of = task.default_target(output) if of is None else task.parse_target(of)
    task.objective(output, of)
    return Subject(
        model=model,
        pixels=pixels,
        of=of,
        name=task.target_name(of),
        answer=str(task.answer(map_output(output, lambda one: one[0]))["answer"]),
        notes=_read_as(model, picture),
    )


def _similarity_to(model: Model, reference: Picture) -> Any:
    """The target that makes the objective the similarity to another image."""
    with torch.no_grad():
        output = model.outputs(model.read(reference))
    name = Path(reference).name if isinstance(reference, str | Path) else "the other image"
    return model.task.reference_target(output, name)


def _read_as(model: Model, picture: Picture) -> tuple[str, ...]:
    """The note about the preprocessing of the image, if it changed anything."""
    height, width, channels = read_size(picture)
    spec = model.images
    done = []
    if spec.fit != "native" and (height, width) != (spec.height, spec.width):
        how = "scaled and cut to its middle" if spec.fit == "crop" else "scaled"
        done.append(f"{how} from {width} x {height} to {spec.width} x {spec.height} pixels")
    if channels != spec.channels:
        done.append("turned gray" if spec.channels == 1 else "taken as color")
    return (f"The image was {' and '.join(done)}, as the model does with every image.",) if done else ()


def choose_layer(calls: Sequence[Call], layer: str | None, kinds: Sequence[str] = ()) -> Call:
    """The call of a layer by its name; by default the last call of one of `kinds` with positions that the output uses.

    Raises `ExplanationError` for an unknown layer, or if there is none to choose.
    """
    if layer:
        return find_call(list(calls), layer)
    behind = [calls[index] for index in ancestors(calls, *output_calls(calls).values())[1:]]
    fitting = [call for call in behind if len(call.shape) == 3 and call.kind in kinds and max(call.shape[1:]) > 1]
    if not fitting:
        raise ExplanationError(
            f"The network has no layer of kind {' or '.join(kinds)} with maps; choose one with layer=."
        )
    return fitting[-1]


def choose_unit(call: Call, unit: int | None) -> int:
    """A unit of a layer by its index; by default the most active one.

    Raises `ExplanationError` for an invalid index.
    """
    if unit is None:
        activity = call.output[0].flatten(1).sum(1) if len(call.shape) == 3 else call.output[0]
        return int(activity.argmax())
    count = call.shape[0]
    if not 0 <= unit < count:
        near = f" Did you mean {min(max(unit, 0), count - 1)}?"
        raise ExplanationError(f"Layer '{call.name}' has no unit {unit}; its units are 0 to {count - 1}.{near}")
    return unit
