"""Which method says best what an answer rests on? Areas under deletion and insertion curves on CIFAR-10.

Trains the default network on CIFAR-10 for a while (or takes `--model`), then explains test images that it answers
right, by every method that makes a map of the pixels. Deletion: smaller is better; insertion: larger is better.
`randomized` is the mean rank correlation with the map of a network whose weights are shuffled: near 0 is right.
"""

import statistics
import tempfile
from pathlib import Path

import numpy as np
import torch
from _common import data_folder, finish, parse
from PIL import Image

from eyespot.explanations import explain
from eyespot.model import Model, load
from eyespot.sources._arrays import from_arrays
from eyespot.sources.source import Source
from eyespot.training import train

LENGTH = "long"
COLUMNS = ("deletion", "insertion", "randomized", "sum_off_by")


def main() -> None:
    arguments = parse(__doc__, {"images": 100, "minutes": 5.0, "model": "", "threads": 2})
    torch.set_num_threads(arguments.threads)
    source = cifar10()
    model = load(arguments.model) if arguments.model else trained(source, arguments.minutes)
    rows = [row for row in source.test.rows if model.predict(row.picture)["label"] == row.values["label"]]
    tables = [explain(model, row.picture, "all").values["table"] for row in rows[: arguments.images]]
    figures = [average(name, tables) for name in (row["method"] for row in tables[0])]
    settings = {"images": len(tables), "network": model.made.get("recipe", {}).get("network", {}).get("name", "")}
    finish(__file__, arguments, settings, sorted(figures, key=lambda row: row["deletion"] - row["insertion"]))


def average(name: str, tables: list[list[dict]]) -> dict:
    """Means over images, and the standard error of the areas."""
    rows = [next(row for row in table if row["method"] == name) for table in tables]
    found: dict = {"method": name}
    for column in COLUMNS:
        values = [row[column] for row in rows if row[column] is not None]
        found[column] = statistics.fmean(values) if values else None
        if column in ("deletion", "insertion") and len(values) > 1:
            found[f"± {column}"] = statistics.stdev(values) / len(values) ** 0.5
    found["all checks passed"] = statistics.fmean(row["passed"] for row in rows)
    return found


def cifar10() -> Source:
    """The images as eyespot's source: training and test as published."""
    folder = data_folder() / "cifar10"
    labels = np.load(folder / "labels.npz")
    names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    parts = {"train": [f"data_batch_{number}.webp" for number in range(1, 6)], "test": ["test_batch.webp"]}
    images = np.concatenate([sheet(folder / file) for files in parts.values() for file in files])
    values = [{"label": names[label]} for label in np.concatenate([labels["train"], labels["test"]])]
    split = ["train"] * len(labels["train"]) + ["test"] * len(labels["test"])
    return from_arrays("CIFAR-10", "arrays", images, values, split)


def sheet(file: Path) -> np.ndarray:
    """10,000 images (N, 32, 32, 3) from a sheet of 100 x 100."""
    pixels = np.asarray(Image.open(file).convert("RGB"))
    return pixels.reshape(100, 32, 100, 32, 3).swapaxes(1, 2).reshape(-1, 32, 32, 3)


def trained(source: Source, minutes: float) -> Model:
    with tempfile.TemporaryDirectory() as folder:
        train(source, out=Path(folder) / "run", task="classify", minutes=minutes)
        return load(Path(folder) / "run" / "model.safetensors")


if __name__ == "__main__":
    main()
