"""The peak memory of trained candidates: measured once, in a process for each, and kept in the study's folder."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from ..files import write_whole
from ..measures import peak_memory
from ..model import load
from ._selection import Point

BACKEND = "torch float32"


def with_memory(points: Sequence[Point], folder: Path) -> list[Point]:
    """The points with the peak memory of one answer in torch."""
    path = folder / "memory.json"
    known: dict[str, int | None] = json.loads(path.read_text()) if path.exists() else {}
    for point in points:
        if point.candidate.key not in known:
            known[point.candidate.key] = _measured(Path(point.folder) / "model.safetensors")
            write_whole(path, json.dumps(known, indent=1).encode())
    return [replace(point, peak_memory=known[point.candidate.key]) for point in points]


def _measured(file: Path) -> int | None:
    return peak_memory(BACKEND, str(file), load(file).images.shape, torch.get_num_threads())
