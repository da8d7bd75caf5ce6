"""Routes of the models: the data that the page displays, in the format of page/FORMAT.md."""

import base64
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from ..images import encode_png
from ._familiarity import familiarity
from ._plain import strict_json
from ._snapshots import epochs_of
from .app_state import REFUSALS, CurrentState, InModel, pick
from .resources import LISTED

router = APIRouter(prefix="/api/models", tags=["models"], responses=REFUSALS)

NUMBERS = r"^\d{1,9}(,\d{1,9})*$"
CHUNK = 1 << 18
"""Size of a chunk in numbers (1 MB), so that a slow client does not make the server buffer everything."""


def binary(summary: str) -> dict[int | str, dict[str, Any]]:
    """OpenAPI description of a binary response."""
    octets = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    return {200: {"description": summary, "content": octets}}


def takes(*kinds: str, required: bool = True) -> dict[str, Any]:
    """OpenAPI description of a binary body."""
    content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in kinds}
    return {"requestBody": {"required": required, "content": content}}


PIXELS = takes("application/octet-stream")


@router.get("")
async def models(app_state: CurrentState) -> Response:
    """All models by number, the sources that they were trained on, and the epochs with snapshots."""
    listed = [
        {"id": i, **shown.entry, "source": shown.source, "epochs": epochs_of(shown)}
        for i, shown in enumerate(app_state.models)
    ]
    return plain_json({"models": listed})


@router.get("/{model}")
async def one_model(model: int, shown: InModel) -> Response:
    """Classes, preprocessing, size and score of a model."""
    return plain_json({"id": model, **shown.describe()})


@router.get("/{model}/manifest")
async def manifest(shown: InModel, app_state: CurrentState) -> Response:
    """Every call of the network with its shape, settings, counts and receptive fields."""
    text, _ = await app_state.compute(lambda: shown.manifest)
    return Response(text, media_type="application/json")


@router.get("/{model}/weights", response_class=Response, responses=binary("float32 numbers, as the manifest says"))
async def weights(shown: InModel, app_state: CurrentState) -> StreamingResponse:
    """All weights as little-endian float32 numbers, at the offsets of the manifest."""
    _, parts = await app_state.compute(lambda: shown.manifest)
    return numbers(parts)


@router.get("/{model}/images")
async def images(
    shown: InModel,
    offset: Annotated[int | None, Query(ge=0, description="The first row; without it, rows spread over all.")] = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = LISTED,
) -> Response:
    """Images for viewing the model; their ids are rows of the run's table of predictions, then of the sources."""
    return plain_json({"images": shown.listed(offset, limit), "count": len(shown.rows)})


@router.get("/{model}/images/{image}", response_class=Response, responses=binary("uint8 pixels (C, H, W)"))
async def image_pixels(image: int, shown: InModel, app_state: CurrentState) -> Response:
    """The pixels of one image at the network's input size."""
    row = pick("image", shown.rows, image)
    return octets(await app_state.read(lambda: shown.pixels(row.picture, row.name)))


@router.post(
    "/{model}/pixels",
    response_class=Response,
    responses=binary("uint8 pixels (C, H, W)"),
    openapi_extra=takes("image/png", "image/jpeg", "application/octet-stream"),
)
async def pixels_of_picture(request: Request, shown: InModel, app_state: CurrentState) -> Response:
    """Preprocess an image file for the network: crop, scale and color as in training."""
    body = await request.body()
    return octets(await app_state.read(lambda: shown.pixels(body)))


@router.post("/{model}/preparation", openapi_extra=takes("image/png", "image/jpeg", "application/octet-stream"))
async def preparation(request: Request, shown: InModel, app_state: CurrentState) -> Response:
    """An image file before and after the preprocessing.

    `pixels` (C, H, W) in base64, `original`, a PNG in base64, `size` (height, width, channels) of the original,
    `region` (left, top, right, bottom), the part of it, in its own pixels, that the network receives, and `fit`: crop,
    pad or stretch.
    """
    body = await request.body()
    prepared = await app_state.read(lambda: shown.prepare(body))
    original = base64.b64encode(encode_png(prepared["original"])).decode()
    return plain_json({**prepared, "original": original, "pixels": base64.b64encode(prepared["pixels"]).decode()})


