"""A budget: milliseconds per image, megabytes of the model file, and a required score."""

import re
from dataclasses import dataclass

from ..errors import EyespotError
from ..tasks.task import Metric

NUMBER = r"([0-9]+(?:\.[0-9]+)?)"
BYTES = {"kb": 1e3, "mb": 1e6, "gb": 1e9}
EXAMPLE = "expected parts such as 5ms, 2MB or {name}={value}, separated by commas"


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Limits, None for what is not limited: `milliseconds` per image at most, `size` bytes at most, `score` reached."""

    milliseconds: float | None = None
    size: float | None = None
    score: float | None = None

    def excess(self, milliseconds: float, size: float) -> float:
        """By which factor the costs of a model exceed the limits; 1 or less is within them.

        >>> Budget(milliseconds=5, size=2e6).excess(10, 1e6)
        2.0
        """
        ratios = [
            milliseconds / self.milliseconds if self.milliseconds else 0.0,
            size / self.size if self.size else 0.0,
        ]
        return max(ratios)


def parse_budget(text: str | None, metric: Metric) -> Budget:
    """Read "5ms,2MB,accuracy=95"; raises `EyespotError` for what cannot be read, or contradicts itself.

    A score is given in the unit that reports show: a share such as the accuracy in percent.
    """
    found: dict[str, float] = {}
    for part in (text or "").split(",") if text is not None else ():
        name, value = _read(part.strip(), metric)
        if name in found:
            raise EyespotError(f"budget '{text}' limits the {name} twice; give each limit once.", argument="budget")
        found[name] = value
    return Budget(**found)


def _read(part: str, metric: Metric) -> tuple[str, float]:
    if match := re.fullmatch(NUMBER + r"\s*ms", part, re.IGNORECASE):
        return "milliseconds", _positive(part, float(match[1]))
    if match := re.fullmatch(NUMBER + r"\s*(kb|mb|gb)", part, re.IGNORECASE):
        return "size", _positive(part, float(match[1]) * BYTES[match[2].lower()])
    if match := re.fullmatch(r"(\w+)\s*=\s*" + NUMBER + r"\s*%?", part):
        return "score", _score(part, match[1], float(match[2]), metric)
    example = EXAMPLE.format(name=metric.name, value=95 if _is_share(metric) else 10)
    raise EyespotError(f"budget part '{part}' cannot be read; {example}.", argument="budget")


def _positive(part: str, value: float) -> float:
    if value <= 0:
        raise EyespotError(f"budget part '{part}': expected a number above 0.", argument="budget")
    return value


def _score(part: str, name: str, value: float, metric: Metric) -> float:
    if name != metric.name:
        raise EyespotError(
            f"budget part '{part}': the score of this task is {metric.name}; use that name.", argument="budget"
        )
    if not _is_share(metric):
        return value
    if not 0 < value <= 100:
        raise EyespotError(f"budget part '{part}': give a percentage above 0, up to 100.", argument="budget")
    return value / 100


def _is_share(metric: Metric) -> bool:
    """Whether reports show the score in percent."""
    return not metric.unit and metric.better == "higher"
