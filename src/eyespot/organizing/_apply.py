"""Apply a plan and undo it. Every step is written to a journal before it is executed, so that both can be resumed.

The journal is a file of JSON lines next to the plan. Its first line states what is applied; then follow, for each step,
a line before ("begin") and one after ("done"), created folders, and, once undone, "undone". If the process is killed,
the state of source and target shows how far the last step went.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import RunError
from ._moving import is_same, put_copy, put_link, put_moved
from ._plan import Plan, Step

ACTIONS = ("copy", "link", "move")
LISTED = 10
Show = Callable[[int, int], None]


@dataclass(kw_only=True)
class Applied:
    """Number of files that were put in place (or back), and the reason for each failure."""

    done: int = 0
    skipped: dict[str, str] = field(default_factory=dict)


def journal_of(plan_file: Path) -> Path:
    """Path of a plan's journal, next to the plan."""
    return plan_file.with_name(plan_file.name + ".journal")


def apply_plan(plan: Plan, plan_file: Path, action: str, into: Path, show: Show | None = None) -> Applied:
    """Copy, link or move the files of a plan to a folder; an interrupted call is resumed by the next one.

    Files that have changed since the plan was created are skipped. Nothing is overwritten. Raises `RunError` before the
    first step if targets conflict with each other or with existing files, the folder is not writable, or the plan was
    applied in another way before.
    """
    if action not in ACTIONS:
        raise RunError(f"'{action}' is not known; expected {', '.join(ACTIONS)}.", argument="apply")
    into, file = into.absolute(), journal_of(plan_file)
    header = {"collection": plan.collection, "into": str(into), "action": action, "plan": _targets(plan)}
    lines = _read(file)
    if lines and lines[0] != header:
        raise RunError(
            f"{file}: this plan was applied before, with other files, another action or into another folder; undo that "
            "first, or make a new plan.",
            argument="plan",
        )
    begun, finished = _begun(lines), {line["done"] for line in lines if "done" in line}
    todo = [step for step in plan.steps if step.target and not (step.file in begun and step.file in finished)]
    _check(plan, [step for step in todo if step.file not in begun], into)
    applied = Applied(done=sum(bool(step.target) for step in plan.steps) - len(todo))
    with _Journal(file) as journal:
        if not lines:
            journal.write(header, sync=True)
        for number, step in enumerate(todo, 1):
            _take(step, Path(plan.collection), into, action, journal, applied)
            if show:
                show(number, len(todo))
    return applied


