"""The command `predict`."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._output import AsJson, Quiet
from ._runs import load_model, split_model

if TYPE_CHECKING:
    from ..exporting import ExportedModel
    from ..model import Model
    from ..tasks.task import Hint, Task


def predict(
    given: Annotated[
        list[str],
        typer.Argument(
            metavar="[MODEL] IMAGE...",
            help="A model, run or .onnx (default: the latest run), then images, folders, patterns or -.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Table of the answers (.csv or .jsonl), boxes as COCO (.json), or folder for output images (denoise, "
            "colorize)."
        ),
    ] = None,
    annotated: Annotated[
        Path | None, typer.Option(help="Folder for copies of the images with the boxes drawn on them.")
    ] = None,
    hints: Annotated[
        Path | None, typer.Option(help="CSV of colors known at some pixels (colorize): image,row,column,color.")
    ] = None,
    strength: Annotated[
        float | None, typer.Option(help="Fraction of the noise to remove (denoise), from 0 to 1.")
    ] = None,
    saturation: Annotated[
        float | None, typer.Option(help="Color saturation (colorize): 0 for gray, 1 as predicted, at most 3.")
    ] = None,
    proposals: Annotated[
        bool, typer.Option(help="Three proposals per image: as predicted, warmer and colder (colorize by classes).")
    ] = False,
    tiles: Annotated[
        bool,
        typer.Option(help="Answer large images in overlapping tiles of the training images' size (locate)."),
    ] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Predict one or more images; answers are printed as they are computed. Images that cannot be read are named.

    With --json all answers are one JSON document at the end; --out FILE.jsonl writes one JSON object per line at once.
    """
    from ._answers import check_out, image_files, tiled_answers
    from ._hints import hints_for
    from ._written_answers import Writer

    file, images = split_model(given)
    if not images:
        raise typer.BadParameter(f"no image was given for {given[0]}: give files, folders, patterns or -.")
    if out is not None:
        check_out(out)
    model = _with_settings(load_model(file), {"strength": strength, "saturation": saturation})
    proposed = model.task.proposals() if proposals else {"": model.task}
    _check_task(model, file, out, annotated)
    if tiles and (proposals or hints is not None or annotated is not None):
        raise typer.BadParameter("--tiles cannot be combined with --proposals, --hints or --annotated.")
    hints_by_image = {} if hints is None else hints_for(model.task, hints)
    unused = set(hints_by_image)
    files = image_files(images, sys.stdin)
    found_in_tiles = ((model, "", *each) for each in tiled_answers(model, files, quiet)) if tiles else None
    with Writer(model, out, annotated, quiet, as_json) as writer:
        for variant, kind, image, found in found_in_tiles or _proposed(model, proposed, files, hints_by_image):
            unused.discard(Path(image).name)
            writer.write(variant, kind, image, found)
    if unused:
        print(
            f"eyespot: {hints}: no image is named {', '.join(sorted(unused))}; its hints are not used.", file=sys.stderr
        )
    writer.finish()


def _proposed(
    model: "Model | ExportedModel",
    proposed: Mapping[str, "Task"],
    files: Iterable[str],
    hints: Mapping[str, "Sequence[Hint]"],
) -> "Iterator[tuple[Model | ExportedModel, str, str, Any]]":
    """Yield model, proposal name, image and answer, one proposal after the other."""
    from dataclasses import replace

    from ._answers import answers

    files = files if len(proposed) == 1 else list(files)
    for name, task in proposed.items():
        variant = replace(model, task=task)
        kind = f"{task.answer_suffix}-{name}" if name else task.answer_suffix
        yield from ((variant, kind, image, found) for image, found in answers(variant, files, hints))


def _with_settings(model: "Model | ExportedModel", given: dict[str, Any]) -> "Model | ExportedModel":
    """Return the model with the given answer settings of its task."""
    from dataclasses import replace

    from ..answers import with_settings

    chosen = {name: value for name, value in given.items() if value is not None}
    return replace(model, task=with_settings(model.task, chosen)) if chosen else model


def _check_task(model: "Model | ExportedModel", file: Path, out: Path | None, annotated: Path | None) -> None:
    """Raise `RunError` if the requested output does not fit the model's kind of answers."""
    from ..errors import RunError
    from ..files import require_folder
    from ._answers import TABLES

    task = model.task
    if reason := task.unsupported.get("predict"):
        raise RunError(f"{file}: {reason}.")
    if out is not None and out.suffix.lower() == ".json" and task.document([]) is None:
        raise RunError(
            f"{out}: the answers of {task.name} cannot be written as COCO; give a file ending in .jsonl or .csv."
        )
    if out is not None and out.suffix.lower() not in (*TABLES, ".json") and not task.answer_suffix:
        raise RunError(
            f"{out}: a folder is for output images, and this model makes none; give a file ending in .csv or .jsonl."
        )
    if annotated is None:
        return
    if not task.annotates:
        raise RunError(f"{annotated}: the answers of {task.name} cannot be drawn on the image; leave --annotated out.")
    require_folder(annotated)
