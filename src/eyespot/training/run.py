"""One training in one folder, which can be killed at any time and resumed."""

import json
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch

from ..device import (
    ComputeConfig,
    World,
    available,
    from_leader,
    join_world,
    keeping_memory,
    leader_first,
    same_threads,
)
from ..errors import RunError
from ..files import write_whole
from ..model import Model, load
from ..modelfile import images_spec, network_spec
from ..samples import load_samples
from ..sources.known import save_known
from ..sources.open import reopen
from ..sources.source import Source, answers_fingerprint, fingerprint
from ..tasks import task_from_json
from ..value_range import parse_range
from ._batches import Stream
from ._distributed import broadcast_weights
from ._first_answer import report_probe
from ._initial_weights import initial_network
from ._loop import run, take_turns
from ._run_folder import Log, load_checkpoint, locked, read_log, stoppable
from .decisions import decide_task
from .finish import finish, held_out
from .options import TrainOptions
from .plan import choose_images, make_recipe, mirror_note, steps_in, timed_steps, with_answers
from .recipe import Recipe, differences, read_recipe, with_steps
from .schedule import Schedule, read_changes
from .state import Control, State, Training, begin, restore

LISTED = 10
"""Number of left-out images that are listed one by one."""
Show = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Run:
    """A finished training: its folder, and its result with the scores."""

    folder: Path
    result: dict[str, Any]

    @property
    def model(self) -> Model:
        """The trained model, loaded from the folder."""
        return load(self.folder / "model.safetensors")

    @property
    def log(self) -> list[dict[str, Any]]:
        """The training log, one dictionary per line."""
        return read_log(self.folder / "log.jsonl")


def train(
    source: Source | str | Path,
    *,
    out: str | Path,
    task: str | None = None,
    start: str | None = None,
    weights: str | None = None,
    network: str | None = None,
    size: str | None = None,
    input: str | None = None,
    fit: str | None = None,
    range: str | None = None,
    epochs: float | None = None,
    minutes: float | None = None,
    batch: int | None = None,
    micro_batches: int | None = None,
    optimizer: str | None = None,
    rate: float | None = None,
    weight_decay: float | None = None,
    lookahead: bool = False,
    augment: str | None = None,
    mirror: str | None = None,
    norm: str | None = None,
    precision: str | None = None,
    robust: str | None = None,
    snapshots: bool = False,
    seed: int = 0,
    show: Show | None = None,
) -> Run:
    """Train a network on a source, evaluate it on the test images, and write model and report to the folder `out`.

    An interrupted training is resumed; a finished one is read. Options that are left open are chosen and recorded in
    `recipe.json`. With `snapshots`, the model of every epoch is kept. `show` is called with each line of the log.
    Ctrl-C and SIGTERM save a checkpoint and raise `KeyboardInterrupt`. Raises `RunError` if `out` has another training
    run, and another `EyespotError` for invalid options or images.

    >>> run = train("bundled:digits", out=tmp / "run", epochs=1)
    >>> run.result["metric"]
    'accuracy'
    """
    given = locals()
    options = TrainOptions(**{field.name: given[field.name] for field in fields(TrainOptions)})
    return run_training(source, options, Path(out), show or (lambda entry: None))


def resume(folder: str | Path, show: Show | None = None, control: Control | None = None) -> Run:
    """Resume a training from its folder; raises `RunError` if that is not possible.

    `resume("runs/photos").result["score"]`
    """
    folder = Path(folder)
    recipe = read_recipe(folder / "recipe.json")
    if (folder / "result.json").exists():
        return Run(folder, read_result(folder))
    options, source = TrainOptions(**recipe.options), _reopened(recipe, folder)
    return run_training(source, options, folder, show or (lambda entry: None), recipe.source, control)


def run_training(
    source: Source | str | Path,
    options: TrainOptions,
    folder: Path,
    show: Show,
    origin: dict[str, Any] | None = None,
    control: Control | None = None,
) -> Run:
    """Run a training from a source to the finished run; `origin` records how the source was opened, to reopen it.

    `control` may observe and pause the training and change its schedule.
    """
    world = join_world()
    named = str(source) if isinstance(source, str | Path) else None
    origin = {"columns": None, "layout": None, **(origin or {"what": named})}
    if origin["what"] is not None and Path(origin["what"]).exists():
        origin["what"] = str(Path(origin["what"]).resolve())  # so that `resume` works from any folder
    origin["value_range"] = None if options.range is None else parse_range(options.range)
    opened = leader_first(world, lambda: reopen({**origin, "what": source}, folder))
    held_out(opened)
    opened = with_answers(opened, options.task)
    held_out(opened)
    for note in (opened.describe(), *opened.notes, *_left_out(opened)):
        show({"note": note})
    with locked(folder, world), stoppable(world) as stop, same_threads():
        recipe, result = from_leader(world, lambda: _decided(opened, origin, options, folder, show, world.size))
        if result is not None:
            return Run(folder, result)
        _check_alike(opened, recipe)
        with keeping_memory():
            return Run(folder, _follow(recipe, opened, folder, world, show, stop, control))


def _follow(
    recipe: Recipe,
    source: Source,
    folder: Path,
    world: World,
    show: Show,
    stop: Callable[[], bool],
    control: Control | None,
) -> dict[str, Any]:
    """Prepare, train and finish according to the recipe; returns the result of the run."""
    training, state = prepare(source, recipe, folder, world)
    resumed_from = state.step
    if resumed_from:
        show({"note": f"resuming from step {resumed_from} of {state.schedule.steps}"})
    report_probe(training, state, show)
    _train_on(training, state, show, stop, control)
    if state.step < state.schedule.steps:
        where = f"step {state.step} of {state.schedule.steps}"
        raise KeyboardInterrupt(f"Stopped and saved at {where}; resume with: eyespot resume {folder}")
    return finish(training, state, source, resumed_from)


