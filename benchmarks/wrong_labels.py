"""Labels swapped at random, and how many of them `check --deep` puts among the first tenth of its list.

Claim: of 5 % wrong labels in MNIST-5k and in the photos of ants and bees, at least 80 % and 60 % stand in the first
10 % of the list, as a mean over seeds. The seed chooses the images and the wrong class of each. `proposed` are the
labels that the page lists: how many, and which share of them was really swapped.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from _common import data_folder, finish, kept, parse, seconds_of
from _training import clean_place, unpack, with_spread

import eyespot
from eyespot.measures import AuditReport, audit
from eyespot.sources.source import Source

LENGTH = "long"
SWAPPED = 0.05
READ = 0.1
"""The share of the list that somebody reads."""


def main() -> None:
    arguments = parse(__doc__, {"seeds": 5, "folder": ""})
    file = Path(arguments.folder, "wrong_labels.jsonl") if arguments.folder else None
    rows = []
    with clean_place() as place:
        photos = unpack(data_folder() / "hymenoptera" / "hymenoptera_160.zip", place / "photos")
        for name, what in (("ants and bees", photos), ("MNIST-5k", "bundled:mnist5k")):
            source = eyespot.open_source(what)
            found: list[dict[str, Any]] = []
            for seed in range(arguments.seeds):
                row = kept(file, {"name": name, "seed": seed}, lambda s=source, n=seed: [row_of(s, place, n)])
                found += row
            columns = [column for column in found[0] if column != "seed"]
            rows += [{"images": name, **row} for row in with_spread(found, columns)]
    finish(__file__, arguments, {"swapped": SWAPPED, "read": READ}, rows)


def row_of(source: Source, place: Path, seed: int) -> dict[str, Any]:
    """How many of the labels that were swapped with this seed are found."""
    spoiled, swapped = with_wrong_labels(source, seed)
    reports: list[AuditReport] = []
    seconds = seconds_of(lambda: reports.append(audit(spoiled, place / "deep")))
    (report,) = reports
    first = set(report.ranking[: round(READ * report.count)])
    proposed = {one.image for one in report.labels}
    return {
        "seed": seed,
        "swapped": len(swapped),
        "in the first tenth %": 100 * len(first & swapped) / len(swapped),
        "proposed": len(proposed),
        "of these swapped %": 100 * len(proposed & swapped) / max(1, len(proposed)),
        "seconds": seconds,
    }


def with_wrong_labels(source: Source, seed: int) -> tuple[Source, set[str]]:
    """The same images, some with the label of another class, and the names of those."""
    random = np.random.default_rng(seed)
    names = sorted(row.name for row in source.rows)
    labels = sorted({row.values["label"] for row in source.rows})
    chosen = random.choice(len(names), round(SWAPPED * len(names)), replace=False)
    shift = {names[place]: int(random.integers(1, len(labels))) for place in chosen}

    def spoiled(row: Any) -> Any:
        label = labels[(labels.index(row.values["label"]) + shift.get(row.name, 0)) % len(labels)]
        return replace(row, values={**row.values, "label": label})

    parts: Iterator[Any] = (replace(part, rows=[spoiled(row) for row in part.rows]) for part in source.parts)
    train, validation, test = parts
    return replace(source, train=train, validation=validation, test=test), set(shift)


if __name__ == "__main__":
    main()
