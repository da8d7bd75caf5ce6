"""A folder of 12-megapixel JPEGs becomes batches of 224x224: the first epoch, later ones, and the memory that it takes.

Claims: against `Image.open(f).convert("RGB").resize((224, 224))` in a DataLoader with as many workers, the first epoch
(decoding and all batches) is at least 3 times as fast, and later ones run at 0.9 of the speed of a tensor that lies in
memory, also where the decoded images lie in a file of the cache. While decoding, memory grows by less than 64 MB a
worker beyond the decoded images themselves. Opening the folder looks at every image once more; its time is told apart,
and what was seen is remembered until the files change.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _common import finish, in_turns, parse, spread
from _training import clean_place
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

import eyespot
from eyespot.images import ImageSpec
from eyespot.sources.cache import Images, decode
from eyespot.sources.source import Part, part_of

LENGTH = "long"
SPEC = ImageSpec(height=224, width=224, channels=3)
BATCH, LATER = 32, 20


def main() -> None:
    arguments = parse(__doc__, {"images": 300, "repeats": 5, "workers": 2})
    with clean_place() as place:
        paths = photos(place / "photos", arguments.images)
        time.sleep(4)  # files that are younger could still change, and are looked at again
        opening = [opened(place / "photos")[1] for _ in range(2)]
        part = part_of(opened(place / "photos")[0], "all")
        with own_memory() as peak:
            kept = decode(part, SPEC, workers=arguments.workers)
        mapped = decode(part, SPEC, workers=arguments.workers, memory=0)
        resident = torch.from_numpy(kept.take(np.arange(len(part))))
        first = in_turns(
            {
                "Pillow in a DataLoader": partial(plain_epoch, paths, arguments.workers),
                "eyespot, first epoch": partial(first_epoch, part, arguments.workers),
            },
            arguments.repeats,
        )
        later = in_turns(
            {
                "eyespot, later epochs": partial(later_epochs, kept),
                "eyespot, later epochs from a file": partial(later_epochs, mapped),
                "tensor in memory": lambda: seconds_of_epochs(len(resident), lambda rows: resident[rows]),
            },
            arguments.repeats,
        )
    rows = compared(first, "Pillow in a DataLoader", len(paths)) + compared(later, "tensor in memory", len(paths))
    settings = {
        "images": len(paths),
        "workers": arguments.workers,
        "opening the folder s": opening[0],
        "again s": opening[1],
        "own memory above the decoded images MB": (peak[0] - resident.nbytes) / 1e6,
    }
    finish(__file__, arguments, settings, rows)


def photos(folder: Path, count: int) -> list[Path]:
    """JPEGs of 4000x3000 pixels: soft shapes with a grain, about 3 MB each."""
    folder.mkdir()
    random = np.random.default_rng(0)
    grain = random.integers(0, 24, (3000, 4000, 1), dtype=np.uint8)
    paths = []
    for number in range(count):
        soft = Image.fromarray(random.integers(0, 230, (15, 20, 3), dtype=np.uint8)).resize((4000, 3000))
        path = folder / f"{number:03d}.jpg"
        Image.fromarray(np.asarray(soft) // 8 * 7 + grain).save(path, quality=85)
        paths.append(path)
    return paths


def opened(folder: Path) -> tuple[Any, float]:
    began = time.perf_counter()
    return eyespot.open_source(folder), time.perf_counter() - began


class Plain(Dataset):
    """What most people write."""

    def __init__(self, paths: list[Path]) -> None:
        self.paths = paths

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, number: int) -> Tensor:
        with Image.open(self.paths[number]) as image:
            return torch.from_numpy(np.array(image.convert("RGB").resize((224, 224))))


def plain_epoch(paths: list[Path], workers: int) -> float:
    began = time.perf_counter()
    for batch in DataLoader(Plain(paths), BATCH, shuffle=True, num_workers=workers):
        assert batch.shape[1:] == (224, 224, 3)
    return time.perf_counter() - began


def first_epoch(part: Part, workers: int) -> float:
    began = time.perf_counter()
    images = decode(part, SPEC, workers=workers)
    for rows in orders(len(part), 1):
        torch.from_numpy(images.take(rows))
    return time.perf_counter() - began


def later_epochs(images: Images) -> float:
    return seconds_of_epochs(len(images), lambda rows: torch.from_numpy(images.take(rows)))


def seconds_of_epochs(count: int, take: Callable[[np.ndarray], Tensor]) -> float:
    """Mean seconds of an epoch: batches taken, and turned into numbers from 0 to 1 as training does."""
    began = time.perf_counter()
    for rows in orders(count, LATER):
        take(rows).permute(0, 3, 1, 2).float().div_(255)
    return (time.perf_counter() - began) / LATER


def orders(count: int, epochs: int) -> Iterator[np.ndarray]:
    """The rows of each batch of some epochs, in a random order."""
    random = np.random.default_rng(1)
    for _ in range(epochs):
        yield from np.array_split(random.permutation(count), -(-count // BATCH))


@contextmanager
def own_memory() -> Iterator[list[int]]:
    """The most memory of its own, in bytes above that at the beginning, that this process holds meanwhile."""
    begin, most, done = anonymous(), [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.005):
            most[0] = max(most[0], anonymous() - begin)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield most
    finally:
        done.set()
        watcher.join()


def anonymous() -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) * 1024


def compared(figures: dict[str, list[float]], baseline: str, images: int) -> list[dict[str, Any]]:
    """Seconds of an epoch, images a second, and how many times as fast as the baseline of the same turn."""
    rows = []
    for name, seconds in figures.items():
        ratios = [theirs / ours for theirs, ours in zip(figures[baseline], seconds, strict=True)]
        found = {f"times as fast, {key}": value for key, value in spread(ratios).items() if key != "runs"}
        rows.append({"loader": name, "epoch s": spread(seconds)["median"], "images/s": images / min(seconds), **found})
    return rows


if __name__ == "__main__":
    main()
