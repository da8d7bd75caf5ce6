"""Routes of pictures that are dropped into the page: one by one into a basket, which then becomes a source."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from .app_state import REFUSALS, InHall, pick
from .models import plain_json, takes
from .training import Strict
from .training_manager import InWorkshop

router = APIRouter(prefix="/api/baskets", tags=["dropping"], responses=REFUSALS)


class SplitPart(StrEnum):
    """The part that a picture is meant for; without one, its content decides."""

    OPEN = ""
    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


class Named(Strict):
    """How the source is called."""

    name: str = Field("pictures", min_length=1, max_length=100)


@router.post("")
async def new_basket(hall: InHall, workshop: InWorkshop) -> Response:
    """Make a basket for pictures, and give its number."""
    return plain_json({"basket": await hall.read(workshop.baskets.new)})


@router.post("/{basket}/pictures", openapi_extra=takes("image/png", "image/jpeg", "application/octet-stream"))
async def add_picture(
    basket: int,
    request: Request,
    hall: InHall,
    workshop: InWorkshop,
    name: Annotated[str, Query(max_length=300, description="Name of the file.")] = "",
    label: Annotated[str, Query(max_length=100, description="Its class; empty where there are none.")] = "",
    part: Annotated[SplitPart, Query(description="The part that it is meant for.")] = SplitPart.OPEN,
) -> Response:
    """Put one picture into a basket; tells how many there are now."""
    chosen, body = pick("basket", workshop.baskets.held, basket), await request.body()
    added = await hall.read(lambda: workshop.baskets.add(chosen, body, name, label.strip(), part.value))
    return plain_json({"count": added})


@router.post("/{basket}/open")
async def open_basket(basket: int, named: Named, hall: InHall, workshop: InWorkshop) -> Response:
    """Make a source of a basket: its number, its parts, and what was noticed."""
    chosen = pick("basket", workshop.baskets.held, basket)
    number, source = await hall.read(lambda: workshop.open_basket(chosen, named.name))
    parts = {part.name: len(part) for part in source.parts}
    problems = [{"name": problem.name, "reason": problem.reason} for problem in source.problems]
    told = {"source": number, "name": source.name, "kind": source.kind, "parts": parts}
    return plain_json({**told, "problems": problems, "notes": source.notes})
