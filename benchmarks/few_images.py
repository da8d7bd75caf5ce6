"""Few photos: a probe and tuning of a network that knows ImageNet's, and learning from nothing, on the same images.

Claims, on the 398 photos of ants and bees: a probe is right for at least 92 % of the test photos after less than 30
seconds of training, tuning for at least 94 % after less than 8 minutes, three seeds each; and both as means over five
folds of all 398 photos (153 alone leave an uncertainty of 4 points). The rate of tuning was chosen by cross-validation
on the 245 training photos. Part "thousand": a probe of 1,000 photos of 1024 x 768 pixels, made of those by cutting and
mirroring, takes about a minute. Part "others": 40 people's faces and the styles of 40 paintings, end to end.

Every training begins with an empty cache. `training s` counts from the first look at the decoded images to the last
step, `all s` the whole call: measuring the machine, decoding, features, steps, evaluation, report.
"""

import os
import time
from argparse import Namespace
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from _common import data_folder, finish, kept, over_seeds, parse
from _training import clean_place, load_at_start, unpack
from PIL import Image, ImageOps
from sklearn.model_selection import StratifiedKFold

import eyespot
from eyespot.sources.source import Source, part_of
from eyespot.training.run import Run

LENGTH = "long"
FOLDS = 5
VALIDATION = 0.15
"""Of a fold's training photos; the folder's own validation photos are about as many."""


def main() -> None:
    options = {"parts": "test,folds,thousand,others", "starts": "probe,finetune,nothing", "seeds": 3, "folder": ""}
    arguments = parse(__doc__, options)
    file = Path(arguments.folder, "few_images.jsonl") if arguments.folder else None
    settings = {"load at start": load_at_start(), **{name: getattr(arguments, name) for name in ("parts", "starts")}}
    with clean_place() as place:
        rows = list(figures(arguments, place, file))
    finish(__file__, arguments, settings, rows)


def figures(arguments: Namespace, place: Path, file: Path | None) -> Iterator[dict[str, Any]]:
    """All rows: each training's, and below those of one kind their mean and deviation."""
    photos = eyespot.open_source(unpack(data_folder() / "hymenoptera" / "hymenoptera_160.zip", place / "photos"))
    sources = {"test": [photos] * arguments.seeds, "folds": list(folds(photos))}
    for part in arguments.parts.split(","):
        if part in ("others", "thousand"):
            yield from {"others": others, "thousand": thousand}[part](place, file)
            continue
        for start in arguments.starts.split(","):
            found: list[dict[str, Any]] = []
            for number, source in enumerate(sources[part]):
                key = {"part": part, "start": start, "number": number}
                found += kept(file, key, partial(rows_of, source, place, start, number))
            yield from ({"part": part, "start": start, **row} for row in (*found, *means(found)))


def folds(photos: Source) -> Iterator[Source]:
    """All photos five times over: another fifth is the test part each time, and some of the others are validation's."""
    whole = part_of(photos, "all")
    labels = np.array([row.values["label"] for row in whole.rows])
    random = np.random.default_rng(0)
    for learned, tested in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(labels, labels):
        shuffled = random.permutation(learned)
        cut = round(VALIDATION * len(learned))
        parts = {"train": shuffled[cut:], "validation": shuffled[:cut], "test": tested}
        yield Source(name="photos", kind="folds", **{name: whole.take(rows, name) for name, rows in parts.items()})


def rows_of(source: Source, place: Path, start: str | None, seed: int) -> list[dict[str, Any]]:
    """One training, with an empty cache."""
    began = time.perf_counter()
    run = trained(source, place, start, seed)
    seconds = time.perf_counter() - began
    low, high = run.result["interval"]
    taken = run.result["start"]
    return [
        {
            "seed": seed,
            "accuracy %": 100 * run.result["score"],
            "95 % interval": f"{100 * low:.2f} to {100 * high:.2f}",
            "images": run.result["count"],
            "training s": run.result["seconds"],
            "all s": seconds,
            "steps": run.result["steps"],
            "taken": taken["how"],
            "of the tuning": taken.get("tuned"),
        }
    ]


def trained(source: Source, place: Path, start: str | None, seed: int) -> Run:
    with TemporaryDirectory(dir=place) as folder:
        os.environ["EYESPOT_CACHE"] = folder
        for part in source.parts:
            part.decoded.clear()
        return eyespot.train(source, out=Path(folder, "run"), start=start, seed=seed)


def means(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Mean and deviation over seeds or folds."""
    columns = ("accuracy %", "training s", "all s")
    found = {column: over_seeds([row[column] for row in rows]) for column in columns}
    for name in ("mean", "std"):
        yield {"seed": name, **{column: found[column][name] for column in columns}}


def thousand(place: Path, file: Path | None) -> Iterator[dict[str, Any]]:
    """A probe of 1,000 larger photos."""
    rows = kept(file, {"part": "thousand"}, lambda: rows_of(eyespot.open_source(enlarged(place)), place, "probe", 0))
    yield from ({"part": "thousand", **row} for row in rows)


def enlarged(place: Path) -> Path:
    """1,000 files of 1024 x 768 pixels: the photos of ants and bees, mirrored and cut, each in its class's folder."""
    photos = sorted((place / "photos").rglob("*.webp"))
    for number in range(1000):
        path = photos[number % len(photos)]
        with Image.open(path) as opened:
            picture = ImageOps.mirror(opened.convert("RGB")) if number // len(photos) else opened.convert("RGB")
        cut = number // len(photos)
        picture = picture.crop((cut * 4, cut * 4, picture.width, picture.height)).resize((1024, 768))
        folder = place / "thousand" / path.parent.name
        folder.mkdir(parents=True, exist_ok=True)
        picture.save(folder / f"{number}.jpg", quality=90)
    return place / "thousand"


def others(place: Path, file: Path | None) -> Iterator[dict[str, Any]]:
    """Two more folders, as a user would give them: nothing is said but where they are."""
    for name in ("orl_faces", "art_styles40"):
        folder = unpack(data_folder() / name / f"{name}.zip", place / name)
        for start in (None, "scratch"):
            key = {"part": "others", "name": name, "start": start}
            rows = kept(file, key, lambda folder=folder, start=start: rows_of(opened(folder), place, start, 0))
            yield from ({"part": "others", "folder": name, "start": start or "auto", **row} for row in rows)


def opened(folder: Path) -> Source:
    inside = [path for path in folder.iterdir() if path.is_dir()]
    return eyespot.open_source(inside[0] if len(inside) == 1 else folder)


if __name__ == "__main__":
    main()
