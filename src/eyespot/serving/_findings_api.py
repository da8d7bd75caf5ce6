"""Routes that inspect a source before training: counts, duplicates, doubtful labels, and thumbnails."""

import asyncio
from dataclasses import asdict
from tempfile import TemporaryDirectory
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response

from ..images import encode_jpeg, read_scaled
from ..measures import AuditReport, audit
from ..sources.check import CheckReport, check
from ..sources.source import Source
from ._models import plain_json
from .app_state import REFUSALS, CurrentState, pick
from .resources import MOST_PIXELS, check_pixels

router = APIRouter(prefix="/api/sources/{source}", tags=["findings"], responses=REFUSALS)

JPEG: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}
}
LISTED = 50
SHOWN = 6
"""Number of example images per class."""


@router.get("/check")
async def examine(source: int, app_state: CurrentState) -> Response:
    """Counts, sizes, unusable images, duplicates and contradictory labels; images are identified by name and number."""
    chosen, known = pick("source", app_state.sources, source), app_state.checked
    if source not in known:
        known[source] = await asyncio.to_thread(lambda: _described(chosen, check(chosen)))
    return plain_json(known[source])


@router.get("/doubtful")
async def doubtful(source: int, app_state: CurrentState) -> Response:
    """Labels that the nearest images contradict, most certain first. Takes minutes for thousands of images."""
    chosen = pick("source", app_state.sources, source)
    if source not in app_state.audited:
        app_state.audited[source] = await asyncio.to_thread(lambda: _audit(chosen))
    found = app_state.audited[source]
    places = _places(chosen)
    labels = [asdict(each) | {"id": places.get(each.image)} for each in found.labels[:LISTED]]
    return plain_json({"count": len(found.labels), "by": found.by, "labels": labels})


@router.get("/images/{image}", response_class=Response, responses=JPEG)
async def small_image(
    source: int,
    image: int,
    app_state: CurrentState,
    side: Annotated[int, Query(ge=16, le=512, description="Pixels of the longer side, at most.")] = 96,
) -> Response:
    """One image of a source, by its number over all parts, as JPEG."""
    row = pick("image", pick("source", app_state.sources, source).rows, image)

    def read() -> bytes:
        check_pixels(row.picture, MOST_PIXELS, row.name)
        return encode_jpeg(read_scaled(row.picture, side, row.name))

    return Response(await app_state.read(read), media_type="image/jpeg")


def _audit(source: Source) -> AuditReport:
    with TemporaryDirectory() as folder:
        return audit(source, folder)


def _places(source: Source) -> dict[str, int]:
    """The number of each image by its name."""
    return {row.name: place for place, row in reversed(list(enumerate(source.rows)))}


def _described(source: Source, report: CheckReport) -> dict[str, Any]:
    places = _places(source)
    examples: dict[str, list[int]] = {}
    for place, row in enumerate(source.rows):
        of_label = examples.setdefault(row.values.get("label", ""), [])
        if len(of_label) < SHOWN:
            of_label.append(place)
    pairs = {
        name: {
            "count": len(twins),
            "pairs": [asdict(each) | {"ids": [places.get(one) for one in each.names]} for each in twins[:LISTED]],
        }
        for name, twins in (
            ("exact", report.exact),
            ("near", report.near),
            ("acrossParts", report.across_parts),
            ("conflicts", report.conflicts),
        )
    }
    problems = [{"name": problem.location, "reason": problem.reason} for problem in report.problems[:LISTED]]
    return {
        "count": report.count,
        "parts": report.parts,
        "classes": report.classes,
        "balance": report.balance,
        "sizes": report.sizes,
        "examples": examples,
        "nearSearched": report.near_searched,
        "problems": {"count": len(report.problems), "problems": problems},
        **pairs,
    }
