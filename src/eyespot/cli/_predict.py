"""The commands that use a model: `predict`, `evaluate`."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from ._output import AsJson, Quiet, format_score, print_json
from ._runs import load_model, split_model
from ._source import Columns, Layout, answered, open_described, unseen_part

if TYPE_CHECKING:
    from ..exporting import ExportedModel
    from ..model import Model
    from ..tasks.task import Hint, Task
    from ._answers import Progress

ModelFile = Annotated[Path, typer.Argument(help="A model.safetensors or a run folder.")]


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
    from ._answers import TABLES, Progress, Table, check_out, image_files, tiled_answers
    from ._hints import hints_for

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
    suffix = "" if out is None else out.suffix.lower()
    table = Table(out) if out is not None and suffix in TABLES else None
    document = out if suffix == ".json" else None
    folder = None if table or document else out
    stream = None if as_json or table or document else sys.stdout
    progress = Progress(quiet or not (table or document))
    collected: list[dict[str, Any]] = []
    unused = set(hints_by_image)
    try:
        files = image_files(images, sys.stdin)
        found_in_tiles = ((model, "", *each) for each in tiled_answers(model, files, quiet)) if tiles else None
        for variant, kind, image, found in found_in_tiles or _proposed(model, proposed, files, hints_by_image):
            unused.discard(Path(image).name)
            answer = _report(variant, kind, image, found, folder, stream)
            progress.count("error" in answer and "answer" not in answer)
            if annotated is not None and "answer" in answer:
                _annotate(model, image, answer, annotated)
            if table:
                table.write(answer)
            if as_json or document:
                collected.append(answer)
    finally:
        if table:
            table.close()
    if document:
        _write_document(model, collected, document)
    if as_json:
        print_json(collected)
    _finish(progress, unused, hints)


def _finish(progress: "Progress", unused: set[str], hints: Path | None) -> None:
    """Report unused hints and failed images; exit code 2 if an image failed."""
    if unused:
        print(
            f"eyespot: {hints}: no image is named {', '.join(sorted(unused))}; its hints are not used.", file=sys.stderr
        )
    if progress.failed:
        print(f"eyespot: {progress.failed:,} of {progress.done:,} images failed.", file=sys.stderr)
        raise typer.Exit(2)


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


def _annotate(model: "Model | ExportedModel", image: str, answer: dict[str, Any], folder: Path) -> None:
    """Write a copy of the image with its answer drawn on it."""
    from dataclasses import replace

    from ..files import written
    from ..images import read_pixels, write_png

    pixels = read_pixels(image, replace(model.images, fit="native"), image)
    with written(folder):
        folder.mkdir(parents=True, exist_ok=True)
        write_png(model.task.annotate(pixels, answer), _free(folder, Path(image).stem, "annotated"))


def _write_document(model: "Model | ExportedModel", answers: list[dict[str, Any]], file: Path) -> None:
    from ..files import require_folder, write_whole
    from ..findings import to_json
    from ._answers import ORIGIN

    require_folder(file.parent)
    file.parent.mkdir(parents=True, exist_ok=True)
    document = {"info": {"description": ORIGIN}, **(model.task.document(answers) or {})}
    write_whole(file, to_json(document).encode())


def _report(
    model: "Model | ExportedModel", kind: str, image: str, found: Any, folder: Path | None, stream: TextIO | None
) -> dict[str, Any]:
    """One answer or error as plain values; printed on `stream`, errors also on standard error."""
    from ..errors import EyespotError
    from ..findings import printable
    from ._answers import error_of

    if isinstance(found, EyespotError):
        print(f"eyespot: {printable(str(found))}", file=sys.stderr, flush=True)
        return error_of(image, found)
    answer = {"image": printable(image), **_saved(found, Path(image), kind, folder)}
    if stream is not None:
        text = answer["answer"] if "picture" in answer else model.task.answer_text(answer)
        note = f" ({answer['note']})" if "note" in answer else ""
        print(f"{answer['image']}: {text}{note}", file=stream, flush=True)
    return answer


def evaluate(
    given: Annotated[
        list[str],
        typer.Argument(
            metavar="[MODEL] SOURCE",
            help="A model, run or .onnx (default: the latest run), then labeled images.",
        ),
    ],
    part: Annotated[str | None, typer.Option(help="train, validation, test or all.")] = None,
    column: Columns = None,
    layout: Layout = None,
    as_json: AsJson = False,
) -> None:
    """Measure a model on images with known answers.

    For the source that the model was trained on, only the test part is used unless --part selects another.
    """
    from ..findings import to_plain

    file, sources = split_model(given)
    if len(sources) != 1:
        raise typer.BadParameter(f"{len(sources)} sources were given; give [MODEL] SOURCE.")
    loaded = load_model(file)
    opened = open_described(sources[0], column, layout, value_range=loaded.images.value_range)
    chosen = unseen_part(file, answered(opened, loaded), part)
    result = {**to_plain(loaded.evaluate(chosen)), "part": chosen.name}
    if as_json:
        print_json(result)
    else:
        print(f"{result['task']}: {format_score(result)}, part {chosen.name}")


def _free(folder: Path, stem: str, kind: str) -> Path:
    """An unused file name, so that nothing is overwritten."""
    names = (folder / f"{stem}.{kind}{'' if number == 1 else f'-{number}'}.png" for number in count(1))
    return next(path for path in names if not path.exists())


def _saved(answer: dict[str, Any], image: Path, suffix: str, out: Path | None) -> dict[str, Any]:
    """Save an answer that is an image to a file and replace it by the file name; notes are saved in the file, too."""
    from ..errors import RunError
    from ..images import write_png

    pixels = answer.pop("picture", None)
    if pixels is None:
        return answer
    folder = out or Path()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = _free(folder, image.stem, suffix)
        write_png(pixels, path, {"Comment": answer["note"]} if "note" in answer else None)
    except OSError as error:
        raise RunError(f"{folder}: cannot be written ({error.strerror}); give another --out.") from error
    return {**answer, "answer": str(path), "picture": str(path)}
