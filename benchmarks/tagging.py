"""Product photographs with six groups of tags: how many are right, how many can be answered, and how fast.

Claims, on 3,325 product photographs of 60 x 80 pixels with EfficientNet-Lite0 (probe): article right for at least 84 %
of the test images and gender for at least 80 %; hiding half of the training and validation labels at random costs at
most 3 points of micro F1; `eyespot tag` tags 10,000 images in less than 8 minutes. Part "groups" also states which
share is answered with `target_precision=0.9`, and how much of that is right. Part "colors": the first of the colors
that are found without training, against the shop's color, of images that no rule was chosen on.
"""

import csv
import resource
import shutil
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from _common import data_folder, finish, kept, parse, seconds_of
from _training import clean_place, load_at_start, unpack

import eyespot
from eyespot.organizing import subject_colors
from eyespot.sources.source import Part, Source
from eyespot.tasks.statistics import wilson_interval

LENGTH = "long"
COLUMNS = {"gender": "gender", "category": "category", "article": "article", "color": "colour"}
COLUMNS |= {"season": "season", "usage": "usage"}
PRECISION = 0.9
BASIC = {
    "black": "Black",
    "brown": "Brown,Coffee Brown,Mushroom Brown",
    "blue": "Blue,Navy Blue",
    "white": "White,Off White",
    "gray": "Grey,Silver,Steel,Charcoal,Grey Melange",
    "green": "Green,Olive,Teal,Turquoise Blue",
    "red": "Red,Maroon,Burgundy",
    "pink": "Pink,Magenta,Peach",
    "purple": "Purple,Lavender,Mauve",
    "beige": "Beige,Cream,Tan,Khaki",
    "orange": "Orange,Rust",
    "yellow": "Yellow,Gold,Mustard",
}
"""The shop's colors that each basic name stands for; others (Multi, Copper, Bronze, Metallic) are left out."""


def main() -> None:
    arguments = parse(__doc__, {"parts": "groups,hidden,time,colors", "seeds": 3, "images": 10_000, "folder": ""})
    file = Path(arguments.folder, "tagging.jsonl") if arguments.folder else None
    settings = {"load at start": load_at_start(), "parts": arguments.parts}
    with clean_place() as place:
        rows = list(figures(arguments, place, file))
    finish(__file__, arguments, settings, rows)


def figures(arguments: Namespace, place: Path, file: Path | None) -> Iterator[dict[str, Any]]:
    photos = unpack(data_folder() / "fashion_attributes" / "fashion60.zip", place / "photos")
    shutil.copy(data_folder() / "fashion_attributes" / "products.csv", photos)
    columns = {"path": "file", **{f"tags:{name}": column for name, column in COLUMNS.items()}}
    source = eyespot.open_source(photos / "products.csv", columns=columns)
    parts = {
        "groups": partial(groups, source, place),
        "hidden": partial(hidden, source, place, arguments.seeds),
        "time": partial(timed, source, place, photos, arguments.images),
        "colors": partial(colors, photos),
    }
    for name in arguments.parts.split(","):
        yield from kept(file, {"part": name, "seeds": arguments.seeds}, parts[name])


def trained(source: Source, out: Path) -> Any:
    """A run with the requested precision; an existing one is read."""
    return eyespot.train(source, task=f"tag:target_precision={PRECISION}", start="probe", out=out)


def groups(source: Source, place: Path) -> list[dict[str, Any]]:
    """What is right and what is answered in each group, and over all of them."""
    run = trained(source, place / "run")
    details = run.model.evaluate(source.test).details
    rows = [
        {
            "part": "groups",
            "group": row["group"],
            "test images": row["known"],
            "right %": 100 * row["accuracy"],
            "95 % interval": _interval(row["interval"]),
            "most frequent tag %": 100 * row["most_frequent"],
            "answered %": 100 * row["coverage"],
            "right of those %": None if row["precision"] is None else 100 * row["precision"],
            "95 % interval of those": _interval(row["precision_interval"]),
            "calibration error %": 100 * row["calibration_error"],
        }
        for row in details["groups"]
    ]
    return [*rows, *_overall(run, source.test)]


