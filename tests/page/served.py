"""The page with the API of page/FORMAT.md behind it, for networks made here."""

import http.server
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from eyespot.images import ImageSpec, read_pixels
from eyespot.model import normalise
from eyespot.networks.graph import record

from .manifest import make_manifest


@dataclass(frozen=True, kw_only=True, eq=False)
class Shown:
    """One network with its images, as the page gets to see them."""

    name: str
    network: nn.Module
    images: ImageSpec
    labels: list[str]
    pictures: Sequence[np.ndarray]

    @cached_property
    def made(self) -> tuple[dict[str, Any], bytes]:
        """Manifest and weights."""
        manifest, weights, _ = make_manifest(self.network, self.images, self.labels, self.name, bool(self.labels))
        return manifest, weights

    def outputs(self, pixels: np.ndarray) -> list[Tensor]:
        """What PyTorch computes in every call for uint8 pixels (C, H, W), softmax included."""
        x = normalise(torch.from_numpy(pixels.copy()).float()[None] / 255, self.images)
        outputs = [call.output[0] for call in record(self.network, x)]
        return [*outputs, outputs[-1].softmax(0)] if self.labels else outputs


class Server(http.server.SimpleHTTPRequestHandler):
    """Serves the built page and, under /api/, the networks of `shown`."""

    shown: Sequence[Shown] = ()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the tests' output is for the tests."""

    def do_GET(self) -> None:
        """Answer with a file of the page, or with what the API gives."""
        if self.path.startswith("/api/"):
            self._answer(self.path.removeprefix("/api/"), b"")
        else:
            super().do_GET()

    def do_POST(self) -> None:
        """Answer what the API makes of the body."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(self.path.removeprefix("/api/"), body)

    def _answer(self, path: str, body: bytes) -> None:
        try:
            answer = self._route(path, body)
        except Exception as error:
            self._send(400, {"error": str(error)})
        else:
            self._send(200, answer)

    def _route(self, path: str, body: bytes) -> Any:
        if path == "models":
            names = [{"id": i, "name": s.name, "network": "n", "task": "classify"} for i, s in enumerate(self.shown)]
            return {"models": names}
        found = re.fullmatch(r"models/(\d+)/(\w+)(?:/(\d+))?", path)
        assert found, path
        shown, what, number = self.shown[int(found[1])], found[2], int(found[3] or 0)
        size = shown.images.shape
        if what == "manifest":
            return shown.made[0]
        if what == "weights":
            return shown.made[1]
        if what == "images" and found[3] is None:
            return {"images": [{"id": i, "name": f"{i}.png", "label": None} for i in range(len(shown.pictures))]}
        if what == "images":
            return np.ascontiguousarray(shown.pictures[number].transpose(2, 0, 1)).tobytes()
        if what == "pixels":
            return np.ascontiguousarray(read_pixels(body, shown.images).transpose(2, 0, 1)).tobytes()
        outputs = shown.outputs(np.frombuffer(body, np.uint8).reshape(size))
        chosen = outputs if found[3] is None else [outputs[number]]
        return b"".join(output.numpy().tobytes() for output in chosen)

    def _send(self, status: int, answer: Any) -> None:
        binary = isinstance(answer, bytes)
        data = answer if binary else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/octet-stream" if binary else "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def handler(static: Path, shown: Sequence[Shown]) -> Any:
    """A handler for an HTTP server, for these networks."""

    class Bound(Server):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, directory=str(static), **kwargs)

    Bound.shown = shown
    return Bound
