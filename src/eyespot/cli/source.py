"""The source of a command: its options, and the line that says how it was understood."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from eyespot.sources import Source

Columns = Annotated[list[str] | None, typer.Option("--column", help="Name of a column in a table, such as path=file.")]
Layout = Annotated[
    str | None,
    typer.Option(
        "--layout", help="What folders stand for: classes, parts, subfolders, classes-with-parts or unlabeled."
    ),
]


def open_described(source: str, column: list[str] | None, layout: str | None, bad_share: float = 0.05) -> "Source":
    """Open a source, and print on standard error how it was understood and what was left out, before anything else."""
    from ..sources import open_source

    opened = open_source(source, columns=columns_from(column), layout=layout, bad_share=bad_share)
    print(opened.describe(), file=sys.stderr, flush=True)
    return opened


def columns_from(pairs: list[str] | None) -> dict[str, str] | None:
    """Read `path=file` pairs; raises a usage error for anything else."""
    for pair in pairs or []:
        if "=" not in pair:
            raise typer.BadParameter(f"'{pair}': give KIND=COLUMN, such as path=file or number=steering.")
    return {kind: name for kind, _, name in (pair.partition("=") for pair in pairs)} if pairs else None
