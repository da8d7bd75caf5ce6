"""Control of a training by the page: JSON lines in both directions.

Input: {"do": "pause"}, {"do": "go on"}, {"do": "stop"}, {"change": {"rate": 0.001}}, {"look": {...}}, each with a
"number" that the reply repeats. If the input is closed, the training saves and ends, because its server has ended.
Output: {"note": ...}, {"state": ...}, and replies.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TextIO

from ..errors import EyespotError
from ..findings import to_json
from ..training.schedule import ScheduleChange, write_changes
from ._live_view import view

if TYPE_CHECKING:
    from ..training.state import State, Training

LOOKS = 4
"""After a view, none is computed for this many times its duration, so that training keeps most of the time."""
TICK = 0.2
"""Seconds between checks whether a paused training should end."""
GONE = {"do": "leave"}


class TrainingControl:
    """Handles requests between two steps; a change takes effect at the next one."""

    def __init__(self, requests: Iterable[str], replies: TextIO) -> None:
        self.paused = False
        self.left = False
        self._out = replies
        self._asked: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self._looks: list[dict[str, Any]] = []
        self._rested = 0.0
        threading.Thread(target=self._listen, args=(requests,), daemon=True).start()

    @property
    def away(self) -> bool:
        """Whether the training should save and stop for now."""
        return self.paused or self.left

    def attend(self, training: "Training", state: "State") -> None:
        """Handle the requests received since the last step."""
        while not self._asked.empty():
            self._answer(self._asked.get(), training, state)
        self._allow_view(training, state)

    def goes_on(self, training: "Training", state: "State", stop: Callable[[], bool]) -> bool:
        """Wait while the training is paused; return whether there are more steps."""
        if self.paused:
            self.send({"state": "paused"})
        while self.paused and not (self.left or stop() or state.step >= state.schedule.steps):
            with suppress(Empty):
                self._answer(self._asked.get(timeout=TICK), training, state)
            self._allow_view(training, state)
        goes_on = not self.away and state.step < state.schedule.steps
        if not self.left:
            self.send({"state": "training" if goes_on else "finishing"})
        return goes_on

    def send(self, message: dict[str, Any]) -> None:
        """Send a message to the server."""
        try:
            self._out.write(to_json(message) + "\n")
            self._out.flush()
        except OSError:  # nobody is listening any more
            self.left = True

    def _listen(self, requests: Iterable[str]) -> None:
        for line in requests:
            self._asked.put(json.loads(line))
        self._asked.put(GONE)

    def _answer(self, message: dict[str, Any], training: "Training", state: "State") -> None:
        if "look" in message:
            self._looks.append(message)
            return
        try:
            if "change" in message:
                self._change(ScheduleChange(step=state.step, **message["change"]), training, state)
            elif message["do"] == "stop":
                self._change(ScheduleChange(step=state.step, end=True), training, state)
            else:
                self.left |= message == GONE
                self.paused = message["do"] == "pause"
            reply = {"step": state.step, "steps": state.schedule.steps}
        except EyespotError as error:
            reply = {"refused": str(error)}
        if "number" in message:
            self.send({"number": message["number"], **reply})

    def _change(self, change: ScheduleChange, training: "Training", state: "State") -> None:
        """Recorded before the next step, so that a resumed training repeats the same steps."""
        state.schedule.change(change)
        write_changes(training.checkpoint.parent, state.schedule)

    def _allow_view(self, training: "Training", state: "State") -> None:
        if not self._looks or time.monotonic() < self._rested:
            return
        began = time.monotonic()
        message = self._looks.pop(0)
        self.send({"number": message["number"], **view(training, state, **message["look"])})
        ended = time.monotonic()
        self._rested = ended + LOOKS * (ended - began)
