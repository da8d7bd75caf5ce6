"""Access control and limits, checked for every request before any other code handles it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ._error_codes import error_body

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
EVERYWHERE = frozenset({"0.0.0.0", "::", ""})
MOST_BYTES = 32 << 20
"""Maximum size of a body in bytes (32 MB)."""
HELD_BYTES = 4 * MOST_BYTES
"""Maximum total size of bodies in memory; others wait in the network, so that 200 uploads need no more than four."""
SMALL = 64 << 10
"""Smaller bodies never wait: pausing or stopping a training must work while large requests are processed."""
SECONDS = 30.0
"""Maximum time for receiving a body, so that memory is not reserved for long."""

# Svelte sets styles as attributes; own images use data: and blob:; "connect-src" lets the browser, never the
# server, fetch an image from an address that a user enters.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
        "img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self' http: https: data: blob:; "
        "worker-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class _Refused(Exception):
    """A rejected request: status, code and message."""


@dataclass(eq=False)
class Guard:
    """ASGI middleware for a server that listens on `host`.

    Host must name this machine (any other name is DNS rebinding), Origin must be the page itself, and bodies are read
    here, with limits on size, total size and time. All responses get `HEADERS`.
    """

    app: ASGIApp
    host: str = "127.0.0.1"
    most_bytes: int = MOST_BYTES
    seconds: float = SECONDS
    held_bytes: int = HELD_BYTES
    _held: int = 0
    _released: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or respond with the reason for rejecting it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        send = _with_headers(send, scope["path"])
        try:
            self._check(Headers(scope=scope))
            if scope["method"] in ("GET", "HEAD"):
                await self.app(scope, receive, send)
                return
            headers = Headers(scope=scope)
            async with self._reserved(self._most(headers)):
                body = await self._body(headers, receive)
                await self.app(scope, _again(body, receive), send)
        except _Refused as refused:
            status, code, sentence = refused.args
            await JSONResponse(error_body(sentence, code), status)(scope, receive, send)

    def _check(self, headers: Headers) -> None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not is_here(hosts[0], self.host):
            raise _Refused(400, "host", f"The host '{', '.join(hosts)[:80]}' is not this server; open it as 127.0.0.1.")
        origins = headers.getlist("origin")
        if any(origin.lower() != f"http://{hosts[0]}".lower() for origin in origins):
            raise _Refused(
                403, "foreign", f"The site {origins[0][:80]} may not use this server; only its own page may."
            )

    def _most(self, headers: Headers) -> int:
        """Maximum size of the body in bytes: the value of its header, else the limit."""
        stated = headers.get("content-length", "")
        if stated.isdecimal():
            return min(int(stated[:20]), self.most_bytes)
        return self.most_bytes if "transfer-encoding" in headers else 0

    @asynccontextmanager
    async def _reserved(self, count: int) -> AsyncIterator[None]:
        """Wait until `count` bytes of memory are available, and reserve them."""
        if count <= SMALL:
            yield
            return
        async with self._released:
            await self._released.wait_for(lambda: self._held + count <= self.held_bytes)
            self._held += count
        try:
            yield
        finally:
            async with self._released:
                self._held -= count
                self._released.notify_all()

    async def _body(self, headers: Headers, receive: Receive) -> bytes:
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length[:20]) > self.most_bytes:
            raise _Refused(
                413, "too_large", f"The body has {int(length[:20]):,} bytes; at most {self.most_bytes:,} are taken."
            )
        try:
            async with asyncio.timeout(self.seconds):
                return await self._received(receive)
        except TimeoutError:
            raise _Refused(
                408, "timeout", f"The body did not come within {self.seconds:g} seconds; send it again."
            ) from None

    async def _received(self, receive: Receive) -> bytes:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _Refused(400, "closed", "The connection was closed before the whole body had come.")
            body += message.get("body", b"")
            if len(body) > self.most_bytes:
                raise _Refused(413, "too_large", f"The body is too large; at most {self.most_bytes:,} bytes are taken.")
            if not message.get("more_body", False):
                return bytes(body)


def is_here(name: str, host: str) -> bool:
    """Return whether a Host header names this machine, for a server that listens on `host`.

    If it listens on all addresses, every address is accepted, but only names of this machine: a page of another site
    can make its own name resolve to this machine, but not an address.

    >>> is_here("localhost:8080", "127.0.0.1"), is_here("evil.example", "127.0.0.1")
    (True, False)
    """
    try:
        parts = urlsplit(f"//{name}")
        hostname, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.netloc != name or "@" in name or name.endswith(":"):
        return False
    if hostname in LOOPBACK or hostname == host.lower():
        return True
    return host in EVERYWHERE and (_is_address(hostname) or hostname == socket.gethostname().lower())


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _again(body: bytes, receive: Receive) -> Receive:
    """Provide a received body again, followed by further messages of the connection."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return messages.pop() if messages else await receive()

    return next_message


def _with_headers(send: Send, path: str) -> Send:
    """Responses with model data are never cached by the browser; files of the page have hashed names and are."""
    caching = "public, max-age=31536000, immutable" if path.startswith("/assets/") else "no-store"

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update({**HEADERS, "Cache-Control": caching if message["status"] < 400 else "no-store"})
        await send(message)

    return send_with_headers
