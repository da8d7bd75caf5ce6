"""Long work (explanations, attacks) in a separate thread: it can be cancelled, and does not block quick requests."""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import TypeVar
from weakref import WeakKeyDictionary

from fastapi import Request

from ..progress import listening
from ._error_codes import RequestError
from .resources import ModelResource

Value = TypeVar("Value")
NICE = 10
"""How much lower the priority of long work is than that of quick requests, in units of `nice`."""
POLL = 0.1
"""Seconds between two checks whether the client is still connected."""
CLIENT_CLOSED = 499
"""Status of a request whose client has disconnected; nobody receives it."""


def _yield_to_others() -> None:
    """Lower the priority of this thread, and of those that PyTorch starts for its operations."""
    if sys.platform == "linux":  # elsewhere a priority is one of the whole process
        own = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, own, min(19, os.getpriority(os.PRIO_PROCESS, own) + NICE))


@dataclass(frozen=True)
class Progress:
    """The work that runs: steps `done` of `total`, None where it does not count steps; seconds since its begin."""

    running: bool = False
    seconds: float = 0
    done: int | None = None
    total: int | None = None


class Cancelled(Exception):
    """Raised inside the work if nobody waits for its result any more."""


@dataclass(eq=False)
class SlowWorker:
    """One thread for long work.

    On Linux it has a lower priority than the threads that answer quick requests: both may use all cores.
    It uses its own copy of every network: recording sets hooks on modules, which two threads must not share. A hook on
    the copy stops cancelled work at its next forward pass, and a listener at its next report of progress.
    """

    _thread: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, "slow", initializer=_yield_to_others)
    )
    _copies: WeakKeyDictionary[ModelResource, ModelResource] = field(default_factory=WeakKeyDictionary)
    _cancelled: threading.Event = field(default_factory=threading.Event)
    _began: float | None = None
    _steps: tuple[int, int] | None = None

    def copy(self, shown: ModelResource) -> ModelResource:
        """The copy of a model for long work. Call it in the thread that computes: it copies hooks of recordings too."""
        if shown not in self._copies:
            network = deepcopy(shown.model.network)
            # A plain function, which methods that copy the network copy by reference.
            network.register_forward_pre_hook(lambda *_arguments: self._check())
            self._copies[shown] = replace(shown, model=replace(shown.model, network=network))
        return self._copies[shown]

    async def run(self, request: Request, work: Callable[[], Value]) -> Value:
        """Run `work` after earlier work; cancel it if the client disconnects."""
        cancelled = threading.Event()
        job = asyncio.get_running_loop().run_in_executor(self._thread, lambda: self._do(cancelled, work))
        try:
            while not job.done():
                await asyncio.wait({job}, timeout=POLL)
                if not job.done() and await request.is_disconnected():
                    raise RequestError(CLIENT_CLOSED, "closed", "The client has closed the connection.")
            return job.result()
        finally:
            if not job.done():
                cancelled.set()
                job.cancel()

    def progress(self) -> Progress:
        """How far the running work is."""
        began, steps = self._began, self._steps
        if began is None:
            return Progress()
        done, total = steps or (None, None)
        return Progress(running=True, seconds=time.monotonic() - began, done=done, total=total)

    def close(self) -> None:
        """Cancel running and pending work."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._cancelled.set()

    def _do(self, cancelled: threading.Event, work: Callable[[], Value]) -> Value:
        self._cancelled = cancelled
        self._check()
        self._began, self._steps = time.monotonic(), None
        try:
            with listening(self._advance):
                return work()
        finally:
            self._began = None

    def _advance(self, done: int, total: int) -> None:
        self._steps = (done, total)
        self._check()

    def _check(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled
