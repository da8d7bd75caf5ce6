"""The source of a command: its options, and the line that describes how it was interpreted."""

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import SourceError
from ..findings import counted

if TYPE_CHECKING:
    from eyespot.exporting import ExportedModel
    from eyespot.model import Model
    from eyespot.sources import Part, Source
    from eyespot.sources.known import KnownImages

SILENT_SECONDS = 2.0
Columns = Annotated[list[str] | None, typer.Option("--column", help="Column of a table to use, such as path=file.")]
Layout = Annotated[
    str | None,
    typer.Option(
        "--layout",
        help="Meaning of the folders: classes, parts, subfolders, classes-with-parts, identities or unlabeled.",
    ),
]


def open_described(
    source: str,
    column: list[str] | None,
    layout: str | None,
    bad_share: float = 0.05,
    value_range: tuple[float, float] | None = None,
) -> "Source":
    """Open a source, and first print on standard error how it was interpreted and what was left out."""
    from ..progress import listening
    from ..sources import open_source

    with listening(_FrameProgress()):
        opened = open_source(
            source, columns=columns_from(column), layout=layout, bad_share=bad_share, value_range=value_range
        )
    print(opened.describe(), file=sys.stderr, flush=True)
    return opened


class _FrameProgress:
    """Progress lines on standard error every few seconds while the frames of a video are decoded."""

    def __init__(self) -> None:
        self.last = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() - self.last >= SILENT_SECONDS:
            self.last = time.monotonic()
            print(f"{done:,} of {total:,} frames decoded", file=sys.stderr, flush=True)


def unseen_part(model: Path, opened: "Source", name: str | None) -> "Part":
    """The part for measuring a model: images of its run that it was not trained on.

    What is left out is printed on standard error. The explicit parts "train", "validation" and "all" are
    used as a whole.
    """
    from ..sources.source import part_of

    return unseen_by(model, part_of(opened, name or "all"), name)


def unseen_by(model: Path, chosen: "Part", name: str | None) -> "Part":
    """Remove the images that a model was trained on, unless the part `name` was requested: see `unseen_part`."""
    from ..sources.known import load_known, without_trained

    known = load_known(model if model.is_dir() else model.parent)
    kept, trained = without_trained(known, chosen)
    if not trained:
        return chosen
    if name not in (None, "test"):
        print(
            f"{trained:,} of these {len(chosen):,} images were used for training: the score is too high",
            file=sys.stderr,
        )
        return chosen
    if not len(kept):
        every = "The only image was" if trained == 1 else f"All {trained:,} images were"
        raise SourceError(f"{every} used for training {model}; use other images.")
    print(f"left out: {counted(trained, 'image')} that the model was trained on", file=sys.stderr)
    return replace(kept, name="all" if _holds_others(known, kept) else "test")


def answered(opened: "Source", model: "Model | ExportedModel") -> "Source":
    """Remove the images without an answer for a model's task; their number is printed on standard error."""
    from ..tasks.unanswered import leave_out_unanswered

    kept = leave_out_unanswered(opened, model.task)
    if missing := len(opened) - len(kept):
        left_out = f"{counted(missing, 'image')} without an answer, or that the task cannot use"
        print(f"left out: {left_out}", file=sys.stderr)
    return kept


def unseen_source(model: Path, opened: "Source") -> "Source":
    """Remove the images that a model was trained on; their number is printed on standard error."""
    from ..sources.known import load_known, source_without_trained

    kept, trained = source_without_trained(load_known(model if model.is_dir() else model.parent), opened)
    if trained:
        print(f"left out: {counted(trained, 'image')} that the model was trained on", file=sys.stderr)
    return kept


def _holds_others(known: "KnownImages | None", part: "Part") -> bool:
    return known is None or bool(set(part.keys.tolist()) - set(known.keys.tolist()))


def columns_from(pairs: list[str] | None) -> dict[str, str] | None:
    """Parse `path=file` pairs; raise a usage error for anything else."""
    for pair in pairs or []:
        if "=" not in pair:
            raise typer.BadParameter(f"'{pair}': give KIND=COLUMN, such as path=file or number=steering.")
    return {kind: name for kind, _, name in (pair.partition("=") for pair in pairs)} if pairs else None
