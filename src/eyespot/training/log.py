"""The log of a run: one JSON object a line, each with its step."""

import json
from pathlib import Path
from typing import Any

from ..files import write_whole, written
from ..findings import to_json


def read_log(path: Path) -> list[dict[str, Any]]:
    """All whole lines of a log; a last line that was cut off by a kill is left out."""
    if not path.exists():
        return []
    lines = path.read_text().splitlines()
    return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]


class Log:
    """Appends to `log.jsonl`; begun again at a checkpoint, it forgets what came after that step.

    Only the leading process writes.
    """

    def __init__(self, path: Path, step: int, leads: bool = True) -> None:
        self.path = path
        self.file = None
        if leads:
            kept = [line for line in read_log(path) if line["step"] <= step]
            write_whole(path, "".join(to_json(line) + "\n" for line in kept).encode())
            self.file = path.open("a", buffering=1)

    def write(self, entry: dict[str, Any]) -> None:
        """Add one line; it is in the file when this returns."""
        if self.file:
            with written(self.path):
                self.file.write(to_json(entry) + "\n")

    def close(self) -> None:
        if self.file:
            with written(self.path):
                self.file.close()
