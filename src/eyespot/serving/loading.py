"""From what was given on the command line to what is shown: model files, folders of runs, sources."""

import json
from collections.abc import Sequence
from pathlib import Path

from ..errors import EyespotError, ModelError, SourceError
from ..model import load
from ..sources import open_source
from ..sources.open import reopen
from ..sources.source import Row, Source
from ..training.finish import held_out
from .app_state import AppState, Origin
from .resources import SNAPSHOTS, ModelResource, RunResource

MODEL, RECIPE = "model.safetensors", "recipe.json"


def open_given(given: Sequence[Path], sources: Sequence[str]) -> tuple[AppState, list[str]]:
    """Open models (files), runs (folders, or the model in one) and sources; and notes on what could not be opened.

    Raises `ModelError` for what is neither model nor run, `SourceError` for a source that is none. The images that
    a run was trained with are opened too, where they are still there: its held-out images are shown first.
    """
    opened = [open_source(source) for source in sources]
    origins = {place: origin_of(source) for place, source in enumerate(sources)}
    more = [row for source in opened for row in source.rows]
    models: list[ModelResource] = []
    runs: list[RunResource] = []
    notes: list[str] = []
    for path in given:
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
    return AppState(models=models, runs=runs, sources=opened, origins=origins), notes


def _run_of(path: Path) -> Path | None:
    """The run's folder that was given, or that a given model lies in; None for a model alone."""
    folder = path if path.is_dir() else path.parent
    is_run = (folder / RECIPE).is_file() and (path.is_dir() or path.name == MODEL)
    if path.is_dir() and not is_run:
        raise ModelError(f"{path}: holds no run ({RECIPE} is missing); give a run's folder or a {MODEL}.")
    return folder if is_run else None


def _name(path: Path) -> str:
    """A model is called after its run or folder where the file has the usual name."""
    whole = path.resolve()
    return whole.parent.name if whole.name == MODEL else whole.name if path.is_dir() else whole.stem


def origin_of(what: str) -> Origin:
    """How a source is opened that was named on the command line, from any folder."""
    return {"what": str(Path(what).resolve()) if Path(what).exists() else what, "columns": None}


def read_origin(folder: Path) -> Origin:
    """How the images of a run were opened; raises `OSError`, `ValueError` or `KeyError` where it does not say."""
    return json.loads((folder / RECIPE).read_bytes())["source"]


def _images_of(folder: Path | None) -> tuple[Sequence[Row], Source | None, str]:
    """The images that a run's table of predictions is about, its source, and why not where they are not there."""
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
