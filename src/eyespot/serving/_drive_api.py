"""Routes of a drive: a model steers a simulated car, step by step, as fast as the page asks."""

import asyncio
import base64
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field

from ..images import encode_png
from ..simulators import CarRacing, steering_of
from ._drive_session import DriveSession
from ._error_codes import RequestError
from ._models import plain_json
from ._training import Strict
from .app_state import REFUSALS, AppState, CurrentState, InModel
from .resources import ModelResource

router = APIRouter(prefix="/api/models/{model}/drive", tags=["driving"], responses=REFUSALS)

MOST_STEPS = 25
"""Steps in one request: a second of the drive."""


class Colors(StrEnum):
    """Colors of road and grass: always the same, or other ones on each track."""

    DEFAULT = "default"
    RANDOM = "random"


class Steps(Strict):
    """How a drive goes on: `push` disturbs the steering, `steering` takes over; both in rad, positive to the right."""

    steps: int = Field(1, ge=0, le=MOST_STEPS)
    push: float | None = Field(None, ge=-1, le=1)
    steering: float | None = Field(None, ge=-1, le=1)


@router.post("")
async def start(
    shown: InModel,
    app_state: CurrentState,
    track: Annotated[int, Query(ge=0, le=2**31, description="The number of the track.")] = 100,
    colors: Colors = Colors.DEFAULT,
) -> Response:
    """Put the car on the start of a track: the middle of the road, and the state before the first step."""
    steering_of(shown.model, shown.name)
    # A copy: it computes in another thread than other requests. It is made in theirs, where nothing records meanwhile.
    own = await app_state.compute(lambda: replace(shown.model, network=deepcopy(shown.model.network)))
    session = await _alone(app_state, lambda: DriveSession(own, CarRacing(colors.value), track))
    app_state.drives.clear()
    app_state.drives[shown] = session
    return plain_json({**_described(session), "centerLine": session.course.center_line})


@router.post("/steps")
async def drive(shown: InModel, app_state: CurrentState, steps: Steps) -> Response:
    """Drive some steps of 0.04 s."""
    session = _session(app_state, shown)

    def go() -> dict[str, Any]:
        if steps.push is not None:
            session.push(steps.push)
        session.drive(steps.steps, steps.steering)
        return _described(session)

    return plain_json(await _alone(app_state, go))


def _session(app_state: AppState, shown: ModelResource) -> DriveSession:
    if shown not in app_state.drives:
        raise RequestError(409, "drive_missing", f"'{shown.name}' is on no track; start a drive first.")
    return app_state.drives[shown]


async def _alone(app_state: AppState, work: Callable[[], Any]) -> Any:
    """The simulator and the network serve one request at a time."""
    async with app_state.driving:
        return await asyncio.to_thread(work)


def _described(session: DriveSession) -> dict[str, Any]:
    state = session.describe()
    pictures = {name: base64.b64encode(encode_png(state[name])).decode() for name in ("pixels", "mask")}
    return {**state, **pictures}
