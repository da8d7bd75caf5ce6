"""The command `organize`: what is in a folder of photos."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ._output import AsJson, Quiet, format_seconds, print_json

if TYPE_CHECKING:
    from ..organizing import Organized

Collection = Annotated[Path, typer.Argument(help="Folder of photos, with the folders in it.")]
IndexFile = Annotated[Path | None, typer.Option(help="SQLite file of the index (default: in eyespot's cache folder).")]

LISTED = 10
SILENT_SECONDS = 2.0


def organize(
    collection: Collection,
    index: IndexFile = None,
    out: Annotated[Path | None, typer.Option(help="Report: a .json, .csv or .html file.")] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Index a folder of photos; find copies, events, and blurred, dark or empty photos. Changes no photo."""
    from ..organizing import check_report, document, write_report
    from ..organizing import organize as run_organize

    if out:
        check_report(out)
    found = run_organize(collection, index, None if quiet else IndexProgress())
    if out:
        write_report(found, out)
    if as_json:
        print_json(document(found))
    else:
        _print(found, out)


class IndexProgress:
    """A line on standard error every few seconds: photos read, how fast, and the time left."""

    def __init__(self) -> None:
        self.began = self.last = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self.last < SILENT_SECONDS:
            return
        self.last = now
        rate = done / (now - self.began)
        left = format_seconds((total - done) / rate)
        print(f"{done:,} of {total:,} photos, {rate:.0f} photos/s, {left} left", file=sys.stderr, flush=True)


def _print(found: "Organized", out: Path | None) -> None:
    from ..findings import printable
    from ..organizing import counts

    update = found.update
    print(f"{found.folder}: {update.read:,} photos read, {update.unchanged:,} unchanged, {update.removed:,} removed")
    for reason, count in update.left_out.items():
        print(f"Left out: {count:,} {reason}")
    print(", ".join(f"{count:,} {name}" for name, count in counts(found).items() if count))
    for group in found.groups[:LISTED]:
        print(f"{group.kind}: keep {printable(found.photos.rows[group.best]['path'])}")
        for pair in group.others[:LISTED]:
            other = pair.first if pair.second == group.best else pair.second
            print(f"  {printable(found.photos.rows[other]['path'])}: {pair.evidence}")
        if len(group.others) > LISTED:
            print(f"  ... and {len(group.others) - LISTED:,} more")
    if len(found.groups) > LISTED:
        print(f"... and {len(found.groups) - LISTED:,} more groups; --out FILE.html shows them")
    for event in found.events[:LISTED]:
        print(f"event {event.name}: {len(event.photos):,} photos")
    if len(found.events) > LISTED:
        print(f"... and {len(found.events) - LISTED:,} more events")
    for path, error in list(found.errors.items())[:LISTED]:
        print(f"unreadable: {printable(path)}: {error}")
    if not found.network:
        print("No embeddings: pip install 'eyespot[pretrained]' brings the network that finds bursts.")
    print(f"report: {out}" if out else f"index: {found.index}")
