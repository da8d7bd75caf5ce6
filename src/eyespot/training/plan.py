"""From options to a complete recipe: decided once, before the first step."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch
from torch import nn

from ..device import PRECISIONS, ComputeConfig, choose_compute
from ..errors import NetworkError, RecipeError, SourceError, look_up
from ..images import ImageSpec
from ..networks import NetworkSpec, build_from, describe
from ..pretrained import borrow, find_pretrained
from ..samples import network_shape
from ..sources.augment import PRESETS, choose_preset
from ..sources.cache import decode_once
from ..sources.mirror import mirror_features
from ..sources.source import Part, Source, answers_fingerprint, fingerprint
from ..tasks import TASKS, guess_task, task_from_json, task_to_json
from ..tasks.task import Task
from ..tasks.unanswered import leave_out_unanswered
from ..value_range import parse_range
from ._adversarial import read_hardening
from ._fitting import choose_fit, median_shape
from ._initial_weights import FROM_SCRATCH, Start, ready_to_learn, tuned_epochs, tuning_of
from .optimizers import OPTIMIZERS
from .options import TrainOptions
from .recipe import Recipe, automatic_batch, automatic_epochs, parse_input

SMALLEST_SIDE = 16
LARGEST_SIDE = 128
"""Default side of photos: a compromise between detail and time."""


def with_answers(source: Source, requested: str | None) -> Source:
    """The source without rows that have no target for the task, which are listed as problems.

    Raises `EyespotError` if there are too many of them, if others cannot be read, or if no task fits.
    """
    return leave_out_unanswered(source, _named_task(requested or guess_task(source)[0]))


def _named_task(requested: str) -> Task:
    """The task of a name with options or without, not knowing its data."""
    name, _, options = requested.partition(":")
    task = look_up("task", name, TASKS, RecipeError)()
    return _with_options(task, options) if options else task


def choose_task(source: Source, requested: str | None) -> tuple[Task, list[str]]:
    """The task, fitted to its data, and the notes about the choice.

    The name may have options of the task: "regress:unit=degrees" or "denoise:sigma=50".
    """
    notes = []
    if requested is None:
        requested, reason = guess_task(source)
        notes.append(f"task {requested}: {reason}")
    task = _named_task(requested)
    task.check_source(source)
    if not len(source.train):
        raise SourceError(f"{source.name}: no image is left for training; give more images.")
    task = task.prepare(source.train.rows)
    return task, [*notes, *task.notes()]


def decide_mirror(source: Source, task: Task, requested: str | None = None) -> tuple[Task, str]:
    """The task with the decision about mirroring, as requested or as the data shows, and the reason.

    `requested` is "yes", "no", or "auto" (None): the task or the data decides.
    """
    if requested in ("yes", "no"):
        return task.request_mirror(requested == "yes"), "as requested"
    if not task.mirror_is_open:
        return task, task.mirror_reason
    places, features, mirrored = mirror_features(source)
    targets = [task.read(source.train.rows[place]) for place in places.tolist()]
    return task.decide_mirror(features, mirrored, targets)


def is_mirrored(task: Task, preset: str, requested: str | None) -> bool:
    """Whether training images are mirrored: as requested, otherwise if the augmentation mirrors."""
    wanted = requested == "yes" if requested in ("yes", "no") else PRESETS[preset].flip
    return wanted and task.allows("flip")


def mirror_note(mirrored: bool, preset: str, reason: str) -> str:
    """The note about mirroring, its reason, and how to change it."""
    if mirrored:
        return f"training images are mirrored: {reason}" + (
            "" if reason == "as requested" else "; if mirroring changes an answer, set mirror to no"
        )
    if not PRESETS[preset].flip and reason != "as requested":
        return f"training images are not mirrored: augmentation '{preset}' has no mirror"
    return f"training images are not mirrored: {reason}"


def _with_options(task: Task, text: str) -> Task:
    """The task with the options of a text such as "sigma=50,pairs=true"; the task checks their names and values."""
    values = task_to_json(task)
    for part in text.split(","):
        name, _, value = part.partition("=")
        values[name] = _value(value)
    return task_from_json(values)


def _value(text: str) -> Any:
    """The text as a number or boolean if it is one, otherwise the text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def choose_images(
    source: Source, task: Task, options: TrainOptions, start: Start = FROM_SCRATCH
) -> tuple[ImageSpec, list[str]]:
    """Size, colors, fit and normalization, with notes; a pretrained network has its own."""
    spec, notes = choose_size(source, task, options, start)
    task.check_images(source.train.sizes, spec)
    if not task.scaled_input or _learned_images(start) is not None:
        return spec, notes
    if options.network is not None and describe(options.network).signed:
        received = network_shape(task, spec)[0]
        return replace(spec, mean=(0.5,) * received, std=(0.5,) * received), notes
    return _scaled(spec, task, source.train), notes


def _learned_images(start: Start) -> ImageSpec | None:
    """The preprocessing of the pretrained weights, if it is known."""
    return None if start.how == "scratch" else find_pretrained(start.weights).images


