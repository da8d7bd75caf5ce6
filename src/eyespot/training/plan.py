"""From what the user asked for to a recipe in which nothing is open: decided once, before the first step."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch

from ..attacks.hardening import read_hardening
from ..device import PRECISIONS, Placement, choose_placement
from ..errors import RecipeError, SourceError, look_up
from ..images import ImageSpec, read_size
from ..networks import Network, build
from ..networks.build import describe
from ..networks.network import Output
from ..pretrained import find_pretrained
from ..sources.augment import PRESETS, choose_preset
from ..sources.cache import decode_once
from ..sources.source import Part, Source, answers_fingerprint, fingerprint
from ..tasks import TASKS, guess_task, task_from_json, task_to_json
from ..tasks.task import Task
from .recipe import Recipe, Wishes, automatic_batch, automatic_epochs, parse_input
from .start import FROM_NOTHING, TUNED_BATCH, TUNED_RATE, Start, network_of, tuned_epochs

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


def choose_images(
    source: Source, task: Task, network: str | None, wish: str | None, start: Start = FROM_NOTHING
) -> ImageSpec:
    """Size, colours and scaling: as the images are where they are small, their shape kept where all have the same.

    A network that was trained before has its own.
    """
    if start.how != "nothing":
        return _images_of(start, wish)
    rows = source.train.rows[:: max(1, len(source.train) // 200)]
    sizes = np.array([read_size(row.picture, row.name) for row in rows])
    picture = task.output(1).kind == "picture"
    height, width = _sides(sizes[:, 0], sizes[:, 1], picture)
    channels = int(sizes[:, 2].max())
    if wish is not None:
        height, width, wished = parse_input(wish)
        channels = wished or channels
    spec = ImageSpec(height=height, width=width, channels=channels, fit="native" if picture else "crop")
    if picture:
        return spec
    signed = network is not None and describe(network).signed
    return replace(spec, mean=(0.5,) * channels, deviation=(0.5,) * channels) if signed else _scaled(spec, source.train)


def _images_of(start: Start, wish: str | None) -> ImageSpec:
    """The preprocessing that the weights were learned with, at another size where one is wished for."""
    images = find_pretrained(start.weights).images
    if wish is None:
        return images
    height, width, channels = parse_input(wish)
    if channels not in (None, images.channels):
        raise RecipeError(f"input is '{wish}', but {start.weights} takes {images.channels} channels; leave them out.")
    return replace(images, height=height, width=width)


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
    name = network_of(start) or wishes.network or ("denoiser" if output.kind == "picture" else "residual")
    views = _views(source.train, images) if images.fit == "native" else 1
    count = len(source.train) * views
    tuned = start.how == "finetune"
    batch = min(wishes.batch or (TUNED_BATCH if tuned else automatic_batch(count, images.height * images.width)), count)
    network = _build(name, images, output, wishes)
    placement = _placement(network, images, batch, wishes)
    epochs = wishes.epochs or (tuned_epochs(count) if tuned else automatic_epochs(count))
    steps = 0 if start.how == "probe" else max(1, round(epochs * count / batch))
    preset = wishes.augment or choose_preset(source, task, images)
    look_up("augment preset", preset, PRESETS, RecipeError)
    return Recipe(
        wishes=asdict(wishes),
        source=origin,
        fingerprint=fingerprint(source),
        answers=answers_fingerprint(source),
        task=task_to_json(task),
        start=asdict(start),
        network=asdict(network.spec),
        images=asdict(images),
        steps=steps,
        batch=batch,
        pieces=min(wishes.pieces or processes, batch),
        count=count,
        rate=wishes.rate or (TUNED_RATE if tuned else 3e-3),
        weight_decay=0.05,
        average=max(1.0, steps / 40),
        augment=preset,
        robust=_robust(wishes.robust, output),
        snapshots=wishes.snapshots,
        seed=wishes.seed,
        placement=asdict(placement),
    )


def _build(name: str, images: ImageSpec, output: Output, wishes: Wishes) -> Network:
    return build(name, images.shape, output, wishes.size or "small", wishes.norm or "batch")


def _placement(network: Network, images: ImageSpec, batch: int, wishes: Wishes) -> Placement:
    spec = network.spec
    if wishes.precision is None:
        about = f"{spec.name} {spec.size} {spec.norm} {spec.output}"
        return choose_placement(lambda: _build(spec.name, images, spec.output, wishes), images.shape, batch, about)
    look_up("precision", wishes.precision, dict.fromkeys(PRECISIONS), RecipeError)
    layout = "channels_last" if wishes.precision == "bfloat16" else "contiguous"
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return Placement(device=device, precision=wishes.precision, layout=layout, threads=torch.get_num_threads())


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
