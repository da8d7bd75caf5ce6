"""A training in a process of its own, so that the server answers while it computes."""

import itertools
import json
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

OVER = ("finished", "stopped", "failed")
SECONDS_TO_SAVE = 10.0
MOST_NOTES = 100


class Process:
    """One training: asked between two steps, its state, and what it has said.

    `order` holds "folder", "origin" and "wishes" (None: go on with what lies in the folder). `finished` is called from
    another thread when the model is there, and before that is told.
    """

    def __init__(self, order: dict[str, Any], finished: Callable[[], None]) -> None:
        self.folder = Path(order["folder"])
        self.state = "preparing"
        self.error = ""
        self.notes: deque[str] = deque(maxlen=MOST_NOTES)
        self._finished = finished
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[dict[str, Any]]] = {}
        self._writing = threading.Lock()
        # A session of its own: Ctrl-C in the terminal is for the server, which then lets the training save.
        self._child = subprocess.Popen(
            [sys.executable, "-m", "eyespot.serving.training_child"],
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

    def ask(self, message: dict[str, Any]) -> Future[dict[str, Any]]:
        """Put something to the training, which answers between two steps; where it has ended there is no answer."""
        number = next(self._numbers)
        answer: Future[dict[str, Any]] = Future()
        self._waiting[number] = answer
        self._send({"number": number, **message})
        if self.over:
            self._forget()
        return answer

    def leave(self) -> None:
        """Let it save and end."""
        with self._writing:
            if self._child.stdin and not self._child.stdin.closed:
                self._child.stdin.close()

    def close(self) -> None:
        """Let it save and end, and wait for that; what takes too long ends by itself after its step."""
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
            self.error = "The training's process has ended; going on begins at its last checkpoint."
            self.state = "failed"
        self._forget()

    def _hear(self, message: dict[str, Any]) -> None:
        if "note" in message:
            self.notes.append(message["note"])
        elif "state" in message:
            if message["state"] == "finished":
                self._finished()
            self.error = message.get("error", "")
            self.state = message["state"]
        elif answer := self._waiting.pop(message.pop("number"), None):
            answer.set_result(message)

    def _forget(self) -> None:
        while self._waiting:
            _, answer = self._waiting.popitem()
            answer.set_result({})