def _overall(run: Any, test: Part) -> list[dict[str, Any]]:
    """Micro F1 with every group answered, and with the requested precision."""
    task = run.model.task
    answers_all = replace(task, thresholds=(0.0,) * len(task.tags), implied=())
    rows = []
    for name, asked in (("every group is answered", answers_all), (f"target precision {PRECISION}", task)):
        details = replace(run.model, task=asked).evaluate(test).details
        rows.append(
            {
                "part": "all groups",
                "answers": name,
                "micro F1 %": 100 * details["micro_f1"],
                "95 % interval": _interval(details["micro_f1_interval"]),
                "precision %": 100 * details["micro_precision"],
                "recall %": 100 * details["micro_recall"],
            }
        )
    return rows


def hidden(source: Source, place: Path, seeds: int) -> list[dict[str, Any]]:
    """Micro F1 with all training labels, and with half of them: every cell is emptied with probability 1/2."""
    rows = []
    for name, known in [("all", source)] + [(f"half, seed {seed}", half_hidden(source, seed)) for seed in range(seeds)]:
        run = trained(known, place / f"hidden-{name.replace(', ', '-').replace(' ', '-')}")
        task = run.model.task
        task = replace(task, thresholds=(0.0,) * len(task.tags), implied=())
        details = replace(run.model, task=task).evaluate(source.test).details
        found = {row["group"]: row for row in details["groups"]}
        rows.append(
            {
                "part": "hidden labels",
                "training labels": name,
                "micro F1 %": 100 * details["micro_f1"],
                "95 % interval": _interval(details["micro_f1_interval"]),
                "article right %": 100 * found["article"]["accuracy"],
                "gender right %": 100 * found["gender"]["accuracy"],
            }
        )
    return rows


def half_hidden(source: Source, seed: int) -> Source:
    """The same source with half of the training and validation labels taken away."""
    random = np.random.default_rng(seed)

    def emptied(part: Part) -> Part:
        rows = []
        for row in part.rows:
            tags = [tag for tag in row.values["tags"].split("|") if random.random() < 0.5]
            rows.append(replace(row, values={**row.values, "tags": "|".join(tags)}))
        return Part(name=part.name, rows=rows, keys=part.keys, sizes=part.sizes)

    return replace(source, train=emptied(source.train), validation=emptied(source.validation))


def timed(source: Source, place: Path, photos: Path, count: int) -> list[dict[str, Any]]:
    """Seconds of `eyespot tag` for many images, from the start of the process to its end, and of the processor."""
    run = trained(source, place / "run")
    folder = place / "many"
    folder.mkdir()
    files = sorted(photos.glob("*.webp"))
    for number in range(count):
        file = files[number % len(files)]
        shutil.copy(file, folder / f"{number}-{file.name}")
    command = [sys.executable, "-m", "eyespot", "tag", str(folder), "--model", str(run.folder), "--quiet"]
    before = processor_seconds()
    seconds = seconds_of(lambda: subprocess.run([*command, "--out", str(place / "tags.csv")], check=True))
    used = processor_seconds() - before
    with (place / "tags.csv").open(newline="") as opened:
        written = sum(1 for _ in csv.DictReader(opened))
    times = {"seconds": seconds, "processor seconds": used, "images/s": written / seconds}
    return [{"part": "time", "images": written, **times}]


def processor_seconds() -> float:
    """Seconds that the processes started from here, which have ended, computed on all cores together."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def colors(photos: Path) -> list[dict[str, Any]]:
    """How often the first, or one of the first two colors found is the shop's; every fourth image chose the rules."""
    names = {color: basic for basic, colors in BASIC.items() for color in colors.split(",")}
    with (photos / "products.csv").open(newline="") as opened:
        rows = [row for row in csv.DictReader(opened) if row["colour"] in names]
    rows = [row for place, row in enumerate(rows) if place % 4]
    found = [[color.name for color in subject_colors(photos / row["file"])] for row in rows]
    truths = [names[row["colour"]] for row in rows]
    frequent = max(map(truths.count, set(truths))) / len(rows)
    return [
        {
            "part": "colors without training",
            "counts as right": name,
            "images": len(rows),
            "right %": 100 * right / len(rows),
            "95 % interval": _interval(wilson_interval(right, len(rows))),
            "most frequent color %": 100 * frequent,
        }
        for name, most in (("the first color", 1), ("one of the first two", 2))
        for right in [sum(truth in names[:most] for truth, names in zip(truths, found, strict=True))]
    ]


def _interval(ends: tuple[float, float] | None) -> str | None:
    return None if ends is None else f"{100 * ends[0]:.1f} to {100 * ends[1]:.1f}"


if __name__ == "__main__":
    main()