def choose_size(
    source: Source, task: Task, options: TrainOptions, start: Start = FROM_SCRATCH
) -> tuple[ImageSpec, list[str]]:
    """Size, colors and fit without normalization, with notes: the size of small images, the median of all."""
    value_range = source.value_range if options.range is None else parse_range(options.range)
    sizes = source.train.sizes
    learned = _learned_images(start)
    if learned is not None:
        learned = _images_of(learned, options, task, sizes)
        spec = replace(learned, value_range=value_range)
        spec, notes = _with_fit(spec, sizes, task, options, pretrained=True)
        return spec, [*notes, _size_note(spec, task, options, learned=task.input_side is None)]
    height, width = published_size(task, options) or _sides(sizes, task)
    channels = int(sizes[:, 2].max())
    if options.input is not None:
        height, width, requested = parse_input(options.input)
        channels = requested or channels
    spec = ImageSpec(height=height, width=width, channels=channels, fit=task.fit, value_range=value_range)
    spec, notes = _with_fit(spec, sizes, task, options)
    return spec, [*notes, _size_note(spec, task, options)]


def _with_fit(
    spec: ImageSpec, sizes: np.ndarray, task: Task, options: TrainOptions, pretrained: bool = False
) -> tuple[ImageSpec, list[str]]:
    if task.fit == "native":
        if options.fit is not None:
            raise RecipeError(f"fit is '{options.fit}', but {task.name} keeps the size of every image; leave it out.")
        return spec, []
    requested = options.fit or (None if task.fit == "crop" else task.fit)
    fit, notes = choose_fit(sizes, spec, requested, pretrained)
    return replace(spec, fit=fit), notes


def published_size(task: Task, options: TrainOptions) -> tuple[int, int] | None:
    """The published input size of the requested network; None if it takes images of any size.

    Tasks with a size of their own ask networks for maps, which have no published size.
    """
    if options.network is None or options.input is not None or task.fit == "native" or task.input_side is not None:
        return None
    family = describe(options.network)
    return None if family.any_size else family.input[1:]


def _size_note(images: ImageSpec, task: Task, options: TrainOptions, learned: bool = False) -> str:
    """The input size and its reason, in one sentence."""
    size = f"{images.height}x{images.width}"
    if options.input is not None:
        return f"images of {size}: as requested"
    if learned:
        return f"images of {size}: the size that the weights were trained with"
    if published_size(task, options):
        return f"images of {size}: the size that {options.network} was published for; input sets another"
    if task.fit == "native":
        return f"images in their own size; training crops of {size}"
    most = task.input_side or LARGEST_SIDE
    return f"images of {size}: from the sizes of the training images, at most {most} pixels a side"


def _images_of(learned: ImageSpec, options: TrainOptions, task: Task, sizes: np.ndarray) -> ImageSpec:
    """The preprocessing of the pretrained weights, at another size if the user or the task requests one."""
    if options.input is None and task.input_side is None:
        return learned
    if options.input is None:
        height, width = _sides(sizes, task)
        return replace(learned, height=height, width=width)
    height, width, channels = parse_input(options.input)
    if channels not in (None, learned.channels):
        raise RecipeError(
            f"input is '{options.input}', but the weights take {learned.channels} channels; leave them out."
        )
    return replace(learned, height=height, width=width)


def _sides(sizes: np.ndarray, task: Task) -> tuple[int, int]:
    """Training height and width for images of sizes (N, 3); for native sizes, crops of at most 64 pixels."""
    if task.fit == "native":
        return min(64, int(sizes[:, 0].min())), min(64, int(sizes[:, 1].min()))
    height, width = median_shape(sizes[:, :2], padded=task.fit == "pad")
    scale = min(1.0, (task.input_side or LARGEST_SIDE) / max(height, width))
    least = min(SMALLEST_SIDE, height, width)  # a strip of a few pixels would be too narrow for most networks
    return max(1, round(max(least, height * scale))), max(1, round(max(least, width * scale)))


