"""Compatibility of tasks, networks and operations: tested, and written to docs/matrix.md.

`python -m tests.contract.matrix` writes the page again.
"""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from eyespot.attacks import attack
from eyespot.errors import EyespotError
from eyespot.explanations import explain
from eyespot.networks import NETWORKS
from eyespot.tasks import TASKS
from tests.contract.pairs import UNFIT, Case, make_case

PAGE = Path(__file__).parents[2] / "docs" / "matrix.md"
COMMAND = "python -m tests.contract.matrix"
TITLE = f"""# Compatibility

Every task with every network, and what can be done with a model of the pair. `yes`: tested with the smallest images
that the network accepts; a number: see the reason below. This page is written by `{COMMAND}`
and checked by the tests.
"""


def train(case: Case) -> None:
    """One step's gradients."""
    case.loss(case.model.network(case.images)).mean().backward()


def evaluate(case: Case) -> None:
    """All figures of eight samples."""
    case.task.evaluate(case.task.to_rows(case.outputs(), case.target))


def predict(case: Case) -> None:
    """The answer for one picture."""
    case.model.predict(case.rows[0].picture)


def save(case: Case) -> None:
    """A model file."""
    with TemporaryDirectory() as folder:
        case.model.save(Path(folder) / "model.safetensors")


def look_inside(case: Case) -> None:
    """One explanation, by the gradient: other methods are tried with every network in tests/explanations."""
    explain(case.model, case.rows[0].picture, by="gradient")


def fool(case: Case) -> None:
    """One attack, by one step along the gradient."""
    attack(case.model, np.asarray(case.rows[0].picture), by="fgsm")


ROOMS: dict[str, Callable[[Case], None]] = {
    "train": train,
    "evaluate": evaluate,
    "predict": predict,
    "save": save,
    "explain": look_inside,
    "attack": fool,
}
"""What is tried with every pair that fits; an `EyespotError` is the reason why a cell is empty."""


def write_page() -> str:
    """The whole page as Markdown: one table a task, and the reasons of the empty cells."""
    reasons: list[str] = []
    tables = [_table(task, reasons) for task in TASKS]
    notes = "\n".join(f"{number}. {reason}" for number, reason in enumerate(reasons, start=1))
    return "\n".join([TITLE, *tables, "## Reasons", "", notes, ""])


def _table(task: str, reasons: list[str]) -> str:
    head = f"| network | {' | '.join(ROOMS)} |\n|---|{'---|' * len(ROOMS)}"
    lines = [f"| {network} | {' | '.join(_cells(task, network, reasons))} |" for network in NETWORKS]
    return "\n".join([f"## {task}", "", head, *lines, ""])


def _cells(task: str, network: str, reasons: list[str]) -> list[str]:
    if (task, network) in UNFIT:
        return [_numbered(UNFIT[task, network], reasons)] * len(ROOMS)
    case = make_case(task, network)
    return [_cell(room, case, reasons) for room in ROOMS.values()]


def _cell(room: Callable[[Case], None], case: Case, reasons: list[str]) -> str:
    try:
        room(case)
    except EyespotError as error:
        return _numbered(str(error), reasons)
    return "yes"


def _numbered(reason: str, reasons: list[str]) -> str:
    if reason not in reasons:
        reasons.append(reason)
    return f"({reasons.index(reason) + 1})"


if __name__ == "__main__":
    PAGE.write_text(write_page())
