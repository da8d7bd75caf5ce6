"""Starts and controls the trainings of the page: one at a time, each in its own folder below `folder`."""

import asyncio
import fcntl
import re
import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request

from ..errors import EyespotError
from ..model import load
from ..networks import NETWORKS, Output
from ..samples import network_shape
from ..sources.open import reopen
from ..sources.source import Row, Source
from ..training.finish import held_out
from ..training.options import TrainOptions
from ..training.plan import choose_images, choose_task
from ._error_codes import RequestError
from ._training_process import Process
from ._upload_set import UploadSet, UploadSets
from .app_state import AppState, Origin
from .resources import SNAPSHOTS, ModelResource, RunResource

Frame = tuple[str, tuple[int, int, int], Output]
"""Name of the task, input shape (C, H, W) and output of a network."""
PATIENCE = 10.0
"""Seconds that a request waits for the training's next step; the message still takes effect afterwards."""
LONGEST_NAME = 40


@dataclass(eq=False, kw_only=True)
class TrainingManager:
    """The trainings of one server. New runs are written below `folder`; None: no training can be started."""

    app_state: AppState
    folder: Path | None = None
    current: Process | None = None
    upload_sets: UploadSets = field(init=False)
    _starting: threading.Lock = field(default_factory=threading.Lock)
    """Held while a training is started, so that two concurrent requests cannot start two."""
    _changing: threading.Lock = field(default_factory=threading.Lock)
    """Held while a state and the corresponding model change."""
    _frames: dict[tuple[int, str | None, str | None], Frame] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.upload_sets = UploadSets(self.folder)

    def describe(self, run: int) -> dict[str, Any]:
        """Recipe, result, model and state of a run: a run with the state "finished" has its model."""
        with self._changing:
            state, shown = self.state(run), self.app_state.runs[run]
        return {**shown.describe(), **state}

    def state(self, run: int) -> dict[str, Any]:
        """State of a run: preparing, training, paused, finishing, finished, stopped, failed or elsewhere."""
        shown, process = self.app_state.runs[run], self.current
        if process is not None and process.run == run:
            error = self._without_paths(process.error)
            notes = [self._without_paths(note) for note in list(process.notes)]
            return {"state": process.state, "error": error, "notes": notes}
        state = "finished" if shown.finished else "elsewhere" if _held(shown.folder) else "stopped"
        return {"state": state, "error": "", "notes": []}

    def begin(self, source: int, options: TrainOptions) -> int:
        """Start a training, and return the number of its run; refused while another one is running."""
        with self._starting:
            return self._begin(source, options)

    def _begin(self, source: int, options: TrainOptions) -> int:
        folder = self.folder
        if folder is None:
            raise RequestError(
                409, "cannot_train", "This server cannot train; start it with: eyespot serve --runs FOLDER"
            )
        if source not in self.app_state.origins:
            raise RequestError(
                409,
                "source_from_python",
                "The images of this source came from Python; another process cannot open them.",
            )
        self._make_room()
        new = _new_folder(folder, self.app_state.sources[source].name)
        self.app_state.runs.append(RunResource(name=new.name, folder=new))
        number = len(self.app_state.runs) - 1
        self._start(number, {"folder": str(new), "origin": self.app_state.origins[source], "options": asdict(options)})
        return number

    async def go_on(self, run: int) -> None:
        """Continue a paused training, or resume one that was stopped earlier."""
        if self._of(run) is not None:
            await self.request(run, {"do": "go on"})
        else:
            await asyncio.to_thread(self._resume, run)  # waits until a paused training has saved

    def _resume(self, run: int) -> None:
        with self._starting:
            if self._of(run) is None:
                self._start_again(run)

    def _start_again(self, run: int) -> None:
        status = self.state(run)["state"]
        if status in ("finished", "elsewhere"):
            where = {"finished": "is finished", "elsewhere": "is trained by another program"}[status]
            raise RequestError(
                409, "not_resumable", f"'{self.app_state.runs[run].name}' {where}; it cannot be resumed here."
            )
        self._make_room()
        self._start(run, {"folder": str(self.app_state.runs[run].folder.resolve()), "origin": None, "options": None})

    async def request(self, run: int, message: dict[str, Any], patience: float | None = None) -> dict[str, Any]:
        """Send a message to the training of a run; empty when its next step takes longer than `patience` seconds."""
        process = self._of(run)
        if process is None:
            raise RequestError(409, "not_training", f"'{self.app_state.runs[run].name}' is not in training here.")
        try:
            waiting = asyncio.shield(asyncio.wrap_future(process.request(message)))  # the message takes effect anyway
            answer = await asyncio.wait_for(waiting, PATIENCE if patience is None else patience)
        except TimeoutError:
            return {}
        if "refused" in answer:
            raise RequestError(400, "recipe", self._without_paths(answer["refused"]))
        return answer

    def _of(self, run: int) -> Process | None:
        """The running process of a run, if there is one."""
        process = self.current
        return process if process is not None and process.run == run and not process.over else None

    def frame(self, source: int, task: str | None, network: str) -> Frame:
        """Task, input and output of a network for a source; cached, because finding them reads many images."""
        sized = network if network in NETWORKS else None  # a text has no native size, and changes with every key
        key = source, task, sized
        if key not in self._frames:
            chosen, _ = choose_task(self.app_state.sources[source], task)
            images, _ = choose_images(self.app_state.sources[source], chosen, TrainOptions(task=task, network=sized))
            self._frames[key] = chosen.name, network_shape(chosen, images), chosen.outputs(images.channels)
        return self._frames[key]

    def open_upload_set(self, upload_set: UploadSet, name: str) -> tuple[int, Source]:
        """Create a source of uploaded images, and return its number."""
        source, table = self.upload_sets.open(upload_set, name)
        number = len(self.app_state.sources)
        self.app_state.origins[number] = {"what": str(table), "columns": None}
        self.app_state.sources.append(source)
        return number, source

    def close(self) -> None:
        """Stop the training after saving, and delete folders without a recipe."""
        if self.current is not None:
            self.current.close()
        for shown in self.app_state.runs if self.folder is not None else ():
            if shown.folder.parent == self.folder and not (shown.folder / "recipe.json").exists():
                shutil.rmtree(shown.folder, ignore_errors=True)
        self.upload_sets.close({str(shown.origin.get("what")) for shown in self.app_state.runs})

    def _make_room(self) -> None:
        """Raise while a training is running; the process of a paused one, which has saved, is ended."""
        if self.current is None or self.current.over:
            return
        if self.current.state != "paused":
            name = self.app_state.runs[self.current.run].name
            raise RequestError(
                409, "training_running", f"'{name}' is in training; pause or stop it first: only one can run at a time."
            )
        self.current.close()

    def _start(self, run: int, order: dict[str, Any]) -> None:
        self.current = Process(run, order, partial(self._load_model, run), self._changing)

    def _load_model(self, run: int) -> Callable[[], None]:
        """Load the model that a training has written; the function returned adds it to the models."""
        shown = self.app_state.runs[run]
        number, source = self._source(shown.origin)
        rows = self._rows(shown, source)
        model = ModelResource(
            name=shown.name,
            model=load(shown.folder / "model.safetensors"),
            rows=rows,
            snapshots=shown.folder / SNAPSHOTS,
            source=number,
            held_out=len(rows),
        )
        return partial(self._add_model, run, model)

    def _add_model(self, run: int, made: ModelResource) -> None:
        self.app_state.models.append(made)
        self.app_state.runs[run] = replace(self.app_state.runs[run], model=len(self.app_state.models) - 1)

    def _rows(self, shown: RunResource, source: Source | None) -> Sequence[Row]:
        """The images that a run was tested on; empty if they no longer exist."""
        try:
            origin = shown.origin
            return held_out(source or reopen(origin, shown.folder)).rows
        except (EyespotError, KeyError, TypeError):
            return ()

    def _source(self, origin: Origin) -> tuple[int | None, Source | None]:
        """The source with this origin and its number, if this server has it."""
        for number, candidate in self.app_state.origins.items():
            # A missing value was not specified, which a recipe stores as null.
            if all(candidate.get(name) == origin.get(name) for name in candidate.keys() | origin.keys()):
                return number, self.app_state.sources[number]
        return None, None

    def _without_paths(self, sentence: str) -> str:
        """A message of the training without local paths."""
        places = [(str(shown.folder.resolve()), shown.name) for shown in self.app_state.runs]
        for number, origin in self.app_state.origins.items():
            root = self.app_state.sources[number].root
            places += [(str(place), self.app_state.sources[number].name) for place in (origin["what"], root) if place]
        for place, name in sorted(places, key=lambda pair: -len(pair[0])):
            sentence = sentence.replace(place, name)
        return sentence


def _new_folder(parent: Path, name: str) -> Path:
    """A new folder, named after the source and a free number."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower().rpartition(":")[2]).strip("-")[:LONGEST_NAME] or "run"
    for number in range(1, 1_000_000):
        try:
            folder = parent / f"{plain}-{number}"
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            continue
        except OSError as error:
            raise RequestError(409, "disk", f"The folder of runs cannot be written ({error.strerror}).") from error
    raise RequestError(409, "too_many", "There are too many runs; give another --runs.")


def _held(folder: Path) -> bool:
    """Whether a process is using a run's folder."""
    try:
        with (folder / ".lock").open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except BlockingIOError:
        return True
    except OSError:  # there is no lock yet
        return False


def manager_of(request: Request) -> TrainingManager:
    """The training manager of the server that received the request."""
    return request.app.state.manager


CurrentManager = Annotated[TrainingManager, Depends(manager_of)]
