"""The review of a plan on the page: created, accepted photo by photo, applied, undone."""

import threading
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import RunError
from ..organizing import Applied, Organized, Plan, apply_plan, journal_of, make_plan, undo, write_plan


class PlanReview:
    """The plan of a collection. It is written to a file, and then its journal beside it, only when it is applied."""

    def __init__(self, found: Organized, plans: Path, into: Path | None) -> None:
        self.found, self.plans, self.into = found, plans, into
        self.plan: Plan | None = None
        self.rejected: set[int] = set()
        self.file: Path | None = None
        self.action = ""
        self._lock = threading.Lock()

    def make(self, template: str, copies: Collection[int]) -> None:
        """Create the plan again; raise `RunError` for an invalid template, or while a plan is applied."""
        self._require(applied=False)
        self.plan, self.rejected = make_plan(self.found, template, copies), set()

    def accept(self, photos: Collection[int], accepted: bool) -> None:
        """Accept or reject the targets of some photos; a rejected photo stays where it is."""
        self._require(applied=False)
        change = self.rejected.difference_update if accepted else self.rejected.update
        change(photos)

    def describe(self, offset: int, limit: int) -> dict[str, Any]:
        """State, counts, and some of the steps; `command` undoes the plan in a terminal."""
        steps = self.plan.steps if self.plan else ()
        rows = [
            {"photo": number, "file": step.file, "target": step.target, "note": step.note}
            | {"accepted": bool(step.target) and number not in self.rejected}
            for number, step in enumerate(steps[offset : offset + limit], offset)
        ]
        moving = sum(bool(step.target) and number not in self.rejected for number, step in enumerate(steps))
        return {"count": len(steps), "accepted": moving, "action": self.action, "plan": self._name, "steps": rows}

    @property
    def _name(self) -> str:
        return self.file.name if self.file else ""

    def apply(self, action: str) -> Applied:
        """Copy, link or move the accepted photos; after a failure it can be applied again or undone."""
        with self._lock:
            if self.into is None:
                raise RunError("No target folder was named; restart the server with --into FOLDER.")
            if self.plan is None:
                raise RunError("There is no plan yet; make one first.")
            if self.file is None:
                self.file = self._new_file()
            steps = tuple(
                replace(step, target="") if number in self.rejected else step
                for number, step in enumerate(self.plan.steps)
            )
            plan = replace(self.plan, steps=steps)
            write_plan(plan, self.file)
            try:
                return apply_plan(plan, self.file, action, self.into)
            finally:
                if journal_of(self.file).exists():  # also where it was interrupted
                    self.action = action

    def undo(self) -> Applied:
        """Undo everything that was applied."""
        with self._lock:
            self._require(applied=True)
            assert self.file is not None
            done = undo(self.file)
            if not done.skipped:
                self.file, self.action = None, ""
            return done

    def moved_to(self, photo: int) -> Path | None:
        """The path that the plan moved a photo to, or None."""
        if self.action != "move" or self.plan is None or self.into is None or photo in self.rejected:
            return None
        return self.into / self.plan.steps[photo].target

    def _require(self, applied: bool) -> None:
        if bool(self.action) != applied:
            raise RunError("The plan is applied; undo it first." if self.action else "No plan is applied.")

    def _new_file(self) -> Path:
        name = self.found.folder.resolve().name
        number = 1
        while (file := self.plans / f"{name}-{number}.json").exists():
            number += 1
        return file
