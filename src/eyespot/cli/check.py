"""`eyespot check`: what there is in a source, and what is wrong with it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from .output import AsJson, print_json
from .train import columns_from

if TYPE_CHECKING:
    from rich.console import Console

    from eyespot.sources.check import CheckReport, Twins

SHOWN = 10
"""Lines of a list that a person is shown; the rest is counted, and stands in the JSON document."""


def check(
    source: Annotated[
        str, typer.Argument(help="Folder, table, .npz, IDX or zip-code files, bundled:NAME, synthetic:NAME.")
    ],
    column: Annotated[list[str] | None, typer.Option(help="Name of a column in a table, such as path=file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Count your images, and list unreadable, doubled and contradictory ones. Nothing is changed."""
    from ..sources import open_source
    from ..sources.check import check as examine_source

    report = examine_source(open_source(source, columns=columns_from(column), bad_share=1.0))
    if as_json:
        print_json(report)
    else:
        _show(report)


def _show(report: "CheckReport") -> None:
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    console.print(f"{report.name}: {report.kind}, {report.count:,} images")
    _show_counts(report, console)
    _show_sizes(report, console)
    _show_list("Left out", [f"{problem.where}: {problem.reason}" for problem in report.problems], console)
    _show_list("Exact duplicates", _lines(report.exact), console)
    if report.near_searched:
        _show_list("Near duplicates", _lines(report.near), console)
    else:
        console.print("Near duplicates: not looked for among so many images")
    _show_list("Duplicates across parts", _lines(report.across_parts), console)
    _show_list("Same picture, different labels", _lines(report.conflicts), console)
    for note in report.notes:
        console.print(f"Note: {note}")


def _show_counts(report: "CheckReport", console: "Console") -> None:
    from rich.table import Table

    table = Table()
    table.add_column("class")
    for part in report.parts:
        table.add_column(part, justify="right")
    for name, counts in list(report.classes.items())[:50]:
        table.add_row(name, *(f"{counts[part]:,}" for part in report.parts))
    if len(report.classes) > 50:
        table.add_row(f"... {len(report.classes) - 50} more classes", *("" for _ in report.parts))
    table.add_row("all images", *(f"{count:,}" for count in report.parts.values()))
    console.print(table)
    if report.balance is not None:
        console.print(f"Balance: the largest class has {report.balance:.1f} times as many images as the smallest")


def _show_sizes(report: "CheckReport", console: "Console") -> None:
    sizes = ", ".join(f"{name} {height} x {width}" for name, (height, width) in report.sizes.items())
    colours = {1: "grey", 3: "colour", 4: "colour with transparency"}
    kinds = ", ".join(f"{count:,} {colours[channels]}" for channels, count in report.channels.items())
    console.print(f"Height x width: {sizes or 'none'}; {kinds or 'none'}")


def _lines(twins: "Sequence[Twins]") -> list[str]:
    return [" = ".join(map(_told, pair.names, pair.parts, pair.labels)) for pair in twins]


def _told(name: str, part: str, label: str) -> str:
    return f"{name} ({part}{', ' if label else ''}{label})"


def _show_list(title: str, lines: Sequence[str], console: "Console") -> None:
    console.print(f"{title}: {len(lines) or 'none'}")
    for line in lines[:SHOWN]:
        console.print(f"  {line}", soft_wrap=True)
    if len(lines) > SHOWN:
        console.print(f"  ... and {len(lines) - SHOWN} more (see --json)")
