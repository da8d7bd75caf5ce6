"""The commands `tag` (tags of many images as a table or sidecar files) and `colors` (colors without a model)."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._output import AsJson, Quiet, print_json
from ._runs import load_model, model_path, split_model

if TYPE_CHECKING:
    from ..exporting import ExportedModel
    from ..model import Model

Images = Annotated[list[str], typer.Argument(metavar="IMAGE...", help="Images, folders, patterns, or - for a list.")]
Out = Annotated[Path | None, typer.Option(help="Table: a .csv or .jsonl file.")]


def tag(
    given: Images,
    model: Annotated[Path | None, typer.Option(help="A model of the task tag (default: the latest run).")] = None,
    out: Out = None,
    xmp: Annotated[
        Path | None, typer.Option(help="Folder for XMP sidecar files; the folder of the images puts them beside those.")
    ] = None,
    colors: Annotated[str | None, typer.Option(help="Colors of the subject, by name: basic or css.")] = None,
    review: Annotated[
        bool, typer.Option("--review", help="List first what is most likely to need correction.")
    ] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Tag images with a model that has learned tags (`eyespot train --task tag`)."""
    from ._answers import image_files

    file, images = (model_path(model), list(given)) if model else split_model(given)
    if not images:
        raise typer.BadParameter("no image was given: give files, folders, patterns or -.")
    _check(out, xmp, colors)
    loaded = _tagging_model(load_model(file), file)
    images = list(dict.fromkeys(image_files(images, sys.stdin)))
    found = _tagged(loaded, images, colors, quiet)
    if review:
        found = iter(sorted(found, key=lambda answer: -answer.get("expected_errors", 0)))
    _finish(found, images, out, xmp, as_json)


def colors(
    given: Images,
    names: Annotated[str, typer.Option(help="basic (12 names) or css (the named colors of CSS).")] = "basic",
    out: Out = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Name the colors of the subject of images, without a model: k-means on the colors, the background left out."""
    from ._answers import image_files
    from ._written_answers import Progress

    _check(out, None, names)
    progress = Progress(quiet)
    images = dict.fromkeys(image_files(given, sys.stdin))
    found = ({"image": image, **_colors_of(image, names, progress)} for image in images)
    _finish(found, [], out, None, as_json)


def _check(out: Path | None, xmp: Path | None, names: str | None) -> None:
    """Raise for outputs that cannot be written and for unknown names, before any image is read."""
    from ..errors import RunError, look_up
    from ..files import require_folder
    from ._answers import TABLES, check_out

    if names is not None:
        look_up("set of color names", names, dict.fromkeys(("basic", "css")), RunError)
    if out is not None:
        if out.suffix.lower() not in TABLES:
            raise RunError(f"{out}: expected a file ending in {', '.join(TABLES)}.", argument="out")
        check_out(out)
    if xmp is not None:
        require_folder(xmp)


def _tagging_model(model: "Model | ExportedModel", file: Path) -> "Model | ExportedModel":
    from ..errors import ModelError

    if "tags" not in model.task.columns:
        raise ModelError(
            f"{file}: answers the task {model.task.name}, and images are tagged by a model of the task tag; train one "
            "with 'eyespot train SOURCE --task tag'."
        )
    return model


def _tagged(
    model: "Model | ExportedModel", images: list[str], names: str | None, quiet: bool
) -> Iterator[dict[str, Any]]:
    """Yield one row for each image: its tags, or its error."""
    from ..errors import EyespotError
    from ..findings import printable
    from ._answers import answers, error_of
    from ._written_answers import Progress

    progress = Progress(quiet)
    for image, answer in answers(model, images):
        if isinstance(answer, EyespotError):
            progress.count(True)
            yield {**error_of(image, answer), "file": image}
            continue
        extra = {} if names is None else _colors_of(image, names, None)
        progress.count(False)
        yield {"image": printable(image), "text": model.task.answer_text(answer), "file": image, **answer, **extra}


def _colors_of(image: str, names: str, progress: Any) -> dict[str, Any]:
    from dataclasses import asdict

    from ..errors import EyespotError
    from ..organizing import subject_colors
    from ._answers import error_of

    try:
        found = {"colors": [asdict(color) for color in subject_colors(image, names, image)]}
    except EyespotError as error:
        found = error_of(image, error)
    if progress is not None:
        progress.count("error" in found)
    return found


def _finish(
    found: Iterator[dict[str, Any]], images: list[str], out: Path | None, xmp: Path | None, as_json: bool
) -> None:
    """Print and write the rows; exit code 2 if an image could not be read."""
    from ._written_answers import Table

    table, rows, failed, left, total = (Table(out) if out else None), [], 0, 0, 0
    try:
        for row in found:
            total += 1
            failed += "error" in row
            if "error" in row:
                print(f"eyespot: {row['image']}: {row['error']}", file=sys.stderr, flush=True)
            elif not as_json and not table:
                print(_line(row), flush=True)
            if xmp is not None and "error" not in row:
                left += not _sidecar(row, images, xmp)
            plain = {name: value for name, value in row.items() if name not in ("file", "text")}
            if table:
                table.write(_flat(plain) if table.as_csv else plain)
            if as_json:
                rows.append(plain)
    finally:
        if table:
            table.close()
    if as_json:
        print_json(rows)
    if left:
        print(
            f"eyespot: {left:,} other sidecar files exist in {xmp} already and were left as they are.", file=sys.stderr
        )
    if failed:
        print(f"eyespot: {failed:,} of {total:,} images failed.", file=sys.stderr)
        raise typer.Exit(2)


def _sidecar(row: dict[str, Any], images: list[str], folder: Path) -> bool:
    from ..organizing import sidecar_file, write_sidecar

    words = [*row["answer"], *(f"color:{color['name']}" for color in row.get("colors", ()))]
    return write_sidecar(sidecar_file(row["file"], images, folder), words)


def _line(row: dict[str, Any]) -> str:
    """Format one row as text."""
    parts = [row["text"]] if "text" in row else []
    if row.get("unsure"):
        parts.append(f"(unsure: {', '.join(row['unsure'])})")
    parts += [", ".join(f"{color['name']} {color['share']:.0%}" for color in row.get("colors", ()))]
    return f"{row['image']}: {' '.join(part for part in parts if part)}"


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """One row of a table for correction and training: a column for each group, and one for all free tags."""
    from ..sources.tags import GROUP_COLUMN, NONE, group_of

    if "error" in row:
        return row
    flat: dict[str, Any] = {"image": row["image"]}
    if "answer" in row:
        groups = dict.fromkeys(group_of(tag) for tag in row["probabilities"])
        for group in groups:
            named = [tag for tag in row["answer"] if group_of(tag) == group]
            if group:
                flat[GROUP_COLUMN + group] = named[0][len(group) + 1 :] if named else ""
            else:
                flat["tags"] = "|".join(named) or NONE
        flat["unsure"], flat["implied"] = "|".join(row["unsure"]), "|".join(row["implied"])
        flat["expected_errors"] = round(row["expected_errors"], 4)
    if "colors" in row:
        flat["colors"] = "|".join(f"{color['name']} {color['code']} {color['share']:.0%}" for color in row["colors"])
    return flat
