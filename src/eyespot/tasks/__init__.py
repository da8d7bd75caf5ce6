"""Questions that can be asked of a picture: one file, and one line in `TASKS`, each."""

from dataclasses import fields
from typing import Any, cast

from ..errors import TaskError, look_up, unknown
from ..sources.source import Source
from .classify import Classify
from .denoise import Denoise
from .field_checks import checked, plain
from .regress import Regress
from .tag import Tag
from .task import Task

TASKS: dict[str, type[Task]] = {"classify": Classify, "tag": Tag, "regress": Regress, "denoise": Denoise}


def task_to_json(task: Task) -> dict[str, Any]:
    """A task as plain values for a model file: its name and all of its fields.

    >>> task_to_json(Classify(classes=("cat", "dog")))["classes"]
    ['cat', 'dog']
    """
    assert TASKS.get(task.name) is type(task), task
    return {"name": task.name, **{part.name: plain(getattr(task, part.name)) for part in fields(cast(Any, task))}}


def task_from_json(values: dict[str, Any]) -> Task:
    """The task that `task_to_json` wrote; raises `TaskError` for unknown names and for values that do not fit.

    Fields that are left out have their defaults.

    >>> task_from_json({"name": "classify", "smoothing": 0.05}).name
    'classify'
    """
    if not isinstance(values, dict) or not isinstance(values.get("name"), str):
        raise TaskError(f"A task is described by {type(values).__name__} without a name; expected a dict with 'name'.")
    kind = look_up("task", values["name"], TASKS, TaskError)
    names = {part.name for part in fields(cast(Any, kind))}
    given = {str(key): value for key, value in values.items() if key != "name"}
    for key in given:
        if key not in names:
            raise TaskError(unknown(f"setting of {kind.name}", key, sorted(names)))
    return kind(**checked(kind, given))


def guess_task(source: Source) -> tuple[str, str]:
    """The name of the one task that a source's columns serve, and the reason.

    Raises `TaskError` where several would do, or where a table has columns and no task reads one of them.
    """
    fitting = [kind for kind in TASKS.values() if kind.columns and set(kind.columns) <= source.columns]
    if len(fitting) == 1:
        return fitting[0].name, f"the source has a column '{fitting[0].columns[0]}'"
    if not fitting and "paired" in source.columns:
        return Denoise.name, "every image has a paired image, without noise"
    others = sorted(source.columns - {"paired", "group", "split"})
    if not fitting and source.kind == "table" and others:
        expected = ", ".join(sorted(column for kind in TASKS.values() for column in kind.columns))
        raise TaskError(
            f"{source.name}: no column says what is on a picture (there are {', '.join(others)}; "
            f"expected one of {expected}); say which it is, as in --column label=NAME."
        )
    if not fitting:
        return Denoise.name, "nothing is said of the images, and noise can be added to any"
    names = ", ".join(kind.name for kind in fitting)
    raise TaskError(
        f"{source.name}: could serve several tasks ({names}); say which one, as in --task {fitting[0].name}."
    )
