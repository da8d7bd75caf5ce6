"""All resources of one server by number, and its worker threads."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query, Request
from pydantic import BaseModel

from ..faces import Gallery
from ..measures import AuditReport
from ..sources.source import Source
from ._drive_session import DriveSession
from ._error_codes import Code, RequestError
from ._slow_work import SlowWorker
from ._snapshots import at_epoch, epochs_of
from .collection import CollectionResource
from .resources import ModelResource, RunResource

Value = TypeVar("Value")
DECODED_AT_ONCE = 2
"""Maximum number of photos of a collection that are decoded simultaneously."""
Origin = dict[str, Any]
"""How a source, by its number, was opened, so that another process can open it again: {"what": ..., "columns": ...}."""


@dataclass(frozen=True, kw_only=True, eq=False)
class AppState:
    """Models, runs and sources that were named on the command line or created on the page; nothing else is accessible.

    One thread answers quick questions to models, one reads files and pictures, and one does long work (explanations,
    attacks), so that none of the three waits for another kind.
    """

    models: list[ModelResource] = field(default_factory=list)
    runs: list[RunResource] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    studies: list[Path] = field(default_factory=list)
    origins: dict[int, Origin] = field(default_factory=dict)
    gallery: Gallery | None = None
    collection: CollectionResource | None = None
    _computing: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "computing"))
    _reading: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "reading"))
    slow: SlowWorker = field(default_factory=SlowWorker)
    checked: dict[int, Any] = field(default_factory=dict)
    audited: dict[int, AuditReport] = field(default_factory=dict)
    drives: dict[ModelResource, DriveSession] = field(default_factory=dict)
    driving: asyncio.Lock = field(default_factory=asyncio.Lock)
    decoding: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(DECODED_AT_ONCE))

    async def compute(self, work: Callable[[], Value]) -> Value:
        """Run quick work in the computing thread, in order."""
        return await asyncio.get_running_loop().run_in_executor(self._computing, work)

    async def read(self, work: Callable[[], Value]) -> Value:
        """Run work in the reading thread, in order."""
        return await asyncio.get_running_loop().run_in_executor(self._reading, work)

    async def work(self, request: Request, shown: ModelResource, work: Callable[[ModelResource], Value]) -> Value:
        """Run long work on a copy of the model in its own thread; cancel it if the client disconnects."""
        own = await self.compute(lambda: self.slow.copy(shown))
        return await self.slow.run(request, lambda: work(own))

    def prepare(self) -> None:
        """Make the manifests in advance, so that the page opens quickly; errors are reported to the request."""
        for shown in self.models:
            self._computing.submit(getattr, shown, "manifest")

    def close(self) -> None:
        """Discard queued work and cancel long work."""
        self.slow.close()
        for pool in (self._computing, self._reading):
            pool.shutdown(wait=False, cancel_futures=True)


class Refusal(BaseModel):
    """The body of every error: one sentence, and the code by which the page translates it."""

    error: str
    code: Code


REFUSALS: dict[int | str, dict[str, object]] = {
    400: {"model": Refusal, "description": "The input cannot be used."},
    403: {"model": Refusal, "description": "The request comes from another site."},
    404: {"model": Refusal, "description": "There is no such model, image or call."},
    408: {"model": Refusal, "description": "The body did not arrive in time."},
    409: {"model": Refusal, "description": "Not possible in the current state."},
    413: {"model": Refusal, "description": "The body is too large."},
    422: {"model": Refusal, "description": "Invalid parameter."},
}


def app_state_of(request: Request) -> AppState:
    """The state of the server that received the request."""
    return request.app.state.app_state


CurrentState = Annotated[AppState, Depends(app_state_of)]


def pick(kind: str, items: Sequence[Value], number: int) -> Value:
    """One of several items by its number; respond with 404 and their count if it does not exist."""
    if 0 <= number < len(items):
        return items[number]
    there = f"there are 0 to {len(items) - 1}" if items else "there are none"
    raise RequestError(404, "missing", f"There is no {kind} {number}; {there}.")


async def chosen_model(
    model: int,
    app_state: CurrentState,
    epoch: Annotated[int | None, Query(description="The model as it was after this epoch, instead of now.")] = None,
) -> ModelResource:
    """The model with the number in the path, in its final state or after an epoch."""
    shown = pick("model", app_state.models, model)
    if epoch is None:
        return shown
    return await app_state.read(lambda: _at_epoch(shown, epoch))


def _at_epoch(shown: ModelResource, epoch: int) -> ModelResource:
    if epoch not in epochs_of(shown):
        kept = ", ".join(str(there) for there in epochs_of(shown)) or "none; train with --snapshots to keep them"
        raise RequestError(404, "missing", f"There is no epoch {epoch} of '{shown.name}'; there are: {kept}.")
    return at_epoch(shown, epoch)


def chosen_run(run: int, app_state: CurrentState) -> RunResource:
    """The run with the number in the path."""
    return pick("run", app_state.runs, run)


InModel = Annotated[ModelResource, Depends(chosen_model)]
InRun = Annotated[RunResource, Depends(chosen_run)]
