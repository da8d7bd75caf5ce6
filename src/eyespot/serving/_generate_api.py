"""Routes of generators: new images, images between two others, and the samples of each epoch of a training."""

import base64
import re
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from torch import Tensor

from ..generated import GENERATED, to_bytes
from ..images import encode_png
from ..model import Model
from ._error_codes import RequestError
from ._models import plain_json
from .app_state import REFUSALS, CurrentState, InModel, InRun

router = APIRouter(prefix="/api", tags=["generating"], responses=REFUSALS)

MOST = 144
SAMPLES = "samples"
"""The folder of a run with one picture for each epoch."""
PNG = {"image/png": {"schema": {"type": "string", "format": "binary"}}}
Seed = Annotated[int, Query(ge=0, le=2**31, description="The same seed gives the same images.")]
Count = Annotated[int, Query(ge=1, le=MOST)]


@router.get("/models/{model}/samples")
async def samples(
    request: Request,
    shown: InModel,
    app_state: CurrentState,
    seed: Seed = 0,
    count: Count = 36,
    style: Annotated[str | None, Query(max_length=200, description="Keep those nearest to this output.")] = None,
    farthest: Annotated[bool, Query(description="Keep those farthest from it instead.")] = False,
) -> Response:
    """New images as PNG files in base64, marked as generated; with a style, the nearest of eight times as many."""

    def make(model: Model) -> Tensor:
        return model.sample(seed, count) if style is None else model.sample_style(seed, count, style, farthest)

    images = await app_state.work(request, shown, lambda copy: make(copy.model))
    return plain_json({"images": [_as_png(image) for image in images]})


@router.get("/models/{model}/interpolation")
async def interpolation(
    request: Request, shown: InModel, app_state: CurrentState, seed: Seed = 0, count: Annotated[Count, Query(ge=2)] = 9
) -> Response:
    """Images from the first to the second sample of a seed, as PNG files in base64."""
    images = await app_state.work(request, shown, lambda copy: copy.model.interpolate(seed, count))
    return plain_json({"images": [_as_png(image) for image in images]})


def _as_png(image: Tensor) -> str:
    return base64.b64encode(encode_png(to_bytes(image.permute(1, 2, 0)), GENERATED)).decode()


@router.get("/runs/{run}/samples")
async def epochs(shown: InRun, app_state: CurrentState) -> Response:
    """The epochs after which samples of the same noise were kept."""
    return plain_json({"epochs": await app_state.read(lambda: sorted(_pictures(shown.folder)))})


@router.get("/runs/{run}/samples/{epoch}", response_class=Response, responses={200: {"content": PNG}})
async def epoch_samples(epoch: int, shown: InRun, app_state: CurrentState) -> Response:
    """The samples after one epoch side by side, as PNG."""
    found = await app_state.read(lambda: _pictures(shown.folder))
    if epoch not in found:
        raise RequestError(404, "missing", f"There are no samples of epoch {epoch} of '{shown.name}'.")
    return Response(await app_state.read(found[epoch].read_bytes), media_type="image/png")


def _pictures(folder: Path) -> dict[int, Path]:
    names = ((re.fullmatch(r"epoch-(\d+)\.png", file.name), file) for file in (folder / SAMPLES).glob("epoch-*.png"))
    return {int(found[1]): file for found, file in names if found}
