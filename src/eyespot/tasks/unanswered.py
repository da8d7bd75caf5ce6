"""Rows without an answer or with an unusable image are left out and counted.

Invalid answers are reported together.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..errors import SourceError, TaskError
from ..sources.assemble import BAD_SHARE
from ..sources.source import Part, Problem, Row, Source
from .task import Task

SHOWN = 5
Reason = tuple[bool, str]
"""Whether an answer is missing altogether, and the reason as text."""


def leave_out_unanswered(source: Source, task: Task, bad_share: float = BAD_SHARE) -> Source:
    """Return the source without the rows that have no answer or no usable image; its `problems` list them.

    `task` need not be prepared yet. Raise `SourceError` if more than `bad_share` of the rows cannot be used, and
    `TaskError` with all answers that cannot be read.
    """
    reason_of = _reader(type(task)())
    parts: dict[str, Part] = {}
    unusable: list[Problem] = []
    unanswered: list[Problem] = []
    wrong: list[Problem] = []
    for part in source.parts:
        kept = np.ones(len(part), bool)
        for place, row in enumerate(part.rows):
            if reason := task.unusable(row):
                kept[place] = False
                unusable.append(Problem(name=row.name, location=row.location, reason=reason))
                continue
            if (found := reason_of(row)) is None:
                continue
            missing, reason = found
            kept[place] = False
            (unanswered if missing else wrong).append(Problem(name=row.name, location=row.location, reason=reason))
        parts[part.name] = part if kept.all() else part.take(np.flatnonzero(kept))
    total = len(source) + len(source.problems)
    if len(unanswered) + len(source.problems) > bad_share * total and unanswered:
        raise SourceError(
            f"{source.name}: {len(unanswered)} of {total} images have no answer (up to {bad_share:.0%} would be left "
            f"out); fill them in, or remove the rows: {_listed(unanswered)}."
        )
    if wrong:
        raise TaskError(f"{_listed(wrong)}.")
    left_out = [*unusable, *unanswered]
    return replace(source, **parts, problems=[*source.problems, *left_out]) if left_out else source


def _reader(task: Task) -> Callable[[Row], Reason | None]:
    """Return a function that checks the answer of a row; distinct answers are checked once."""
    known: dict[tuple[str, ...], Reason | None] = {}

    def reason_of(row: Row) -> Reason | None:
        cells = tuple(row.values.get(column, "") for column in task.columns)
        if cells not in known:
            known[cells] = _reason(task, row, missing=not any(cells)) if task.columns else None
        return known[cells]

    return reason_of


def _reason(task: Task, row: Row, missing: bool) -> Reason | None:
    """What is wrong with the answer of one row; errors that do not name the row concern all rows together."""
    try:
        if missing:
            task.read(row)
        else:
            task.prepare([row])
    except TaskError as error:
        text = str(error)
        if text.startswith(f"{row.location}: "):
            return missing, text.removeprefix(f"{row.location}: ").rstrip(".")
    return None


def _listed(problems: list[Problem]) -> str:
    listed = "; ".join(f"{problem.location}: {problem.reason}" for problem in problems[:SHOWN])
    return listed + (f"; and {len(problems) - SHOWN:,} more" if len(problems) > SHOWN else "")
