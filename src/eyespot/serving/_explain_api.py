"""Routes for predictions and explanations."""

import base64
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from ..explanations import METHODS, Explanation, Gallery, ImageMap, explain
from ..explanations.gallery import strip
from ..explanations.units import LayerUnits
from ..images import Picture, encode_png
from ..sources.source import Source, part_of
from ._error_codes import RequestError
from ._models import plain_json, takes
from .app_state import REFUSALS, AppState, CurrentState, InModel, pick
from .resources import ModelResource

router = APIRouter(prefix="/api", tags=["asking"], responses=REFUSALS)

POSITION = "^[0-9]{1,6},[0-9]{1,6}$"
"""ROW,COLUMN."""
PICTURE = takes("image/png", "image/jpeg", "application/octet-stream", required=False)


class Form(StrEnum):
    """Format of the body: an image file, or pixels (C, H, W) at the network's input size."""

    PICTURE = "picture"
    PIXELS = "pixels"


class Answer(StrEnum):
    """Format of an explanation: its values, its image, or (for units and directions) a page."""

    JSON = "json"
    PNG = "png"
    HTML = "html"


@dataclass(frozen=True)
class PictureRequest:
    """The image of a request."""

    picture: Picture
    name: str


async def requested_picture(
    request: Request,
    shown: InModel,
    image: Annotated[int | None, Query(description="An image of the model, instead of a body.")] = None,
    form: Annotated[Form, Query(description="What the body is: a picture file, or pixels (C, H, W).")] = Form.PICTURE,
) -> PictureRequest:
    """The uploaded image, or the one selected by its number."""
    if image is not None:
        row = pick("image", shown.rows, image)
        return PictureRequest(row.picture, row.name)
    body = await request.body()
    return PictureRequest(shown.array(body) if form is Form.PIXELS else body, "the picture")


InPicture = Annotated[PictureRequest, Depends(requested_picture)]


@router.post("/models/{model}/predict", openapi_extra=PICTURE)
async def predict(shown: InModel, picture_request: InPicture, app_state: CurrentState) -> Response:
    """Predict one image, as `eyespot predict` does; an image in the answer is PNG in base64."""
    answer = await app_state.compute(lambda: shown.predict(picture_request.picture, picture_request.name))
    return plain_json({name: _as_base64(value) for name, value in answer.items()})


@router.get("/methods")
async def methods() -> dict[str, Any]:
    """All explanation methods: their summaries, their options, and whether they explain an image or a source."""
    return {
        "methods": [
            {"name": name, "summary": one.summary, "takes": one.takes, "of": "source" if one.survey else "picture"}
            for name, one in METHODS.items()
        ]
    }


@router.get("/work")
async def progress(app_state: CurrentState) -> dict[str, Any]:
    """How far the explanation or attack that is running now has come; it can be asked while that runs."""
    return asdict(app_state.slow.progress())


@dataclass(frozen=True, kw_only=True)
class ExplainRequest:
    """The options of one explanation; names as in `eyespot explain`."""

    by: Annotated[str, Query(description="The method.")] = "occlusion"
    of: Annotated[str | None, Query(max_length=200, description="Class, tag or place.")] = None
    reference: Annotated[int | None, Query(description="An image of the model; explains the similarity to it.")] = None
    layer: Annotated[str | None, Query(max_length=500, description="Layer, by name.")] = None
    unit: Annotated[int | None, Query(description="Unit of the layer.")] = None
    at: Annotated[str | None, Query(pattern=POSITION, description="ROW,COLUMN in the map.")] = None
    patch: Annotated[int | None, Query(ge=1, le=8192, description="Side of the patch in pixels.")] = None
    stride: Annotated[int | None, Query(ge=1, le=8192, description="Pixels from patch to patch.")] = None
    fill: Annotated[float | None, Query(ge=0, le=1, description="Gray of the patch.")] = None
    among: Annotated[int | None, Query(description="A source, by number.")] = None
    seed: Annotated[int | None, Query(ge=0, lt=2**32, description="For what is random.")] = None


