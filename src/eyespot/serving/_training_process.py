"""A training in a separate process, so that the server responds while it computes."""

import itertools
import json
import subprocess
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

OVER = ("finished", "stopped", "failed")
SECONDS_TO_SAVE = 10.0
MOST_NOTES = 100


class Process:
    """One training process: its state, its notes, and its replies to requests, which it sends between two steps.

    `run` is the number of the run. `order` contains "folder", "origin" and "options" (None: resume from the folder).
    `load` is called in another thread when the model is written, and its result is called under the lock `changing`
    together with the change of state: holders of the lock see both or neither.
    """

    def __init__(
        self, run: int, order: dict[str, Any], load: Callable[[], Callable[[], None]], changing: threading.Lock
    ) -> None:
        self.run = run
        self.state = "preparing"
        self.error = ""
        self.notes: deque[str] = deque(maxlen=MOST_NOTES)
        self._load = load
        self._changing = changing
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[dict[str, Any]]] = {}
        self._writing = threading.Lock()
        # A separate session: Ctrl-C in the terminal is for the server, which then makes the training save.
        self._child = subprocess.Popen(
            [sys.executable, "-m", "eyespot.serving._training_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        self._send(order)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def over(self) -> bool:
        """Whether the process has ended, or is about to."""
        return self.state in OVER

    def request(self, message: dict[str, Any]) -> Future[dict[str, Any]]:
        """Send a message to the training, which replies between two steps; empty if it has ended."""
        number = next(self._numbers)
        answer: Future[dict[str, Any]] = Future()
        self._waiting[number] = answer
        self._send({"number": number, **message})
        if self.over:
            self._forget()
        return answer

    def leave(self) -> None:
        """Make the training save and end."""
        with self._writing:
            if self._child.stdin and not self._child.stdin.closed:
                self._child.stdin.close()

    def close(self) -> None:
        """Make the training save and end, and wait for it; if that takes too long, it ends by itself after its step."""
        self.leave()
        try:
            self._child.wait(SECONDS_TO_SAVE)
        except subprocess.TimeoutExpired:
            self._child.terminate()
        self._listener.join(SECONDS_TO_SAVE)

    def _send(self, message: dict[str, Any]) -> None:
        with self._writing:
            try:
                assert self._child.stdin is not None
                self._child.stdin.write(json.dumps(message) + "\n")
                self._child.stdin.flush()
            except (OSError, ValueError):  # it has ended
                pass

    def _listen(self) -> None:
        assert self._child.stdout is not None
        with self._child.stdout:
            for line in self._child.stdout:
                self._hear(json.loads(line))
        self._child.wait()
        if not self.over:
            self._change("failed", "The training process has ended; resume continues from its last checkpoint.")
        self._forget()

    def _hear(self, message: dict[str, Any]) -> None:
        if "note" in message:
            self.notes.append(message["note"])
        elif "state" in message:
            self._enter(message["state"], message.get("error", ""))
        elif answer := self._waiting.pop(message.pop("number"), None):
            answer.set_result(message)

    def _enter(self, state: str, error: str) -> None:
        register: Callable[[], None] | None = None
        if state == "finished":
            try:
                register = self._load()
            except Exception as failure:  # else nobody would read the output any more, and the state would never change
                traceback.print_exc()
                state, error = "failed", f"The finished model cannot be read: {failure}"
        self._change(state, error, register)

    def _change(self, state: str, error: str, register: Callable[[], None] | None = None) -> None:
        with self._changing:
            if register is not None:
                register()
            self.error, self.state = error, state

    def _forget(self) -> None:
        """Resolve all pending requests; two threads may call this at the same time."""
        for number in list(self._waiting):
            if answer := self._waiting.pop(number, None):
                answer.set_result({})
