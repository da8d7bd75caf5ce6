"""The command `rank`: sort images by the ranks that a model predicts, highest first."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._output import AsJson, Quiet, print_json
from ._rank_reports import group_of_images, mean_by_group, print_groups, print_rules, rules_of, write_rules
from ._runs import model_path, split_model
from ._source import Columns, columns_from

if TYPE_CHECKING:
    from ..model import Model
    from ..value_range import Range

LISTED = 10
"""Number of images printed from each end of the order."""
GRID_COLUMNS, GRID_SIDE = 8, 128
"""Images per row of the grid, and the longer side of each in pixels."""
MOST_IN_GRID = 64
"""Maximum number of images in the grid; evenly spaced ones of a longer order."""


def rank(
    given: Annotated[list[str], typer.Argument(metavar="IMAGE...", help="Images, folders, patterns, or - for a list.")],
    model: Annotated[Path | None, typer.Option(help="A model of the task rank (default: the latest run).")] = None,
    out: Annotated[Path | None, typer.Option(help="Table of all images in order: a .csv or .jsonl file.")] = None,
    grid: Annotated[Path | None, typer.Option(help="PNG of up to 64 images, the highest rank first.")] = None,
    rules: Annotated[
        Path | None,
        typer.Option(help="Table (.csv) of the plain features, such as brightness, that explain the ranks."),
    ] = None,
    groups: Annotated[
        Path | None,
        typer.Option(help="Table with the images' groups (--column group=NAME); prints the mean rank of each."),
    ] = None,
    column: Columns = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Sort images by a model that has learned an order from ratings (`eyespot train --task rank`)."""
    from ..errors import EyespotError
    from ..model import load
    from ._answers import answers, error_of, image_files
    from ._written_answers import Progress

    file, images = (model_path(model), list(given)) if model else split_model(given)
    if not images:
        raise typer.BadParameter("no image was given: give files, folders, patterns or -.")
    _check_targets(out, grid, rules)
    known = None if groups is None else group_of_images(groups, columns_from(column))
    loaded = ranking_model(load(file), file)
    progress, found, failed = Progress(quiet), [], []
    for image, answer in answers(loaded, image_files(images, sys.stdin)):
        progress.count(isinstance(answer, EyespotError))
        if isinstance(answer, EyespotError):
            print(f"eyespot: {answer}", file=sys.stderr, flush=True)
            failed.append(error_of(image, answer))
        else:
            group = {} if known is None else {"group": known.get(str(Path(image).resolve()), "")}
            found.append({"image": image, **answer, **group})
    found.sort(key=lambda answer: -answer["rank"])
    for place, answer in enumerate(found, 1):
        answer["place"] = place
    _write(found, failed, out)
    if grid is not None and found:
        _write_grid(found, grid, loaded.images.value_range)
    if as_json:
        print_json(found + failed)
    else:
        _print(found, loaded)
    if known is not None and not as_json:
        print_groups(mean_by_group(found))
    if rules is not None:
        explained = rules_of(found)
        write_rules(explained, rules)
        if not as_json:
            print_rules(explained)
    if failed:
        print(f"eyespot: {len(failed):,} of {progress.done:,} images failed.", file=sys.stderr)
        raise typer.Exit(2)


def _check_targets(out: Path | None, grid: Path | None, rules: Path | None) -> None:
    """Raise for output files that cannot be written, before any image is read."""
    from ..errors import RunError
    from ._answers import TABLES, check_out

    if out is not None:
        if out.suffix.lower() not in TABLES:
            raise RunError(f"{out}: expected a file ending in {', '.join(TABLES)}.", argument="out")
        check_out(out)
    for path, suffix, option in ((rules, ".csv", "rules"), (grid, ".png", "grid")):
        if path is not None:
            _check_new(path, suffix, option)


def _check_new(path: Path, suffix: str, option: str) -> None:
    """Raise `RunError` for a file with another suffix, or one that exists."""
    from ..errors import RunError
    from ..files import require_file

    if path.suffix.lower() != suffix:
        raise RunError(f"{path}: expected a file ending in {suffix}.", argument=option)
    if path.exists():
        raise RunError(f"{path}: exists already; give another name.", argument=option)
    require_file(path)


def ranking_model(model: "Model", file: Path) -> "Model":
    """Return the model; raise `ModelError` if its task is not ranking."""
    from ..errors import ModelError

    if "rating" not in model.task.columns:
        raise ModelError(
            f"{file}: answers the task {model.task.name}, and images are sorted by a model of the task rank; train one "
            "with 'eyespot train SOURCE --task rank'."
        )
    return model


def _write(found: list[dict[str, Any]], failed: list[dict[str, str]], out: Path | None) -> None:
    from ._written_answers import Table

    if out is not None:
        table = Table(out)
        try:
            for answer in found + failed:
                table.write(answer)
        finally:
            table.close()


def _write_grid(found: list[dict[str, Any]], file: Path, value_range: "Range | None") -> None:
    """Images row by row, the highest rank first; each one padded to a square cell."""
    import numpy as np

    from ..images import ImageSpec, read_pixels, write_png
    from ..tasks.report import spread

    cell = ImageSpec(channels=3, height=GRID_SIDE, width=GRID_SIDE, fit="pad", value_range=value_range)
    cells = [read_pixels(found[place]["image"], cell) for place in spread(len(found), MOST_IN_GRID)]
    columns = min(GRID_COLUMNS, len(cells))
    cells += [np.full_like(cells[0], 255)] * (-len(cells) % columns)
    rows = [np.concatenate(cells[start : start + columns], axis=1) for start in range(0, len(cells), columns)]
    write_png(np.concatenate(rows), file)


def _print(found: list[dict[str, Any]], model: "Model") -> None:
    """Print all images of a short order, or both ends of a longer one."""
    from ..findings import printable

    for place, answer in enumerate(found):
        if place == LISTED and len(found) > 2 * LISTED:
            print(f"... {len(found) - 2 * LISTED:,} images between; --out FILE.csv lists all of them")
        if place < LISTED or place >= len(found) - LISTED:
            print(f"{answer['place']:6}. {printable(answer['image'])}: {model.task.answer_text(answer)}")
