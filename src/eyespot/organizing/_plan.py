"""A plan: the target of each photo of a collection, which a person reviews and edits before it is applied."""

import csv
import io
import json
import os
import re
import string
from collections.abc import Collection
from dataclasses import asdict, dataclass, fields
from pathlib import Path, PurePosixPath
from typing import Any

from ..errors import RunError
from ..files import require_file, write_whole
from ._index import taken_time
from ._organized import Organized

VERSION = 1
TEMPLATE = "{year}/{event}/{name}"
FIELDS = ("year", "month", "day", "event", "camera", "group", "folder", "name")
SUFFIXES = (".json", ".csv")
UNDATED, UNGROUPED, COPIES = "undated", "ungrouped", "copies"
FORBIDDEN = re.compile(r'[\x00-\x1f<>:"\\|?*]')
"""Characters that some file systems do not allow; a plan must work on all of them."""
LONGEST_NAME = 240
"""Maximum length in bytes; file systems allow 255, and a number may be added."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """The target of one photo, relative to the target folder; empty for a photo that is not moved.

    `size` (bytes), `modified` (nanoseconds) and `content` (hash, hexadecimal) detect changes of the file.
    """

    file: str
    target: str
    size: int
    modified: int
    content: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The steps for one collection, given by its absolute path."""

    collection: str
    steps: tuple[Step, ...]


def make_plan(found: Organized, template: str = TEMPLATE, copies: Collection[int] = ()) -> Plan:
    """A target for each readable photo by a template with the fields of `FIELDS`; conflicting targets are numbered.

    Photos in `copies` (index numbers) go into a folder with that name, in their current folders. Links are not moved.
    Raises `RunError` for an invalid template.
    """
    check_template(template)
    event_of = {photo: event.name for event in found.events for photo in event.photos}
    used: set[str] = set()
    steps = []
    for photo, row in enumerate(found.photos.rows):
        link = (found.folder / row["path"]).is_symlink()
        group = found.content.groups[photo] if found.content else ""
        own = f"{COPIES}/{{folder}}/{{name}}" if photo in copies else template
        filled = _filled(own, row, event_of.get(photo, UNDATED), group or UNGROUPED)
        target = "" if link else _free(filled, used)
        used.add(target.casefold())
        steps.append(
            Step(
                file=row["path"],
                target=target,
                size=row["size"],
                modified=row["modified"],
                content=row["content"].hex(),
                note="is a link; it stays where it is" if link else "",
            )
        )
    return Plan(collection=str(found.folder.resolve()), steps=tuple(steps))


def check_template(template: str) -> None:
    """Raise `RunError` if a template has an unknown field, no name, or leads out of the target folder."""
    try:
        named = [name for _, name, form, _ in string.Formatter().parse(template) if name is not None or form]
    except ValueError as error:
        raise RunError(f"'{template}': {error}; expected a template such as {TEMPLATE}.", argument="template") from None
    unknown = [name for name in named if name not in FIELDS]
    if unknown:
        raise RunError(
            f"'{template}': unknown field '{unknown[0]}'; there are {', '.join(FIELDS)}.", argument="template"
        )
    if not template.endswith("{name}") or PurePosixPath(template).is_absolute() or ".." in template.split("/"):
        raise RunError(
            f"'{template}': must end with {{name}} and stay inside the target folder; for example {TEMPLATE}.",
            argument="template",
        )


def _filled(template: str, row: dict[str, Any], event: str, group: str) -> str:
    path, taken = PurePosixPath(row["path"]), taken_time(row)
    values = {
        "year": f"{taken:%Y}" if taken else UNDATED,
        "month": f"{taken:%m}" if taken else UNDATED,
        "day": f"{taken:%d}" if taken else UNDATED,
        "event": event,
        "camera": row["camera"].replace("/", "-") or "unknown camera",
        "group": group.replace("/", "-"),
        "folder": "" if path.parent == PurePosixPath() else str(path.parent),
        "name": path.name,
    }
    return "/".join(_safe(part) for part in template.format(**values).split("/") if part)


