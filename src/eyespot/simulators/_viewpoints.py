"""Training frames from further viewpoints, with the steering that leads back to the recorded path.

A recording shows only what a careful driver saw. Images beside and across the path show a network how to return
(Bojarski et al. 2016): those of the side cameras, and recorded ones that are moved and turned.
"""

import csv
import io
import math
from collections.abc import Iterator
from pathlib import Path, PurePath

import numpy as np

from ..files import write_whole, written
from ..images import read_native, write_png
from ..sources.randomness import hashed
from ..sources.source import Row, Source, is_file
from ._recording import TABLE
from ._replay import Recording, recordings
from ._viewpoint import Vehicle, check_horizon, from_viewpoint

HORIZON_COLOR = (255, 0, 0)
LARGEST_TURN = math.radians(5)
SIDES = {"left": -1, "right": 1}
"""The side cameras, and where they are, in distances of the vehicle's."""
PREVIEW = "preview.png"
"""Shows whether the horizon and the sizes of the car fit: a moved road must look like one seen from beside the path."""
PREVIEWED = 3
"""Frames in the preview."""
View = tuple[np.ndarray, float]
"""An image, uint8 (H, W, C), and its steering."""


def write_viewpoints(
    source: Source, out: Path, vehicle: Vehicle, *, horizon: float, copies: int = 2, smooth: int = 1
) -> dict[str, int]:
    """Write the frames of a driving log, and further views of the training frames, to a folder for `train`.

    Each training frame has `copies` views at random places within the vehicle's limit, and those of the side cameras
    where their files are beside it (`center` in the path is then `left` or `right`). Validation and test frames are
    only copied. `preview.png` shows what `horizon` and `vehicle` do to some of them. Returns the number of images of
    each part. Raises `SimulatorError` for frames without steering, `RunError` if the files cannot be written.
    """
    check_horizon(horizon)
    rows: list[dict[str, object]] = []
    with written(out):
        for part in filter(len, source.parts):
            for number, drive in enumerate(recordings(source, part.name, smooth)):
                folder = out / f"{part.name}-{number:03}"
                folder.mkdir(parents=True)
                further = copies if part.name == "train" else -1
                for step, view, (pixels, steering) in _views(drive, vehicle, horizon, further):
                    file = write_png(pixels, folder / f"{step:06}-{view}.png")
                    rows.append(
                        {
                            "path": f"{folder.name}/{file.name}",
                            "number": f"{steering:.5f}",
                            "drive": folder.name,
                            "step": step,
                            "split": part.name,
                        }
                    )
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, ["path", "number", "drive", "step", "split"])
    table.writeheader()
    table.writerows(rows)
    write_whole(out / TABLE, text.getvalue().encode())
    with written(out):
        write_png(preview(source, vehicle, horizon), out / PREVIEW)
    return {part.name: sum(row["split"] == part.name for row in rows) for part in source.parts}


def preview(source: Source, vehicle: Vehicle, horizon: float) -> np.ndarray:
    """Some frames below each other, uint8: the recorded one with the horizon as a red line, and moved to both limits.

    In the middle the frame as recorded, left and right of it as seen from the limits; the views are (H, W, 3) each.
    """
    part = next(part for part in source.parts if len(part))
    rows = [part.rows[place] for place in np.linspace(0, len(part) - 1, PREVIEWED).astype(int)]
    lines = []
    for row in rows:
        pixels = read_native(row.picture, row.name)
        pixels = np.broadcast_to(pixels, (*pixels.shape[:2], 3))
        left, right = (from_viewpoint(pixels, vehicle, horizon, sign * vehicle.limit, 0.0) for sign in (-1, 1))
        marked = pixels.copy()
        marked[int(horizon * len(marked))] = HORIZON_COLOR
        lines.append(np.concatenate([left, marked, right], axis=1))
    height, width = (min(line.shape[side] for line in lines) for side in (0, 1))
    return np.concatenate([line[:height, :width] for line in lines])


def _views(drive: Recording, vehicle: Vehicle, horizon: float, copies: int) -> Iterator[tuple[int, int, View]]:
    """Step, number of the view, and view; the recorded one only where `copies` is below 0."""
    for step, (row, steering) in enumerate(zip(drive.rows, drive.steering.tolist(), strict=True)):
        pixels = read_native(row.picture, row.name)
        views: list[View] = [(pixels, steering)]
        if copies >= 0:
            views += _side_views(row, steering, vehicle)
            views += _moved(pixels, steering, vehicle, horizon, step, copies)
        yield from ((step, number, view) for number, view in enumerate(views))


def _side_views(row: Row, steering: float, vehicle: Vehicle) -> Iterator[View]:
    """The images of the side cameras, whose files have "left" or "right" where the frame's has "center"."""
    if not is_file(row.picture) or not vehicle.side:
        return
    center = PurePath(str(row.picture))
    for name, side in SIDES.items():
        changed = [part.replace("center", name) for part in center.parts[-2:]]
        beside = Path(center.parent.parent, *changed)
        if changed != list(center.parts[-2:]) and beside.is_file():
            yield read_native(beside, str(beside)), vehicle.returning(steering, side * vehicle.side, 0.0)


def _moved(
    pixels: np.ndarray, steering: float, vehicle: Vehicle, horizon: float, step: int, copies: int
) -> Iterator[View]:
    """Views at random places: uniform within the limit, and within five degrees; the same for the same step."""
    drawn = hashed(step, np.arange(2 * copies)).astype(np.float64) / 2**64 * 2 - 1
    for shift, turn in drawn.reshape(copies, 2) * (vehicle.limit, LARGEST_TURN):
        view = from_viewpoint(pixels, vehicle, horizon, float(shift), float(turn))
        yield view, vehicle.returning(steering, float(shift), float(turn))
