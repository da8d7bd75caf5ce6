"""A study: candidates are trained in rungs of successive halving, and the best ones within a budget are compared.

Every candidate is an ordinary run in a folder of its own, so that a study that was killed resumes where it was.
"""

import json
import shlex
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ..device import machine
from ..errors import EyespotError, RunError
from ..files import write_whole
from ..findings import to_json
from ..sources.open import open_source
from ..sources.source import Source, fingerprint
from ..training import TrainOptions, resume
from ..training.decisions import decide_task
from ..training.plan import with_answers
from ..training.run import run_training
from ._budget import Budget, parse_budget
from ._candidates import Candidate, find_candidates
from ._page import write_study_page
from ._selection import Point, is_affordable, knee, on_front, recommend, rung_sizes, survivors

FORMAT = 1
FAR = 2.0
"""Candidates that exceed the budget by more than this factor are not trained."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """All points, the recommendation and what it cost to find it.

    `within` says whether the recommendation is within the budget; `reason` and `command` are for people.
    `seconds` is the time of all trainings, `longest` that of the longest one.
    """

    folder: Path
    source: str
    task: str
    metric: str
    unit: str
    better: str
    budget: Budget
    machine: str
    reference: dict[str, float]
    points: tuple[Point, ...]
    left_out: tuple[str, ...]
    recommended: str
    within: bool
    knee: str | None
    reason: str
    command: str
    seconds: float
    longest: float


def tradeoff(
    source: Source | str | Path,
    *,
    out: str | Path,
    task: str | None = None,
    budget: str | None = None,
    minutes: float = 60,
    show: Callable[[dict[str, Any]], None] = lambda entry: None,
    origin: dict[str, Any] | None = None,
) -> Study:
    """Compare networks, sizes, input sizes and initial weights on a source, and recommend one within a budget.

    `budget` is text such as "5ms,2MB,accuracy=95". The trainings take about `minutes` together. Candidates are selected
    by validation scores; test scores are read once, for the points on the Pareto front. Writes `study.json` and
    `index.html` into `out`; the same call resumes an interrupted study. Raises `EyespotError` for a budget that cannot
    be read, and `RunError` where `out` holds another study.
    """
    if not 0 < minutes < 1e5:
        raise EyespotError(f"minutes is {minutes}; give a number above 0.", argument="minutes")
    what = str(source) if isinstance(source, str | Path) else None
    origin = {"what": what, "columns": None, "layout": None, **(origin or {})}
    opened = open_source(source, columns=origin["columns"], layout=origin["layout"]) if what else source
    assert isinstance(opened, Source)
    opened = with_answers(opened, task)
    known, _, _ = decide_task(opened, TrainOptions(task=task, start="scratch", mirror="no"), lambda note: None)
    if reason := known.unsupported.get("predict"):
        raise EyespotError(f"The task {known.name} is not supported by trade-off studies: {reason}.")
    if not len(opened.validation):
        raise EyespotError(f"{opened.name}: has no validation images, which select the candidates; give more images.")
    limits, folder = parse_budget(budget, known.metric), Path(out)
    settings = {"task": task, "budget": budget, "minutes": minutes, "images": fingerprint(opened)}
    plan = _plan(folder, settings, opened, TrainOptions(task=task), limits)
    candidates = [Candidate(**each) for each in plan["candidates"]]
    trained, left_out = _affordable(candidates, limits)
    points = _trained(trained, limits, opened, origin, task, minutes, folder, show)
    study = _concluded(points, limits, what or opened.name, known, folder, plan, left_out)
    write_whole(folder / "study.json", to_json(study).encode())
    write_study_page(study)
    return study


def _plan(
    folder: Path, settings: dict[str, Any], source: Source, options: TrainOptions, budget: Budget
) -> dict[str, Any]:
    """The candidates and their costs: as an earlier call wrote them, or measured now."""
    path = folder / "plan.json"
    if path.exists():
        try:
            plan = json.loads(path.read_text())
            same = plan["format"] == FORMAT and plan["settings"] == settings
        except (ValueError, KeyError, TypeError) as error:
            raise RunError(f"{path}: is damaged; delete the folder and start the study again.") from error
        if not same:
            raise RunError(f"{folder}: has another study; choose another folder, or delete this one.", argument="out")
        return plan
    folder.mkdir(parents=True, exist_ok=True)
    candidates, reference = find_candidates(source, options)
    plan = {
        "format": FORMAT,
        "settings": settings,
        "machine": machine(),
        "reference": reference,
        "candidates": [asdict(each) for each in candidates],
    }
    write_whole(path, json.dumps(plan, indent=1).encode())
    return plan


def _affordable(candidates: list[Candidate], budget: Budget) -> tuple[list[Candidate], list[str]]:
    """The candidates that are worth training, and those far beyond the budget; where all are, the closest is left."""
    excess = {each.key: budget.excess(each.milliseconds, each.size) for each in candidates}
    kept = [each for each in candidates if excess[each.key] <= FAR]
    kept = kept or [min(candidates, key=lambda each: excess[each.key])]
    return kept, [each.key for each in candidates if each not in kept]


def _trained(
    candidates: list[Candidate],
    budget: Budget,
    source: Source,
    origin: dict[str, Any],
    task: str | None,
    minutes: float,
    folder: Path,
    show: Callable[[dict[str, Any]], None],
) -> list[Point]:
    """Every candidate after its longest training: each rung takes an equal share of the time."""
    sizes = rung_sizes(len(candidates))
    latest: dict[str, Point] = {}
    for rung, count in enumerate(sizes):
        each = minutes / len(sizes) / count
        show({"note": f"rung {rung + 1} of {len(sizes)}: {count} candidates, {each * 60:.0f} seconds each"})
        points = []
        for candidate in candidates:
            options = TrainOptions(task=task, minutes=each, **candidate.options)
            points.append(_point(candidate, rung, options, source, origin, folder))
            show({"note": f"{candidate.key}: {points[-1].score:.4g}, {candidate.milliseconds:.2f} ms"})
        latest |= {point.candidate.key: point for point in points}
        if rung + 1 < len(sizes):
            candidates = [point.candidate for point in survivors(points, budget, sizes[rung + 1])]
    return list(latest.values())


def _point(
    candidate: Candidate,
    rung: int,
    options: TrainOptions,
    source: Source,
    origin: dict[str, Any],
    folder: Path,
) -> Point:
    """Train one candidate, or resume its run; `result.json` holds more, of which only the validation score is read."""
    run = folder / "runs" / f"{rung + 1}-{candidate.key}"
    if (run / "result.json").exists() and origin["what"] is not None:
        result = resume(run).result
    else:
        result = run_training(source, options, run, lambda entry: None, dict(origin)).result
    validation = result["validation"]
    sign = 1 if validation["better"] == "higher" else -1
    return Point(
        candidate=candidate,
        score=validation["value"],
        standard_error=validation["standard_error"],
        goodness=sign * validation["value"],
        rung=rung,
        seconds=result["seconds"],
        folder=str(run),
    )


def _concluded(
    points: list[Point],
    budget: Budget,
    source: str,
    task: Any,
    folder: Path,
    plan: dict[str, Any],
    left_out: list[str],
) -> Study:
    """The front with its test scores, the knee and the recommendation."""
    flags = on_front(points)
    points = [_tested(point) if flag else point for point, flag in zip(points, flags, strict=True)]
    points.sort(key=lambda point: point.candidate.milliseconds)
    sign = 1 if task.metric.better == "higher" else -1
    chosen, within = recommend(points, budget, sign)
    bend = knee(points)
    return Study(
        folder=folder,
        source=source,
        task=task.name,
        metric=task.metric.name,
        unit=task.metric.unit,
        better=task.metric.better,
        budget=budget,
        machine=plan["machine"],
        reference=plan["reference"],
        points=tuple(points),
        left_out=tuple(left_out),
        recommended=chosen.candidate.key,
        within=within,
        knee=bend.candidate.key if bend else None,
        reason=_reason(chosen, within, points, budget),
        command=_command(source, chosen, plan["settings"]["task"]),
        seconds=sum(_seconds(folder)),
        longest=max(_seconds(folder)),
    )


def _seconds(folder: Path) -> list[float]:
    """Of every run of the study, those of earlier rungs too."""
    return [json.loads(file.read_text())["seconds"] for file in sorted(folder.glob("runs/*/result.json"))]


def _tested(point: Point) -> Point:
    """A point of the front with its score on test images."""
    result = json.loads((Path(point.folder) / "result.json").read_text())
    names = ("score", "interval", "count", "part")
    return replace(point, front=True, test={name: result[name] for name in names})


def _reason(chosen: Point, within: bool, points: list[Point], budget: Budget) -> str:
    """Why this point, and what is given up."""
    best = max(points, key=lambda point: point.goodness)
    lost = abs(best.score - chosen.score)
    ratio = best.candidate.milliseconds / chosen.candidate.milliseconds
    given = (
        "no other candidate has a better validation score"
        if best is chosen
        else f"{lost:.4g} below the score of {best.candidate.key}, which takes {ratio:.1f} times as long"
    )
    if within:
        rule = (
            "reaches the score fastest" if budget.score is not None else "fastest within one standard error of the best"
        )
        return f"{rule} within the budget; {given}"
    if not is_affordable(chosen, budget):
        excess = budget.excess(chosen.candidate.milliseconds, chosen.candidate.size)
        return f"nothing fits the budget; this is the closest candidate, {excess:.2f} times over it"
    return f"no candidate within the limits of time and size reaches the score; this one is the closest; {given}"


def _command(source: str, chosen: Point, task: str | None) -> str:
    """The command that trains the recommended candidate to the end."""
    options = {"task": task, **chosen.candidate.options}
    words = [word for name, value in options.items() if value is not None for word in (f"--{name}", str(value))]
    return shlex.join(["eyespot", "train", source, *words])
