"""Loading of the models, runs and sources given on the command line."""

import json
from collections.abc import Sequence
from pathlib import Path

from ..errors import EyespotError, ModelError, SourceError
from ..model import load
from ..sources import open_source
from ..sources.open import reopen
from ..sources.source import Row, Source
from ..studies import is_study
from ..training.finish import held_out
from .app_state import AppState, Origin
from .resources import SNAPSHOTS, ModelResource, RunResource

MODEL, RECIPE = "model.safetensors", "recipe.json"


def open_given(given: Sequence[Path], sources: Sequence[str]) -> tuple[AppState, list[str]]:
    """Open models (files), runs (folders, or the model in one), studies and sources; also return notes on failures.

    Raises `ModelError` for a path that is neither model nor run nor study, `SourceError` for an invalid source. The
    images that a run was trained with are opened too, if they still exist: its held-out images are shown first.
    """
    opened = [open_source(source) for source in sources]
    origins = {place: origin_of(source) for place, source in enumerate(sources)}
    more = [row for source in opened for row in source.rows]
    models: list[ModelResource] = []
    runs: list[RunResource] = []
    studies: list[Path] = []
    notes: list[str] = []
    for path in given:
        if is_study(path):
            studies.append(path.resolve())
            notes.append(f"study: {path}")
            continue
        folder = _run_of(path)
        file = path if folder is None or path.is_file() else folder / MODEL
        number = None
        if folder is None or file.exists():
            number = len(models)
            own, source, trouble = _images_of(folder)
            if source and folder:
                origins[len(opened)] = read_origin(folder)
            models.append(
                ModelResource(
                    name=_name(path),
                    model=load(file),
                    rows=[*own, *more],
                    snapshots=folder and folder / SNAPSHOTS,
                    source=len(opened) if source else None,
                    held_out=len(own),
                )
            )
            opened += [source] if source else []
            notes += [trouble] if trouble else []
        if folder is not None:
            runs.append(RunResource(name=folder.resolve().name, folder=folder, model=number))
    return AppState(models=models, runs=runs, sources=opened, studies=studies, origins=origins), notes


def _run_of(path: Path) -> Path | None:
    """The folder of a given run, or of the run that contains a given model; None for a model alone."""
    folder = path if path.is_dir() else path.parent
    is_run = (folder / RECIPE).is_file() and (path.is_dir() or path.name == MODEL)
    if path.is_dir() and not is_run:
        raise ModelError(
            f"{path}: holds no run ({RECIPE} is missing); give the folder of a run or a study, or a {MODEL}."
        )
    return folder if is_run else None


def _name(path: Path) -> str:
    """Name of a model: that of its run or folder if the file has the default name."""
    whole = path.resolve()
    return whole.parent.name if whole.name == MODEL else whole.name if path.is_dir() else whole.stem


def origin_of(what: str) -> Origin:
    """The origin of a source given on the command line, independent of the working folder."""
    return {"what": str(Path(what).resolve()) if Path(what).exists() else what, "columns": None}


def read_origin(folder: Path) -> Origin:
    """The origin of the images of a run; raises `OSError`, `ValueError` or `KeyError` if it is not recorded."""
    return json.loads((folder / RECIPE).read_bytes())["source"]


def _images_of(folder: Path | None) -> tuple[Sequence[Row], Source | None, str]:
    """The images of a run's table of predictions, its source, and the reason if they no longer exist."""
    if folder is None:
        return (), None, ""
    try:
        origin = read_origin(folder)
        if origin["what"] is None:
            raise SourceError("they came from Python")
        source = reopen(origin, folder)
        return held_out(source).rows, source, ""
    except (EyespotError, OSError, ValueError, KeyError, TypeError) as error:
        return (), None, f"{folder.resolve().name}: its images are not shown ({error}); name them with --source."
