"""Routes for attacks: an attack on one image, step by step, and the map of successful pixels."""

import base64
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from ..attacks import ATTACKS, attack, pixel_map
from ..errors import AttackError
from ._explain_api import PICTURE, InPicture
from ._models import plain_json
from .app_state import REFUSALS, CurrentState, InModel
from .resources import ModelResource

router = APIRouter(prefix="/api", tags=["attacking"], responses=REFUSALS)

MOST_QUERIES = 1_000_000
"""Maximum number of queries per request: other long work has to wait."""


@dataclass(frozen=True, kw_only=True)
class AimRequest:
    """The aim of an attack; names as in `eyespot attack`."""

    target: Annotated[str | None, Query(max_length=200, description="The class that must win; up or down.")] = None
    of: Annotated[str | None, Query(max_length=200, description="The tag, or the place ROW,COLUMN.")] = None
    change: Annotated[float | None, Query(gt=0, le=1e9, description="How far a number must move.")] = None


@dataclass(frozen=True, kw_only=True)
class SettingsRequest:
    """The settings of an attack; `/api/attacks` lists those that each attack uses."""

    pixels: Annotated[int | None, Query(ge=1, le=100)] = None
    size: Annotated[float | None, Query(gt=0, le=1e4)] = None
    steps: Annotated[int | None, Query(ge=1, le=1000)] = None
    queries: Annotated[int | None, Query(ge=1, le=MOST_QUERIES)] = None
    seed: Annotated[int | None, Query(ge=0, lt=2**32)] = None


@router.get("/attacks")
async def attacks() -> dict[str, Any]:
    """All attacks, with a summary and the default values of their settings."""
    return {"attacks": [{"name": name, "summary": one.summary, "takes": one.defaults} for name, one in ATTACKS.items()]}


@router.post("/models/{model}/attack", openapi_extra=PICTURE)
async def attack_picture(
    request: Request,
    shown: InModel,
    picture_request: InPicture,
    app_state: CurrentState,
    aim_request: Annotated[AimRequest, Depends()],
    settings_request: Annotated[SettingsRequest, Depends()],
    by: Annotated[str, Query(description="The attack.")] = "pixel-search",
) -> Response:
    """Change an image as little as possible until the model's answer changes, as `eyespot attack` does.

    `original` and `fooled` are uint8 pixels (C, H, W) in base64, `history` the steps of a search for pixels.
    """
    settings = _settings(by, settings_request)

    def work(own: ModelResource) -> Response:
        own.check(picture_request.picture, picture_request.name)
        found = attack(
            own.model,
            picture_request.picture,
            by,
            target=aim_request.target,
            of=aim_request.of,
            change=aim_request.change,
            **settings,
        )
        return plain_json({**found.facts(), "original": _pixels(found.original), "fooled": _pixels(found.fooled)})

    return await app_state.work(request, shown, work)


@router.post("/models/{model}/pixel-map", openapi_extra=PICTURE)
async def map_pixels(
    request: Request,
    shown: InModel,
    picture_request: InPicture,
    app_state: CurrentState,
    aim_request: Annotated[AimRequest, Depends()],
) -> Response:
    """Map the pixels that fool the model: every position with every color of a grid; small images only.

    `margin` is negative if one pixel fools the model, `share` is the fraction of the colors that do so, `color` the
    best of them.
    """

    def work(own: ModelResource) -> Response:
        own.check(picture_request.picture, picture_request.name)
        found = pixel_map(own.model, picture_request.picture, target=aim_request.target, of=aim_request.of)
        return plain_json(
            {
                "before": found.before,
                "colors": found.colors,
                "places": found.places,
                "working": found.working,
                "queries": found.queries,
                "margin": found.margin.tolist(),
                "share": found.share.tolist(),
                "color": found.color.tolist(),
            }
        )

    return await app_state.work(request, shown, work)


def _settings(by: str, settings_request: SettingsRequest) -> dict[str, Any]:
    """The given settings; raises `AttackError` for one that the attack does not use."""
    given = {name: value for name, value in vars(settings_request).items() if value is not None}
    reads = ATTACKS[by].defaults if by in ATTACKS else given  # `attack` refuses an unknown attack
    idle = [name for name in given if name not in reads]
    if idle:
        raise AttackError(f"{', '.join(idle)} has no effect on {by}, which reads {', '.join(reads)}; leave it out.")
    return given


def _pixels(pixels: np.ndarray) -> str:
    """uint8 (H, W, C) in the page's format: channel by channel, in base64."""
    return base64.b64encode(np.ascontiguousarray(pixels.transpose(2, 0, 1)).tobytes()).decode()