def _safe(part: str) -> str:
    """A portable file name: no forbidden characters, no dots or spaces at its ends, not too long."""
    part = FORBIDDEN.sub("-", part).rstrip(". ").lstrip(" ")
    raw = os.fsencode(part)
    if len(raw) > LONGEST_NAME:
        suffix = os.fsencode(PurePosixPath(part).suffix[:20])
        part = os.fsdecode(raw[: LONGEST_NAME - len(suffix)] + suffix)
    return part or "-"


def _free(target: str, used: set[str]) -> str:
    """The target, numbered if it is already used; some file systems ignore case."""
    path, count = PurePosixPath(target), 1
    while target.casefold() in used:
        count += 1
        target = str(path.with_name(f"{path.stem} ({count}){path.suffix}"))
    return target


def check_plan_file(file: Path, exists: bool) -> None:
    """Raise `RunError` if a plan cannot be written to (or, if it `exists`, read from) a file with this name."""
    if file.suffix.lower() not in SUFFIXES:
        raise RunError(f"{file}: expected a file ending in {' or '.join(SUFFIXES)}.", argument="plan")
    if exists and not file.is_file():
        raise RunError(f"{file}: there is no such plan; make it first, without --apply.", argument="plan")
    if not exists and file.exists():
        raise RunError(f"{file}: exists already; give another name, or apply it.", argument="plan")
    require_file(file)


def write_plan(plan: Plan, file: Path) -> None:
    """Write a plan as JSON or CSV, by the suffix of the file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    rows = [asdict(step) for step in plan.steps]
    if file.suffix.lower() == ".json":
        document = {"version": VERSION, "collection": plan.collection, "steps": rows}
        write_whole(file, json.dumps(document, indent=1).encode())
        return
    text = io.StringIO()
    writer = csv.DictWriter(text, [*(field.name for field in fields(Step)), "collection"])
    writer.writeheader()
    writer.writerows({**row, "collection": plan.collection} for row in rows)
    write_whole(file, text.getvalue().encode(errors="surrogateescape"))


def read_plan(file: Path) -> Plan:
    """Read a plan, which may have been edited; raises `RunError` that describes an invalid entry."""
    check_plan_file(file, exists=True)
    try:
        text = file.read_text("utf-8-sig", errors="surrogateescape")
        plan = _from_json(text) if file.suffix.lower() == ".json" else _from_csv(text)
    except (OSError, KeyError, TypeError, ValueError, csv.Error) as error:
        reason = f"'{error.args[0]}' is missing" if isinstance(error, KeyError) else error
        raise RunError(f"{file}: is no plan ({reason}); make a new one.", argument="plan") from error
    return plan


def _from_json(text: str) -> Plan:
    document = json.loads(text)
    if document["version"] != VERSION:
        raise ValueError(f"version {document['version']}, expected {VERSION}")
    steps = tuple(_step(row, number) for number, row in enumerate(document["steps"], 1))
    return Plan(collection=str(document["collection"]), steps=steps)


def _from_csv(text: str) -> Plan:
    rows = list(csv.DictReader(io.StringIO(text)))
    collections = {row["collection"] for row in rows}
    if len(collections) != 1:
        raise ValueError(f"{len(collections)} collections, expected one")
    return Plan(collection=collections.pop(), steps=tuple(_step(row, line) for line, row in enumerate(rows, 2)))


def _step(row: dict[str, Any], number: int) -> Step:
    step = Step(
        file=str(row["file"]),
        target=str(row["target"] or "").strip(),
        size=int(row["size"]),
        modified=int(row["modified"]),
        content=str(row["content"]),
        note=str(row["note"] or ""),
    )
    for path in (step.file, step.target):
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts or "\0" in path:
            raise ValueError(f"entry {number}: '{path}' leads out of the folder")
    return step
