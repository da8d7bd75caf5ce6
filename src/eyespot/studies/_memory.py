"""The peak memory of trained candidates: measured once, in a process for each, and kept in the study's folder."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from ..files import write_whole
from ..measures import peak_memory
from ..model import load
from ._deployments import MEASURED
from ._selection import Deployment, Point


def with_memory(points: Sequence[Point], folder: Path) -> list[Point]:
    """The points with the peak memory of one answer; of other ways to run them, only those on the front."""
    path = folder / "memory.json"
    known: dict[str, int | None] = json.loads(path.read_text()) if path.exists() else {}
    for point in points:
        if point.candidate.key not in known and (point.front or point.deployment is None):
            known[point.candidate.key] = _measured(point)
            write_whole(path, json.dumps(known, indent=1).encode())
    return [replace(point, peak_memory=known.get(point.candidate.key)) for point in points]


def _measured(point: Point) -> int | None:
    model = Path(point.folder) / "model.safetensors"
    way = point.deployment or Deployment(backend="torch", threads=torch.get_num_threads(), file=str(model))
    return peak_memory(MEASURED[way.backend], way.file, load(model).images.shape, way.threads)
