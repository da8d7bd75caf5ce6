"""Routes of images that are uploaded on the page: one by one into an upload set, which then becomes a source."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from ._models import plain_json, takes
from ._training import Strict
from ._training_manager import CurrentManager
from .app_state import REFUSALS, CurrentState, pick

router = APIRouter(prefix="/api/uploads", tags=["uploads"], responses=REFUSALS)


class SplitPart(StrEnum):
    """The part of an image; by default it is determined by its content."""

    OPEN = ""
    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


class Named(Strict):
    """The name of the source."""

    name: str = Field("pictures", min_length=1, max_length=100)


@router.post("")
async def new_upload_set(app_state: CurrentState, manager: CurrentManager) -> Response:
    """Create an upload set for images, and return its number."""
    return plain_json({"upload_set": await app_state.read(manager.upload_sets.new)})


@router.post("/{upload_set}/pictures", openapi_extra=takes("image/png", "image/jpeg", "application/octet-stream"))
async def add_picture(
    upload_set: int,
    request: Request,
    app_state: CurrentState,
    manager: CurrentManager,
    name: Annotated[str, Query(max_length=300, description="Name of the file.")] = "",
    label: Annotated[str, Query(max_length=100, description="Its class; empty where there are none.")] = "",
    part: Annotated[SplitPart, Query(description="The part that it is meant for.")] = SplitPart.OPEN,
) -> Response:
    """Add one image to an upload set; return the number of images."""
    chosen, body = pick("upload_set", manager.upload_sets.held, upload_set), await request.body()
    added = await app_state.read(lambda: manager.upload_sets.add(chosen, body, name, label.strip(), part.value))
    return plain_json({"count": added})


@router.post("/{upload_set}/open")
async def open_upload_set(upload_set: int, named: Named, app_state: CurrentState, manager: CurrentManager) -> Response:
    """Create a source from an upload set: its number, its parts, and notes."""
    chosen = pick("upload_set", manager.upload_sets.held, upload_set)
    number, source = await app_state.read(lambda: manager.open_upload_set(chosen, named.name))
    parts = {part.name: len(part) for part in source.parts}
    problems = [{"name": problem.name, "reason": problem.reason} for problem in source.problems]
    summary = {"source": number, "name": source.name, "kind": source.kind, "parts": parts}
    return plain_json({**summary, "problems": problems, "notes": source.notes})
