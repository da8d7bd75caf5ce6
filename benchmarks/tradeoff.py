"""The recommendation of `eyespot tradeoff` is within one standard error of the best candidate of an exhaustive run.

Every candidate is trained to the end once; then three studies with different budgets choose by successive halving. The
best candidate is the one with the highest validation score after full training, among those within the budget. The cost
of a study is the seconds of all its trainings relative to the full training of its most expensive candidate; the
limit is 3. Fashion-MNIST: 4,000 images to train, 2,000 for validation, 2,000 for test; hymenoptera: photos of ants and
bees, its own parts.

Runs are kept in `--place`: an interrupted benchmark goes on where it was, and `--data` selects one data set.
"""

import argparse
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _common import data_folder, finish, parse
from _training import unpack

import eyespot
from eyespot.sources.source import Source
from eyespot.studies import Search, Study, tradeoff

LENGTH = "long"
SEARCHES = {
    "FashionMNIST": Search(
        networks=("residual", "airbench", "lenet5", "harley2015", "convnetjs"),
        sizes=("tiny",),
        starts=("scratch",),
        epochs=6,
        backends=("torch",),
        threads=(1,),
    ),
    "hymenoptera": Search(
        networks=("residual", "airbench"),
        sizes=("tiny",),
        starts=("scratch", "probe"),
        epochs=20,
        backends=("torch",),
        threads=(1,),
    ),
}


def main() -> None:
    arguments = parse(__doc__, {"place": "", "data": "FashionMNIST,hymenoptera"})
    torch.set_num_threads(1)
    place = Path(arguments.place or "tradeoff-runs")
    rows = [row for name in arguments.data.split(",") for row in rows_of(name, place)]
    finish(__file__, argparse.Namespace(json=arguments.json), {"threads": 1, "LIMIT": 3}, rows)


def rows_of(name: str, place: Path) -> Iterator[dict[str, Any]]:
    """The tables of one data set: every candidate, the budgets, and how costs and scores are related."""
    source, folder = opened(name, place), place / name
    every = tradeoff(source, out=folder, search=SEARCHES[name], exhaustive=True, show=show)
    for point in every.points:
        one = point.candidate
        yield {
            "part": f"{name}, every candidate trained to the end",
            "candidate": one.key,
            "ms": one.milliseconds,
            "MB": one.size / 1e6,
            "million multiply-adds": one.multiply_adds / 1e6,
            "validation %": 100 * point.score,
            "standard error": 100 * point.standard_error,
            "training s": point.seconds,
        }
    for budget in budgets(every):
        found = tradeoff(source, out=folder, search=SEARCHES[name], budget=budget, minutes=10_000, show=show)
        yield {"part": f"{name}, recommendations", **compared(found, every, budget)}
    yield from relations(name, every)


def show(entry: dict[str, Any]) -> None:
    print(entry["note"], flush=True)


def opened(name: str, place: Path) -> Source:
    if name == "hymenoptera":
        return eyespot.open_source(unpack(data_folder() / name / "hymenoptera_160.zip", place / "photos"))
    x, y = (idx(data_folder() / name / "raw", kind) for kind in ("images-idx3", "labels-idx1"))
    order = np.random.default_rng(0).permutation(len(x))[:8000]
    parts = dict(zip(("train", "val", "test"), np.split(order, [4000, 6000]), strict=True))
    return eyespot.open_source(
        {f"{kind}_{part}": values[at] for part, at in parts.items() for kind, values in (("x", x[..., None]), ("y", y))}
    )


def idx(folder: Path, kind: str) -> np.ndarray:
    """The arrays of an IDX file of Fashion-MNIST's training part."""
    [file] = folder.glob(f"train-{kind}*")
    content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    return (
        np.frombuffer(content, np.uint8, offset=16).reshape(-1, 28, 28)
        if "3" in kind
        else np.frombuffer(content, np.uint8, offset=8)
    )


def budgets(every: Study) -> list[str]:
    """Three budgets: a tight and a loose one of time, and one of size, by the costs that were measured."""
    times = sorted(point.candidate.milliseconds for point in every.points)
    sizes = sorted(point.candidate.size for point in every.points)
    third, most, half = times[len(times) // 3], times[-1], sizes[len(sizes) // 2]
    return [f"{1.01 * third:.2f}ms", f"{1.01 * most:.2f}ms", f"{1.01 * half / 1e6:.3f}MB"]


def compared(found: Study, every: Study, budget: str) -> dict[str, Any]:
    """One study beside the exhaustive run."""
    full = {point.candidate.key: point for point in every.points}
    inside = [
        point for point in every.points if found.budget.excess(point.candidate.milliseconds, point.candidate.size) <= 1
    ]
    best, chosen = max(inside, key=lambda point: point.goodness), full[found.recommended]
    return {
        "budget": budget,
        "candidates": len(inside),
        "recommended": found.recommended,
        "validation %": 100 * chosen.score,
        "best": best.candidate.key,
        "its validation %": 100 * best.score,
        "standard error": 100 * best.standard_error,
        "within one": chosen.goodness >= best.goodness - best.standard_error,
        "cost": found.seconds / found.largest_seconds,
    }


def relations(name: str, every: Study) -> Iterator[dict[str, Any]]:
    """How multiply-adds predict latency, and what half the resolution changes, on average over networks."""
    from scipy.stats import pearsonr, spearmanr

    work = [point.candidate.multiply_adds for point in every.points]
    times = [point.candidate.milliseconds for point in every.points]
    part = f"{name}, relations"
    yield {
        "part": part,
        "relation": "multiply-adds and latency, rank correlation",
        "value": float(spearmanr(work, times)[0]),
    }
    yield {"part": part, "relation": "multiply-adds and latency, R2", "value": float(pearsonr(work, times)[0] ** 2)}
    pairs = list(halves(every))
    if pairs:
        scores, latencies = np.mean(pairs, axis=0)
        yield {"part": part, "relation": f"half resolution, accuracy % ({len(pairs)} networks)", "value": 100 * scores}
        yield {"part": part, "relation": "half resolution, latency %", "value": 100 * latencies}


def halves(every: Study) -> Iterator[tuple[float, float]]:
    """Relative changes of score and latency for every network that was trained at full and at half resolution."""
    at: dict[tuple[Any, ...], list[Any]] = {}
    for point in every.points:
        options = {key: value for key, value in point.candidate.options.items() if key != "input"}
        at.setdefault(tuple(sorted(options.items())), []).append(point)
    for points in at.values():
        if len(points) == 2:
            small, large = sorted(points, key=lambda point: "input" not in point.candidate.options)
            yield (
                small.score / large.score - 1,
                small.candidate.milliseconds / large.candidate.milliseconds - 1,
            )


if __name__ == "__main__":
    main()
