"""The verbs that use a model: `predict`, `evaluate`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .output import AsJson, format_score, print_json
from .source import Columns, Layout, open_described, unseen_part

ModelFile = Annotated[Path, typer.Argument(help="A model.safetensors, or the folder of a run.")]


def predict(
    model: ModelFile,
    images: Annotated[list[Path], typer.Argument(help="Images.")],
    out: Annotated[Path | None, typer.Option(help="Folder for images that the model produces (denoise).")] = None,
    as_json: AsJson = False,
) -> None:
    """Predict one or more images."""
    from ..html import percent
    from ..model import load

    loaded = load(model_path(model))
    found = [(image, loaded.predict(image)) for image in images]
    answers = [{"image": str(image), **_saved(answer, image, out)} for image, answer in found]
    if as_json:
        print_json(answers)
        return
    for answer in answers:
        sure = f" ({percent(answer['probability'])})" if "probability" in answer else ""
        print(f"{answer['image']}: {answer['answer']}{sure}")


def evaluate(
    model: ModelFile,
    source: Annotated[str, typer.Argument(help="Images with known answers.")],
    part: Annotated[str | None, typer.Option(help="train, validation, test or all.")] = None,
    column: Columns = None,
    layout: Layout = None,
    as_json: AsJson = False,
) -> None:
    """Measure a model on images with known answers.

    Of the images that it was trained on, only the test part is looked at; of others, all.
    """
    from ..findings import to_plain
    from ..model import load

    loaded = load(model_path(model))
    opened = open_described(source, column, layout)
    chosen = unseen_part(model, opened, part)
    result = {**to_plain(loaded.evaluate(chosen)), "part": chosen.name}
    if as_json:
        print_json(result)
    else:
        print(f"{result['task']}: {format_score(result)}, part {chosen.name}")


def model_path(path: Path) -> Path:
    """The model file itself, where the folder of a run was given."""
    return path / "model.safetensors" if path.is_dir() else path


def _free(folder: Path, stem: str) -> Path:
    """A name that no file has yet: nothing is overwritten."""
    names = (folder / f"{stem}.denoised{number}.png" for number in ("", *(f"-{count}" for count in range(2, 10**6))))
    return next(path for path in names if not path.exists())


def _saved(answer: dict[str, Any], image: Path, out: Path | None) -> dict[str, Any]:
    """Write a picture that is part of an answer as a file, and name the file in its place."""
    from ..errors import RunError
    from ..images import write_png

    pixels = answer.pop("picture", None)
    if pixels is None:
        return answer
    folder = out or Path()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = _free(folder, image.stem)
        write_png(pixels, path)
    except OSError as error:
        raise RunError(f"{folder}: cannot be written ({error.strerror}); give another --out.") from error
    return {**answer, "answer": str(path), "picture": str(path)}
