"""A training that is killed with -9 at a random moment and gone on with ends with the same bits; other faults are told.

Claim: 50 kills, spread at random over the whole of a training, from the opening of its images to its report: each time
every file that lies there can be read, the same command goes on to the same weights and the same table, and nothing
half-written stays, neither in the run's folder nor in the cache. A full disk, a folder that may only be read, a damaged
cache file and a clock that was set back are met as the errors promise. The file system's own faults need the right to
mount; without it those rows are missing.
"""

import json
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from _common import finish, parse
from safetensors import safe_open

import eyespot
from eyespot.images import write_png
from eyespot.sources import cache
from eyespot.sources.synthetic import shapes

LENGTH = "long"
PROCESSES = multiprocessing.get_context("forkserver")
"""Each training is a new process, forked from one that has imported all that it takes and done nothing else."""
IMPORTED = [
    "eyespot.training.run",
    "safetensors.torch",
    "sklearn.metrics",
    "scipy.stats",
    "matplotlib.backends.backend_svg",
]
CHOICES: dict[str, Any] = {"size": "tiny", "epochs": 32, "batch": 16, "precision": "float32", "snapshots": True}


def main() -> None:
    arguments = parse(__doc__, {"kills": 50, "seed": 0})
    PROCESSES.set_forkserver_preload(IMPORTED)
    with TemporaryDirectory(prefix="eyespot-benchmark-") as folder:
        place = Place(Path(folder))
        place.train("whole")
        began = time.monotonic()
        place.train("again")
        seconds = time.monotonic() - began
        rows = [killed(place, arguments.kills, seconds, random.Random(arguments.seed))]
        rows += [damaged(place), clock(place), *full_disk(place), *read_only(place)]
    settings = {**CHOICES, "images": 240, "seconds of one training": seconds, "seed": arguments.seed}
    finish(__file__, arguments, settings, rows)


