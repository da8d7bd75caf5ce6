"""The robustness report of one or several models: attacks, corruptions and certified bounds.

`Report.work` runs the remaining steps and yields messages; an interrupted report is resumed.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ...errors import AttackError
from ...files import write_whole
from ...findings import to_json
from ...model import Model
from ...sources.source import Part
from .._attacking import attack_many
from .._methods import ATTACKS
from ..candidates import candidates, draw
from ._folder import ReportFolder
from ._sections import (
    about_bounds,
    about_everyday,
    about_places,
    about_transfer,
    measure_out_of_distribution,
    part_key,
    weights_key,
)
from .page import write_robustness_page
from .planned import Planned
from .summary import rate, summarize, target_matrix

IMAGES_AT_ONCE = {True: 8, False: 32}
"""Number of images per batch between writes: smaller for attacks without gradients."""
DRAWN_PER_COUNT, DRAWN_MORE = 3, 50
"""Maximum number of evaluated images per attacked one."""


@dataclass(frozen=True, kw_only=True)
class ReportRequest:
    """The options of a report: attacks, number of images to attack, part, and out-of-distribution images."""

    attacks: Sequence[Planned]
    count: int
    part: Part
    seed: int = 0
    ood: Part | None = None

    def __post_init__(self) -> None:
        if self.count < 1:
            raise AttackError(f"count is {self.count}; expected at least 1 image.")


class Report:
    """A report in a folder, which can be interrupted and resumed."""

    def __init__(self, models: Mapping[str, Model], request: ReportRequest, out: Path) -> None:
        self.models = models
        self.request = request
        tasks = {model.task.name for model in models.values()}
        if len(tasks) > 1:
            raise AttackError(
                f"The models have different tasks ({', '.join(sorted(tasks))}); compare models of one task."
            )
        drawn = draw(request.part, request.count * DRAWN_PER_COUNT + DRAWN_MORE, request.seed)
        self.folder = ReportFolder(out, self._plan(drawn))
        self.candidates = {name: candidates(model, drawn, request.count) for name, model in models.items()}
        self._refuse_own_target()

    def _plan(self, drawn: Part) -> dict[str, Any]:
        """All inputs of the results."""
        ood = self.request.ood
        return {
            "models": {name: weights_key(model) for name, model in self.models.items()},
            "attacks": [one.values() for one in self.request.attacks],
            "images": [self.request.part.name, self.request.count, self.request.seed, part_key(drawn)],
            "out_of_distribution": None if ood is None else part_key(ood),
        }

    def _refuse_own_target(self) -> None:
        """Raise if the target is the label of every image, which leaves nothing to attack."""
        task = next(iter(self.models.values())).task
        target, *others = {one.aim.target for one in self.request.attacks}
        if others or target is None or not task.choices:
            return
        truths = {chosen.truths[number] for chosen in self.candidates.values() for number in chosen.ready}
        if truths == {task.place(target)}:
            raise AttackError(f"the target '{target}' is the label of every image; choose another class.")

    def work(self) -> Iterator[str]:
        """Run every remaining attack, write the report, and yield the progress after each step."""
        for name, model in self.models.items():
            for planned in self.request.attacks:
                yield from self._attack(name, model, planned)
        figures = self._figures()
        write_whole(self.folder.path / "report.json", to_json(figures).encode())
        write_robustness_page(self.folder.path, figures, self.models, self.candidates)
        yield f"{self.folder.path / 'index.html'}: written"

    def _attack(self, name: str, model: Model, planned: Planned) -> Iterator[str]:
        chosen, title = self.candidates[name], planned.title
        done = self.folder.done(name, title)
        left = [number for number in chosen.ready if number not in done]
        size = IMAGES_AT_ONCE["queries" in ATTACKS[planned.by].defaults]
        for numbers in chosen.batches(left, size):
            results = attack_many(
                model,
                torch.cat([chosen.images[number] for number in numbers]),
                planned.by,
                names=[chosen.names[number] for number in numbers],
                truths=[chosen.truths[number] for number in numbers],
                aim=planned.aim,
                settings=planned.settings,
            )
            self.folder.add(name, title, numbers, results)
            rows = self.folder.of(name, title)
            fooled = sum(row["outcome"] == "fooled" for row in rows)
            yield f"{name}: {title}: {len(rows)} of {len(chosen.ready)} images, {fooled} fooled"

    @property
    def result(self) -> dict[str, Any]:
        """All results of the finished report, as plain values."""
        return json.loads((self.folder.path / "report.json").read_text(encoding="utf-8"))

    def _figures(self) -> dict[str, Any]:
        first = next(iter(self.models.values()))
        return {
            "task": first.task.name,
            "part": self.request.part.name,
            "seed": self.request.seed,
            "models": {name: self._model(name) for name in self.models},
            "transfer": about_transfer(self.models, next(iter(self.candidates.values()))),
        }

    def _model(self, name: str) -> dict[str, Any]:
        model, chosen, ood = self.models[name], self.candidates[name], self.request.ood
        return {
            "examined": len(chosen.right),
            "misread": len(chosen.right) - len(chosen.ready),
            "right": rate(len(chosen.ready), len(chosen.right)),
            "parameters": sum(weight.numel() for weight in model.network.parameters()),
            "attacks": [self._attacked(name, planned) for planned in self.request.attacks],
            "targets": self._targets(name),
            "places": self._places(name),
            "bounds": about_bounds(model, chosen),
            "everyday": about_everyday(model, chosen),
            "out_of_distribution": measure_out_of_distribution(model, chosen, ood) if ood is not None else None,
        }

    def _attacked(self, name: str, planned: Planned) -> dict[str, Any]:
        rows = self.folder.of(name, planned.title)
        return {"title": planned.title, **planned.values(), **summarize(rows), "images": rows}

    def _places(self, name: str) -> list[dict[str, Any]]:
        """Maps of successful pixels for images that the first one-pixel attack fooled."""
        single = [one for one in self.request.attacks if one.settings.pixels == 1 and "pixels" in one.values()]
        if not single:
            return []
        rows = self.folder.of(name, single[0].title)
        return about_places(self.models[name], self.candidates[name], rows, single[0].aim)

    def _targets(self, name: str) -> dict[str, Any] | None:
        """The matrix of true classes and targets, if every class was a target."""
        classes = list(self.models[name].task.choices)
        towards = [one for one in self.request.attacks if one.aim.target is not None]
        if len(classes) < 2 or len({one.aim.target for one in towards}) < len(classes):
            return None
        rows = [row for one in towards for row in self.folder.of(name, one.title)]
        return {"classes": classes, "cells": target_matrix(rows, classes)}
