"""What looking at a model gave: plain values that can be saved, sent and drawn."""

import json
import math
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any


def printable(text: str) -> str:
    r"""A text as it can be printed and written anywhere: what is not valid Unicode, in file names, becomes an escape.

    >>> printable("caf\udce9.png")
    'caf\\xe9.png'
    """
    if text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text):
        return text
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def counted(count: int, one: str, more: str = "") -> str:
    """A count and what is counted; `more` is the plural where it is not formed with an s.

    >>> counted(1, "image"), counted(2000, "query", "queries")
    ('1 image', '2,000 queries')
    """
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def to_plain(value: Any) -> Any:
    """Turn dataclasses, tuples, paths, numpy and torch numbers into what JSON knows."""
    if is_dataclass(value) and not isinstance(value, type):
        return {
            part.name: to_plain(getattr(value, part.name)) for part in fields(value) if not part.name.startswith("_")
        }
    if isinstance(value, dict):
        return {printable(str(key)): to_plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_plain(part) for part in value]
    if isinstance(value, str | Path):
        return printable(str(value))
    if hasattr(value, "tolist") and not isinstance(value, type):
        return to_plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def to_json(value: Any) -> str:
    """One line of strict JSON; a number that is not finite becomes null."""
    return json.dumps(to_plain(value), ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The quality of a model on images that it was not trained on.

    `score` is the main metric of the task with its 95 % `interval`, `details` the other metrics of the task (for
    classify: per class, confusion matrix, calibration). All of them are computed from `table`, which has one row per
    image.

    `eyespot.load("model.safetensors").evaluate(eyespot.open_source("photos/").test).score`
    """

    task: str
    metric: str
    better: str
    unit: str
    score: float
    interval: tuple[float, float]
    count: int
    details: dict[str, Any] = field(default_factory=dict)
    table: list[dict[str, Any]] = field(default_factory=list, repr=False)

    def to_json(self) -> str:
        """All values as a JSON document."""
        return to_json(self)
