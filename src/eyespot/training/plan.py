"""From what the user asked for to a recipe in which nothing is open: decided once, before the first step."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch

from ..device import PRECISIONS, Placement, choose_placement
from ..errors import RecipeError, SourceError, look_up
from ..images import ImageSpec, read_size
from ..networks import NetworkSpec, Output, build_from, describe
from ..pretrained import borrow, find_pretrained
from ..sources.augment import PRESETS, choose_preset
from ..sources.cache import decode_once
from ..sources.source import Part, Source, answers_fingerprint, fingerprint
from ..tasks import TASKS, guess_task, task_from_json, task_to_json
from ..tasks.task import Task
from .adversarial import read_hardening
from .initial_weights import FROM_NOTHING, TUNED_BATCH, TUNED_RATE, Start, ready_to_learn, tuned_epochs
from .optimizers import OPTIMIZERS
from .options import Wishes
from .recipe import Recipe, automatic_batch, automatic_epochs, parse_input

LARGEST_SIDE = 128
"""Photos are scaled to this side unless another --input is asked for: a compromise between detail and time."""


def choose_task(source: Source, wish: str | None) -> tuple[Task, list[str]]:
    """The task, knowing its data, and what is to be said about the choice.

    A wish may carry options of the task: "steer:unit=degrees" or "denoise:sigma=50".
    """
    notes = []
    if wish is None:
        wish, reason = guess_task(source)
        notes.append(f"task {wish}: {reason}")
    name, _, options = wish.partition(":")
    task = look_up("task", name, TASKS, RecipeError)()
    if name == "classify":
        source.require_classes()
    if options:
        task = _with_options(task, options)
    if not len(source.train):
        raise SourceError(f"{source.name}: no image is left for training; give more images.")
    task = task.prepare(source.train.rows)
    return task, [*notes, *task.notes()]


def _with_options(task: Task, text: str) -> Task:
    """The task with the options of a text such as "sigma=50,pairs=true"; the task checks their names and values."""
    values = task_to_json(task)
    for part in text.split(","):
        name, _, value = part.partition("=")
        values[name] = _value(value)
    return task_from_json(values)


def _value(text: str) -> Any:
    """A number or true or false where the text is one, else the text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def choose_images(source: Source, task: Task, wishes: Wishes, start: Start = FROM_NOTHING) -> ImageSpec:
    """Size, colours and scaling: as the images are where they are small, their shape kept where all have the same.

    A network that was trained before has its own.
    """
    learned = None if start.how == "nothing" else find_pretrained(start.weights).images
    if learned is not None:
        return _images_of(learned, wishes)
    rows = source.train.rows[:: max(1, len(source.train) // 200)]
    sizes = np.array([read_size(row.picture, row.name) for row in rows])
    picture = task.output(1).kind == "picture"
    height, width = _sides(sizes[:, 0], sizes[:, 1], picture)
    channels = int(sizes[:, 2].max())
    if wishes.input is not None:
        height, width, wished = parse_input(wishes.input)
        channels = wished or channels
    spec = ImageSpec(height=height, width=width, channels=channels, fit="native" if picture else "crop")
    if picture:
        return spec
    signed = wishes.network is not None and describe(wishes.network).signed
    return replace(spec, mean=(0.5,) * channels, deviation=(0.5,) * channels) if signed else _scaled(spec, source.train)


def _images_of(learned: ImageSpec, wishes: Wishes) -> ImageSpec:
    """The preprocessing that the weights were learned with, at another size where one is wished for."""
    if wishes.input is None:
        return learned
    height, width, channels = parse_input(wishes.input)
    if channels not in (None, learned.channels):
        raise RecipeError(
            f"input is '{wishes.input}', but the weights take {learned.channels} channels; leave them out."
        )
    return replace(learned, height=height, width=width)


def _sides(heights: np.ndarray, widths: np.ndarray, picture: bool) -> tuple[int, int]:
    """Training height and width for images of these sizes; picture tasks learn from crops of at most 64 pixels."""
    if picture:
        return min(64, int(heights.min())), min(64, int(widths.min()))
    ratios = widths / heights
    height, width = float(np.median(heights)), float(np.median(widths))
    if ratios.max() > 1.05 * ratios.min():
        height = width = min(height, width)
    scale = min(1.0, LARGEST_SIDE / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def _scaled(spec: ImageSpec, part: Part) -> ImageSpec:
    """Mean and deviation of each channel, over at most 2,000 training images."""
    images = decode_once(part, spec)
    pixels = images.take(np.arange(0, len(part), max(1, len(part) // 2000))).reshape(-1, spec.channels) / 255
    mean, deviation = pixels.mean(axis=0), np.maximum(pixels.std(axis=0), 0.05)
    return replace(spec, mean=tuple(mean.round(4).tolist()), deviation=tuple(deviation.round(4).tolist()))


def make_recipe(
    source: Source,
    origin: dict[str, Any],
    task: Task,
    images: ImageSpec,
    wishes: Wishes,
    processes: int = 1,
    start: Start = FROM_NOTHING,
) -> Recipe:
    """Decide everything that was left open; the machine chooses precision, memory format and threads by measuring.

    `processes` that train together share a batch by its pieces: there are as many unless it is said otherwise.
    """
    output = task.output(images.channels)
    spec = _network(images, output, wishes, start)
    views = _views(source.train, images) if images.fit == "native" else 1
    count = len(source.train) * views
    tuned = start.how == "finetune"
    batch = min(wishes.batch or (TUNED_BATCH if tuned else automatic_batch(count, images.height * images.width)), count)
    placement = _placement(spec, batch, wishes, start)
    epochs = wishes.epochs or (tuned_epochs(count) if tuned else automatic_epochs(count))
    steps = 0 if start.how == "probe" else max(1, round(epochs * count / batch))
    optimizer = wishes.optimizer or ("adamw" if tuned else "muon")
    kind = look_up("optimizer", optimizer, OPTIMIZERS, RecipeError)
    preset = wishes.augment or choose_preset(source, task, images)
    look_up("augment preset", preset, PRESETS, RecipeError)
    return Recipe(
        wishes=asdict(wishes),
        source=origin,
        fingerprint=fingerprint(source),
        answers=answers_fingerprint(source),
        task=task_to_json(task),
        start=asdict(start),
        network=asdict(spec),
        images=asdict(images),
        steps=steps,
        batch=batch,
        pieces=min(wishes.pieces or processes, batch),
        count=count,
        optimizer=optimizer,
        rate=wishes.rate or (TUNED_RATE if tuned else kind.rate),
        rise=kind.rise,
        weight_decay=kind.weight_decay if wishes.weight_decay is None else wishes.weight_decay,
        lookahead=wishes.lookahead,
        average=max(1.0, steps / 40),
        augment=preset,
        robust=_robust(wishes.robust, output),
        snapshots=wishes.snapshots,
        seed=wishes.seed,
        placement=asdict(placement),
    )


def _network(images: ImageSpec, output: Output, wishes: Wishes, start: Start) -> NetworkSpec:
    """The network to be trained: whose weights are learned already, or the one asked for, or the default."""
    known = None if start.how == "nothing" else find_pretrained(start.weights).network
    if known is not None:
        spec = replace(known, input=images.shape, output=output)
    else:
        name = wishes.network or ("denoiser" if output.kind == "picture" else "residual")
        spec = NetworkSpec(
            name=name, input=images.shape, output=output, size=wishes.size or "small", norm=wishes.norm or "batch"
        )
    network = build_from(spec)  # what cannot be is told now, before anything is written
    if start.how != "nothing":
        borrow(network, start.weights)
    return spec


def _placement(spec: NetworkSpec, batch: int, wishes: Wishes, start: Start) -> Placement:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    threads = torch.get_num_threads()
    if start.how == "probe":
        reason = "a probe takes no steps: its one pass is not worth measuring"
        return Placement(device=device, layout="channels_last", threads=threads, reason=reason)
    if wishes.precision is None:
        about = f"{spec.name} {spec.size} {spec.norm} {spec.output} {start.how}"
        return choose_placement(lambda: ready_to_learn(build_from(spec), start.how), spec.input, batch, about)
    look_up("precision", wishes.precision, dict.fromkeys(PRECISIONS), RecipeError)
    layout = "channels_last" if wishes.precision == "bfloat16" else "contiguous"
    return Placement(device=device, precision=wishes.precision, layout=layout, threads=threads)


def _robust(wish: str | None, output: Output) -> dict[str, Any] | None:
    """How the network is hardened; where the answer is a picture, nothing says what it would have to withstand."""
    if wish is None:
        return None
    hardening = read_hardening(wish)
    if output.kind == "picture":
        raise RecipeError(f"robust is '{wish}', but the answer is a picture; expected a task such as classify or tag.")
    return asdict(hardening)


def _views(part: Part, images: ImageSpec) -> int:
    """How many crops of the training size one image of middle size holds: so many are learned from it in an epoch."""
    rows = part.rows[:: max(1, len(part) // 200)]
    sizes = [read_size(row.picture, row.name) for row in rows]
    area = float(np.median([height * width for height, width, _ in sizes]))
    return max(1, round(area / (images.height * images.width)))


def steps_in(minutes: float, seconds_per_step: Sequence[float]) -> int:
    """How many steps fit into some minutes, at the middle speed of a few; a tenth is left for the rest."""
    return max(1, int(minutes * 60 * 0.9 / float(np.median(seconds_per_step))))


def timed_steps(step: Any, count: int = 12) -> list[float]:
    """Seconds of some steps, after two that warm up."""
    seconds = []
    for _ in range(count):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    return seconds[2:]
