"""Default runs: the latest one as the model, and an unused folder for a new training."""

import itertools
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ..exporting import ExportedModel
    from ..model import Model

ModelFile = Annotated[Path, typer.Argument(help="A model.safetensors or a run folder.")]

RUNS = Path("runs")
"""The folder, below the current one, of runs without a given folder."""


def model_path(path: Path) -> Path:
    """Return the model file of a run folder; other paths are returned unchanged."""
    return path / "model.safetensors" if path.is_dir() else path


def is_model(text: str) -> bool:
    """Return whether an argument is a model: a model file, a run folder, or an imported network."""
    path = Path(text)
    return (
        text.startswith("pretrained:")
        or path.suffix in (".safetensors", ".onnx")
        or (path / "model.safetensors").is_file()
        or (path / "recipe.json").is_file()
    )


def load_model(path: Path) -> "Model | ExportedModel":
    """Load a model, or an ONNX file that was exported from one."""
    if path.suffix.lower() == ".onnx" and not str(path).startswith("pretrained:"):
        from ..exporting import load_onnx

        return load_onnx(path)
    from ..model import load

    return load(path)


def latest_model() -> Path | None:
    """The model of the most recently finished run below `runs/`; None if there is none."""
    models = RUNS.glob("**/model.safetensors")
    return max(models, key=lambda file: file.stat().st_mtime, default=None)


def require_latest() -> Path:
    """The model of the latest run, which is printed on standard error; raise `EyespotError` if there is none."""
    from ..errors import EyespotError

    path = latest_model()
    if path is None:
        raise EyespotError(
            "No model was given, and runs/ has no finished run. Give a model.safetensors or a run folder, "
            "or train one: eyespot train FOLDER."
        )
    print(f"model: {path.parent} (the latest run)", file=sys.stderr, flush=True)
    return path


def split_model(given: list[str]) -> tuple[Path, list[str]]:
    """Return the model given by the first argument, or that of the latest run, and the remaining arguments."""
    if given and is_model(given[0]):
        return model_path(Path(given[0])), given[1:]
    return require_latest(), given


def default_out(source: str, options: Any, columns: dict[str, str] | None, layout: str | None) -> Path:
    """The default run folder: `runs/NAME` if it is unused or contains the same training.

    Otherwise a number is appended; the folder and the reason are printed on standard error.
    """
    path = Path(source)
    stem = path.resolve().name if path.is_dir() else path.stem if path.is_file() else source
    name = re.sub(r"[^\w.-]+", "-", stem).strip("-.") or "run"
    for number in itertools.count(1):
        folder = RUNS / (name if number == 1 else f"{name}-{number}")
        if not (folder / "recipe.json").exists():
            reason = "" if number == 1 else f" ({RUNS / name} holds another training)"
            print(f"run folder: {folder}{reason}", file=sys.stderr, flush=True)
            return folder
        if _same_training(folder, source, options, columns, layout):
            print(f"run folder: {folder} (the same training, resumed)", file=sys.stderr, flush=True)
            return folder
    raise AssertionError("count never ends")


def _same_training(folder: Path, source: str, options: Any, columns: dict[str, str] | None, layout: str | None) -> bool:
    """Return whether a run has the same options and the same images with the same targets."""
    from ..errors import EyespotError
    from ..sources import open_source
    from ..sources.source import answers_fingerprint, fingerprint
    from ..training.plan import with_answers
    from ..training.recipe import differences, read_recipe

    try:
        recipe = read_recipe(folder / "recipe.json")
    except EyespotError:
        return False
    what = str(Path(source).resolve()) if Path(source).exists() else source
    if recipe.source["what"] != what or differences(options, recipe):
        return False
    value_range = recipe.source.get("value_range")
    opened = with_answers(open_source(source, columns=columns, layout=layout, value_range=value_range), options.task)
    return (recipe.fingerprint, recipe.answers) == (fingerprint(opened), answers_fingerprint(opened, recipe.columns))
