"""What `eyespot curve` says that twice as many images would bring, beside what they brought.

A quarter of the images is held out. Of the others a quarter or a half is kept, of each class alike, and the curve is
asked what twice as many would bring. `brought` is the difference in accuracy on the images held out between a linear
layer that has learned from all that was kept and one that has learned from twice as many. Claim: the mean of what was
brought lies within the mean of the intervals foretold, on every set. `seeds within` counts single seeds; a few images
held out leave each of them to chance. Part "whole": the curve of all images, and how long it takes.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
from _common import data_folder, finish, kept, parse, seconds_of
from _training import clean_place, unpack

import eyespot
from eyespot.embeddings.embed import Embeddings, embed
from eyespot.measures._cross_validation import choose_penalty, folds, probabilities
from eyespot.measures._learning_curve import Curve, curve_of
from eyespot.sources.source import Source

LENGTH = "long"
SHARES = (0.25, 0.5)
HELD_OUT = 4


def main() -> None:
    arguments = parse(__doc__, {"seeds": 8, "folder": ""})
    file = Path(arguments.folder, "more_images.jsonl") if arguments.folder else None
    rows: list[dict[str, Any]] = []
    with clean_place() as place:
        for name, source in sources(place):
            look = cache(partial(embed, source))  # only where something is not kept yet
            rows += kept(file, {"whole": name}, lambda n=name, look=look: [whole(n, look)])
            for share in SHARES:
                found: list[dict[str, Any]] = []
                for seed in range(arguments.seeds):
                    key = {"name": name, "share": share, "seed": seed}
                    found += kept(file, key, lambda look=look, s=share, d=seed: list(doubled(look(), s, d)))
                rows += [{"part": "foretold", "images": name, **summary(found)}] if found else []
    finish(__file__, arguments, {"seeds": arguments.seeds}, rows)


def sources(place: Path) -> Iterator[tuple[str, Source]]:
    for name, file in (("ants and bees", "hymenoptera/hymenoptera_160.zip"), ("faces", "orl_faces/orl_faces.zip")):
        yield name, opened(unpack(data_folder() / file, place / name))
    yield "paintings", opened(unpack(data_folder() / "art_styles40" / "art_styles40.zip", place / "paintings"))
    yield "MNIST-5k", eyespot.open_source("bundled:mnist5k")


def opened(folder: Path) -> Source:
    inside = [path for path in folder.iterdir() if path.is_dir()]
    return eyespot.open_source(inside[0] if len(inside) == 1 else folder)


def whole(name: str, look: Callable[[], Embeddings]) -> dict[str, Any]:
    """The curve of all images; the first look at them is timed by itself."""
    looking = seconds_of(look)
    found: list[Curve] = []
    seconds = seconds_of(lambda: found.append(curve_of(look(), name)))
    last = found[0].points[-1]
    told = {"accuracy %": 100 * last.accuracy, "summary": found[0].summary}
    return {
        "part": "whole",
        "images": name,
        "count": found[0].count,
        **told,
        "looking s": looking,
        "curve s": seconds,
    }


def doubled(embeddings: Embeddings, share: float, seed: int) -> Iterator[dict[str, Any]]:
    """What was foretold and brought with one seed; nothing where the images are too few for a look ahead."""
    random = np.random.default_rng(seed)
    fold = folds(embeddings.given, embeddings.groups, random, HELD_OUT)
    held, others = np.flatnonzero(fold == 0), np.flatnonzero(fold != 0)
    place = np.empty(len(others))
    for label in range(len(embeddings.classes)):
        rows = np.flatnonzero(embeddings.given[others] == label)
        place[random.permutation(rows)] = np.arange(len(rows)) / len(rows)
    some, twice = others[place < share], others[place < 2 * share]
    ahead = curve_of(restricted(embeddings, some), "some", seed=seed).ahead
    if ahead:
        brought = accuracy(embeddings, twice, held) - accuracy(embeddings, some, held)
        yield {
            "from": len(some),
            "to": len(twice),
            "gain": ahead[0].gain,
            "interval": ahead[0].interval,
            "brought": brought,
        }


def accuracy(embeddings: Embeddings, learned: np.ndarray, asked: np.ndarray) -> float:
    chances = probabilities(embeddings, learned, asked, choose_penalty(embeddings, learned))
    return float((chances.argmax(1) == embeddings.given[asked]).mean())


def restricted(embeddings: Embeddings, rows: np.ndarray) -> Embeddings:
    """Some rows of what was seen."""
    part = embeddings.part.take(rows)
    groups = np.unique(embeddings.groups[rows], return_inverse=True)[1]
    return replace(embeddings, part=part, numbers=embeddings.numbers[rows], given=embeddings.given[rows], groups=groups)


def summary(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Means over the seeds, in points."""
    low, high = (100 * fmean(row["interval"][end] for row in found) for end in (0, 1))
    brought = [100 * row["brought"] for row in found]
    mean = fmean(brought)
    within = sum(row["interval"][0] <= row["brought"] <= row["interval"][1] for row in found)
    return {
        "from": round(fmean(row["from"] for row in found)),
        "to": round(fmean(row["to"] for row in found)),
        "foretold": 100 * fmean(row["gain"] for row in found),
        "interval": f"{low:.1f} to {high:.1f}",
        "brought": mean,
        "its standard error": stdev(brought) / len(brought) ** 0.5,
        "mean within": low <= mean <= high,
        "seeds within": f"{within} of {len(found)}",
    }


if __name__ == "__main__":
    main()
