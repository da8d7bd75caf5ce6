"""Routes of faces: find them, compare two, and a gallery of people who agreed to be recognized.

Pictures are read in memory and never kept; the gallery holds names and embeddings only.
"""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import Field

from ..faces import (
    FALSE_ACCEPTS,
    LONGEST_NAME,
    MEASURED_ON,
    THRESHOLD,
    Face,
    Gallery,
    check_name,
    embed_faces,
    find_faces,
    find_one_face,
    require_good,
    verify,
)
from ._error_codes import RequestError
from ._models import plain_json, takes
from ._training import Strict
from .app_state import REFUSALS, CurrentState

router = APIRouter(prefix="/api/faces", tags=["faces"], responses=REFUSALS)

PICTURE = takes("image/png", "image/jpeg", "application/octet-stream")


def gallery_of(app_state: CurrentState) -> Gallery:
    """The gallery of the server; respond with 404 if there is none."""
    if app_state.gallery is None:
        raise RequestError(404, "gallery_missing", "No gallery was given; start the server with --gallery FILE.")
    return app_state.gallery


InGallery = Annotated[Gallery, Depends(gallery_of)]


class Forgotten(Strict):
    """A person who is deleted."""

    name: str = Field(max_length=LONGEST_NAME)


@router.get("")
async def faces(gallery: InGallery, app_state: CurrentState) -> Response:
    """All enrolled people, the default threshold, and the false accept rate of each threshold."""
    people = await app_state.read(lambda: _people(gallery))
    rates = [asdict(each) for each in FALSE_ACCEPTS]
    described = {"gallery": gallery.path.name, "people": people, "threshold": THRESHOLD}
    return plain_json({**described, "measured_on": MEASURED_ON, "rates": rates})


@router.post("/find", openapi_extra=PICTURE)
async def find(request: Request, gallery: InGallery, app_state: CurrentState) -> Response:
    """The faces in one image, largest first: box, landmarks, quality, and the recognized person."""
    body = await request.body()

    def work() -> list[dict[str, Any]]:
        found = find_faces(body, "the picture")
        matches: list[dict[str, Any]] = [{"person": None, "similarity": None} for _ in found]
        if gallery.path.exists() and found:
            known = gallery.find(embed_faces([face.crop for face in found]))
            matches = [
                {"person": match.person if match.known else None, "similarity": match.similarity} for match in known
            ]
        return [_described(face) | match for face, match in zip(found, matches, strict=True)]

    return plain_json({"faces": await app_state.compute(work)})


@router.post("/compare", openapi_extra=PICTURE)
async def compare(
    request: Request,
    gallery: InGallery,
    app_state: CurrentState,
    split: Annotated[int, Query(ge=0, le=2**31, description="Bytes of the first picture.")],
) -> Response:
    """Whether two images show the same person; the body has one file directly after the other."""
    body = await request.body()
    found = await app_state.compute(lambda: verify(body[:split], body[split:]))
    answer = {"answer": found.answer, "similarity": found.similarity, "reasons": found.reasons}
    return plain_json({**answer, "faces": [_described(face) for face in found.faces]})


@router.post("/people", openapi_extra=PICTURE)
async def enroll(
    request: Request,
    gallery: InGallery,
    app_state: CurrentState,
    name: Annotated[str, Query(max_length=LONGEST_NAME, description="Whose face it is.")],
) -> Response:
    """Add the face of an image of a single person; return all enrolled people."""
    body = await request.body()

    def work() -> dict[str, Any]:
        check_name(name.strip())
        crop = require_good(find_one_face(body, "the picture"), "the picture").crop
        new = gallery.enroll(name.strip(), [crop], embed_faces([crop]))
        return {"new": new, "people": _people(gallery)}

    return plain_json(await app_state.compute(work))


@router.post("/people/forget")
async def forget(forgotten: Forgotten, gallery: InGallery, app_state: CurrentState) -> Response:
    """Delete a person and overwrite the bytes in the file; return the remaining people."""

    def work() -> dict[str, Any]:
        return {"deleted": gallery.forget(forgotten.name), "people": _people(gallery)}

    return plain_json(await app_state.compute(work))


def _people(gallery: Gallery) -> list[dict[str, Any]]:
    """Names and numbers of faces; the first enrollment creates the file."""
    people = gallery.people() if gallery.path.exists() else {}
    return [{"name": name, "faces": count} for name, count in people.items()]


def _described(face: Face) -> dict[str, Any]:
    quality = {**asdict(face.quality), "faults": face.quality.faults}
    return {"box": face.box.tolist(), "points": face.points.tolist(), "score": face.score, "quality": quality}
