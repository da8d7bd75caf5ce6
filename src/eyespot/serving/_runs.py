"""Routes of runs and sources: how a training goes, what it answered, and which images there are."""

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
"""Seconds between two looks at a log that somebody waits for."""


@router.get("/runs")
async def runs(app_state: CurrentState) -> Response:
    """Every run, by number, and the number of its model where it has one."""
    listed = [{"id": place, "name": shown.name, "model": shown.model} for place, shown in enumerate(app_state.runs)]
    return plain_json({"runs": listed})


@router.get("/runs/{run}")
async def one_run(run: int, _shown: InRun, app_state: CurrentState, manager: CurrentManager) -> Response:
    """Recipe and result of a run, as far as they are written, and its state."""
    return plain_json({"id": run, **await app_state.read(lambda: manager.describe(run))})


@router.get("/runs/{run}/log")
async def log(
    shown: InRun,
    app_state: CurrentState,
    after: Annotated[int, Query(ge=0, le=2**53, description="`next` of the answer before.")] = 0,
    wait: Annotated[float, Query(ge=0, le=30, description="Seconds to wait for a new line.")] = 0.0,
) -> Response:
    """Lines of the log as they come: those after place `after`, and the place to ask for next.

    `next` is smaller than `after` where the training was gone on with: its log then begins anew.
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
    """Every source, by number, with how many images each of its parts has."""
    listed = [
        {"id": place, "name": one.name, "kind": one.kind, "parts": {part.name: len(part) for part in one.parts}}
        for place, one in enumerate(app_state.sources)
    ]
    return plain_json({"sources": listed})
