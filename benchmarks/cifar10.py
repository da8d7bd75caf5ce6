"""CIFAR-10 at 94 %: how long it takes, beside the network and schedule of the speed records in plain PyTorch.

Claim: the mean over three seeds is at least 94 % of the whole test set, and the training, all of it, takes at most a
third of the time that the plain one needs in float32 and NCHW. That is its schedule's images over its images a second
(five times a minute, between our trainings); its accuracy is told from one run, which takes most of an hour by itself.
Both answer by six views of each test image: itself, and shifted by a pixel two ways, each with its mirror image.

What ours trains with was chosen on validation images, which are a part of the training images. `--folder` keeps what is
done, to go on later; `--parts` leaves some out.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from _common import finish, kept, over_seeds, parse, spread
from _training import cifar10, cifar10_arrays, clean_place, load_at_start
from _views import by_six_views

import eyespot

LENGTH = "long"
GOAL = 0.94
VALIDATION = 500
OURS: dict[str, Any] = {
    "network": "airbench",
    "size": "medium",
    "task": "classify:smoothing=0.2",
    "augment": "light",
    "epochs": 11,
    "batch": 1000,
    "optimizer": "sphere",
    "lookahead": True,
}
SECONDS = 60


def main() -> None:
    arguments = parse(__doc__, {"seeds": 3, "repeats": 5, "parts": "ours,speed,accuracy", "folder": ""})
    load = load_at_start()
    file = Path(arguments.folder, "cifar10.jsonl") if arguments.folder else None
    ours, speeds, plain = [], [], []
    with clean_place() as place:
        images = place / "cifar10.npz"
        np.savez(images, **cifar10_arrays())
        for turn in range(max(arguments.seeds, arguments.repeats)):
            if "speed" in arguments.parts and turn < arguments.repeats:
                speeds += kept(file, {"speed": turn}, lambda: [peer("speed", images, SECONDS)])
            if "ours" in arguments.parts and turn < arguments.seeds:
                ours += kept(file, {"ours": OURS, "seed": turn}, lambda turn=turn: [train(place / f"{turn}", turn)])
        if "accuracy" in arguments.parts:
            plain = kept(file, {"accuracy": 0}, lambda: [peer("train", images, 0)])
    rows = [*(our_rows(ours) if ours else ()), *(plain_rows(speeds, plain, ours) if speeds else ())]
    finish(__file__, arguments, {"load at start": load}, rows)


def train(folder: Path, seed: int) -> dict[str, Any]:
    """One whole training; its accuracy on the test images, looked at once, and the seconds of its steps and epochs."""
    source = cifar10(VALIDATION)
    run = eyespot.train(source, out=folder, seed=seed, **OURS)
    return {
        "accuracy": by_six_views(run.model).evaluate(source.test).score,
        "one view": run.result["score"],
        "validation": run.log[-1]["validation"]["accuracy"],
        "seconds": run.result["seconds"],
        "weights": run.result["parameters"],
    }


def peer(what: str, images: Path, number: int) -> dict[str, Any]:
    script = Path(__file__).parent / "peers" / "cifar.py"
    command = [sys.executable, str(script), what, str(images), str(number)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def our_rows(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = over_seeds([100 * run["accuracy"] for run in runs])
    seconds = spread([run["seconds"] for run in runs])
    return [
        {
            "contestant": "eyespot",
            "accuracy %": found["mean"],
            "std": found["std"],
            "seeds": found["values"],
            "one view %": over_seeds([100 * run["one view"] for run in runs])["mean"],
            "reached": f"{found['mean'] >= 100 * GOAL} (goal {100 * GOAL:g} %)",
            "seconds": seconds["median"],
            "least and most": f"{seconds['low']:.0f} to {seconds['high']:.0f}",
            "weights": runs[0]["weights"],
            "recipe": ", ".join(f"{name} {value}" for name, value in OURS.items()),
        }
    ]


def plain_rows(speeds: list[dict[str, Any]], plain: list[dict[str, Any]], ours: list[dict[str, Any]]) -> list[Any]:
    seconds = spread([run["schedule"] / run["images a second"] for run in speeds])
    rate = spread([run["images a second"] for run in speeds])["median"]
    row = {
        "contestant": "plain PyTorch, float32, NCHW",
        "accuracy %": 100 * plain[0]["accuracy"] if plain else None,
        "seconds": seconds["median"],
        "least and most": f"{seconds['low']:.0f} to {seconds['high']:.0f}",
        "weights": plain[0]["weights"] if plain else None,
        "recipe": f"{speeds[0]['schedule']:,.0f} images at {rate:.0f} a second",
    }
    times = spread([run["seconds"] for run in ours])["median"] if ours else None
    return [row | ({"ours takes": times / seconds["median"]} if times else {})]


if __name__ == "__main__":
    main()
