"""Route that states which views are available for the models and the given options."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from ..errors import SimulatorError
from ..simulators import steering_of
from ._models import plain_json
from .app_state import REFUSALS, CurrentState
from .resources import ModelResource

router = APIRouter(prefix="/api", tags=["views"], responses=REFUSALS)


@router.get("/views")
async def views(app_state: CurrentState) -> Response:
    """For each view with a requirement, whether it is met: a collection, or the numbers of suitable models."""

    def fitting(fits: Callable[[ModelResource], bool]) -> list[int]:
        return [place for place, shown in enumerate(app_state.models) if fits(shown)]

    found: dict[str, Any] = {
        "faces": app_state.gallery is not None,
        "organize": app_state.collection is not None,
        "tradeoff": bool(app_state.studies),
        "generate": fitting(lambda shown: shown.model.task.generates),
        "denoise": fitting(lambda shown: "strength" in shown.model.task.answer_settings),
        "colorize": fitting(lambda shown: shown.model.task.takes_hints),
        "rank": fitting(lambda shown: "rating" in shown.model.task.columns),
        "drive": await app_state.compute(lambda: fitting(_steers)),
    }
    return plain_json(found)


@lru_cache(maxsize=64)
def _steers(shown: ModelResource) -> bool:
    try:
        steering_of(shown.model)
    except SimulatorError:
        return False
    return True
