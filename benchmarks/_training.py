"""What the benchmarks of whole trainings share: a clean place, one training a seed, and rows with their spread."""

import os
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from _common import data_folder, over_seeds

if TYPE_CHECKING:
    from eyespot.sources.source import Row, Source
    from eyespot.training.run import Run


@contextmanager
def clean_place() -> Iterator[Path]:
    """A temporary folder, and an empty cache in it: the machine is measured now, and no earlier split is remembered."""
    before = os.environ.get("EYESPOT_CACHE")
    with TemporaryDirectory(prefix="eyespot-benchmark-") as folder:
        os.environ["EYESPOT_CACHE"] = str(Path(folder, "cache"))
        try:
            yield Path(folder)
        finally:
            del os.environ["EYESPOT_CACHE"]
            if before is not None:
                os.environ["EYESPOT_CACHE"] = before


def cifar10(validation: int | None = None) -> "Source":
    """The 50,000 training and the 10,000 test images of CIFAR-10; some of the former become validation images.

    `validation`: so many, the last ones; None: eyespot's own share, by content.
    """
    import eyespot

    images = cifar10_arrays()
    if validation is not None:
        for name in ("x", "y"):
            learned = images[f"{name}_train"]
            images[f"{name}_train"], images[f"{name}_val"] = np.split(learned, [len(learned) - validation])
    return eyespot.open_source(images)


def zip_codes(validation: int) -> "Source":
    """The 7,291 zip codes to learn from, of which so many, drawn at random, are for validation, and 2,007 for test."""
    import eyespot

    images = zip_code_arrays()
    x, y = images["x_train"], images["y_train"]
    order = np.random.default_rng(0).permutation(len(x))
    learned, kept = order[validation:], order[:validation]
    parts = {"x_train": x[learned], "y_train": y[learned], "x_val": x[kept], "y_val": y[kept]}
    return eyespot.open_source(images | parts)


def zip_code_arrays() -> dict[str, np.ndarray]:
    """Images (N, 16, 16, 1) and labels (N,): x_train, y_train, x_test, y_test."""
    import eyespot
    from eyespot.images import ImageSpec, read_pixels

    def arrays(rows: Sequence["Row"]) -> tuple[np.ndarray, np.ndarray]:
        spec = ImageSpec(height=16, width=16, channels=1)
        pixels = np.stack([read_pixels(row.picture, spec) for row in rows])
        return pixels, np.array([row.values["label"] for row in rows])

    whole = eyespot.open_source(data_folder() / "usps")
    x_train, y_train = arrays([*whole.train.rows, *whole.validation.rows])
    x_test, y_test = arrays(whole.test.rows)
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


def cifar10_arrays() -> dict[str, np.ndarray]:
    """Images (N, 32, 32, 3) and labels (N,): x_train, y_train, x_test, y_test."""
    from eyespot.images import ImageSpec, read_pixels

    def sheet(name: str) -> np.ndarray:
        pixels = read_pixels(folder / f"{name}.webp", ImageSpec(height=3200, width=3200, channels=3, fit="native"))
        return pixels.reshape(100, 32, 100, 32, 3).swapaxes(1, 2).reshape(-1, 32, 32, 3)

    folder = data_folder() / "cifar10"
    labels = np.load(folder / "labels.npz")
    train = np.concatenate([sheet(f"data_batch_{number}") for number in range(1, 6)])
    return {"x_train": train, "y_train": labels["train"], "x_test": sheet("test_batch"), "y_test": labels["test"]}


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack a zip file into a folder, and give the folder."""
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    return folder


def train_seeds(seeds: int, train: Callable[[int], "Run"]) -> list[tuple["Run", float]]:
    """Train once with each of the seeds 0, 1, ...; each run comes with the seconds of processor time that it took.

    Those count all of it, decoding and evaluation too, and depend little on what else the machine does.
    """
    runs = []
    for seed in range(seeds):
        start = time.process_time()
        run = train(seed)
        runs.append((run, time.process_time() - start))
        print(f"seed {seed}: {run.result['metric']} {run.result['score']:.5g}", file=sys.stderr, flush=True)
    return runs


def classify_rows(runs: Sequence[tuple["Run", float]]) -> list[dict[str, Any]]:
    """For each seed: accuracy on test and validation images in percent, and how long it took."""
    rows = []
    for seed, (run, seconds) in enumerate(runs):
        low, high = run.result["interval"]
        rows.append(
            {
                "seed": seed,
                "accuracy %": 100 * run.result["score"],
                "95 % interval": f"{100 * low:.2f} to {100 * high:.2f}",
                "test images": run.result["count"],
                "validation %": 100 * run.log[-1]["validation"]["accuracy"],
                "training s": run.result["seconds"],
                "processor s": seconds,
            }
        )
    return with_spread(rows, ("accuracy %", "validation %", "training s", "processor s"))


def with_spread(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> list[dict[str, Any]]:
    """The rows of all seeds, and below them mean and standard deviation of some of their columns."""
    found = {column: over_seeds([row[column] for row in rows]) for column in columns}
    ends = [{"seed": name, **{column: found[column][name] for column in columns}} for name in ("mean", "std")]
    return [*map(dict, rows), *ends]


def load_at_start() -> float:
    """How many processes wanted to compute in the last minute (the 1-minute load), to be asked before anything else."""
    return round(os.getloadavg()[0], 2)


def recipe_of(run: "Run") -> str:
    """One line on what was chosen for a training."""
    from eyespot.training.recipe import read_recipe

    recipe = read_recipe(run.folder / "recipe.json")
    return f"{recipe.describe()} with {recipe.compute['threads']} of {os.cpu_count()} cores"
