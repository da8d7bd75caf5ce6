"""Route of answers that are images of the picture's own size: denoised or colorized, with settings and hints."""

import base64
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

import torch
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from torch import Tensor

from ..answers import answer_one, read_for, with_settings
from ..errors import TaskError
from ..generated import to_bytes
from ..images import Frame, encode_png, read_native, read_size
from ..networks.network import map_output
from ..samples import to_batch
from ..tasks.task import Hint, Task
from ..tiles import halo_of
from ._models import plain_json, takes
from .app_state import REFUSALS, CurrentState, InModel
from .resources import MOST_NATIVE_PIXELS, ModelResource, check_pixels

router = APIRouter(prefix="/api/models", tags=["models"], responses=REFUSALS)

MOST_ANSWERED_PIXELS = 4096 * 4096
"""A photo of a phone. Its pixels and its answer are held until the next image, so that settings are applied at once."""
HINT = r"\d{1,5},\d{1,5},[0-9a-f]{6}"


@dataclass(frozen=True, kw_only=True)
class AnswerSettings:
    """Settings of an answer that is an image; names as in `eyespot predict`, and noise that is added first."""

    strength: Annotated[float | None, Query(description="Fraction of the noise to remove (denoise).")] = None
    saturation: Annotated[float | None, Query(description="Color saturation (colorize).")] = None
    proposal: Annotated[str, Query(max_length=20, description="A proposal by its name (colorize by classes).")] = ""
    hints: Annotated[
        str | None,
        Query(max_length=10_000, pattern=f"^{HINT}(;{HINT})*$", description="ROW,COLUMN,RRGGBB;... (colorize)."),
    ] = None
    noise: Annotated[str | None, Query(max_length=20, description="Kind of noise to add first (denoise).")] = None
    amount: Annotated[float, Query(description="Its deviation (0 to 255), counts, or share of the pixels.")] = 25.0


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a network was asked, pixels (1, C, H, W) in [0, 1], its output, and the frame that leads to the pixels."""

    pixels: Tensor
    output: Tensor
    frame: Frame


@router.post("/{model}/answer-image", openapi_extra=takes("image/png", "image/jpeg", "application/octet-stream"))
async def answer_image(
    request: Request, shown: InModel, settings: Annotated[AnswerSettings, Depends()], app_state: CurrentState
) -> Response:
    """The answer for an image file by a model whose answers are images, at the size of the file.

    `before` (with the noise that was added) and `image` are PNG in base64. Also `size` (height, width), `text`, the
    plain `values` of the answer, the names of the task's `proposals`, and with added noise the `psnr` in dB of both
    images against the file; otherwise null.
    """
    body = await request.body()
    return plain_json(await app_state.work(request, shown, lambda own: _answered(own, body, settings)))


def _answered(shown: ModelResource, picture: bytes, settings: AnswerSettings) -> dict[str, Any]:
    model = shown.model
    if not model.task.answer_suffix:
        raise TaskError(f"the answers of {model.task.name} are no images; choose a model that denoises or colorizes.")
    _check_size(shown, picture)
    proposals = _proposals(model.task)
    task = _with(proposals, settings)
    asked = _ask(shown, picture, settings.noise, settings.amount)
    output = map_output(asked.output, lambda one: one[0])
    answer = answer_one(task, model.images, output, asked.pixels, picture, asked.frame, _hints(settings.hints))
    image = answer.pop("picture")
    before = to_bytes(asked.pixels[0].permute(1, 2, 0)) if settings.noise else read_native(picture)
    return {
        "text": task.answer_text(answer),
        "values": answer,
        "proposals": list(proposals),
        "size": image.shape[:2],
        "psnr": _ratios(shown, task, picture, asked) if settings.noise else None,
        "before": base64.b64encode(encode_png(before)).decode(),
        "image": base64.b64encode(encode_png(image, _metadata(answer))).decode(),
    }


def _check_size(shown: ModelResource, picture: bytes) -> None:
    """Raise `ImageError` for an image that is too large to be answered."""
    height, width, _ = read_size(picture)
    images, native = shown.model.images, shown.model.images.fit == "native"
    if native and height * width > MOST_NATIVE_PIXELS and halo_of(shown.model.network, images.channels) is None:
        return check_pixels(picture, MOST_NATIVE_PIXELS)
    return check_pixels(picture, MOST_ANSWERED_PIXELS)


def _proposals(task: Task) -> dict[str, Task]:
    """The task under an empty name, and its other proposals where it has some."""
    try:
        return dict(task.proposals())
    except TaskError:
        return {"": task}


def _with(proposals: dict[str, Task], settings: AnswerSettings) -> Task:
    """The task of a proposal with the settings that were given."""
    if settings.proposal not in proposals:
        there = ", ".join(name for name in proposals if name) or "none, as by regression"
        raise TaskError(f"proposal is '{settings.proposal}'; this model has {there}.", argument="proposal")
    if settings.hints and not proposals[""].takes_hints:
        raise TaskError(f"hints were given, but {proposals[''].name} takes none; leave them out.", argument="hints")
    given = {"strength": settings.strength, "saturation": settings.saturation}
    return with_settings(proposals[settings.proposal], {name: one for name, one in given.items() if one is not None})


def _hints(text: str | None) -> list[Hint]:
    hints = []
    for part in text.split(";") if text else ():
        row, column, color = part.split(",")
        red, green, blue = bytes.fromhex(color)
        hints.append(Hint(row=int(row), column=int(column), color=(red, green, blue)))
    return hints


# One only: while strength, saturation or hints are tried, the network is asked once.
@lru_cache(maxsize=1)
def _ask(shown: ModelResource, picture: bytes, noise: str | None, amount: float) -> Asked:
    model = shown.model
    read, frame = read_for(model.task, model.images, picture)
    pixels = to_batch(read[None])
    if noise is not None:
        key = torch.tensor([zlib.crc32(picture)])  # the same picture gets the same noise
        pixels, _ = model.task.with_noise(noise, amount).make_problem((pixels,), torch.zeros(1), key)
    return Asked(pixels=pixels, output=model.answer_outputs(pixels), frame=frame)


def _ratios(shown: ModelResource, task: Task, picture: bytes, asked: Asked) -> dict[str, float]:
    """PSNR in dB of the noisy and of the answered image against the file."""
    clean = to_batch(read_for(task, shown.model.images, picture)[0][None])
    made = task.answer_image(asked.output, asked.pixels)
    found = task.score(made, torch.stack([clean, asked.pixels], dim=1))
    return {"before": float(found["psnr"] - found["gain"]), "image": float(found["psnr"])}


def _metadata(answer: dict[str, Any]) -> dict[str, str] | None:
    return {"Comment": answer["note"]} if "note" in answer else None
