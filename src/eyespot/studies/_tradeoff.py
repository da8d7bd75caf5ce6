"""A study: candidates are trained in rungs of successive halving, and the best ones within a budget are compared.

Every candidate is an ordinary run in a folder of its own, so that a study that was killed resumes where it was, and
another budget uses the runs that are there.
"""

import json
import shlex
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..device import machine
from ..errors import EyespotError, RunError
from ..files import write_whole
from ..findings import to_json
from ..sources.open import open_source
from ..sources.source import Source, fingerprint
from ..training import TrainOptions
from ..training.decisions import decide_task
from ..training.plan import with_answers
from ._budget import Budget, parse_budget
from ._candidates import Candidate, Search, find_candidates
from ._deployments import deployed, with_front, with_tests
from ._memory import with_memory
from ._page import write_study_page
from ._rungs import LIMIT, Trainer, train_in_rungs
from ._selection import Point, is_affordable, knee, recommend

FORMAT = 3
FAR = 2.0
"""Candidates that exceed the budget by more than this factor are not trained."""
Show = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, kw_only=True)
class Study:
    """All points, the recommendation and what it cost to find it.

    `within` says whether the recommendation is within the budget; `reason` and `command` are for people.
    `seconds` is the time of all trainings, `largest_seconds` that of the full training of the candidate `largest`, the
    most expensive one: measured where it was trained to the end, else computed from its longest training.
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
    notes: tuple[str, ...]
    recommended: str
    within: bool
    knee: str | None
    reason: str
    command: str
    seconds: float
    largest: str
    largest_seconds: float


def tradeoff(
    source: Source | str | Path,
    *,
    out: str | Path,
    task: str | None = None,
    budget: str | None = None,
    minutes: float = 60,
    search: Search | None = None,
    exhaustive: bool = False,
    show: Show = lambda entry: None,
    origin: dict[str, Any] | None = None,
) -> Study:
    """Compare networks, sizes, input sizes and initial weights on a source, and recommend one within a budget.

    `budget` is text such as "5ms,2MB,accuracy=95". The trainings take at most about `minutes` together; each is
    shortened where they would take longer. `exhaustive` trains every candidate to the end instead of halving.
    Candidates are selected by validation scores; test scores are read once, for the points on the Pareto front. What is
    on the front is also measured in ONNX Runtime, in float32 and INT8, and with other numbers of threads. Writes
    `study.json` and `index.html` into `out`; the same call resumes an interrupted study, and another budget uses its
    runs. Raises `EyespotError` for a budget that cannot be read, and `RunError` where `out` holds another study.
    """
    if not 0 < minutes < 1e5:
        raise EyespotError(f"minutes is {minutes}; give a number above 0.", argument="minutes")
    what = str(source) if isinstance(source, str | Path) else None
    origin = {"what": what, "columns": None, "layout": None, **(origin or {})}
    opened, known = _opened(source, origin, task)
    limits, folder, search = parse_budget(budget, known.metric), Path(out), search or Search()
    plan = _plan(folder, opened, task, search)
    candidates = [Candidate(**each) for each in plan["candidates"]]
    trained, left_out = _affordable(candidates, limits)
    trainer = Trainer(source=opened, origin=origin, task=task, folder=folder, show=show)
    largest = max(each.training_seconds for each in trained)
    length = 1.0 if exhaustive else min(1.0, minutes * 60 / (LIMIT * largest))
    points = train_in_rungs(trainer, trained, limits, length, exhaustive)
    sign = 1 if known.metric.better == "higher" else -1
    others, notes = deployed(with_front(points), opened, search, folder, sign, show)
    points = with_tests([*points, *others], opened, folder)
    study = _concluded(points, limits, what or opened.name, known, folder, plan, left_out, trainer, notes)
    write_whole(folder / "study.json", to_json(study).encode())
    write_study_page(study)
    return study


def _opened(source: Source | str | Path, origin: dict[str, Any], task: str | None) -> tuple[Source, Any]:
    """The source with answers for the task, and the task."""
    named = isinstance(source, str | Path)
    opened = open_source(source, columns=origin["columns"], layout=origin["layout"]) if named else source
    assert isinstance(opened, Source)
    opened = with_answers(opened, task)
    known, _, _ = decide_task(opened, TrainOptions(task=task, start="scratch", mirror="no"), lambda note: None)
    if reason := known.unsupported.get("predict"):
        raise EyespotError(f"The task {known.name} is not supported by trade-off studies: {reason}.")
    if not len(opened.validation):
        raise EyespotError(f"{opened.name}: has no validation images, which select the candidates; give more images.")
    return opened, known


def _plan(folder: Path, source: Source, task: str | None, search: Search) -> dict[str, Any]:
    """The candidates and their costs: as an earlier call wrote them, or measured now."""
    path = folder / "plan.json"
    trained = {name: value for name, value in asdict(search).items() if name not in ("backends", "threads")}
    settings = json.loads(json.dumps({"task": task, "images": fingerprint(source), **trained}))
    if path.exists():
        try:
            plan = json.loads(path.read_text())
            same = plan["format"] == FORMAT and plan["settings"] == settings
        except (ValueError, KeyError, TypeError) as error:
            raise RunError(f"{path}: is damaged; delete the folder and start the study again.") from error
        if not same:
            raise RunError(f"{folder}: has another study; choose another folder, or delete this one.", argument="out")
        return plan
    candidates, reference = find_candidates(source, TrainOptions(task=task), search)
    folder.mkdir(parents=True, exist_ok=True)
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


def _concluded(
    points: list[Point],
    budget: Budget,
    source: str,
    task: Any,
    folder: Path,
    plan: dict[str, Any],
    left_out: list[str],
    trainer: Trainer,
    notes: list[str],
) -> Study:
    """The knee and the recommendation, for points of which those on the front have test scores."""
    points = sorted(with_memory(points, folder), key=lambda point: point.candidate.milliseconds)
    sign = 1 if task.metric.better == "higher" else -1
    chosen, within = recommend(points, budget, sign)
    bend = knee(points)
    largest, seconds = trainer.largest()
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
        notes=tuple(notes),
        recommended=chosen.candidate.key,
        within=within,
        knee=bend.candidate.key if bend else None,
        reason=_reason(chosen, within, points, budget),
        command=_command(source, chosen, plan["settings"]["task"], task.name),
        seconds=trainer.spent(),
        largest=largest,
        largest_seconds=seconds,
    )


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


def _command(source: str, chosen: Point, task: str | None, name: str) -> str:
    """The command that trains the recommended candidate to the end; `name` is that of its task, stated or guessed."""
    options = {"task": task, **chosen.candidate.options}
    if chosen.deployment and chosen.deployment.option:
        text = options["task"] or name
        options["task"] = f"{text}{',' if ':' in text else ':'}{chosen.deployment.option}"
    words = [word for name, value in options.items() if value is not None for word in (f"--{name}", str(value))]
    if chosen.deployment is None or chosen.deployment.backend == "torch":
        return shlex.join(["eyespot", "train", source, *words])
    run = "runs/recommended"
    whole = ["--int8", source] if chosen.deployment.backend == "int8" else []
    train = ["eyespot", "train", source, *words, "--out", run]
    return f"{shlex.join(train)} && {shlex.join(['eyespot', 'export', run, '--onnx', f'{run}.onnx', *whole])}"
