"""The index of 100,000 photos takes less than 2 GB; an unchanged collection is checked again in under 10 s.

The photos are links to 50 photos of coco128, in 100 folders; the rows of the index are those of these photos, written
as `organize` writes them, with random embeddings of the length of EfficientNet-Lite0's. `update` then walks the
folders, compares size and times of each file with its row, and finds nothing to read. Processor seconds count where
other programs run.
"""

import os
import shutil
import time
import zipfile
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
from _common import data_folder, finish, parse, spread
from _training import clean_place, load_at_start

from eyespot.organizing._embedding import CROP, Embedder
from eyespot.organizing._index import Index, row_of
from eyespot.organizing._photo import Photo, examine
from eyespot.organizing._update import YOUNG, _stamped, update
from eyespot.sources import walk

LENGTH = "short"
FEATURES, FOLDERS, DIFFERENT, TOGETHER = 1280, 100, 50, 1000


def main() -> None:
    arguments = parse(__doc__, {"photos": 100_000, "repeats": 3})
    embedder = cast(Embedder, SimpleNamespace(name="random", images=CROP))
    with clean_place() as place:
        photos = make_collection(place, arguments.photos)
        file = place / "index.sqlite"
        fill(file, place / "photos", photos)
        clock, processor = [], []
        for _ in range(arguments.repeats):
            start, used = time.perf_counter(), time.process_time()
            with Index(file, place / "photos", embedder.name) as index:
                found = update(index, place / "photos", embedder)
            clock.append(time.perf_counter() - start)
            processor.append(time.process_time() - used)
            assert (found.read, found.unchanged) == (0, arguments.photos), found
        rows = [
            {"photos": arguments.photos, "what": "index, GB", **spread([file.stat().st_size / 1e9])},
            {"photos": arguments.photos, "what": "check of an unchanged collection, s", **spread(clock)},
            {"photos": arguments.photos, "what": "the same, processor s", **spread(processor)},
        ]
    finish(__file__, arguments, {"load at start": load_at_start()}, rows)


def make_collection(place: Path, count: int) -> list[Photo]:
    """A folder of `count` files with few different contents, and these contents, measured."""
    (place / "originals").mkdir()
    with zipfile.ZipFile(data_folder() / "coco128" / "coco128_train.zip") as packed:
        names = sorted(name for name in packed.namelist() if name.endswith(".webp"))[:DIFFERENT]
        contents = [packed.read(name) for name in names]
    for number in range(FOLDERS):
        (place / "photos" / f"{number:03}").mkdir(parents=True)
    for number, content in enumerate(contents):
        (place / "originals" / f"{number}.webp").write_bytes(content)
    for number in range(count):
        os.link(
            place / "originals" / f"{number % DIFFERENT}.webp",
            place / "photos" / f"{number % FOLDERS:03}" / f"{number:06}.webp",
        )
    shutil.rmtree(place / "originals")
    time.sleep(YOUNG / 1e9 + 1)  # files that changed a moment ago would be read again
    return [examine(content, name, CROP, datetime.now()) for content, name in zip(contents, names, strict=True)]


def fill(file: Path, folder: Path, photos: list[Photo]) -> None:
    """Write a row for each file."""
    random = np.random.default_rng(0)
    stamped = list(_stamped(walk(folder).tree.all_images(), folder))
    with Index(file, folder, "random") as index:
        for start in range(0, len(stamped), TOGETHER):
            batch = stamped[start : start + TOGETHER]
            embeddings = random.normal(size=(len(batch), FEATURES)).astype(np.float32)
            index.save(
                row_of(path, stamp, photos[int(path[-11:-5]) % DIFFERENT], embedding)
                for (path, stamp), embedding in zip(batch, embeddings, strict=True)
            )


if __name__ == "__main__":
    main()
