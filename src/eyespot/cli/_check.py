"""The commands that only inspect images: `check` for problems, `curve` for the learning curve."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..files import require_folder
from ..findings import counted, to_plain
from ._output import AsJson, print_json
from ._source import Columns, Layout, columns_from, open_described, unseen_source

if TYPE_CHECKING:
    from rich.console import Console

    from eyespot.measures import AuditReport
    from eyespot.sources import Source
    from eyespot.sources.check import CheckReport, Twins
    from eyespot.sources.numbers import Numbers

Weights = Annotated[
    str | None, typer.Option(help="Feature extractor: the name of a pretrained network, or a model file.")
]

BAR = 40
"""Number of characters in the longest bar of a histogram."""
SHOWN = 10
"""Maximum number of printed lines of a list; the JSON document contains all of them."""


def check(
    source: Annotated[
        str, typer.Argument(help="Folder, table, .npz, IDX or zip-code files, bundled:NAME, synthetic:NAME.")
    ],
    column: Columns = None,
    layout: Layout = None,
    value_range: Annotated[
        str | None,
        typer.Option("--range", help="Values LOW,HIGH to map to black and white (16-bit and float images)."),
    ] = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Also find label errors, near duplicates, outliers and confused classes.")
    ] = False,
    weights: Weights = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="With --deep: folder for the page and proposals.csv.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Count your images, list unreadable, duplicate and contradictory ones, and what train would decide or refuse."""
    from ..sources.check import check as examine_source
    from ..value_range import parse_range

    if not deep and (weights or out):
        raise typer.BadParameter("--weights and --out need --deep; add it, or omit them.")
    if out:
        require_folder(out)
    given = None if value_range is None else parse_range(value_range)
    opened = open_described(source, column, layout, bad_share=1.0, value_range=given)
    report = examine_source(opened)
    training = _training(opened, source, column, layout, given)
    document = {**to_plain(report), "training": training}
    if not as_json:
        _show(report)
        _show_training(training)
    if not deep:
        if as_json:
            print_json(document)
        return
    from ..measures import audit

    folder = out or Path("runs/check")
    found = audit(opened, folder, weights)
    if as_json:
        print_json({**document, "deep": {**to_plain(found), "page": str(folder / "index.html")}})
    else:
        _show_deep(found, folder)


