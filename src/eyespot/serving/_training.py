"""Routes of training: start, watch, pause, change and stop a training; and describe networks as they are edited."""

import asyncio
from typing import Annotated, Any

import torch
from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from ..errors import NetworkError, look_up
from ..networks import NETWORKS, NetworkSpec, build_from
from ..networks.graph.layer_table import layer_table, totals
from ..networks.text import LONGEST_TEXT, is_text
from ..training.options import TrainOptions
from ._models import plain_json
from ._training_manager import CurrentManager, TrainingManager
from .app_state import REFUSALS, CurrentState, InRun, pick

router = APIRouter(prefix="/api", tags=["training"], responses=REFUSALS)

NAME = "^[a-z]{0,20}$"
"""Maximum length of the JSON options of a task."""
LOOK_PATIENCE = 5.0
"""Seconds to wait for the training's next step before a view."""


class Strict(BaseModel):
    """A JSON body without additional fields."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Order(Strict):
    """The options of a training; unspecified ones have the defaults of `eyespot train`."""

    source: int
    network: str | None = Field(None, max_length=LONGEST_TEXT, description="A name, or a network as text.")
    task: str | None = Field(None, pattern=NAME, description="A task, without options.")
    size: str | None = Field(None, max_length=20)
    epochs: float | None = Field(None, gt=0, le=10_000)
    batch: int | None = Field(None, ge=1, le=100_000)
    rate: float | None = Field(None, gt=0, le=10)
    seed: int = Field(0, ge=0, lt=2**32)
    snapshots: bool = Field(False, description="Keep the network of every epoch.")


class Changes(Strict):
    """The changes from the next step on; unspecified values are kept."""

    rate: float | None = Field(None, description="The highest learning rate of the cycle.")
    momentum: float | None = Field(None, description="How much of the direction so far a step keeps.")
    weight_decay: float | None = None
    batch: int | None = Field(None, le=2**31)


@router.post("/runs")
async def begin(order: Order, app_state: CurrentState, manager: CurrentManager) -> Response:
    """Start a training from a source, and return the number of its run."""
    pick("source", app_state.sources, order.source)
    if order.network:
        _known(order.network)
    values: dict[str, Any] = {
        name: None if value == "" else value for name, value in order.model_dump(exclude={"source"}).items()
    }
    options = TrainOptions(**values)
    return plain_json({"run": await asyncio.to_thread(manager.begin, order.source, options)})


@router.post("/runs/{run}/pause")
async def pause(run: int, _shown: InRun, manager: CurrentManager) -> Response:
    """Pause a training after its next step; it saves its state."""
    return plain_json(await manager.request(run, {"do": "pause"}))


@router.post("/runs/{run}/go-on")
async def go_on(run: int, _shown: InRun, manager: CurrentManager) -> Response:
    """Continue a paused training, or resume one that was stopped before it was finished."""
    await manager.go_on(run)
    return plain_json({})


@router.post("/runs/{run}/stop")
async def stop(run: int, _shown: InRun, manager: CurrentManager) -> Response:
    """Stop a training after the next step, and create the model from the current weights."""
    return plain_json(await manager.request(run, {"do": "stop"}))


@router.post("/runs/{run}/change")
async def change(run: int, changes: Changes, _shown: InRun, manager: CurrentManager) -> Response:
    """Change a running training: values take effect at the next step, and are recorded."""
    values = {name: value for name, value in changes.model_dump().items() if value is not None}
    return plain_json(await manager.request(run, {"change": values}))


@router.get("/runs/{run}/look")
async def look(
    run: int,
    _shown: InRun,
    manager: CurrentManager,
    layer: Annotated[str, Query(max_length=500, description="Layer, by name.")] = "",
    images: Annotated[int, Query(ge=0, lt=2**32, description="Which random choice of images.")] = 0,
    picture: Annotated[int, Query(ge=0, lt=2**32, description="The one whose maps are shown.")] = 0,
    pixels: Annotated[bool, Query(description="Send the images themselves too.")] = False,
) -> Response:
    """Kernels and maps of a training, and its answers to random held-out images; empty while it is busy."""
    if manager.state(run)["state"] in ("preparing", "finishing"):
        return plain_json({})
    values = {"layer": layer, "images": images, "picture": picture, "pixels": pixels}
    return plain_json(await manager.request(run, {"look": values}, LOOK_PATIENCE))


@router.get("/networks")
async def networks() -> Response:
    """All named networks, and whether their output is a vector or an image."""
    listed = [{"name": name, "summary": one.summary, "heads": one.heads} for name, one in NETWORKS.items()]
    return plain_json({"networks": listed})


@router.get("/layers")
async def layers(
    app_state: CurrentState,
    manager: CurrentManager,
    source: Annotated[int, Query(description="A source, by number.")],
    network: Annotated[str, Query(max_length=LONGEST_TEXT, description="A name, or a network as text.")],
    size: Annotated[str, Query(max_length=20)] = "small",
    task: Annotated[str | None, Query(pattern=NAME)] = None,
) -> Response:
    """The layers of a network for the images of a source: sizes, parameters and multiply-adds, before it is created."""
    pick("source", app_state.sources, source)
    return plain_json(await app_state.compute(lambda: _describe_layers(manager, source, network, size, task or None)))


def _describe_layers(
    manager: TrainingManager, source: int, network: str, size: str, task: str | None
) -> dict[str, Any]:
    name, shape, output = manager.frame(source, task, network)
    spec = NetworkSpec(name=_known(network), input=shape, output=output, size=size, norm="batch")
    with torch.device("meta" if is_text(network) else "cpu"):  # no weights are allocated for a text
        rows = layer_table(build_from(spec))
    return {"task": name, "input": shape, "outputs": output.size, "rows": rows, **totals(rows)}


def _known(network: str) -> str:
    """Return a network's text or known name; raise `NetworkError` for any other."""
    if not is_text(network):
        look_up("network", network, NETWORKS, NetworkError)
    return network
