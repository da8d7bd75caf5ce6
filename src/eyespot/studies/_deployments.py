"""Other ways to run the candidates on the front: ONNX Runtime, INT8, other numbers of threads.

Weights are the same, so nothing is trained; files and measurements are kept in the study's folder.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from ..errors import ModelError, SourceError
from ..exporting import export_int8, export_onnx, load_onnx
from ..files import write_whole
from ..measures import compare_backends
from ..model import load
from ..sources.source import Part, Source
from ..training.finish import held_out
from ._candidates import BACKENDS, SECONDS, Search
from ._selection import Deployment, Point, on_front

MEASURED = {"torch": "torch float32", "onnx": "ONNX Runtime float32", "int8": "ONNX Runtime INT8"}
"""The names of the backends in `measures`."""
ANY_DROP = 1e9
"""The study compares scores itself, so INT8 files of any score are kept."""
Show = Callable[[dict[str, Any]], None]


def with_front(points: Sequence[Point]) -> list[Point]:
    """The points, each with whether it lies on the Pareto front."""
    return [replace(point, front=flag) for point, flag in zip(points, on_front(points), strict=True)]


def deployed(
    points: Sequence[Point], source: Source, search: Search, folder: Path, sign: int, show: Show
) -> tuple[list[Point], list[str]]:
    """One more point for each backend and number of threads of each point on the front, and what was left out and why.

    `sign` is 1 where higher scores are better, else -1.
    """
    found, notes = list[Point](), list[str]()
    for point in points:
        if point.front:
            others, missing = _others(point, source, search, _Kept(folder, point, sign))
            notes += [note for note in missing if note not in notes]
            found += others
            for other in others:
                show({"note": f"{other.candidate.key}: {other.score:.4g}, {other.candidate.milliseconds:.2f} ms"})
    return found, notes


def _others(point: Point, source: Source, search: Search, kept: "_Kept") -> tuple[list[Point], list[str]]:
    files, notes = {}, []
    for backend in BACKENDS if search.backends is None else search.backends:
        try:
            files[backend] = _file(backend, point, source, kept)
        except (ModelError, SourceError) as error:
            notes.append(f"{MEASURED[backend]}: left out. {error}")
    usual = torch.get_num_threads()
    found = []
    for threads in search.threads or sorted({1, usual}):
        chosen = {name: file for name, file in files.items() if name != "torch" or threads != usual}
        times = _times(chosen, threads, source, kept)
        found += [_point(point, name, threads, file, times[name], kept) for name, file in chosen.items()]
    return found, notes


class _Kept:
    """What is known about the deployments of one run: `deployments/RUN.json` beside its exported files."""

    def __init__(self, folder: Path, point: Point, sign: int = 1) -> None:
        self.sign = sign
        self.start = folder / "deployments" / Path(point.folder).name
        path = self.path
        self.values: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}

    @property
    def path(self) -> Path:
        return self.start.with_name(f"{self.start.name}.json")

    def onnx(self, backend: str) -> Path:
        return self.start.with_name(f"{self.start.name}-{backend}.onnx")

    def keep(self, values: Mapping[str, Any]) -> None:
        self.values |= values
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.path, json.dumps(self.values, indent=1).encode())


def _file(backend: str, point: Point, source: Source, kept: _Kept) -> str:
    """The file that a backend reads, exported where it is not there yet; INT8 is calibrated on training images."""
    model = Path(point.folder) / "model.safetensors"
    if backend == "torch":
        return str(model)
    file = kept.onnx(backend)
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        if backend == "onnx":
            export_onnx(load(model), file)
            return str(file)
        _, found = export_int8(load(model), file, source.train, source.validation, max_drop=ANY_DROP)
        kept.keep({"drop": found.drop})
    return str(file)


def _times(files: Mapping[str, str], threads: int, source: Source, kept: _Kept) -> dict[str, list[float]]:
    """Median and 95th percentile of milliseconds by backend; all are measured together, once."""
    known: dict[str, list[float]] = kept.values.get(f"{threads} threads", {})
    if not set(files) <= set(known):
        part = source.validation
        found = compare_backends({name: (MEASURED[name], file) for name, file in files.items()}, part, threads, SECONDS)
        known = {name: [timing.p50, timing.p95] for name, timing in found.items()}
        kept.keep({f"{threads} threads": known})
    return known


def _point(point: Point, backend: str, threads: int, file: str, times: list[float], kept: _Kept) -> Point:
    """The point at the costs of a deployment; INT8 has a score of its own on the same validation images."""
    drop = kept.values["drop"] if backend == "int8" else 0.0
    unit = "thread" if threads == 1 else "threads"
    size = point.candidate.size if backend == "torch" else Path(file).stat().st_size
    key = f"{point.candidate.key}, {backend}, {threads} {unit}"
    return replace(
        point,
        candidate=replace(point.candidate, key=key, milliseconds=times[0], p95=times[1], size=size),
        score=point.score - kept.sign * drop,
        goodness=point.goodness - drop,
        front=False,
        deployment=Deployment(backend=backend, threads=threads, file=file),
    )


def with_tests(points: Sequence[Point], source: Source, folder: Path) -> list[Point]:
    """The points, of which those on the front have their result on test images."""
    return [
        replace(point, test=_tested(point, source, folder)) if point.front else point for point in with_front(points)
    ]


def _tested(point: Point, source: Source, folder: Path) -> dict[str, Any]:
    """The run's own result; for INT8 that of its file, evaluated once."""
    if point.deployment is None or point.deployment.backend != "int8":
        result = json.loads((Path(point.folder) / "result.json").read_text())
        return {name: result[name] for name in ("score", "interval", "count", "part")}
    kept = _Kept(folder, point)
    if "test" not in kept.values:
        part: Part = held_out(source)
        found = load_onnx(point.deployment.file).evaluate(part)
        test = {"score": found.score, "interval": list(found.interval), "count": found.count, "part": part.name}
        kept.keep({"test": test})
    return kept.values["test"]
