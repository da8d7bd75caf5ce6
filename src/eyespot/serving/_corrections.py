"""Corrected annotations: a new table beside the images; neither they nor the annotations of the source are changed."""

import csv
import io
import json
import os
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from pydantic import Field

from ..errors import RunError
from ..files import write_whole
from ..sources.source import Row
from ._training import Strict


class Correction(Strict):
    """Of one image: detections that are objects, and objects that are none, by their numbers in `outcomes`."""

    image: int = Field(ge=0)
    add: list[int] = Field([], max_length=10_000)
    remove: list[int] = Field([], max_length=10_000)


class Corrections(Strict):
    """The corrections of the images of a run."""

    images: list[Correction] = Field(min_length=1, max_length=100_000)


def corrected(outcomes: Sequence[Mapping[str, Any]], corrections: Corrections) -> list[list[dict[str, Any]]]:
    """The objects (`label`, `place`) of each image after the corrections; raise `RunError` for an unknown number."""
    objects = [list(one["objects"]) for one in outcomes]
    for one in corrections.images:
        there = _pick("image", outcomes, one.image)
        gone = [_pick("object", there["objects"], number) for number in one.remove]
        new = [_pick("detection", there["found"], number) for number in one.add]
        kept = [each for each in there["objects"] if not any(each is other for other in gone)]
        objects[one.image] = [*kept, *({"label": each["label"], "place": each["place"]} for each in new)]
    return objects


def _pick(kind: str, items: Sequence[Mapping[str, Any]], number: int) -> Mapping[str, Any]:
    if not 0 <= number < len(items):
        raise RunError(f"there is no {kind} {number}; there are {len(items)}, counted from 0. Load the page again.")
    return items[number]


def write_corrections(rows: Sequence[Row], objects: Sequence[Sequence[Mapping[str, Any]]], column: str) -> Path:
    """Write a table with the columns `path` and `column` ("boxes" or "points") into the common folder of the images.

    Its name is a new one, so that earlier corrections are kept. Raise `RunError` where the images are no files, or the
    folder cannot be written to.
    """
    paths = [Path(row.picture) for row in rows if isinstance(row.picture, str | os.PathLike)]
    if len(paths) < len(rows):
        raise RunError("the images are no files (they came from Python), so that no table can be written beside them.")
    folder = Path(os.path.commonpath([path.resolve().parent for path in paths]))
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["path", column])
    for path, things in zip(paths, objects, strict=True):
        table.writerow([os.path.relpath(path.resolve(), folder), json.dumps([_written(thing) for thing in things])])
    return _write_new(folder, text.getvalue())


def _written(thing: Mapping[str, Any]) -> Any:
    """One object as a table of boxes or points has it."""
    place = [round(float(side), 2) for side in thing["place"]]
    return place if len(place) == 2 else {"label": thing["label"], "box": place}


def _write_new(folder: Path, text: str) -> Path:
    names = (f"corrections{'' if number == 1 else f'-{number}'}.csv" for number in count(1))
    file = next(folder / name for name in names if not (folder / name).exists())
    write_whole(file, text.encode())
    return file
