"""The verb `tradeoff`: which network fits a machine and a budget."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._output import AsJson, Quiet, print_json
from ._source import Columns, Layout, columns_from

if TYPE_CHECKING:
    from ..studies import Study


def tradeoff(
    source: Annotated[str, typer.Argument(help="Labeled images.")],
    budget: Annotated[
        str | None,
        typer.Option(help="Limits: milliseconds per image, size of the weights, score: 5ms,2MB,accuracy=95."),
    ] = None,
    minutes: Annotated[
        float, typer.Option(help="Total training time in minutes; trainings that would exceed it are shortened.")
    ] = 60.0,
    networks: Annotated[
        str | None, typer.Option(help="Networks to compare, separated by commas (default: all of any size that fit).")
    ] = None,
    sizes: Annotated[str | None, typer.Option(help="Sizes of networks (default: tiny,small,medium).")] = None,
    starts: Annotated[str | None, typer.Option(help="Initial weights (default: scratch,probe,finetune).")] = None,
    epochs: Annotated[float | None, typer.Option(help="Epochs of a full training (default: as in `train`).")] = None,
    backends: Annotated[
        str | None, typer.Option(help="Ways to run what is on the front (default: torch,onnx,int8, if installed).")
    ] = None,
    threads: Annotated[
        str | None, typer.Option(help="Numbers of threads to run it with (default: one, and torch's number).")
    ] = None,
    exhaustive: Annotated[
        bool, typer.Option("--exhaustive", help="Train every candidate to the end, whatever --minutes is.")
    ] = False,
    task: Annotated[str | None, typer.Option(help="Task, as in `eyespot train`; default: guessed.")] = None,
    out: Annotated[Path, typer.Option(help="Study folder; an existing study is resumed.")] = Path("study"),
    column: Columns = None,
    layout: Layout = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Train networks of several sizes on a source, and recommend one within a budget of time, size and score.

    If interrupted, rerun the same command to resume.
    """
    from ..files import require_folder
    from ..findings import to_plain
    from ..studies import Search
    from ..studies import tradeoff as study

    require_folder(out)
    origin = {"columns": columns_from(column), "layout": layout}

    def show(entry: dict[str, Any]) -> None:
        if not quiet:
            print(entry["note"], file=sys.stderr, flush=True)

    search = Search(
        networks=_names(networks),
        sizes=_names(sizes),
        starts=_names(starts),
        epochs=epochs,
        backends=_names(backends),
        threads=_counts(threads),
    )
    found = study(
        source,
        out=out,
        task=task,
        budget=budget,
        minutes=minutes,
        search=search,
        exhaustive=exhaustive,
        show=show,
        origin=origin,
    )
    if as_json:
        print_json(to_plain(found))
    else:
        print("\n".join(_lines(found)))


def _names(text: str | None) -> tuple[str, ...] | None:
    """The names in a list separated by commas."""
    return None if text is None else tuple(part.strip() for part in text.split(","))


def _counts(text: str | None) -> tuple[int, ...] | None:
    """The whole numbers in a list separated by commas."""
    from ..errors import EyespotError

    try:
        return None if text is None else tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise EyespotError(f"threads is '{text}'; expected whole numbers such as 1,2.", argument="threads") from error


def _lines(found: "Study") -> list[str]:
    from ..studies import point_rows

    columns = ("key", "milliseconds", "megabytes", "validation", "test", "marks")
    head = ["candidate", "ms", "MB", f"validation {found.metric.replace('_', ' ')}", "test (95 % interval)", ""]
    rows = [head, *([row[name] for name in columns] for row in point_rows(found))]
    widths = [max(len(row[at]) for row in rows) for at in range(len(head))]
    table = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    ratio = found.seconds / found.largest_seconds
    largest = f"the full training of {found.largest} ({found.largest_seconds:.0f} seconds)"
    verdict = "recommended" if found.within else "closest to the budget"
    return [
        *table,
        "",
        f"{verdict}: {found.recommended}: {found.reason}",
        f"  {found.command}",
        *found.notes,
        f"trained {found.seconds:.0f} seconds in all, {ratio:.1f} times {largest}",
        f"page: {found.folder / 'index.html'}",
    ]