class Place:
    """A folder with pictures, a cache, and trainings that each are a process of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.pictures = folder, folder / "pictures"
        for number, row in enumerate(shapes(240, seed=0).rows):
            path = self.pictures / row.values["label"] / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_png(np.asarray(row.picture), path)
        time.sleep(4)  # files that are younger could still change, and are looked at again

    def begin(self, name: str, cache_folder: str = "cache", set_back: bool = False) -> BaseProcess:
        """Train in a process of its own, which ends with 0, or with 2 for an error that was told."""
        process = PROCESSES.Process(target=training, args=(self.folder, name, cache_folder, set_back))
        process.start()
        return process

    def train(self, name: str, cache_folder: str = "cache", set_back: bool = False) -> int | None:
        """The exit code of a training that nobody disturbs."""
        process = self.begin(name, cache_folder, set_back)
        process.join()
        return process.exitcode

    @property
    def told(self) -> str:
        """The last error that a training ended with, without the names of folders."""
        return (self.folder / "told.txt").read_text().replace(f"{self.folder}/", "")

    def same(self, name: str) -> bool:
        """Whether a training ended with the model and the table of the undisturbed one, to the last bit."""
        files = ("model.safetensors", "predictions.csv", "recipe.json")
        return all((self.folder / name / f).read_bytes() == (self.folder / "whole" / f).read_bytes() for f in files)

    def leftovers(self) -> list[str]:
        kinds = ("*.temporary", "*.partial")
        return [str(file.relative_to(self.folder)) for kind in kinds for file in self.folder.rglob(kind)]


def training(folder: Path, name: str, cache_folder: str, set_back: bool) -> None:
    """What a process of its own does: it trains, and writes down the error that it ends with, if any."""
    os.environ["EYESPOT_CACHE"] = str(folder / cache_folder)
    cache.MEMORY_SHARE = 0.0  # so that there is a cache file to be killed over
    now = time.time
    if set_back:
        time.time = lambda: now() - 365 * 86_400
    try:
        eyespot.train(folder / "pictures", out=folder / name, **CHOICES)
    except eyespot.EyespotError as error:
        (folder / "told.txt").write_text(str(error))
        sys.exit(2)


def killed(place: Place, kills: int, seconds: float, chance: random.Random) -> dict[str, Any]:
    """Kill so many trainings, each in a folder and with a cache of its own, and go on with each."""
    counts = {
        "same bits": 0,
        "unreadable files": 0,
        "leftovers": 0,
        "before the first checkpoint": 0,
        "report or model begun": 0,
    }
    for kill in range(kills):
        name = f"kill-{kill}"
        run = place.folder / name
        while not killed_in_time(place, name, chance.uniform(0, seconds)):
            shutil.rmtree(run)
        counts["before the first checkpoint"] += not (run / "checkpoint.safetensors").exists()
        counts["report or model begun"] += (run / "predictions.csv").exists()
        counts["unreadable files"] += unreadable(run)
        code = place.train(name, f"cache-{name}")
        assert code == 0, f"kill {kill}: going on ended with {code}"
        counts["same bits"] += place.same(name)
        counts["leftovers"] += len(place.leftovers())
        for folder in (run, place.folder / f"cache-{name}"):
            shutil.rmtree(folder)
        print(f"kill {kill}: {counts}", file=sys.stderr, flush=True)
    return {"fault": "killed with -9, then the same command", "times": kills, **counts}


def killed_in_time(place: Place, name: str, seconds: float) -> bool:
    """Kill a training after some seconds, and tell whether it was still at work."""
    process = place.begin(name, f"cache-{name}")
    time.sleep(seconds)
    at_work = process.is_alive()
    process.kill()
    process.join()
    return at_work


def unreadable(run: Path) -> int:
    """How many files of a run that has just been killed cannot be read whole."""
    bad = 0
    for file in [file for file in run.rglob("*") if file.suffix in (".json", ".safetensors")]:
        try:
            if file.suffix == ".json":
                json.loads(file.read_text())
            else:
                with safe_open(file, framework="np") as opened:
                    [opened.get_tensor(name) for name in opened.keys()]  # noqa: SIM118
        except Exception:
            bad += 1
    return bad


def damaged(place: Place) -> dict[str, Any]:
    """A byte in the middle of each cache file is changed: they are made anew."""
    files = sorted((place.folder / "cache" / "pixels").glob("*.pixels"))
    assert files
    for file in files:
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 0xFF
        file.write_bytes(data)
    code = place.train("damaged")
    same = int(place.same("damaged")) if code == 0 else 0
    return {"fault": "cache files damaged", "times": 1, "same bits": same, "leftovers": len(place.leftovers())}


def clock(place: Place) -> dict[str, Any]:
    """Killed half way, and gone on with after the clock was set back by a year."""
    process = place.begin("clock")
    log = place.folder / "clock" / "log.jsonl"
    while not (log.exists() and '"epoch": 2' in log.read_text()):
        time.sleep(0.005)
    process.kill()
    process.join()
    code = place.train("clock", set_back=True)
    same = int(place.same("clock")) if code == 0 else 0
    return {"fault": "clock set back by a year on the way", "times": 1, "same bits": same}


def full_disk(place: Place) -> Iterator[dict[str, Any]]:
    """The run's folder, then the cache, on a file system that is too small, which then grows."""
    for name, what in (("full/run", "run's folder"), ("full-cache", "cache folder")):
        with mounted(place.folder / name.split("/")[0], "size=100k") as mount:
            if mount is None:
                return
            run, cache_folder = (name, "cache") if what == "run's folder" else ("full-run", name)
            code = place.train(run, cache_folder)
            told = place.told
            subprocess.run(["mount", "-o", "remount,size=64m", str(mount)], check=True)
            same = place.train(run, cache_folder) == 0 and place.same(run)
            left = len(place.leftovers())
        yield {
            "fault": f"disk full under the {what}, then room made, and the same command",
            "times": 1,
            "same bits": int(same),
            "leftovers": left,
            "exit code": code,
            "told": told,
        }


def read_only(place: Place) -> Iterator[dict[str, Any]]:
    """The run's folder, then the cache, may only be read."""
    for name, what in (("fixed/run", "run's folder"), ("fixed-cache", "cache folder")):
        with mounted(place.folder / name.split("/")[0], "ro") as mount:
            if mount is None:
                return
            run, cache_folder = (name, "cache") if what == "run's folder" else ("fixed-run", name)
            code = place.train(run, cache_folder)
            yield {"fault": f"{what} may only be read", "times": 1, "exit code": code, "told": place.told}


@contextmanager
def mounted(folder: Path, option: str) -> Iterator[Path | None]:
    """A small file system in memory at `folder`; None where nothing may be mounted."""
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", option, "eyespot", str(folder)], capture_output=True)
    try:
        yield folder if done.returncode == 0 else None
    finally:
        if done.returncode == 0:
            subprocess.run(["umount", str(folder)], check=True)


if __name__ == "__main__":
    main()
