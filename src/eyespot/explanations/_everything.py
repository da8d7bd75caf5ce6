"""The method `all`: all attribution maps side by side, with the results of their checks.

It shows which method is reliable for this network.
"""

import time
from typing import Any

import torch

from ..errors import ExplanationError
from ._attribution import ATTRIBUTIONS, explain_attribution
from ._explanation import Check, Explanation, Panel
from ._occlusion import explain_occlusion
from ._request import ExplanationRequest
from .subject import Subject


def explain_by_all(subject: Subject, request: ExplanationRequest) -> Explanation:
    """Run all attribution methods, and collect their checks in one table."""
    results: dict[str, tuple[Explanation, float]] = {}
    left_out = []
    for name in ("occlusion", *ATTRIBUTIONS):
        try:
            results[name] = _timed(subject, request, name)
        except ExplanationError as error:
            left_out.append(f"'{name}' was left out: {error}")
    table = [{"method": name, **_row(one.checks), "seconds": seconds} for name, (one, seconds) in results.items()]
    best = min(table, key=lambda row: row["deletion"] - row["insertion"])
    note = f"'{best['method']}' has the best deletion and insertion scores for this answer."
    return Explanation(
        method="all",
        task=subject.model.task.name,
        answer=subject.answer,
        of=subject.name,
        values={"table": table, "best": best["method"]},
        maps={name: one.maps["heat"] for name, (one, _) in results.items()},
        notes=(note, *left_out, *subject.notes),
        panels=(_image(subject), *(_panel(name, one) for name, (one, _) in results.items()), *_bars(table)),
    )


def _timed(subject: Subject, request: ExplanationRequest, name: str) -> tuple[Explanation, float]:
    began = time.perf_counter()
    if name == "occlusion":
        result = explain_occlusion(subject, ExplanationRequest(of=request.of))
    else:
        result = explain_attribution(subject, ExplanationRequest(of=request.of), name)
    return result, time.perf_counter() - began


COLUMNS = {
    "area under deletion": "deletion",
    "area under insertion": "insertion",
    "randomization of all layers": "randomized",
    "sum of the map against the output": "sum_off_by",
}


def _row(checks: tuple[Check, ...]) -> dict[str, Any]:
    """One number for each check in the table; None if it does not apply to a method."""
    values = {check.name: check for check in checks}
    row: dict[str, Any] = {short: values[name].value if name in values else None for name, short in COLUMNS.items()}
    row["passed"] = all(check.passed is not False for check in checks)
    return row


def _image(subject: Subject) -> Panel:
    return Panel(title="the image as the network sees it", kind="picture", values=subject.picture)


def _panel(name: str, one: Explanation) -> Panel:
    heat = torch.as_tensor(one.maps["heat"])
    kind = "positive" if float(heat.min()) >= 0 else "signed"
    failed = sum(check.passed is False for check in one.checks)
    return Panel(title=f"{name} ({failed} of {len(one.checks)} checks not passed)", kind=kind, values=heat.numpy())


def _bars(table: list[dict[str, Any]]) -> list[Panel]:
    return [
        Panel(
            title=f"area under {column} ({wanted} is better)",
            kind="bars",
            values=[row[column] for row in table],
            names=tuple(row["method"] for row in table),
            legend="area",
        )
        for column, wanted in (("deletion", "smaller"), ("insertion", "larger"))
    ]
