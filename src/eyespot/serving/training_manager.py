"""Where trainings are begun from the page: one at a time, in folders of their own below one that was named at start."""

import asyncio
import fcntl
import re
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request

from ..errors import EyespotError
from ..model import load
from ..networks import Output
from ..sources.open import reopen
from ..sources.source import Row, Source
from ..training.finish import held_out
from ..training.options import TrainOptions
from ..training.plan import choose_images, choose_task
from .app_state import AppState, Origin
from .resources import ModelResource, RunResource
from .training_process import Process
from .upload_set import UploadSet, UploadSets

Frame = tuple[str, tuple[int, int, int], Output]
"""Of a network: the name of its task, the shape of its input, and its output."""
PATIENCE = 10.0
"""Seconds that a request waits for the training's next step; what was asked for is then still done."""
LONGEST_NAME = 40


@dataclass(eq=False, kw_only=True)
class TrainingManager:
    """The trainings of one server. New runs are written below `folder`; None: no training can be begun."""

    app_state: AppState
    folder: Path | None = None
    current: Process | None = None
    number: int = -1
    """The run of the current process."""
    upload_sets: UploadSets = field(init=False)
    _frames: dict[tuple[int, str | None], Frame] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.upload_sets = UploadSets(self.folder)

    def state(self, run: int) -> dict[str, Any]:
        """How it stands with a run: preparing, training, paused, finishing, finished, stopped, failed or elsewhere."""
        shown = self.app_state.runs[run]
        if self.current is not None and self.number == run:
            error = self._without_paths(self.current.error)
            notes = [self._without_paths(note) for note in self.current.notes]
            return {"state": self.current.state, "error": error, "notes": notes}
        state = "finished" if shown.finished else "elsewhere" if _held(shown.folder) else "stopped"
        return {"state": state, "error": "", "notes": []}

    def begin(self, source: int, options: TrainOptions) -> int:
        """Begin a training, and return the number of its run; refused while another one is at work."""
        folder = self.folder
        if folder is None:
            raise HTTPException(409, "This server begins no training; start it with: eyespot serve --runs FOLDER")
        if source not in self.app_state.origins:
            raise HTTPException(409, "The images of this source came from Python; another process cannot open them.")
        self._make_room()
        made = _new_folder(folder, self.app_state.sources[source].name)
        self.app_state.runs.append(RunResource(name=made.name, folder=made))
        number = len(self.app_state.runs) - 1
        self._start(number, {"folder": str(made), "origin": self.app_state.origins[source], "options": asdict(options)})
        return number

    async def go_on(self, run: int) -> None:
        """Let a training go on that pauses, or that was stopped earlier."""
        if self.current is not None and self.number == run and not self.current.over:
            await self.ask(run, {"do": "go on"})
            return
        told = self.state(run)["state"]
        if told in ("finished", "elsewhere"):
            where = {"finished": "is finished", "elsewhere": "is trained by another program"}[told]
            raise HTTPException(409, f"'{self.app_state.runs[run].name}' {where}; it cannot be gone on with here.")
        self._make_room()
        self._start(run, {"folder": str(self.app_state.runs[run].folder.resolve()), "origin": None, "options": None})

    async def ask(self, run: int, message: dict[str, Any], patience: float = PATIENCE) -> dict[str, Any]:
        """Put something to the training of a run; empty where its next step takes longer than one should wait."""
        if self.current is None or self.number != run or self.current.over:
            raise HTTPException(409, f"'{self.app_state.runs[run].name}' is not in training here.")
        try:
            waiting = asyncio.shield(asyncio.wrap_future(self.current.ask(message)))  # it is done all the same
            answer = await asyncio.wait_for(waiting, patience)
        except TimeoutError:
            return {}
        if "refused" in answer:
            raise HTTPException(400, self._without_paths(answer["refused"]))
        return answer

    def frame(self, source: int, task: str | None) -> Frame:
        """What a network for a source stands between: found once, since many images are looked at for it."""
        if (source, task) not in self._frames:
            chosen, _ = choose_task(self.app_state.sources[source], task)
            images = choose_images(self.app_state.sources[source], chosen, TrainOptions(task=task))
            self._frames[source, task] = chosen.name, images.shape, chosen.outputs(images.channels)
        return self._frames[source, task]

    def open_upload_set(self, upload_set: UploadSet, name: str) -> tuple[int, Source]:
        """Make a source of dropped pictures, and give its number."""
        source, table = self.upload_sets.open(upload_set, name)
        number = len(self.app_state.sources)
        self.app_state.origins[number] = {"what": str(table), "columns": None}
        self.app_state.sources.append(source)
        return number, source

    def close(self) -> None:
        """Let the training save and end, and take away folders that nothing came of."""
        if self.current is not None:
            self.current.close()
        for shown in self.app_state.runs if self.folder is not None else ():
            if shown.folder.parent == self.folder and not (shown.folder / "recipe.json").exists():
                shutil.rmtree(shown.folder, ignore_errors=True)
        self.upload_sets.close({str(shown.origin.get("what")) for shown in self.app_state.runs})

    def _make_room(self) -> None:
        """Refuse while a training is at work; one that pauses has saved, and is let go."""
        if self.current is None or self.current.over:
            return
        if self.current.state != "paused":
            name = self.app_state.runs[self.number].name
            raise HTTPException(409, f"'{name}' is in training; pause or stop it first: there is one at a time.")
        self.current.close()

    def _start(self, number: int, order: dict[str, Any]) -> None:
        self.number = number
        self.current = Process(order, partial(self._show_model, number))

    def _show_model(self, number: int) -> None:
        """Show the model that a training has made."""
        shown = self.app_state.runs[number]
        model = load(shown.folder / "model.safetensors")
        self.app_state.models.append(ModelResource(name=shown.name, model=model, rows=self._rows(shown)))
        self.app_state.runs[number] = replace(shown, model=len(self.app_state.models) - 1)

    def _rows(self, shown: RunResource) -> Sequence[Row]:
        """The images that a run was tested on; none where they are not there any more."""
        try:
            origin = shown.origin
            return held_out(self._source(origin) or reopen(origin)).rows
        except (EyespotError, KeyError, TypeError):
            return ()

    def _source(self, origin: Origin) -> Source | None:
        found = (number for number, known in self.app_state.origins.items() if known == origin)
        return next((self.app_state.sources[number] for number in found), None)

    def _without_paths(self, sentence: str) -> str:
        """A sentence of the training without places on this machine's disk."""
        places = [(str(shown.folder.resolve()), shown.name) for shown in self.app_state.runs]
        for number, origin in self.app_state.origins.items():
            root = self.app_state.sources[number].root
            places += [(str(place), self.app_state.sources[number].name) for place in (origin["what"], root) if place]
        for place, name in sorted(places, key=lambda pair: -len(pair[0])):
            sentence = sentence.replace(place, name)
        return sentence


def _new_folder(parent: Path, name: str) -> Path:
    """A new folder, named after the images and a free number."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower().rpartition(":")[2]).strip("-")[:LONGEST_NAME] or "run"
    for number in range(1, 1_000_000):
        try:
            folder = parent / f"{plain}-{number}"
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            continue
        except OSError as error:
            raise HTTPException(409, f"The folder of runs cannot be written ({error.strerror}).") from error
    raise HTTPException(409, "There are too many runs; give another --runs.")


def _held(folder: Path) -> bool:
    """Whether some program is at work in a run's folder."""
    try:
        with (folder / ".lock").open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except BlockingIOError:
        return True
    except OSError:  # there is no lock yet
        return False


def manager_of(request: Request) -> TrainingManager:
    """The workshop of the server that was asked."""
    return request.app.state.manager


CurrentManager = Annotated[TrainingManager, Depends(manager_of)]
