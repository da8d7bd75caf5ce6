"""A study that was written to a folder, as plain values."""

import json
from pathlib import Path
from typing import Any

from ..errors import RunError
from ..html import is_share

STUDY, PAGE = "study.json", "index.html"
NEEDED = ("source", "task", "metric", "budget", "points", "recommended", "within", "reason", "command", "seconds")


def is_study(folder: Path) -> bool:
    """Whether a folder contains a study that is complete."""
    return (folder / STUDY).is_file()


def read_study(folder: str | Path) -> dict[str, Any]:
    """The values of `Study` as plain values, and `share`: whether scores are shown in percent.

    Raises `RunError` for a folder without a complete study.
    """
    path = Path(folder) / STUDY
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        scores = [point["score"] for point in found["points"]]
        missing = [name for name in NEEDED if name not in found]
        if missing or not scores:
            raise ValueError(", ".join(missing) or "points")
        return {**found, "share": is_share(scores, found["unit"], found["better"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{path}: holds no complete study ({error}); run `eyespot tradeoff` again.") from error


def study_page(folder: str | Path) -> str:
    """The self-contained page of a study, as HTML; raises `RunError` where it is missing."""
    path = Path(folder) / PAGE
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror}); run `eyespot tradeoff` again.") from error
