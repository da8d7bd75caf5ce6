"""Routes of a photo collection: search, photos, copies, and the review and application of a plan."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import Field

from ..organizing import Query as Conditions
from ._error_codes import RequestError
from ._models import plain_json, takes
from ._training import Strict
from .app_state import REFUSALS, AppState, CurrentState, pick
from .collection import CollectionResource

router = APIRouter(prefix="/api/collection", tags=["collection"], responses=REFUSALS)

MOST_ROWS = 500
LARGEST_SIDE = 2048
JPEG: dict[int | str, dict[str, Any]] = {
    200: {"description": "A JPEG file", "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}
}
Number = Annotated[int, Field(ge=0, le=2**31)]


def collection_of(app_state: CurrentState) -> CollectionResource:
    """The collection of the server; respond with 404 if there is none."""
    if app_state.collection is None:
        raise RequestError(
            404, "collection_missing", "No photo collection was given; start the server with --photos FOLDER."
        )
    return app_state.collection


InCollection = Annotated[CollectionResource, Depends(collection_of)]


@dataclass(frozen=True, kw_only=True)
class PhotoQuery:
    """The search conditions of a request; all of them must be met."""

    words: Annotated[
        str, Query(max_length=200, description="What they show: words separated by commas, or one description.")
    ] = ""
    color: Annotated[str | None, Query(max_length=40)] = None
    after: Annotated[datetime | None, Query(description="Taken at or after this time.")] = None
    before: Annotated[datetime | None, Query(description="Taken before this time.")] = None
    latitude: Annotated[float | None, Query(ge=-90, le=90)] = None
    longitude: Annotated[float | None, Query(ge=-180, le=180)] = None
    kilometers: Annotated[float, Query(gt=0, le=20_100)] = 20.0
    like: Annotated[int | None, Query(ge=0, le=2**31, description="A photo of the collection to resemble.")] = None
    flag: Annotated[str | None, Query(max_length=40)] = None
    event: Annotated[int | None, Query(ge=0, le=2**31)] = None

    def conditions(self, like: Any, described: bool) -> Conditions | None:
        """The query; None if the request has none. `described`: the words are one description."""
        near = None if self.latitude is None or self.longitude is None else (self.latitude, self.longitude)
        times = [None if time is None else time.replace(tzinfo=None) for time in (self.after, self.before)]
        parts = [self.words] if described else self.words.split(",")
        words = tuple(word for part in parts if (word := part.strip()))
        if not words and all(value is None for value in (like, self.color, *times, near)):
            return None
        return Conditions(
            like=like,
            words=words,
            color=self.color,
            after=times[0],
            before=times[1],
            near=near,
            kilometers=self.kilometers,
        )


PhotoQueryParameters = Annotated[PhotoQuery, Depends()]


@router.get("")
async def collection(shown: InCollection, app_state: CurrentState) -> Response:
    """Counts of the collection: flags, events, months, places, unreadable files; and the possible queries."""
    return plain_json(await app_state.compute(shown.describe))


@router.get("/photos")
async def photos(shown: InCollection, app_state: CurrentState, query: PhotoQueryParameters) -> Response:
    """Numbers of the photos that meet all conditions, best first; without conditions all photos, by time."""
    like = None
    if query.like is not None:
        pick("photo", shown.found.photos.rows, query.like)
        like = shown.path(query.like)
    return await _found(shown, app_state, query, like)


@router.post("/photos", openapi_extra=takes("image/png", "image/jpeg", "application/octet-stream"))
async def photos_like(
    request: Request, shown: InCollection, app_state: CurrentState, query: PhotoQueryParameters
) -> Response:
    """The same, for photos similar to the image in the body."""
    return await _found(shown, app_state, query, await request.body())


async def _found(shown: CollectionResource, app_state: AppState, query: PhotoQuery, like: Any) -> Response:
    if query.event is not None:
        pick("event", shown.found.events, query.event)
    conditions = query.conditions(like, shown.found.descriptions is not None)
    return plain_json({"photos": await app_state.compute(lambda: shown.find(conditions, query.flag, query.event))})


@router.get("/rows")
async def rows(
    shown: InCollection,
    photos: Annotated[str, Query(max_length=5000, pattern=r"^\d{1,9}(,\d{1,9})*$", description="Their numbers.")],
) -> Response:
    """Name, size, time, place, camera and flags of up to 500 photos."""
    numbers = [int(number) for number in photos.split(",")[:MOST_ROWS]]
    for number in numbers:
        pick("photo", shown.found.photos.rows, number)
    return plain_json({"rows": [shown.row(number) for number in numbers]})


@router.get("/photos/{photo}", response_class=Response, responses=JPEG)
async def picture(
    photo: int,
    request: Request,
    shown: InCollection,
    app_state: CurrentState,
    side: Annotated[int, Query(ge=32, le=LARGEST_SIDE, description="Pixels of the longer side, at most.")] = 160,
) -> Response:
    """One photo, scaled down."""
    pick("photo", shown.found.photos.rows, photo)
    async with app_state.decoding:
        if await request.is_disconnected():  # scrolled out of view before its turn
            return Response(status_code=204)
        data = await asyncio.to_thread(lambda: shown.picture(photo, side))
    return Response(data, media_type="image/jpeg")


@router.get("/copies")
async def copies(shown: InCollection) -> Response:
    """Groups of copies: kind, the photo to keep, and the others with evidence. Takes minutes for 100,000 photos."""
    return plain_json({"groups": await asyncio.to_thread(shown.copies)})


class NewPlan(Strict):
    """A template for target paths, and the photos to put into the folder of copies."""

    template: str = Field(max_length=200)
    copies: list[Number] = Field(default=[], max_length=1_000_000)


class Reviewed(Strict):
    """Photos whose target paths are accepted or rejected."""

    photos: list[Number] = Field(max_length=1_000_000)
    accepted: bool


class Action(StrEnum):
    """The action for each photo of a plan."""

    COPY = "copy"
    LINK = "link"
    MOVE = "move"


class Applying(Strict):
    """How a plan is applied."""

    action: Action


Offset = Annotated[int, Query(ge=0, le=2**31)]
Limit = Annotated[int, Query(ge=0, le=MOST_ROWS)]


@router.get("/plan")
async def plan(shown: InCollection, offset: Offset = 0, limit: Limit = 0) -> Response:
    """The current plan: counts, whether it is applied, and some of its steps."""
    return plain_json(await asyncio.to_thread(lambda: shown.review.describe(offset, limit)))


@router.post("/plan")
async def make_plan(shown: InCollection, new: NewPlan) -> Response:
    """Create a plan; no file is changed."""
    return await _changed(shown, lambda: shown.review.make(new.template, frozenset(new.copies)))


@router.post("/plan/review")
async def review_plan(shown: InCollection, reviewed: Reviewed) -> Response:
    """Accept or reject the targets of some photos."""
    return await _changed(shown, lambda: shown.review.accept(reviewed.photos, reviewed.accepted))


@router.post("/plan/apply")
async def apply_plan(shown: InCollection, applying: Applying) -> Response:
    """Copy, link or move the accepted photos into the folder named on the command line."""
    return await _changed(shown, lambda: shown.review.apply(applying.action.value))


@router.post("/plan/undo")
async def undo_plan(shown: InCollection) -> Response:
    """Undo all changes of the plan."""
    return await _changed(shown, shown.review.undo)


async def _changed(shown: CollectionResource, work: Callable[[], Any]) -> Response:
    """Change the plan; return its new state, with the number of files written, and the failed ones."""
    applied = await asyncio.to_thread(work)
    result = {} if applied is None else {"done": applied.done, "skipped": applied.skipped}
    return plain_json({**shown.review.describe(0, 0), **result})
