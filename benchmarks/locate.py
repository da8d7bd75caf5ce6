"""Points: windows with hard and with random negatives, and counts of cells beside published ones.

Claims: on the nuclei of the Data Science Bowl 2018 (34 test images), `ciresan-dnn1` trained as a window classifier has
a higher F1 with hard negatives than with random ones, after equal steps. Reported: F1 and the mean absolute error of
the count on bone marrow (slides are not shared between parts) and on the simulated cells of VGG (100 training images,
some of them for validation, and 100 test images). Thresholds are chosen on validation images. `benchmarks/detect.py`
has the heat map of nuclei. `processor s` is the time of all cores. Parts: hard, random, marrow, vgg.
"""

import csv
import shutil
import time
from argparse import Namespace
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from _common import data_folder, finish, kept, parse
from _training import clean_place, load_at_start, unpack
from detect import nuclei

import eyespot
from eyespot.sources.source import Source

LENGTH = "long"
WINDOWS = "locate:method=windows,radius=6,stride=4"
TRAININGS = {
    "hard": {"task": f"{WINDOWS},negatives=hard"},
    "random": {"task": f"{WINDOWS},negatives=random"},
    "marrow": {"task": "locate:radius=10", "start": "probe"},
    "vgg": {"task": "locate:radius=4,stride=2", "start": "probe"},
}


def main() -> None:
    options = {"parts": "random,hard,marrow,vgg", "seeds": 1, "epochs": 4.0, "network": "ciresan-dnn1", "folder": ""}
    arguments = parse(__doc__, options)
    settings = {"load at start": load_at_start(), "epochs of windows": arguments.epochs, "network": arguments.network}
    with clean_place() as place:
        rows = list(figures(arguments, place))
    finish(__file__, arguments, settings, rows)


def figures(arguments: Namespace, place: Path) -> Iterator[dict[str, Any]]:
    """A row for each training."""
    file = Path(arguments.folder, "locate.jsonl") if arguments.folder else None
    sources = {"hard": nuclei, "random": nuclei, "marrow": marrow, "vgg": vgg}
    for seed in range(arguments.seeds):
        for part in arguments.parts.split(","):
            options = dict(TRAININGS[part])
            if part in ("hard", "random"):
                options |= {"epochs": arguments.epochs, "network": arguments.network}
            key = {"part": part, "seed": seed, **options}
            rows = kept(file, key, partial(training, sources[part], place / part, options, seed))
            yield from ({"part": part, "seed": seed, **row} for row in rows)


def marrow(place: Path) -> Source:
    """A table with a point a line and a column with the slide: 32 fields of 8 slides."""
    folder = data_folder() / "marrow_nuclei"
    root = unpack(folder / "marrow600.zip", place)
    table = shutil.copy(folder / "points.csv", root)
    return eyespot.open_source(table, columns={"path": "file", "group": "slide"})


def vgg(place: Path) -> Source:
    """A table with a point a line: 100 training and 100 test images."""
    folder = data_folder() / "vgg_cells"
    root = unpack(folder / "cells256.zip", place)
    table = Path(root, "split.csv")
    with Path(folder, "points.csv").open() as given, table.open("w", newline="") as written:
        rows = ([row["file"], row["x"], row["y"], row["file"].split("/")[0]] for row in csv.DictReader(given))
        csv.writer(written).writerows([("path", "x", "y", "split"), *rows])
    return eyespot.open_source(table)


def training(source: Any, place: Path, options: dict[str, Any], seed: int) -> list[dict[str, Any]]:
    """One training, from opening the source on."""
    shutil.rmtree(place, ignore_errors=True)
    busy = time.process_time()
    run = eyespot.train(source(place / "data"), seed=seed, out=place / "run", **options)
    details = run.result["details"]
    names = ("precision", "recall", "mean_absolute_count_error", "objects", "threshold")
    found = {"F1": run.result["score"], "interval": run.result["interval"], "images": run.result["count"]}
    return [{**found, **{name: details[name] for name in names}, "processor s": time.process_time() - busy}]


if __name__ == "__main__":
    main()