def _check_alike(source: Source, recipe: Recipe) -> None:
    """Raise `RunError` if the images of this process differ from those of rank 0, which may be another machine."""
    if recipe.fingerprint != fingerprint(source) or recipe.answers != answers_fingerprint(source, recipe.columns):
        raise RunError(
            f"{platform.node()}: {source.name} holds other images, or says something else of them, than on the machine "
            "that leads the training. Copy them anew, or let all machines read the same folder."
        )


def _left_out(source: Source) -> list[str]:
    """The notes about unusable images: the number, and the first ten."""
    listed = [f"left out: {problem.location}: {problem.reason}" for problem in source.problems[:LISTED]]
    more = len(source.problems) - LISTED
    return [*listed, f"left out: {more} more, see the report"] if more > 0 else listed


def _decided(
    source: Source, origin: dict[str, Any], options: TrainOptions, folder: Path, show: Show, processes: int
) -> tuple[Recipe, dict[str, Any] | None]:
    """The recipe in the folder if it is the same, or a new one, which is written; and the result, if any."""
    path, result = folder / "recipe.json", folder / "result.json"
    if not path.exists():
        recipe = _planned(source, origin, options, folder, show, processes)
        save_known(folder, source)
        write_whole(path, recipe.to_json().encode())
        return recipe, None
    recipe = read_recipe(path)
    changed = differences(options, recipe)
    if recipe.fingerprint != fingerprint(source):
        changed.append("the images are not the same")
    elif recipe.answers != answers_fingerprint(source, recipe.columns):
        changed.append("the answers are not the same")
    if changed:
        raise RunError(
            f"{folder}: has another training run ({'; '.join(changed)}). Choose another folder, or delete this one.",
            argument="out",
        )
    return recipe, read_result(folder) if result.exists() else None


def read_result(folder: Path) -> dict[str, Any]:
    """The result of a finished run; raises `RunError` if the file is damaged."""
    path = folder / "result.json"
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise RunError(
            f"{path}: is damaged ({error}). Delete it and rerun the same command to write it again."
        ) from error


def _planned(
    source: Source, origin: dict[str, Any], options: TrainOptions, folder: Path, show: Show, processes: int
) -> Recipe:
    task, mirror_reason, start = decide_task(source, options, lambda note: show({"note": note}))
    images, notes = choose_images(source, task, options, start)
    for note in notes:
        show({"note": note})
    recipe = make_recipe(source, origin, task, images, options, processes, start)
    show({"note": mirror_note(recipe.mirror, recipe.augment, mirror_reason)})
    if options.minutes is not None and recipe.steps:
        training, state = prepare(source, recipe, folder, World())
        alone = steps_in(options.minutes, timed_steps(lambda: _dry_step(training, state)))
        recipe = with_steps(recipe, alone * min(processes, recipe.micro_batches))
    show({"note": recipe.describe()})
    return recipe


def _reopened(recipe: Recipe, folder: Path) -> Source:
    """Reopen the source of a run by the path or name that the user gave."""
    what = recipe.source["what"]
    if what is None:
        raise RunError(f"{folder}: its images came from Python; call eyespot.train with the same images and `out`.")
    return reopen(recipe.source, folder)


def _dry_step(training: Training, state: State) -> None:
    """A step for timing, on a state that is discarded."""
    alone = replace(training, recipe=with_steps(training.recipe, 1))  # prepares only its own batch
    take_turns(training, Stream(alone), state, training.recipe.rate)


def prepare(source: Source, recipe: Recipe, folder: Path, world: World) -> tuple[Training, State]:
    """Decode the images and build the network, or restore both from the checkpoint."""
    compute = available(ComputeConfig(**recipe.compute))
    torch.set_num_threads(compute.threads)
    task, images = task_from_json(recipe.task), images_spec(recipe.images)
    learned = (source.train, source.validation)
    train, validation = leader_first(world, lambda: [load_samples(part, task, images) for part in learned])
    checkpoint = folder / "checkpoint.safetensors"
    training = Training(
        recipe=recipe,
        task=task,
        images=images,
        compute=compute,
        world=world,
        train=train,
        validation=validation,
        checkpoint=checkpoint,
    )
    began = time.monotonic()
    spec = network_spec(recipe.network)
    network = leader_first(
        world, lambda: initial_network(spec, recipe.start, recipe.seed, task, images, train, recipe.augment)
    )
    schedule = Schedule(recipe, from_leader(world, lambda: read_changes(folder)))
    state = begin(network, schedule, compute, task)
    state.seconds = time.monotonic() - began
    for learner in (state.network, state.average, state.criterion):
        broadcast_weights(learner, world)
    if saved := from_leader(world, lambda: load_checkpoint(checkpoint) if checkpoint.exists() else None):
        restore(state, *saved)
    return training, state


def _train_on(training: Training, state: State, show: Show, stop: Callable[[], bool], control: Control | None) -> None:
    log = Log(training.checkpoint.with_name("log.jsonl"), state.step, training.world.leads)
    try:
        if control is None:
            run(training, state, log, show, stop)
        else:
            _train_at(control, training, state, log, show, stop)
    finally:
        log.close()


def _train_at(
    control: Control, training: Training, state: State, log: Log, show: Show, stop: Callable[[], bool]
) -> None:
    """Train under a control, which may pause it any number of times."""
    control.send({"state": "training"})
    run(training, state, log, show, lambda: stop() or control.away, control.attend)
    while control.goes_on(training, state, stop) and not stop():
        run(training, state, log, show, lambda: stop() or control.away, control.attend)
