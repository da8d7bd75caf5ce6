"""Successive halving: short trainings of all candidates, longer ones of the better, under a limit of the total time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..sources.source import Source
from ..training import TrainOptions, resume
from ..training.run import run_training
from ._budget import Budget
from ._candidates import Candidate
from ._selection import KEEP, Point, rung_sizes, survivors

LIMIT = 2.5
"""All trainings together take at most so many times as long as the full training of the most expensive candidate.

The estimates that this is planned with are rough; what was measured stays below three times.
"""


@dataclass(frozen=True, kw_only=True)
class Trainer:
    """Trains candidates as ordinary runs in `folder`; `used` holds the runs by candidate and length (0 to 1)."""

    source: Source
    origin: dict[str, Any]
    task: str | None
    folder: Path
    show: Callable[[dict[str, Any]], None]
    used: dict[tuple[str, float], tuple[Candidate, float]] = field(default_factory=dict[Any, Any])

    def train(self, candidate: Candidate, length: float, rung: int) -> Point:
        """Train one candidate for a part of its full training, or take the run that is there."""
        length = length if candidate.epochs else 1.0  # a probe has no shorter training
        epochs = round(candidate.epochs * length, 4) or None
        options = TrainOptions(**{"task": self.task, "epochs": epochs, **candidate.options})
        run = self.folder / "runs" / (f"{candidate.key}-{epochs:g}-epochs" if epochs else candidate.key)
        if (run / "result.json").exists() and self.origin["what"] is not None:
            result = resume(run).result
        else:
            result = run_training(self.source, options, run, lambda entry: None, dict(self.origin)).result
        self.used[candidate.key, length] = candidate, result["seconds"]
        point = _point(candidate, rung, result, run)
        self.show({"note": f"{candidate.key}: {point.score:.4g}, {candidate.milliseconds:.2f} ms"})
        return point

    def spent(self) -> float:
        """Seconds of all trainings that were used."""
        return sum(seconds for _, seconds in self.used.values())

    def largest(self) -> tuple[str, float]:
        """The most expensive candidate, and the seconds of its full training, from its longest one."""
        full: dict[str, float] = {}
        for (key, length), (_, seconds) in sorted(self.used.items(), key=lambda item: item[0][1]):
            full[key] = seconds / length
        key = max(full, key=lambda key: full[key])
        return key, full[key]


def train_in_rungs(
    trainer: Trainer, candidates: list[Candidate], budget: Budget, length: float, exhaustive: bool
) -> list[Point]:
    """Every candidate after its longest training. `length` is that of the last rung, 1 for full trainings.

    `exhaustive`: one rung, in which every candidate is trained to the end.
    """
    sizes = [len(candidates)] if exhaustive else rung_sizes(len(candidates))
    allowance = LIMIT * length * max(each.training_seconds for each in candidates)
    planned, latest = 0.0, dict[str, Point]()
    for rung in range(len(sizes)):
        share = length * KEEP ** (rung + 1 - len(sizes))
        if not rung and len(sizes) > 1:
            share = min(share, allowance / len(sizes) / sum(each.training_seconds for each in candidates))
        trainer.show(
            {"note": f"rung {rung + 1} of {len(sizes)}: {len(candidates)} candidates, {share:.0%} of a full training"}
        )
        points = [trainer.train(each, share, rung) for each in candidates]
        planned += share * sum(each.training_seconds for each in candidates)
        latest |= {point.candidate.key: point for point in points}
        if rung + 1 < len(sizes):
            ranked = [point.candidate for point in survivors(points, budget, sizes[rung + 1])]
            left = allowance * (rung + 2) / len(sizes) - planned
            candidates = within(ranked, length * KEEP ** (rung + 2 - len(sizes)), left)
    return list(latest.values())


def within(ranked: list[Candidate], share: float, seconds: float) -> list[Candidate]:
    """The candidates, best first, whose trainings fit into some seconds together; the best one in any case."""
    kept = ranked[:1]
    left = seconds - share * ranked[0].training_seconds
    for each in ranked[1:]:
        if share * each.training_seconds <= left:
            kept.append(each)
            left -= share * each.training_seconds
    return kept


def _point(candidate: Candidate, rung: int, result: dict[str, Any], run: Path) -> Point:
    """The result holds more, of which only the validation score is read."""
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
