"""The command `organize`: analyze and sort a folder of photos."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..findings import counted
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
    examples: Annotated[
        Path | None, typer.Option(help="Folder with one folder of examples per group: sort photos into these.")
    ] = None,
    similar: Annotated[bool, typer.Option("--similar", help="Find groups of similar photos and name them.")] = False,
    people: Annotated[bool, typer.Option("--people", help="Group photos by the people on them (extra faces).")] = False,
    plan: Annotated[Path | None, typer.Option(help="Plan to write (or apply, or undo): a .json or .csv file.")] = None,
    template: Annotated[str | None, typer.Option(help="Where the plan puts photos: {year}/{event}/{name}.")] = None,
    apply: Annotated[str | None, typer.Option(help="Apply the plan: copy, link or move.")] = None,
    into: Annotated[Path | None, typer.Option(help="With --apply: the target folder.")] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Undo what the plan has changed.")] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Index a folder of photos; find copies, events, and blurred, dark or empty photos; sort them by a plan.

    Photos are changed only by --apply, and --undo puts them back.
    """
    if bool(examples) + similar + people > 1:
        raise typer.BadParameter("--examples, --similar and --people exclude each other.")
    _check_use(plan, template, apply, into, undo, out, bool(examples or similar or people))
    if plan and (apply or undo):
        _carry_out(collection, plan, apply, into, quiet, as_json)
        return
    from ..organizing import (
        TEMPLATE,
        check_plan_file,
        check_report,
        check_template,
        document,
        make_plan,
        write_plan,
        write_report,
    )
    from ..organizing import organize as run_organize

    if out:
        check_report(out)
    if plan:
        check_plan_file(plan, exists=False)
    check_template(template or TEMPLATE)
    found = run_organize(collection, index, None if quiet else IndexProgress(), examples, similar, people)
    if out:
        write_report(found, out)
    if plan:
        write_plan(make_plan(found, template or TEMPLATE), plan)
    if as_json:
        print_json(document(found))
    else:
        _print(found, out)
    if plan and not as_json:
        print(f"plan: {plan} (nothing was changed; review it, then --plan {plan} --apply copy|link|move --into FOLDER)")


def _check_use(
    plan: Path | None,
    template: str | None,
    apply: str | None,
    into: Path | None,
    undo: bool,
    out: Path | None,
    content: bool,
) -> None:
    if (apply or undo or template) and not plan:
        raise typer.BadParameter("--template, --apply and --undo need --plan FILE.")
    if apply and undo:
        raise typer.BadParameter("--apply and --undo exclude each other.")
    if bool(apply) != bool(into):
        raise typer.BadParameter("--apply and --into FOLDER need each other.")
    if (apply or undo) and (out or template or content):
        raise typer.BadParameter(
            "--out, --template, --examples, --similar and --people go with making a plan; omit them."
        )


def _carry_out(collection: Path, plan: Path, apply: str | None, into: Path | None, quiet: bool, as_json: bool) -> None:
    """Apply a plan, or undo it."""
    from ..errors import RunError
    from ..findings import printable
    from ..organizing import apply_plan, check_plan_file, read_plan, undo

    check_plan_file(plan, exists=True)
    read = read_plan(plan)
    if str(collection.resolve()) != read.collection:
        raise RunError(
            f"{plan}: is a plan for {read.collection}, not for {collection}; give its own folder.", argument="plan"
        )
    show = None if quiet else IndexProgress()
    done = apply_plan(read, plan, apply, into, show) if apply and into else undo(plan, show)
    if as_json:
        print_json(done)
    else:
        verb = {"copy": "copied", "link": "linked", "move": "moved", None: "put back"}[apply]
        print(f"{counted(done.done, 'photo')} {verb}" + (f"; to undo: --plan {plan} --undo" if apply else ""))
    for name, reason in done.skipped.items():
        print(f"eyespot: {printable(name)}: {printable(reason)}.", file=sys.stderr)
    if done.skipped:
        raise typer.Exit(2)


class IndexProgress:
    """Progress lines on standard error every few seconds: photos read, photos per second, and the time left."""

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
    print(
        f"{found.folder}: {counted(update.read, 'photo')} read, {update.unchanged:,} unchanged, "
        f"{update.removed:,} removed"
    )
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
        print(f"event {event.name}: {len(event.photos):,} {'photo' if len(event.photos) == 1 else 'photos'}")
    if len(found.events) > LISTED:
        print(f"... and {len(found.events) - LISTED:,} more events")
    if found.content:
        groups = ", ".join(f"{name} {count:,}" for name, count in found.content.counts.items())
        print(f"groups by {found.content.by}: {groups or 'none'}")
    for path, error in list(found.errors.items())[:LISTED]:
        print(f"unreadable: {printable(path)}: {error}")
    if not found.network:
        print("No embeddings: pip install 'eyespot[pretrained]' brings the network that finds bursts.")
    print(f"report: {out}" if out else f"index: {found.index}")
