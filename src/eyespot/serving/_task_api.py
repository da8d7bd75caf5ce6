"""Route that describes the available tasks, so that the page needs no list of its own."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from ..networks import NETWORKS
from ..tasks import TASKS
from ..tasks.task import Task
from ._models import plain_json
from .app_state import REFUSALS

router = APIRouter(prefix="/api", tags=["tasks"], responses=REFUSALS)


@router.get("/tasks")
async def tasks() -> Response:
    """All tasks: their answer, metric, columns, and the kind of output and report."""
    return plain_json({"tasks": [_describe(task) for task in TASKS.values()]})


def _describe(task: type[Task]) -> dict[str, Any]:
    return {
        "name": task.name,
        "question": (task.__doc__ or "").partition("\n")[0],
        "metric": asdict(task.metric),
        "columns": task.columns,
        "output": task().outputs(NETWORKS[task.default_network].input[0]).kind,
        "report": task.report_template.removesuffix(".html"),
    }