def curve(
    source: Annotated[
        str, typer.Argument(help="Folder, table, .npz, IDX or zip-code files, bundled:NAME, synthetic:NAME.")
    ],
    column: Columns = None,
    layout: Layout = None,
    weights: Weights = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for a page with the curve.")] = None,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Estimate how many images are enough: accuracy over their number, extrapolated to more images."""
    from ..measures import curve as measure
    from ..measures import write_curve

    if out:
        require_folder(out)
    opened = open_described(source, column, layout)
    found = measure(unseen_source(Path(weights), opened) if weights else opened, weights, seed=seed)
    page = str(write_curve(found, out)) if out else None
    if as_json:
        print_json({**to_plain(found), "summary": found.summary, "page": page})
        return
    print(f"{found.name}: {found.count:,} images of {found.classes} classes, features of {found.by}")
    for point in found.points:
        low, high = (100 * value for value in point.interval)
        print(f"  {point.per_class:7.1f} per class: {100 * point.accuracy:5.1f} % ({low:.1f} to {high:.1f})")
    print(found.summary)
    if page:
        print(f"page: {page}")


def _training(
    opened: "Source",
    source: str,
    column: list[str] | None,
    layout: str | None,
    value_range: tuple[float, float] | None,
) -> dict[str, Any]:
    """What `train` would decide for a source ("notes"), and the error with which it would refuse it."""
    from ..errors import EyespotError
    from ..sources import open_source
    from ..sources.assemble import BAD_SHARE
    from ..training.decisions import decisions
    from ..training.options import TrainOptions

    if len(opened.problems) > BAD_SHARE * (len(opened) + len(opened.problems)):
        try:
            opened = open_source(source, columns=columns_from(column), layout=layout, value_range=value_range)
        except EyespotError as error:
            return {"notes": [], "error": str(error)}
    notes, error = decisions(opened, TrainOptions())
    return {"notes": notes, "error": error}


def _show_training(training: dict[str, Any]) -> None:
    for note in training["notes"]:
        print(f"Training: {note}")
    if training["error"]:
        print(f"Training would fail: {training['error']}")


def _show_deep(found: "AuditReport", folder: Path) -> None:
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    console.print(f"Deep check by {found.by}: {100 * found.agreement:.1f} % of the labels agree with the other images")
    labels = [f"{one.image}: {one.given}, or {one.proposed}? ({one.score:.2f})" for one in found.labels]
    _show_list("Probable label errors", labels, console)
    _show_list("Near duplicates", [f"{one.image} {one.proposed}" for one in found.duplicates], console)
    _show_list("Only image of its class, not assessed", found.singles, console)
    _show_list("Outliers", [f"{one.image} ({one.given})" for one in found.odd], console)
    pairs = [f"{' and '.join(pair.classes)}: {100 * pair.share:.0f} % of {pair.count:,}" for pair in found.confusable]
    _show_list("Confused classes", pairs, console)
    console.print(f"page: {folder / 'index.html'}\ntable: {folder / 'proposals.csv'}", soft_wrap=True)


def _show(report: "CheckReport") -> None:
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    console.print(f"{report.name}: {report.kind}, {counted(report.count, 'image')}")
    _show_counts(report, console)
    _show_sizes(report, console)
    if report.objects:
        _show_objects(report, console)
    if report.numbers:
        _show_numbers(report.numbers, console)
    unusable = [f"{problem.location}: {problem.reason}" for problem in report.problems]
    _show_list("Images that cannot be used", unusable, console)
    _show_list("Exact duplicates", _lines(report.exact), console)
    if report.near_searched:
        _show_list("Near duplicates", _lines(report.near), console)
    else:
        console.print("Near duplicates: not searched, too many images")
    _show_list("Duplicates across parts", _lines(report.across_parts), console)
    _show_list("Same image, different labels", _lines(report.conflicts), console)
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


def _show_numbers(numbers: "Numbers", console: "Console") -> None:
    """Print a histogram, and the shares below and above 0."""
    drives = f" of {counted(numbers.drives, 'drive')}" if numbers.drives else ""
    console.print(f"Numbers of {counted(numbers.count, 'image')}{drives}:")
    for place, count in enumerate(numbers.counts):
        bar = "#" * round(BAR * count / max(numbers.counts))
        console.print(f"  {numbers.edges[place]:9.4g} to {numbers.edges[place + 1]:9.4g} {count:8,} {bar}".rstrip())
    console.print(f"  {numbers.below_zero:.0%} below 0, {numbers.zero:.0%} exactly 0, {numbers.above_zero:.0%} above 0")


def _show_objects(report: "CheckReport", console: "Console") -> None:
    from rich.table import Table

    table = Table("objects of class", *(name for name in next(iter(report.objects.values()))))
    for name, counts in list(report.objects.items())[:50]:
        table.add_row(name, *(f"{count:,}" for count in counts.values()))
    if len(report.objects) > 50:
        table.add_row(f"... {len(report.objects) - 50} more classes")
    console.print(table)


def _show_sizes(report: "CheckReport", console: "Console") -> None:
    sizes = ", ".join(f"{name} {height} x {width}" for name, (height, width) in report.sizes.items())
    colors = {1: "gray", 3: "color", 4: "color with transparency"}
    kinds = ", ".join(f"{count:,} {colors[channels]}" for channels, count in report.channels.items())
    console.print(f"Height x width: {sizes or 'none'}; {kinds or 'none'}")


def _lines(twins: "Sequence[Twins]") -> list[str]:
    return [" = ".join(map(_describe, pair.names, pair.parts, pair.labels)) for pair in twins]


def _describe(name: str, part: str, label: str) -> str:
    return f"{name} ({part}{', ' if label else ''}{label})"


def _show_list(title: str, lines: Sequence[str], console: "Console") -> None:
    console.print(f"{title}: {len(lines) or 'none'}")
    for line in lines[:SHOWN]:
        console.print(f"  {line}", soft_wrap=True)
    if len(lines) > SHOWN:
        console.print(f"  ... and {len(lines) - SHOWN} more (see --json)")