def _scaled(spec: ImageSpec, task: Task, part: Part) -> ImageSpec:
    """Mean and standard deviation per channel over at most 2,000 training images."""
    chosen = decode_once(part, spec).take(np.arange(0, len(part), max(1, len(part) // 2000)))
    received = task.network_input(torch.from_numpy(chosen).permute(0, 3, 1, 2).double().div_(255))
    pixels = received.permute(0, 2, 3, 1).reshape(-1, received.shape[1]).numpy()
    mean, std = pixels.mean(axis=0), np.maximum(pixels.std(axis=0), 0.05)
    return replace(spec, mean=tuple(mean.round(4).tolist()), std=tuple(std.round(4).tolist()))


def make_recipe(
    source: Source,
    origin: dict[str, Any],
    task: Task,
    images: ImageSpec,
    options: TrainOptions,
    processes: int = 1,
    start: Start = FROM_SCRATCH,
) -> Recipe:
    """Decide everything that was left open; precision, memory format and threads are measured.

    `processes` share a batch by micro-batches: by default there are as many micro-batches as processes.
    """
    spec = choose_network(task, images, options, start)
    count = len(source.train) * views_of(source.train, images, task)
    tuned, tuning = start.how == "finetune", tuning_of(spec.output)
    automatic = min(automatic_batch(count, images.height * images.width), task.default_batch or count)
    batch = min(options.batch or (tuning.batch if tuned else automatic), count)
    compute = _compute(spec, batch, options, start)
    epochs = options.epochs or (tuned_epochs(count, tuning) if tuned else automatic_epochs(count))
    planned = task.default_steps if task.default_steps and not options.epochs else round(epochs * count / batch)
    steps = 0 if start.how == "probe" else max(1, planned)
    optimizer = options.optimizer or task.default_optimizer or ("adamw" if tuned else "muon")
    kind = look_up("optimizer", optimizer, OPTIMIZERS, RecipeError)
    preset = options.augment or choose_preset(source, task, images)
    look_up("augment preset", preset, PRESETS, RecipeError)
    return Recipe(
        options=asdict(options),
        source=origin,
        fingerprint=fingerprint(source),
        answers=answers_fingerprint(source, task.columns),
        task=task_to_json(task),
        start=asdict(start),
        network=asdict(spec),
        images=asdict(images),
        steps=steps,
        batch=batch,
        micro_batches=min(options.micro_batches or processes, batch),
        count=count,
        optimizer=optimizer,
        rate=options.rate or (tuning.rate if tuned else task.default_rates.get(optimizer, kind.rate)),
        warmup=kind.warmup,
        weight_decay=kind.weight_decay if options.weight_decay is None else options.weight_decay,
        lookahead=options.lookahead,
        average=max(1.0, steps / 40),
        augment=preset,
        mirror=is_mirrored(task, preset, options.mirror),
        robust=_robust(options.robust, task),
        snapshots=options.snapshots,
        seed=options.seed,
        compute=asdict(compute),
    )


def choose_network(task: Task, images: ImageSpec, options: TrainOptions, start: Start) -> NetworkSpec:
    """The network to train: the pretrained, the requested or the default one."""
    shape, output = network_shape(task, images), task.outputs(images.channels)
    known = None if start.how == "scratch" else find_pretrained(start.weights).network
    if known is not None:
        spec = replace(known, input=shape, output=output)
    else:
        name = options.network or task.default_network
        spec = NetworkSpec(
            name=name, input=shape, output=output, size=options.size or "small", norm=options.norm or "batch"
        )
    network = build_from(spec)  # fail early, before anything is written
    _check_parts(network, task)
    if start.how != "scratch":
        borrow(network, start.weights)
    return spec


def _check_parts(network: nn.Module, task: Task) -> None:
    """Raise `NetworkError` if the task trains a part that the network does not have."""
    parts = dict(network.named_modules())
    for turn in task.turns:
        if turn.part not in parts:
            children = ", ".join(name for name, _ in network.named_children())
            raise NetworkError(
                f"The task {task.name} trains the part '{turn.part}' of its network, but this one has only "
                f"{children}; choose another network, such as {task.default_network}."
            )


def _compute(spec: NetworkSpec, batch: int, options: TrainOptions, start: Start) -> ComputeConfig:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    threads = torch.get_num_threads()
    if start.how == "probe":
        reason = "a probe takes no steps: its one pass is not worth measuring"
        return ComputeConfig(device=device, layout="channels_last", threads=threads, reason=reason)
    if options.precision is None:
        about = f"{spec.name} {spec.size} {spec.norm} {spec.output} {start.how}"
        return choose_compute(lambda: ready_to_learn(build_from(spec), start.how), spec.input, batch, about)
    look_up("precision", options.precision, dict.fromkeys(PRECISIONS), RecipeError)
    layout = "channels_last" if options.precision == "bfloat16" else "contiguous"
    return ComputeConfig(device=device, precision=options.precision, layout=layout, threads=threads)


def _robust(requested: str | None, task: Task) -> dict[str, Any] | None:
    """The settings of adversarial training; raises `RecipeError` for tasks that do not support it."""
    if requested is None:
        return None
    hardening = read_hardening(requested)
    if reason := task.unsupported.get("robust"):
        raise RecipeError(f"robust is '{requested}', but {reason}.")
    return asdict(hardening)


def views_of(part: Part, images: ImageSpec, task: Task) -> int:
    """The crops per image and epoch: for images of any size, as many as fit into one of median size, else 1."""
    if images.fit != "native" or not task.allows("crop"):
        return 1
    area = float(np.median(part.sizes[:, :2].astype(np.int64).prod(axis=1)))
    return max(1, round(area / (images.height * images.width)))


def steps_in(minutes: float, seconds_per_step: Sequence[float]) -> int:
    """The number of steps that fit into some minutes at the median measured speed; a tenth is reserved."""
    return max(1, int(minutes * 60 * 0.9 / float(np.median(seconds_per_step))))


def timed_steps(step: Any, count: int = 12) -> list[float]:
    """Seconds of some steps, after two that warm up."""
    seconds = []
    for _ in range(count):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    return seconds[2:]
