"""Routes of runs and sources: progress of trainings, predictions, and lists of images."""

import asyncio
import time
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from ._models import plain_json
from ._training_manager import CurrentManager
from .app_state import REFUSALS, CurrentState, InRun

router = APIRouter(prefix="/api", tags=["runs"], responses=REFUSALS)

TICK = 0.1
"""Seconds between checks of a log while a client waits."""


@router.get("/runs")
async def runs(app_state: CurrentState) -> Response:
    """All runs by number, with the number of their model if there is one."""
    listed = [{"id": place, "name": shown.name, "model": shown.model} for place, shown in enumerate(app_state.runs)]
    return plain_json({"runs": listed})


@router.get("/runs/{run}")
async def one_run(run: int, _shown: InRun, app_state: CurrentState, manager: CurrentManager) -> Response:
    """Recipe and result of a run, as far as they exist, and its state."""
    return plain_json({"id": run, **await app_state.read(lambda: manager.describe(run))})


@router.get("/runs/{run}/log")
async def log(
    shown: InRun,
    app_state: CurrentState,
    after: Annotated[int, Query(ge=0, le=2**53, description="`next` of the answer before.")] = 0,
    wait: Annotated[float, Query(ge=0, le=30, description="Seconds to wait for a new line.")] = 0.0,
) -> Response:
    """Lines of the log after offset `after`, and the offset for the next request.

    `next` is smaller than `after` if the training was resumed: its log then starts again.
    """
    until = time.monotonic() + wait
    while True:
        lines, place = await app_state.read(lambda: shown.log_after(after))
        if lines or time.monotonic() >= until:
            return plain_json({"lines": lines, "next": place})
        await asyncio.sleep(TICK)


@router.get("/runs/{run}/predictions")
async def predictions(
    shown: InRun,
    app_state: CurrentState,
    offset: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=100_000)] = 10_000,
) -> Response:
    """Rows of the table of predictions; row number i is image i of the run's model."""
    return plain_json(await app_state.read(lambda: shown.predictions(offset, limit)))


@router.get("/sources")
async def sources(app_state: CurrentState) -> Response:
    """All sources by number, with the number of images in each part."""
    listed = [
        {"id": place, "name": one.name, "kind": one.kind, "parts": {part.name: len(part) for part in one.parts}}
        for place, one in enumerate(app_state.sources)
    ]
    return plain_json({"sources": listed})
