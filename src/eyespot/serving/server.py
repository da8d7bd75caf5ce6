"""Run the server on this machine until it is stopped."""

import logging
import socket
import threading
import webbrowser
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import uvicorn
from fastapi import FastAPI

from ..errors import EyespotError
from ._guard import EVERYWHERE

BACKLOG = 2048


@dataclass(frozen=True)
class Listening:
    """A listening socket; connections wait until the server starts."""

    socket: socket.socket
    host: str

    @property
    def address(self) -> str:
        """The address for a browser."""
        name = "127.0.0.1" if self.host in EVERYWHERE else f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{name}:{self.socket.getsockname()[1]}/"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.socket.close()


def listen(host: str, port: int) -> Listening:
    """Listen on a port of this machine, a free one for 0; raises `EyespotError` if that fails."""
    try:
        family = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        message = f"Cannot listen on {host} port {port} ({reason}); give another port or host."
        raise EyespotError(message, argument="port") from error
    return Listening(listener, host)


def run(app: FastAPI, listening: Listening, browser: bool) -> None:
    """Serve requests until Ctrl-C or SIGTERM, and optionally open the page in a browser."""
    if browser:
        threading.Thread(target=webbrowser.open, args=(listening.address,), daemon=True).start()
    config = uvicorn.Config(
        app,
        log_level=logging.WARNING,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        backlog=BACKLOG,
        timeout_graceful_shutdown=2,
    )
    uvicorn.Server(config).run(sockets=[listening.socket])
