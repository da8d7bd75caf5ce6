"""From 1,000 to 1,000,000 images: start-up time, memory and time per step of a training.

Claims: the time to the first step grows linearly, by less than 50 microseconds per image; memory beyond the images
themselves grows by less than 500 bytes per image; a step takes as long with a million images as with a thousand. Images
are synthetic, 16x16 gray pixels in one array, so that the cost per image is measured and not that of its pixels. Each
size runs in its own process.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from _common import finish, in_turns, parse, spread

LENGTH = "long"
SIDE, BATCH, STEPS = 16, 128, 60


def main() -> None:
    arguments = parse(__doc__, {"counts": "1000,10000,100000,1000000", "repeats": 3, "one": 0})
    if arguments.one:
        print(json.dumps(measured(arguments.one)))
        return
    found: dict[int, list[dict[str, float]]] = {count: [] for count in map(int, arguments.counts.split(","))}

    def run(count: int) -> float:
        command = [sys.executable, __file__, "--one", str(count)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found[count].append(json.loads(done.stdout))
        return 0.0

    in_turns({str(count): lambda count=count: run(count) for count in found}, arguments.repeats)
    least = min(each["memory beyond the images MB"] for each in found[min(found)])
    rows = [row_of(count, measures, least) for count, measures in found.items()]
    finish(__file__, arguments, {"pixels": SIDE * SIDE, "batch": BATCH, "steps": STEPS}, rows)


def measured(count: int) -> dict[str, float]:
    """Seconds until a source is open and until the first step, milliseconds of a step, and megabytes at the most."""
    import eyespot
    from eyespot.device import World
    from eyespot.training._batches import Stream
    from eyespot.training._loop import backward
    from eyespot.training.options import TrainOptions
    from eyespot.training.plan import choose_images, choose_task, make_recipe
    from eyespot.training.run import prepare

    random = np.random.default_rng(0)
    images = random.integers(0, 256, (count, SIDE, SIDE, 1), dtype=np.uint8)
    labels = np.arange(count) % 10
    before = resident()
    began = time.perf_counter()
    source = eyespot.open_source((images, labels))
    opened = time.perf_counter()
    task, _ = choose_task(source, "classify")
    options = TrainOptions(size="tiny", precision="float32", batch=BATCH, epochs=STEPS * BATCH / count)
    recipe = make_recipe(source, {"what": None}, task, choose_images(source, task, options)[0], options)
    with TemporaryDirectory() as folder:
        training, state = prepare(source, recipe, Path(folder), World())
        ready = time.perf_counter()
        seconds = []
        stream, [turn] = Stream(training), training.task.turns
        for state.step in range(STEPS):
            start = time.perf_counter()
            backward(training, stream, state, turn)
            seconds.append(time.perf_counter() - start)
    return {
        "opening s": opened - began,
        "until the first step s": ready - began,
        "step ms": 1000 * float(np.median(seconds[5:])),
        "memory beyond the images MB": (resident() - before) / 1e6,
    }


def resident() -> int:
    """Bytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def row_of(count: int, measures: list[dict[str, float]], least: float) -> dict[str, Any]:
    """Medians, and what each image adds; `least` is the memory in megabytes that a training takes at any size."""
    middle = {name: spread([each[name] for each in measures])["median"] for name in measures[0]}
    reach = spread([each["until the first step s"] for each in measures])
    return {
        "images": count,
        **middle,
        "least and most s": f"{reach['low']:.2f} to {reach['high']:.2f}",
        "start-up us an image": 1e6 * middle["until the first step s"] / count,
        "bytes an image": 1e6 * (middle["memory beyond the images MB"] - least) / count,
    }


if __name__ == "__main__":
    main()
