"""The command `demo`: a whole example, without own images."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ..training.options import TrainOptions
from ._drive import RECORDED_KICK, ignore_track, kicks_of, measure_model, print_drives, print_track, record_expert
from ._output import AsJson, Quiet, print_json
from ._train import print_training, train_source

RECORDED, DRIVEN = range(8), [100]
"""Tracks that the demo records, and the one that it drives."""
PASSES = 8.0
"""Epochs on the recorded images."""

NEXT = """
Next:
  {serve:32} inspect the network in the browser
  eyespot check photos/            inspect your own images and find problems
  eyespot train photos/            train on it (in runs/photos)"""


def demo(
    what: Annotated[
        str, typer.Argument(help="digits: handwritten digits; drive: a car that learns to steer (extra drive).")
    ] = "digits",
    out: Annotated[
        Path | None, typer.Option("--out", help="Run folder; an existing run is resumed (default: runs/demo).")
    ] = None,
    epochs: float | None = None,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 0,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Train on 4,000 bundled handwritten digits, or on recorded drives, and show the results."""
    if what not in DEMOS:
        raise typer.BadParameter(f"'{what}' is not a demo; expected {' or '.join(DEMOS)}.")
    DEMOS[what](out, epochs, seed, quiet, as_json)


def _digits(out: Path | None, epochs: float | None, seed: int, quiet: bool, as_json: bool) -> None:
    run = out or Path("runs/demo")
    result = train_source(
        "bundled:mnist5k", TrainOptions(epochs=epochs, seed=seed, snapshots=True), run, quiet or as_json
    )
    print_training(result, as_json)
    if not as_json:
        print(NEXT.format(serve=f"eyespot serve {run}"))


def _drive(out: Path | None, epochs: float | None, seed: int, quiet: bool, as_json: bool) -> None:
    """Record an expert, train on its images, and drive a track that was not recorded, with a video."""
    folder, quiet = out or Path("runs/demo-drive"), quiet or as_json
    drives, run, driven = (folder / name for name in ("drives", "run", "drive"))
    progress = ignore_track if quiet else print_track
    _record_once(drives, progress)
    options = TrainOptions(task="regress", network="pilotnet", input="66x75x3", epochs=epochs or PASSES, seed=seed)
    train_source(str(drives), options, run, quiet)
    from ..simulators import CarRacing

    result = measure_model(run, CarRacing(), DRIVEN, driven, None, progress, video=True)
    if as_json:
        print_json(result)
    else:
        print_drives(result)


def _record_once(drives: Path, progress: Any) -> None:
    """Record the expert, unless a finished recording is there; the table is written last."""
    from ..simulators import TABLE, CarRacing
    from ._drive import require_empty

    if not (drives / TABLE).exists():
        require_empty(drives)
        record_expert(CarRacing(draw=False), list(RECORDED), drives, kicks_of(RECORDED_KICK), progress)


DEMOS = {"digits": _digits, "drive": _drive}
