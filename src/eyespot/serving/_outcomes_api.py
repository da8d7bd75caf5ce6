"""Routes of predictions with locations: predictions and annotations, matched, and the images to draw them on."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response

from ..errors import ImageError, RunError
from ..images import encode_jpeg, read_scaled, read_size
from ._corrections import Corrections, corrected, write_corrections
from ._error_codes import RequestError
from ._models import plain_json
from .app_state import REFUSALS, AppState, CurrentState, InModel, InRun, pick
from .resources import MOST_PIXELS, ModelResource, RunResource, check_pixels

router = APIRouter(prefix="/api", tags=["outcomes"], responses=REFUSALS)

JPEG: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}
}
LARGEST_SIDE = 2048


@router.get("/runs/{run}/outcomes")
async def outcomes(shown: InRun, app_state: CurrentState) -> Response:
    """For each image of a run that predicts locations: its size, the annotated objects, and the matched predictions.

    Row i is image i of the run's model; `size` (height, width) is null where the image is not there.
    """
    model = _model_of(shown, app_state)
    return plain_json({"images": await app_state.read(lambda: _outcomes(shown, model))})


@router.post("/runs/{run}/corrections")
async def correct(shown: InRun, app_state: CurrentState, corrections: Corrections) -> Response:
    """Write the annotations of the run's test images with corrections as a new table beside the images.

    `file` is its name with that of its folder. `eyespot evaluate` and `train` read it.
    """
    model = _model_of(shown, app_state)

    def write() -> str:
        found = _outcomes(shown, model)
        objects = corrected(found, corrections)
        [column] = model.model.task.columns
        file = write_corrections(model.rows[: len(found)], objects, column)
        return f"{file.parent.name}/{file.name}"

    return plain_json({"file": await app_state.read(write)})


def _model_of(shown: RunResource, app_state: AppState) -> ModelResource:
    if shown.model is None:
        raise RequestError(404, "missing", f"The model of '{shown.name}' is not there yet.")
    return app_state.models[shown.model]


def _outcomes(shown: RunResource, model: ModelResource) -> list[dict[str, Any]]:
    try:
        lines = (shown.folder / "predictions.jsonl").read_bytes().splitlines()
        rows = [json.loads(line) for line in lines]
        found = [model.model.task.outcomes(row) for row in rows]
    except FileNotFoundError as error:
        raise RunError(f"{shown.name}: has no answers with places.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(f"{shown.name}: its predictions.jsonl cannot be read ({error}).") from error
    return [
        {"image": row["image"], "size": _size(model, place), **(one or {"objects": [], "found": []})}
        for place, (row, one) in enumerate(zip(rows, found, strict=True))
    ]


def _size(model: ModelResource, place: int) -> list[int] | None:
    try:
        return list(read_size(model.rows[place].picture)[:2])
    except (ImageError, IndexError):
        return None


@router.get("/models/{model}/images/{image}/picture", response_class=Response, responses=JPEG)
async def picture(
    image: int,
    shown: InModel,
    app_state: CurrentState,
    side: Annotated[int, Query(ge=32, le=LARGEST_SIDE, description="Pixels of the longer side, at most.")] = 640,
) -> Response:
    """One original image, scaled down, as JPEG."""
    row = pick("image", shown.rows, image)

    def read() -> bytes:
        check_pixels(row.picture, MOST_PIXELS, row.name)
        return encode_jpeg(read_scaled(row.picture, side, row.name))

    return Response(await app_state.read(read), media_type="image/jpeg")
