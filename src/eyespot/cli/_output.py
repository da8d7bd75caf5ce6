"""Output of commands: text on standard output and error, or one JSON document on standard output."""

import math
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from ..findings import counted

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing but the result.")]


def print_json(value: Any) -> None:
    """Print one JSON document on standard output."""
    from ..findings import to_json

    print(to_json(value))


def box_from(text: str, option: str) -> tuple[int, int, int, int]:
    """Parse a box X1,Y1,X2,Y2; raise a usage error for anything else."""
    try:
        x1, y1, x2, y2 = (int(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(
            f"{option} is '{text}'; expected X1,Y1,X2,Y2 in pixels, such as 10,20,200,180."
        ) from None
    return x1, y1, x2, y2


class Progress:
    """Progress of a training on standard error: a bar with the time left on a terminal, else one line per epoch."""

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet
        self.bar = None
        self.began: tuple[float, int] | None = None
        self.steps = 0

    def __call__(self, entry: dict[str, Any]) -> None:
        if self.quiet:
            return
        if "note" in entry:
            self._print(entry["note"])
            return
        if self.began is None:
            self.began = (time.monotonic(), entry["step"])
        if sys.stderr.isatty():
            self._draw(entry)
        if "validation" in entry:
            self._print(_line(entry, self._left(entry)))

    def close(self) -> None:
        """Remove the bar."""
        if self.bar:
            self.bar.stop()

    def _print(self, text: str) -> None:
        if self.bar:
            self.bar.console.print(text, highlight=False, markup=False)
        else:
            print(text, file=sys.stderr, flush=True)

    def _draw(self, entry: dict[str, Any]) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        if self.bar is None:
            columns = (
                TextColumn("training"),
                BarColumn(),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
            )
            self.bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self.bar.start()
            self.bar.add_task("training", total=entry["steps"])
        self.bar.update(self.bar.task_ids[0], completed=entry["step"])

    def _left(self, entry: dict[str, Any]) -> str:
        assert self.began is not None
        seconds, steps = time.monotonic() - self.began[0], entry["step"] - self.began[1]
        if steps <= 0 or entry["step"] == entry["steps"]:
            return ""
        return f", {format_seconds(seconds / steps * (entry['steps'] - entry['step']))} left"


def _line(entry: dict[str, Any], left: str) -> str:
    scores = {name: value for name, value in entry["validation"].items() if not name.endswith(" error")}
    listed = ", ".join(f"{name} {format_number(value)}" for name, value in scores.items())
    where = f"epoch {entry['epoch']}, step {entry['step']} of {entry['steps']}"
    return f"{where}: loss {entry['loss']:.4g}; validation {listed}{left}"


def format_number(value: float | None) -> str:
    """Format a number with four digits; None is "not available".

    >>> format_number(0.98765), format_number(None)
    ('0.9877', 'not available')
    """
    return "not available" if value is None or not math.isfinite(value) else f"{value:.4g}"


def format_seconds(seconds: float) -> str:
    """Format a duration in readable units.

    >>> format_seconds(75)
    '1 min 15 s'
    """
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"


def format_score(result: dict[str, Any]) -> str:
    """Format score and interval of a result as one line.

    >>> format_score({"metric": "accuracy", "score": 0.987, "better": "higher",
    ...     "interval": [0.978, 0.992], "unit": "", "count": 1000})
    'accuracy 98.70 % (95 % interval 97.80 to 99.20 %) on 1,000 images'
    """
    from ..html import interval_text, is_share, score_text  # not at the top: it imports Jinja

    unit, score, interval = result["unit"], result["score"], result["interval"]
    name, count = result["metric"].replace("_", " "), counted(result["count"], "image")
    if score is None:
        return f"{name} not available: none of {count} has a score"
    share = is_share([score, *interval], unit, result["better"])
    text = score_text(score, share=share, unit=unit, decimals=2)
    between = interval_text(interval, share=share, unit=unit, decimals=2)
    return f"{name} {text} (95 % interval {between}) on {count}"


def make_empty(out: Path) -> None:
    """Create a folder, or accept an empty one; raise `RunError` if it contains files."""
    from ..errors import RunError
    from ..files import require_folder, written

    require_folder(out)
    if out.is_dir() and any(out.iterdir()):
        raise RunError(
            f"{out}: is not empty, and nothing is overwritten; choose a new or empty folder.", argument="out"
        )
    with written(out):
        out.mkdir(parents=True, exist_ok=True)
