"""The tasks: one module and one entry in `TASKS` for each."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import isfinite
from pathlib import PurePath
from typing import Any, cast

from ..errors import TaskError, look_up, unknown
from ..file_formats import SUFFIXES
from ..sources.numbers import parse_number
from ..sources.source import Source
from ._classify import Classify
from ._field_checks import checked, plain
from ._generate import Generate
from ._identify import Identify
from ._rank import Rank
from ._regress import Regress
from ._tag import Tag
from .colorize import Colorize
from .denoise import Denoise
from .detect import Detect
from .locate import Locate
from .task import Task

TASKS: dict[str, type[Task]] = {
    "classify": Classify,
    "tag": Tag,
    "regress": Regress,
    "rank": Rank,
    "denoise": Denoise,
    "generate": Generate,
    "detect": Detect,
    "colorize": Colorize,
    "locate": Locate,
    "identify": Identify,
}


def task_to_json(task: Task) -> dict[str, Any]:
    """Return a task as plain values for a model file: its name and all of its fields.

    >>> task_to_json(Classify(classes=("cat", "dog")))["classes"]
    ['cat', 'dog']
    """
    assert TASKS.get(task.name) is type(task), task
    return {"name": task.name, **{part.name: plain(getattr(task, part.name)) for part in fields(cast(Any, task))}}


def task_from_json(values: dict[str, Any]) -> Task:
    """Return the task that `task_to_json` wrote; raise `TaskError` for unknown names and invalid values.

    Omitted fields get their defaults.

    >>> task_from_json({"name": "classify", "smoothing": 0.05}).name
    'classify'
    """
    if not isinstance(values, dict) or not isinstance(values.get("name"), str):
        raise TaskError(f"A task is described by {type(values).__name__} without a name; expected a dict with 'name'.")
    kind = look_up("task", values["name"], TASKS, TaskError)
    names = {part.name for part in fields(cast(Any, kind))}
    options = {str(key): value for key, value in values.items() if key != "name"}
    for key in options:
        if key not in names:
            raise TaskError(unknown(f"setting of {kind.name}", key, sorted(names)))
    return kind(**checked(kind, options))


def classifier(labels: Sequence[str]) -> Task:
    """Return the task of an imported classifier with these labels."""
    return Classify(classes=tuple(labels))


@dataclass(frozen=True, kw_only=True)
class Importable:
    """How the task of a network from another program is made.

    `labels` is the field for the names of its outputs, empty where they have none; `activations` are the last operators
    of a graph that the task applies itself.
    """

    labels: str
    activations: tuple[str, ...]


IMPORTABLE = {
    "classify": Importable(labels="classes", activations=("Softmax",)),
    "tag": Importable(labels="tags", activations=("Sigmoid",)),
    "regress": Importable(labels="", activations=()),
}
"""Tasks of networks trained by other programs."""


def imported_task(text: str, labels: Sequence[str] | None) -> tuple[Task, tuple[str, ...]]:
    """The task of a network from another program, "classify", "tag" or "regress:unit=degrees", and its activations.

    `labels` are the names of the outputs; raises `TaskError` where they are missing, or where there are none to name.
    """
    name, _, options = text.partition(":")
    how = look_up("task", name, IMPORTABLE, TaskError)
    if how.labels and not labels:
        raise TaskError("it has no labels; give a text file with one label per line, in the order of the outputs.")
    if labels and not how.labels:
        raise TaskError(f"the outputs of the task {name} have no labels; leave them out.")
    settings: dict[str, Any] = {"name": name, **({how.labels: list(labels)} if labels else {})}
    for part in filter(None, options.split(",")):
        setting, _, value = part.partition("=")
        settings[setting] = value
    return task_from_json(settings), how.activations


def embedder(dimensions: int, threshold: float) -> Task:
    """Return the task of an imported face embedding network whose vectors have `dimensions` numbers."""
    return Identify(dimensions=dimensions, threshold=threshold)


def detector(labels: Sequence[str], head: str) -> Task:
    """Return the task of an imported detector with these classes; `head` is one of those that `Detect` knows."""
    return Detect(classes=tuple(labels), head=head)


PROPOSED = 3
"""Maximum number of columns that a message suggests."""
MOST_LEVELS = 10
"""A column with at most this many distinct numbers is suggested as a label: the numbers may be class codes."""


def guess_task(source: Source) -> tuple[str, str]:
    """Return the name of the only task that fits the columns of a source, and the reason.

    Raise `TaskError` if several tasks fit, or if a table has columns but no task reads any of them.
    """
    fitting = [kind for kind in TASKS.values() if kind.columns and set(kind.columns) <= source.columns]
    if len(fitting) == 1:
        return fitting[0].name, f"the source has a column '{fitting[0].columns[0]}'"
    if not fitting and "paired" in source.columns:
        return Denoise.name, "every image has a paired image, without noise"
    others = sorted(source.columns - {"paired", "group", "split"})
    if not fitting and others:
        expected = ", ".join(sorted(column for kind in TASKS.values() for column in kind.columns))
        raise TaskError(
            f"{source.name}: no column says what is on a picture (there are {', '.join(others)}; "
            f"expected one of {expected}); say which it is, such as {_proposed(source, others)}.",
            argument="column",
        )
    if not fitting:
        raise TaskError(
            f"{source.name}: the images have no labels, so no task follows from them. Sort them into a folder for each "
            "class, or open a table that names them and has a column label, tags or number. To train on images alone, "
            "name the task, such as 'denoise'."
        )
    names = ", ".join(kind.name for kind in fitting)
    raise TaskError(
        f"{source.name}: could serve several tasks ({names}); name the task, such as task='{fitting[0].name}'.",
        argument="task",
    )


def _proposed(source: Source, columns: list[str]) -> str:
    """Suggest options: several columns of 0 and 1 are tags; otherwise, list what each of the first columns could be."""
    cells = {name: {row.values.get(name, "") for row in source.rows} for name in columns}
    flags = [name for name in columns if cells[name] <= {"0", "1", "0.0", "1.0"}]
    if len(flags) > 1:
        return f"tags={','.join(flags)}"
    kinds = {name: _kind(values, len(source.rows)) for name, values in cells.items()}
    suggestions = [f"{kind}={name}" for name, kind in kinds.items() if kind]
    return " or ".join(suggestions[:PROPOSED]) or "label=NAME"


def _kind(values: set[str], rows: int) -> str | None:
    """What a column with these distinct values could be: a number, image file names, or labels, which repeat."""
    if all(isfinite(parse_number(value)) for value in values if value) and len(values) > MOST_LEVELS:
        return "number"
    if all(PurePath(value).suffix.lower() in SUFFIXES for value in values if value):
        return "paired"
    return "label" if len(values) <= rows / 2 else None