def _begun(lines: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The "begin" line of each step that was begun and not undone since, by file."""
    begun = {}
    for line in lines:
        if "begin" in line:
            begun[line["begin"]] = line
        begun.pop(line.get("undone"), None)
    return begun


def _targets(plan: Plan) -> dict[str, str]:
    return {step.file: step.target for step in plan.steps if step.target}


def _check(plan: Plan, steps: list[Step], into: Path) -> None:
    existing = next(place for place in (into, *into.parents) if place.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise RunError(f"{existing}: is not a folder that can be written to; give another one.", argument="into")
    problems, used = [], {}
    listed = Counter(step.file for step in plan.steps)
    problems += [f"{name} is listed {count} times" for name, count in listed.items() if count > 1]
    for step in (step for step in plan.steps if step.target):
        other = used.setdefault(step.target.casefold(), step.file)
        if other != step.file:
            problems.append(f"{step.file} and {other} have the same target {step.target}")
    problems += [f"{step.target} exists already" for step in steps if os.path.lexists(into / step.target)]
    if problems:
        more = f"; and {len(problems) - LISTED:,} more" if len(problems) > LISTED else ""
        raise RunError(f"Nothing was done: {'; '.join(problems[:LISTED])}{more}. Edit the plan.", argument="plan")


def _take(step: Step, root: Path, into: Path, action: str, journal: "_Journal", applied: Applied) -> None:
    source, target = root / step.file, into / step.target
    if action == "move" and not os.path.lexists(source) and is_same(target, step.size, step.content, step.modified):
        reason = ""  # moved by a call that was killed before it recorded it
    elif not is_same(source, step.size, step.content, step.modified):
        reason = "has changed since the plan was made" if os.path.lexists(source) else "is no longer there"
    else:
        reason = _put(step, source, target, action, journal)
    if reason:
        applied.skipped[step.file] = reason
    else:
        journal.write({"done": step.file})
        applied.done += 1


def _put(step: Step, source: Path, target: Path, action: str, journal: "_Journal") -> str:
    """Put one file in place; return the reason if that fails."""
    journal.write({"begin": step.file, "target": step.target, "size": step.size, "content": step.content}, sync=True)
    try:
        _make_folder(target.parent, journal)
        if is_same(target, step.size, step.content):  # by a call that was killed before it recorded it
            if action == "move":
                source.unlink()
        elif action == "copy":
            put_copy(source, target, step.content)
        elif action == "link":
            put_link(source, target)
        else:
            put_moved(source, target, step.content)
    except OSError as error:
        return f"cannot be put at {target} ({error.strerror or error})"
    return ""


def _make_folder(folder: Path, journal: "_Journal") -> None:
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        journal.write({"folder": str(each)}, sync=True)
        each.mkdir(exist_ok=True)


def undo(plan_file: Path, show: Show | None = None) -> Applied:
    """Undo all changes of a plan; an interrupted call is resumed by the next one.

    Moved files return to their original location. Copies and links are removed only if the original exists and both are
    unchanged. Created folders are removed if they are empty. Raises `RunError` if nothing was applied.
    """
    file = journal_of(plan_file)
    lines = _read(file)
    if not lines:
        raise RunError(f"{file}: there is no such journal, so nothing of this plan was applied.", argument="plan")
    header, steps = lines[0], _begun(lines)
    root, into = Path(header["collection"]), Path(header["into"])
    applied = Applied()
    with _Journal(file) as journal:
        for number, (name, line) in enumerate(reversed(steps.items()), 1):
            reason = _put_back(line, root / name, into / line["target"], header["action"])
            if reason:
                applied.skipped[name] = reason
            else:
                journal.write({"undone": name})
                applied.done += 1
            if show:
                show(number, len(steps))
    _remove_folders([Path(line["folder"]) for line in lines if "folder" in line])
    if not applied.skipped:
        file.replace(file.with_name(file.name + ".undone"))
    return applied


def _put_back(line: dict[str, Any], source: Path, target: Path, action: str) -> str:
    """Undo one step; return the reason if that fails."""
    there, here = (is_same(path, line["size"], line["content"]) for path in (target, source))
    if not os.path.lexists(target) and here:
        return ""  # the step was never executed, or undone by a call that was killed
    if not there:
        return f"{target} is no longer there or has changed"
    try:
        if here:
            target.unlink()  # a copy, a link, or a move between file systems that was interrupted
        elif action != "move":
            return f"{source} is no longer there or has changed, so its copy {target} is kept"
        else:
            source.parent.mkdir(parents=True, exist_ok=True)
            put_moved(target, source, line["content"])
    except OSError as error:
        return f"{target} cannot be put back ({error.strerror or error})"
    return ""


def _remove_folders(folders: list[Path]) -> None:
    for folder in reversed(folders):
        try:
            folder.rmdir()
        except OSError:
            continue  # not empty: it contains other files


class _Journal:
    """Appends JSON lines; with `sync`, each line is flushed to disk before continuing."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.opened: BinaryIO | None = None

    def __enter__(self) -> "_Journal":
        try:
            self.opened = self.file.open("ab")
            if self.opened.tell() and not self.file.read_bytes().endswith(b"\n"):
                self.opened.write(b"\n")  # the last line was truncated by a kill
        except OSError as error:
            raise RunError(f"{self.file}: cannot be written ({error.strerror}).", argument="plan") from error
        return self

    def __exit__(self, *_: object) -> None:
        assert self.opened is not None
        self.opened.close()

    def write(self, line: dict[str, Any], sync: bool = False) -> None:
        assert self.opened is not None
        try:
            self.opened.write(json.dumps(line).encode() + b"\n")
            self.opened.flush()
            if sync:
                os.fsync(self.opened.fileno())
        except OSError as error:
            raise RunError(
                f"{self.file}: cannot be written ({error.strerror}); free some space and run the same command again.",
                argument="plan",
            ) from error


def _read(file: Path) -> list[dict[str, Any]]:
    """The complete lines of a journal, empty if there is no file; a truncated line is ignored."""
    if not file.exists():
        return []
    lines = list(_parsed(file.read_bytes().split(b"\n")))
    if lines and "action" not in lines[0]:
        raise RunError(f"{file}: is no journal; it cannot be used.", argument="plan")
    return lines


def _parsed(lines: list[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:
            continue
