"""Routes of trade-off studies: what was compared, and the page that a study wrote."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from ..studies import read_study, study_page
from ._models import plain_json
from .app_state import REFUSALS, CurrentState, pick

HTML = {"text/html": {"schema": {"type": "string"}}}
router = APIRouter(prefix="/api/studies", tags=["studies"], responses=REFUSALS)


@router.get("")
async def studies(app_state: CurrentState) -> Response:
    """All studies by number: candidates with costs and scores, the recommendation, and the command that trains it."""

    def read() -> list[dict[str, Any]]:
        return [{"id": place, "name": folder.name, **_shown(folder)} for place, folder in enumerate(app_state.studies)]

    return plain_json({"studies": await app_state.read(read)})


@router.get("/{study}/page", responses={200: {"content": HTML, "description": "The page."}})
async def page(study: int, app_state: CurrentState) -> Response:
    """The self-contained page of one study."""
    folder = pick("study", app_state.studies, study)
    return Response(await app_state.read(lambda: study_page(folder)), media_type="text/html")


def _shown(folder: Any) -> dict[str, Any]:
    """A study without the paths of this machine."""
    found = read_study(folder)
    points = [{name: value for name, value in point.items() if name != "folder"} for point in found["points"]]
    for point in points:
        point["deployment"] = point.get("deployment") and {
            name: point["deployment"][name] for name in ("backend", "threads")
        }
    return {**{name: value for name, value in found.items() if name != "folder"}, "points": points}
