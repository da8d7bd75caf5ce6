"""Corrections of a model's own drives: dataset aggregation (DAgger).

The model drives, and the expert labels each recorded image with the steering that it would choose there. A model that
is also trained on these images has seen the states that its own errors lead to (Ross et al. 2011, "A Reduction of
Imitation Learning and Structured Prediction to No-Regret Online Learning", https://arxiv.org/abs/1011.0686).
"""

import csv
import io
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from ..errors import SimulatorError
from ..files import write_whole, written
from ._closed_loop import Drive
from ._driver import Driver
from ._recording import TABLE, record
from ._simulator import Course


def recorded_tracks(drives: Path) -> list[int]:
    """The tracks of a folder of recorded drives; raise `SimulatorError` if it was not recorded by the expert."""
    try:
        with (drives / TABLE).open(newline="") as file:
            names = {row["drive"] for row in csv.DictReader(file)}
        return sorted({int(name.rpartition("track-")[2]) for name in names})
    except (OSError, KeyError, ValueError, csv.Error) as error:
        raise SimulatorError(
            f"{drives}: is not a recording of the expert ({error}); train the model on a folder that "
            "'eyespot drive --expert' wrote."
        ) from error


def record_corrections(
    driver: Driver,
    course: Course,
    drives: Path,
    out: Path,
    round_number: int,
    progress: Callable[[Drive], None] = lambda drive: None,
) -> Sequence[Drive]:
    """Let a driver drive the tracks of `drives`, and write its images to `out`, with the expert's labels.

    The images of `drives` are copied to `out`, so that a model can be trained on both. Raise `RunError` if the files
    cannot be written.
    """
    prefix = f"round-{round_number}-"
    found = record(course, recorded_tracks(drives), out, driver=driver, prefix=prefix, progress=progress)
    rows = [row for folder in (drives, out) for row in _rows(folder / TABLE)]
    with written(out):
        for name in sorted({row["drive"] for row in rows if not (out / row["drive"]).exists()}):
            shutil.copytree(drives / name, out / name)
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, list(rows[0]))
    table.writeheader()
    table.writerows(rows)
    write_whole(out / TABLE, text.getvalue().encode())
    return found


def _rows(table: Path) -> list[dict[str, str]]:
    with table.open(newline="") as file:
        return list(csv.DictReader(file))
