"""Other ways to run the candidates on the front: ONNX Runtime, INT8, other numbers of threads, options of answers.

Weights are the same, so nothing is trained; files and measurements are kept in the study's folder.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

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
TORCH = "torch"
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
    ways, notes = _ways(point, source, search, kept)
    usual = torch.get_num_threads()
    plain = Deployment(backend=TORCH, threads=usual, file=str(_trained(point)))
    # The machine may have become faster or slower since candidates were compared. Torch, measured again together with
    # the other backends, states by how much.
    speed = point.candidate.milliseconds / _times({TORCH: plain, **ways}, usual, source, kept)[TORCH][0]
    found = []
    for threads in search.threads or sorted({1, usual}):
        chosen = {
            name: replace(way, threads=threads)
            for name, way in ways.items()
            if (name != TORCH if threads == usual else not way.option)
        }
        times = _times(chosen, threads, source, kept)
        found += [
            _point(point, name, way, [speed * each for each in times[name]], kept) for name, way in chosen.items()
        ]
    return found, notes


def _ways(point: Point, source: Source, search: Search, kept: "_Kept") -> tuple[dict[str, Deployment], list[str]]:
    """The backends and the options of answers, by name, and what was left out and why."""
    ways, notes = {}, []
    for backend in BACKENDS if search.backends is None else search.backends:
        try:
            ways[backend] = Deployment(backend=backend, threads=0, file=_file(backend, point, source, kept))
        except (ModelError, SourceError) as error:
            notes.append(f"{MEASURED[backend]}: left out. {error}")
    return ways | _options(point, source, kept) if TORCH in ways else ways, notes


def _options(point: Point, source: Source, kept: "_Kept") -> dict[str, Deployment]:
    """The trained model with each of its task's `study_answers`, evaluated on validation images once."""
    model, found = load(_trained(point)), {}
    for fields in model.task.study_answers:
        option = ",".join(f"{name}={value}" for name, value in fields.items())
        file = kept.start.with_name(f"{kept.start.name}-{option}.safetensors")
        if f"drop {option}" not in kept.values:
            file.parent.mkdir(parents=True, exist_ok=True)
            other = replace(model, task=replace(cast(Any, model.task), **fields))
            other.save(file)
            score = other.evaluate(source.validation).score
            kept.keep({f"drop {option}": kept.sign * (point.score - score)})
        found[option] = Deployment(backend=TORCH, threads=0, file=str(file), option=option)
    return found


def _trained(point: Point) -> Path:
    return Path(point.folder) / "model.safetensors"


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
    model = _trained(point)
    if backend == TORCH:
        return str(model)
    file = kept.onnx(backend)
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        if backend == "onnx":
            export_onnx(load(model), file)
            return str(file)
        _, found = export_int8(load(model), file, source.train, source.validation, max_drop=ANY_DROP)
        kept.keep({"drop int8": found.drop})
    return str(file)


def _times(ways: Mapping[str, Deployment], threads: int, source: Source, kept: _Kept) -> dict[str, list[float]]:
    """Median and 95th percentile of milliseconds by name; all are measured together, once."""
    known: dict[str, list[float]] = kept.values.get(f"{threads} threads", {})
    if not set(ways) <= set(known):
        files = {name: (MEASURED[way.backend], way.file) for name, way in ways.items()}
        found = compare_backends(files, source.validation, threads, SECONDS)
        known = {name: [timing.p50, timing.p95] for name, timing in found.items()}
        kept.keep({f"{threads} threads": known})
    return known


def _point(point: Point, name: str, way: Deployment, times: list[float], kept: _Kept) -> Point:
    """The point at the costs of a deployment; INT8 and options have scores of their own on the same images."""
    drop = kept.values.get(f"drop {name}", 0.0)
    unit = "thread" if way.threads == 1 else "threads"
    size = point.candidate.size if way.backend == TORCH else Path(way.file).stat().st_size
    key = (
        f"{point.candidate.key}, {way.option}" if way.option else f"{point.candidate.key}, {name}, {way.threads} {unit}"
    )
    return replace(
        point,
        candidate=replace(point.candidate, key=key, milliseconds=times[0], p95=times[1], size=size),
        score=point.score - kept.sign * drop,
        goodness=point.goodness - drop,
        front=False,
        deployment=way,
    )


def with_tests(points: Sequence[Point], source: Source, folder: Path) -> list[Point]:
    """The points, of which those on the front have their result on test images."""
    return [
        replace(point, test=_tested(point, source, folder)) if point.front else point for point in with_front(points)
    ]


def _tested(point: Point, source: Source, folder: Path) -> dict[str, Any]:
    """The run's own result; for INT8 and options of answers that of their file, evaluated once."""
    way = point.deployment
    if way is None or (way.backend != "int8" and not way.option):
        result = json.loads((Path(point.folder) / "result.json").read_text())
        return {name: result[name] for name in ("score", "interval", "count", "part")}
    kept, name = _Kept(folder, point), f"test {way.option or way.backend}"
    if name not in kept.values:
        part: Part = held_out(source)
        found = (load(way.file) if way.option else load_onnx(way.file)).evaluate(part)
        test = {"score": found.score, "interval": list(found.interval), "count": found.count, "part": part.name}
        kept.keep({name: test})
    return kept.values[name]
