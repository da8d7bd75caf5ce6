"""What a study compares: networks, sizes, input sizes and initial weights that fit the task, and what each costs."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch

from ..errors import EyespotError, NetworkError, RecipeError, look_up
from ..images import ImageSpec
from ..measures import compare_latency, count_multiply_adds, count_parameters
from ..model import Model
from ..networks import NETWORKS, NetworkSpec, build_from
from ..networks import SIZES as ALL_SIZES
from ..sources.source import Source
from ..training import TrainOptions
from ..training.decisions import decide_task
from ..training.estimate import seconds_per_epoch, usual_epochs
from ..training.plan import choose_network, choose_size

SIZES = ("tiny", "small", "medium")
SHAPES = ("16x8", "16x12", "48x4", "48x12", "64x4", "64x8")
"""With the sizes above, every combination of three widths and three depths, for networks that take a size as text."""
STARTS = ("scratch", "probe", "finetune")
BACKENDS = ("torch", "onnx", "int8")
SMALLEST_SIDE = 12
"""A study does not halve images below this side."""
SECONDS = 1.0
"""For which each candidate's latency is timed."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One point of the search: the training options that differ, and the costs of the untrained network.

    `milliseconds` is the median per image from file to answer, `p95` its 95th percentile, `size` the bytes of weights.
    `epochs` is the length of a full training (0 for a probe), `training_seconds` about how long it takes.
    """

    key: str
    options: dict[str, Any]
    milliseconds: float
    p95: float
    size: int
    parameters: int
    multiply_adds: int
    epochs: float
    training_seconds: float


@dataclass(frozen=True, kw_only=True)
class Search:
    """What is searched: networks, sizes and initial weights, all that fit where None; full trainings of `epochs`.

    The candidates on the front are measured with the `backends` torch, onnx and int8 and with each number of `threads`:
    where None, all that are installed, with one thread and with torch's number.
    """

    networks: tuple[str, ...] | None = None
    sizes: tuple[str, ...] | None = None
    starts: tuple[str, ...] | None = None
    epochs: float | None = None
    backends: tuple[str, ...] | None = None
    threads: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        for name in self.networks or ():
            look_up("network", name, NETWORKS, NetworkError)
        for name in self.sizes or ():
            if not re.fullmatch(r"\d+x\d+", name):
                look_up("size", name, dict.fromkeys(ALL_SIZES), RecipeError)
        for name in self.starts or ():
            look_up("start", name, dict.fromkeys(STARTS), RecipeError)
        for name in self.backends or ():
            look_up("backend", name, dict.fromkeys(BACKENDS), EyespotError)
        for count in self.threads or ():
            if not 1 <= count <= 1024:
                raise EyespotError(f"threads is {count}; give whole numbers from 1 to 1024.", argument="threads")
        if self.epochs is not None and not 0 < self.epochs < float("inf"):
            raise EyespotError(f"epochs is {self.epochs}; give a number above 0.", argument="epochs")


def find_candidates(source: Source, options: TrainOptions, search: Search) -> tuple[list[Candidate], dict[str, float]]:
    """Every candidate that fits the task with its costs, and the reference kernel's percentiles.

    Two that cost exactly the same are one network under two names. Raises `EyespotError` where nothing fits.
    """
    models, reasons, seen = {}, [], set()
    for choice in _choices(source, options, search, reasons):
        model = _untrained(source, replace(options, **choice))
        counts = _counts(model)
        same = (counts, model.images.shape, choice["start"], choice.get("task"))
        if same not in seen:
            seen.add(same)
            models[_key(choice, model.images)] = (choice, model, counts)
    if not models:
        raise EyespotError(f"No network fits this task and these images: {reasons[0] if reasons else 'none was tried'}")
    part = next(part for part in (source.validation, source.train) if len(part))
    timings, kernel = compare_latency({key: model for key, (_, model, _) in models.items()}, part, SECONDS)
    found = [
        Candidate(
            key=key,
            options=choice,
            milliseconds=timings[key].p50,
            p95=timings[key].p95,
            size=4 * counts[0],
            parameters=counts[0],
            multiply_adds=counts[1],
            **_length(source, model, choice["start"], search.epochs),
        )
        for key, (choice, model, counts) in models.items()
    ]
    return found, {"p50": kernel.p50, "p95": kernel.p95}


def _length(source: Source, model: Model, how: str, epochs: float | None) -> dict[str, float]:
    """The epochs of a full training, and about how many seconds they take."""
    usual = usual_epochs(source, model.task, model.images, how)
    epochs = epochs if epochs is not None and usual else usual
    assert isinstance(model.network.spec, NetworkSpec)
    each = seconds_per_epoch(source, model.task, model.images, model.network.spec, how)
    return {"epochs": epochs, "training_seconds": each * (epochs or 1)}


def _choices(source: Source, options: TrainOptions, search: Search, reasons: list[str]) -> Iterator[dict[str, Any]]:
    """The options of each candidate that can be trained: at the usual input size and at half of it."""
    for choice in _starts(search):
        try:
            images = _untrained(source, replace(options, **choice)).images
        except EyespotError as error:
            reasons.append(str(error))
            continue
        yield choice
        for text in _task_variants(source, options):
            yield from _possible(source, options, {**choice, "task": text})
        height, width = images.height // 2, images.width // 2
        if images.fit != "native" and min(height, width) >= SMALLEST_SIDE:
            yield from _possible(source, options, {**choice, "input": f"{height}x{width}x{images.channels}"})


def _starts(search: Search) -> Iterator[dict[str, Any]]:
    """Networks with random weights, and pretrained ones."""
    starts = search.starts or STARTS
    if "scratch" in starts:
        for name in search.networks or [name for name, family in NETWORKS.items() if family.any_size]:
            free = name in NETWORKS and NETWORKS[name].free_size
            for size in search.sizes or (SIZES + SHAPES if free else SIZES):
                yield {"network": name, "size": size, "start": "scratch"}
    yield from ({"start": start} for start in ("probe", "finetune") if start in starts)


def _task_variants(source: Source, options: TrainOptions) -> list[str]:
    """The task with each option that it compares; none where the user stated options."""
    if ":" in (options.task or ""):
        return []
    task, _, _ = decide_task(source, replace(options, start="scratch", mirror="no"), lambda note: None)
    return [f"{task.name}:{option}" for option in task.study_options]


def _possible(source: Source, options: TrainOptions, choice: dict[str, Any]) -> Iterator[dict[str, Any]]:
    try:
        _untrained(source, replace(options, **choice))
    except EyespotError:
        return
    yield choice


def _untrained(source: Source, options: TrainOptions) -> Model:
    """The model that a training with these options would begin with, apart from its weights."""
    task, _, start = decide_task(source, replace(options, mirror="no"), lambda note: None)
    images, _ = choose_size(source, task, options, start)
    with torch.random.fork_rng(devices=[]):
        return Model(network=build_from(choose_network(task, images, options, start)), task=task, images=images)


def _counts(model: Model) -> tuple[int, int]:
    """Parameters, and multiply-adds of one image."""
    x = model.network_x(torch.zeros(1, *model.images.shape))
    return count_parameters(model.network), count_multiply_adds(model.network, x)


def _key(choice: Mapping[str, Any], images: ImageSpec) -> str:
    """A name for tables and folders, such as "residual-tiny-28x28-scratch"."""
    network = "-".join(choice[name] for name in ("network", "size") if name in choice) or "pretrained"
    option = choice.get("task", "").partition(":")[2]
    return "-".join([network, f"{images.height}x{images.width}", *([option] if option else []), choice["start"]])