@router.post("/{model}/familiarity", openapi_extra=PIXELS)
async def compare(request: Request, shown: InModel, app_state: CurrentState) -> Response:
    """Distance of pixels (C, H, W) from the model's held-out images (without a run: all its images) by its features.

    `distance` to the five nearest, its `median` among these images, the `share` of them that are at least as far from
    the others, and whether the image is `unfamiliar`: out of distribution at the 5 % level.
    """
    body = await request.body()
    shown.array(body)
    return plain_json(await app_state.work(request, shown, lambda copy: familiarity(copy, body)))


@router.post(
    "/{model}/calls", response_class=Response, responses=binary("float32 numbers of all calls"), openapi_extra=PIXELS
)
async def all_calls(
    request: Request,
    shown: InModel,
    app_state: CurrentState,
    only: Annotated[str | None, Query(max_length=5000, pattern=NUMBERS, description="Only these calls.")] = None,
) -> StreamingResponse:
    """The outputs of all calls, or of `only` some, for pixels (C, H, W), one after another.

    A deep network has 100 MB of them, of which the page draws a few at first.
    """
    body = await request.body()
    outputs = await app_state.compute(lambda: shown.outputs(body))
    if only is not None:
        outputs = [pick("call", outputs, int(call)) for call in only.split(",")]
    return numbers([output.numpy().astype("<f4", copy=False).reshape(-1) for output in outputs])


@router.post(
    "/{model}/calls/{call}", response_class=Response, responses=binary("float32 numbers"), openapi_extra=PIXELS
)
async def one_call(call: int, request: Request, shown: InModel, app_state: CurrentState) -> StreamingResponse:
    """The output of one call for pixels (C, H, W)."""
    body = await request.body()
    outputs = await app_state.compute(lambda: shown.outputs(body))
    return numbers([pick("call", outputs, call).numpy().astype("<f4", copy=False).reshape(-1)])


@router.post("/{model}/answer", openapi_extra=PIXELS)
async def answer(request: Request, shown: InModel, app_state: CurrentState) -> Response:
    """The answer for pixels (C, H, W): `text`, and `image`, a PNG in base64, or null if it is not shown on the image.

    It is the answer of the final model, even if the page shows an earlier epoch.
    """
    body = await request.body()
    result = await app_state.compute(lambda: shown.answer(body))
    image = None if result["image"] is None else base64.b64encode(encode_png(result["image"])).decode()
    return plain_json({"text": result["text"], "image": image})


@router.post("/{model}/gradients", response_class=Response, responses=binary("float32 numbers"), openapi_extra=PIXELS)
async def all_gradients(
    request: Request,
    shown: InModel,
    app_state: CurrentState,
    of: Annotated[str | None, Query(max_length=200, description="Class or tag; without it, the answer.")] = None,
) -> StreamingResponse:
    """The gradients of an output with respect to the outputs of all calls, one after another.

    The task's activation after the network (softmax and the like) is excluded.
    """
    body = await request.body()
    gradients = await app_state.compute(lambda: shown.gradients(body, of))
    return numbers([slope.numpy().astype("<f4", copy=False).reshape(-1) for slope in gradients])


def octets(data: bytes) -> Response:
    """A binary response."""
    return Response(data, media_type="application/octet-stream")


def plain_json(value: Any) -> Response:
    """A JSON response."""
    return Response(strict_json(value), media_type="application/json")


def numbers(parts: Sequence[np.ndarray]) -> StreamingResponse:
    """Float32 arrays (K,) concatenated, sent in chunks without copying the whole."""

    async def chunks() -> AsyncIterator[memoryview]:
        for part in parts:
            for start in range(0, part.size, CHUNK):
                # An output can be a strided view of a larger array, without contiguous bytes.
                yield np.ascontiguousarray(part[start : start + CHUNK]).data.cast("B")

    length = str(sum(part.nbytes for part in parts))
    return StreamingResponse(chunks(), media_type="application/octet-stream", headers={"Content-Length": length})
