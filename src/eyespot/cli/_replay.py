"""The command `replay`: recorded frames from other viewpoints, for training and as a simulator."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ._drive import ignore_track, measure_model, print_drives, print_track, require_empty
from ._output import AsJson, Quiet, print_json
from ._source import Columns, open_described


def replay(
    log: Annotated[Path, typer.Argument(help="A driving log, a donkeycar tub, or a video with a table.")],
    out: Annotated[Path, typer.Option(help="New or empty folder: images and table, or result and page.")],
    model: Annotated[
        Path | None, typer.Option(help="A model of steering, or its run, to drive; without one, training images.")
    ] = None,
    vehicle: Annotated[str, typer.Option(help="Camera and car: udacity or donkeycar.")] = "udacity",
    horizon: Annotated[float, typer.Option(help="Row of the horizon, as a fraction of the image's height.")] = 0.4,
    smooth: Annotated[int, typer.Option(help="Average the steering over this many neighboring frames.")] = 1,
    copies: Annotated[int, typer.Option(min=0, max=20, help="Further views of each training image.")] = 2,
    fps: Annotated[float, typer.Option(min=0.1, max=1000, help="Recorded frames per second.")] = 5.0,
    part: Annotated[str, typer.Option(help="The frames to drive on: train, validation, test or all.")] = "test",
    column: Columns = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Show recorded frames as from beside the path: to train on, or to let a model drive on them."""
    from ..simulators import Replay, recordings, vehicle_named, write_viewpoints

    car = vehicle_named(vehicle)
    require_empty(out)
    source = open_described(str(log), column, None)
    if model is None:
        counts = write_viewpoints(source, out, car, horizon=horizon, copies=copies, smooth=smooth)
        result: dict[str, Any] = {"log": log, "out": out, "images": counts}
    else:
        course = Replay(recordings(source, part, smooth), car, horizon=horizon, frame_seconds=1 / fps)
        progress = ignore_track if quiet or as_json else print_track
        tracks = list(range(len(course.drives)))
        result = measure_model(model, course, tracks, out, None, progress)
    if as_json:
        print_json(result)
    elif model is None:
        listed = ", ".join(f"{count:,} {name}" for name, count in result["images"].items())
        print(f"{out}: {listed} images\nnext: eyespot train {out} --task regress:mirror=sign")
    else:
        print_drives(result)