@router.post("/models/{model}/explain", openapi_extra=PICTURE)
async def explain_picture(
    request: Request,
    shown: InModel,
    picture_request: InPicture,
    app_state: CurrentState,
    explain_request: Annotated[ExplainRequest, Depends()],
    answer: Answer = Answer.JSON,
) -> Response:
    """Explain the model's answer for one image, as `eyespot explain` does."""
    among = _source(app_state.sources, explain_request.among)

    def work(own: ModelResource) -> Response:
        own.check(picture_request.picture, picture_request.name)
        return _respond(_explained(own, picture_request.picture, explain_request, among), answer)

    return await app_state.work(request, shown, work)


@router.post("/models/{model}/survey")
async def explain_source(
    request: Request,
    shown: InModel,
    app_state: CurrentState,
    explain_request: Annotated[ExplainRequest, Depends()],
    source: Annotated[int, Query(description="A source, by number.")],
    part: Annotated[str, Query(description="train, validation, test or all.")] = "all",
    answer: Answer = Answer.JSON,
) -> Response:
    """Explain a model with a whole source: what its units have learned, or the layout of its images."""
    images, among = pick("source", app_state.sources, source), _source(app_state.sources, explain_request.among)

    def work(own: ModelResource) -> Response:
        return _respond(_explained(own, part_of(images, part), explain_request, among), answer)

    return await app_state.work(request, shown, work)


@router.get("/models/{model}/unit")
async def strongest_images(
    request: Request,
    shown: InModel,
    app_state: CurrentState,
    layer: Annotated[str, Query(max_length=500, description="Layer, by name.")],
    unit: Annotated[int, Query(description="Unit of the layer.")],
    source: Annotated[int, Query(description="A source, by number.")],
    part: Annotated[str, Query(max_length=20, description="train, validation, test or all.")] = "test",
) -> Response:
    """The nine images of a source that activate a unit most, and a strip of them as PNG in base64.

    The strip contains their patches, and below them their projections.
    """
    pick("source", app_state.sources, source)

    def work(own: ModelResource) -> Response:
        gallery, layers = _gallery(app_state, own, source, part, layer)
        found = pick("unit", layers.units, unit)
        [unit_values] = [one for one in gallery["layers"][0]["units"] if one["unit"] == found.number]
        return plain_json(
            {"layer": layers.name, **unit_values, "strip": _as_base64(strip(found.strongest, layers.field))}
        )

    return await app_state.work(request, shown, work)


# Only one layer's units are cached: users view one after the other, and their patches may be large.
@lru_cache(maxsize=1)
def _gallery(
    app_state: AppState, shown: ModelResource, source: int, part: str, layer: str
) -> tuple[dict[str, Any], LayerUnits]:
    gallery = explain(shown.model, part_of(app_state.sources[source], part), "units", layer=layer)
    assert isinstance(gallery, Gallery)
    return gallery.to_plain(), gallery.layers[0]


def _source(sources: Sequence[Source], number: int | None) -> Source | None:
    return None if number is None else pick("source", sources, number)


def _explained(
    shown: ModelResource, what: Any, explain_request: ExplainRequest, among: Source | None
) -> Explanation | Gallery | ImageMap:
    number = explain_request.reference
    return explain(
        shown.model,
        what,
        explain_request.by,
        of=explain_request.of,
        reference=None if number is None else pick("image", shown.rows, number).picture,
        layer=explain_request.layer,
        unit=explain_request.unit,
        at=explain_request.at,
        patch=explain_request.patch,
        stride=explain_request.stride,
        fill=explain_request.fill,
        among=among,
        seed=explain_request.seed,
    )


def _respond(found: Explanation | Gallery | ImageMap, answer: Answer) -> Response:
    """A result as values, as an image or as a page; status 400 for a format that it does not support."""
    if answer is Answer.JSON:
        return plain_json(found.to_plain())
    if answer is Answer.PNG and not isinstance(found, Gallery):
        return Response(found.picture(), media_type="image/png")
    if answer is Answer.HTML and isinstance(found, Gallery):
        with TemporaryDirectory() as folder:
            return Response(found.save(Path(folder) / "units.html").read_bytes(), media_type="text/html")
    raise RequestError(
        400, "form", f"'{found.method}' is not available as {answer.value}; request json or another form."
    )


def _as_base64(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype == np.uint8 and value.ndim == 3:
        return base64.b64encode(encode_png(value)).decode()
    return value
