"""Route that states which views have something to show, asked of models and of what was given."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from ..model import Model
from ._models import plain_json
from .app_state import REFUSALS, CurrentState

router = APIRouter(prefix="/api", tags=["views"], responses=REFUSALS)


@router.get("/views")
async def views(app_state: CurrentState) -> Response:
    """For each view that needs something special, whether it is there: a collection, or the numbers of the models."""

    def fitting(fits: Callable[[Model], bool]) -> list[int]:
        return [place for place, shown in enumerate(app_state.models) if fits(shown.model)]

    found: dict[str, Any] = {
        "faces": app_state.gallery is not None,
        "organize": app_state.collection is not None,
        "generate": fitting(lambda model: model.task.generates),
        "rank": fitting(lambda model: "rating" in model.task.columns),
        "drive": fitting(lambda model: "number" in model.task.columns),
    }
    return plain_json(found)
