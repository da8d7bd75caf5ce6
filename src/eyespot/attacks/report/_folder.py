"""The folder of a robustness report: the plan, one line per attack, the fooled images.

plan.json       the plan; another plan in the same folder is refused once it contains an attack
attacks.jsonl   one line per attack on one image, written when it is done
fooled/         every image that fools the model, as the PNG file that was evaluated
report.json     all results
index.html      the page
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ...errors import AttackError
from ...files import temporary_of, write_whole
from ...findings import to_json, to_plain
from .._result import AttackResult

PLAN, ATTACKED, FOOLED = "plan.json", "attacks.jsonl", "fooled"


class ReportFolder:
    """A folder for the results of attacks, which a later call resumes."""

    def __init__(self, path: Path, plan: dict[str, Any]) -> None:
        self.path = path
        _make(path)
        if (path / ATTACKED).exists():
            _refuse_other(path, json.loads(to_json(plan)))
        elif not {file.name for file in path.iterdir()} <= {PLAN, FOOLED, temporary_of(path / PLAN).name}:
            raise AttackError(f"{path}: has other files and no attack report. Choose another folder.", argument="out")
        else:
            write_whole(path / PLAN, to_json(plan).encode())
        (path / FOOLED).mkdir(exist_ok=True)
        self.rows = list(self._read())

    def done(self, model: str, title: str) -> set[int]:
        """The indices of the images already attacked with this attack on this model."""
        return {row["number"] for row in self.rows if row["model"] == model and row["title"] == title}

    def of(self, model: str, title: str) -> list[dict[str, Any]]:
        """The results of one attack on one model, in the order of the images."""
        rows = [row for row in self.rows if row["model"] == model and row["title"] == title]
        return sorted(rows, key=lambda row: row["number"])

    def add(self, model: str, title: str, numbers: Sequence[int], attacks: Sequence[AttackResult]) -> None:
        """Append results, and save the fooled images."""
        lines = []
        for number, attack in zip(numbers, attacks, strict=True):
            file = None
            if attack.outcome == "fooled":
                file = f"{FOOLED}/{file_name(model)}-{file_name(title)}-{number:05d}.png"
                attack.save_fooled(self.path / file)
            facts = {name: value for name, value in attack.facts().items() if name != "history"}
            row = {"model": model, "title": title, "number": number, "file": file, **facts}
            self.rows.append(to_plain(row))
            lines.append(to_json(row) + "\n")
        with (self.path / ATTACKED).open("a", encoding="utf-8") as file:
            file.writelines(lines)

    def _read(self) -> Iterator[dict[str, Any]]:
        """The complete lines; a truncated line is computed again."""
        path = self.path / ATTACKED
        if not path.exists():
            return
        text = path.read_text(encoding="utf-8")
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            write_whole(path, whole.encode())
        yield from (json.loads(line) for line in whole.split("\n")[:-1])


def file_name(text: str) -> str:
    """Letters and digits of a title, as a file name.

    >>> file_name("pixel-search, 3 pixels")
    'pixel-search-3-pixels'
    """
    return "-".join("".join(letter if letter.isalnum() else " " for letter in text).split())[:80]


def _make(path: Path) -> None:
    if path.is_file():
        raise AttackError(f"{path}: is a file; choose a folder.", argument="out")
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AttackError(
            f"{path}: cannot be created ({error.strerror}); choose another folder.", argument="out"
        ) from error


def _refuse_other(path: Path, plan: dict[str, Any]) -> None:
    try:
        existing = json.loads((path / PLAN).read_text(encoding="utf-8"))
    except ValueError as error:
        raise AttackError(f"{path / PLAN}: is damaged ({error}); choose another folder.", argument="out") from error
    other = [name for name in plan if existing.get(name) != plan[name]]
    if other:
        raise AttackError(
            f"{path}: holds a report with other {', '.join(other)}. Choose another folder, or use the same settings.",
            argument="out",
        )
