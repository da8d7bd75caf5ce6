"""Objects and points found by a head on a trained network: accuracy, and the time that learning takes.

Claims, on two cores, three seeds each: on the 364 images of blood cells of BCCD, `detect` with `--start probe` has AP50
of at least 0.87 on the test part within 5 minutes, and with `--start finetune` at least 0.91, and AP 0.56, within 30
minutes; `locate` has an F1 of at least 0.80 within 6 pixels on the nuclei of the Data Science Bowl 2018 within 20
minutes. `seconds` counts the whole call with an empty cache by the clock, `processor s` the time of all cores: where
other programs run, only the latter can be compared. Parts: bccd, nuclei.
"""

import shutil
import time
from argparse import Namespace
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from _common import data_folder, finish, kept, parse
from _training import clean_place, load_at_start, unpack

import eyespot
from eyespot.sources.source import Source

LENGTH = "long"


def main() -> None:
    options = {"parts": "bccd,nuclei", "starts": "probe,finetune", "seeds": 3, "folder": ""}
    arguments = parse(__doc__, options)
    settings = {"load at start": load_at_start(), **{name: getattr(arguments, name) for name in ("parts", "starts")}}
    with clean_place() as place:
        rows = list(figures(arguments, place))
    finish(__file__, arguments, settings, rows)


def figures(arguments: Namespace, place: Path) -> Iterator[dict[str, Any]]:
    """A row for each training."""
    file = Path(arguments.folder, "detect.jsonl") if arguments.folder else None
    for part in arguments.parts.split(","):
        source = {"bccd": blood_cells, "nuclei": nuclei}[part](place)
        for start in arguments.starts.split(","):
            for seed in range(arguments.seeds):
                key = {"part": part, "start": start, "seed": seed}
                rows = kept(file, key, partial(training, source, place, part, start, seed))
                yield from ({**key, **row} for row in rows)


def blood_cells(place: Path) -> Source:
    """Pascal VOC annotations: 205 training, 87 validation and 72 test images."""
    return eyespot.open_source(unpack(data_folder() / "bccd" / "BCCD.zip", place / "bccd"))


def nuclei(place: Path) -> Source:
    """A table with a point a line: 136 training images, some of them for validation, and 34 test images."""
    folder = data_folder() / "nuclei_dsb2018"
    root = unpack(folder / "nuclei256.zip", place / "nuclei")
    table = shutil.copy(folder / "nuclei.csv", root)
    columns = {"path": "{split}/images/{image}.webp", "x": "cx", "y": "cy"}
    return eyespot.open_source(table, columns=columns)


def training(source: Source, place: Path, part: str, start: str, seed: int) -> list[dict[str, Any]]:
    """One training from an empty cache."""
    shutil.rmtree(place / "cache", ignore_errors=True)
    task = {"bccd": "detect", "nuclei": "locate:radius=6"}[part]
    began, busy = time.perf_counter(), time.process_time()
    run = eyespot.train(source, task=task, start=start, seed=seed, out=place / f"{part}-{start}-{seed}")
    taken = {"seconds": time.perf_counter() - began, "processor s": time.process_time() - busy}
    names = {"bccd": ("AP", "AP75"), "nuclei": ("precision", "recall", "mean_absolute_count_error")}[part]
    details = {name: run.result["details"][name] for name in names}
    found = {"score": run.result["score"], "interval": run.result["interval"], **details, **taken}
    return [{"metric": run.result["metric"], "tuned": run.result["start"].get("tuned"), **found}]


if __name__ == "__main__":
    main()
