"""How long training takes until a network is good: on Fashion-MNIST beside Keras and PyTorch, on MNIST, on CIFAR-10.

Claims. Fashion-MNIST at 90 %: ours, the whole fixed schedule whose mean over five seeds is at least 90 % of the 10,000
test images, takes at most 1/20 of the time that Keras' example of a simple convnet takes where the machine has
AVX512-BF16 (1/12 elsewhere), and at most 1/15 of PyTorch's tutorial "Training with PyTorch". The others stop at the
first epoch that ends with 90 % of the test images right, which favors them, and only their training is counted.
Fashion-MNIST at 93.5 %, MNIST at 99.6 %: means over three seeds, with their times.

All in turns, on one machine, in one run. What ours trains with was chosen on validation images, which are a part of
the training images. `--parts fashion90` runs one part alone; `--folder` keeps what is done, to go on later.
"""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from _common import data_folder, finish, kept, over_seeds, parse, spread
from _training import clean_place, load_at_start
from peers.environment import peer_python

import eyespot

LENGTH = "long"
QUICK = (
    "conv 16@5x5 stride 2 same, batchnorm, relu, conv 32@3x3 same, batchnorm, relu, maxpool 2, "
    "conv 64@3x3 same, batchnorm, relu, flatten, dense"
)
OURS: dict[str, dict[str, Any]] = {
    "fashion90": {"network": QUICK, "augment": "none", "epochs": 1.25, "rate": 0.005},
    "fashion93.5": {
        "network": "airbench",
        "size": "small",
        "augment": "light",
        "epochs": 10,
        "batch": 256,
        "weight_decay": 1.0,
    },
    "mnist99.6": {"epochs": 16},
}
DATA = {"fashion90": "FashionMNIST", "fashion93.5": "FashionMNIST", "mnist99.6": "MNIST"}
GOALS = {"fashion90": 0.90, "fashion93.5": 0.935, "mnist99.6": 0.996}
PEERS = {"keras_convnet": 40, "pytorch_tutorial": 10}
"""Who else trains, and after how many epochs it is given up; its time to the goal is then longer than what is told."""


def main() -> None:
    arguments = parse(__doc__, {"parts": ",".join(OURS), "folder": "", "seeds": 3, "repeats": 3})
    load = load_at_start()
    file = Path(arguments.folder, "time_to_accuracy.jsonl") if arguments.folder else None
    rows: list[dict[str, Any]] = []
    for part in arguments.parts.split(","):
        beside = part == "fashion90"
        ours, theirs = measured(part, 5 if beside else arguments.seeds, arguments.repeats if beside else 0, file)
        rows.append(ours_row(part, ours))
        rows += [peer_row(part, name, runs, rows[-1]["median s"]) for name, runs in theirs.items() if runs]
    finish(__file__, arguments, {"load at start": load}, rows)


def measured(
    part: str, seeds: int, repeats: int, file: Path | None
) -> tuple[list[dict[str, Any]], dict[str, list[dict[str, Any]]]]:
    """Ours with each seed, and every peer so many times, in turns."""
    ours, theirs = [], {name: [] for name in PEERS}
    for turn in range(seeds):
        ours += kept(file, {"ours": OURS[part], "seed": turn}, lambda turn=turn: [train(part, turn)])
        for name in PEERS if turn < repeats else ():
            theirs[name] += kept(file, {"peer": name, "seed": turn}, lambda name=name, turn=turn: [peer(name, turn)])
    return ours, theirs


def train(part: str, seed: int) -> dict[str, Any]:
    """One whole training; its accuracy on the test images, looked at once, and the seconds of its steps and epochs."""
    with clean_place() as place:
        images = eyespot.open_source(data_folder() / DATA[part])
        run = eyespot.train(images, out=place / "run", seed=seed, **OURS[part])
        validation = run.log[-1]["validation"]["accuracy"]
    told = {"accuracy": run.result["score"], "validation": validation, "seconds": run.result["seconds"]}
    return told | {"parameters": run.result["parameters"]}


def peer(name: str, seed: int) -> dict[str, Any]:
    python = peer_python("fashion", Path(gettempdir(), "eyespot-peers-fashion"))
    script, images = Path(__file__).parent / "peers" / "fashion.py", data_folder() / "FashionMNIST" / "raw"
    command = [python, script, name, images, seed, PEERS[name]]
    done = subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def ours_row(part: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
    found = over_seeds([100 * run["accuracy"] for run in runs])
    return {
        "part": part,
        "contestant": "eyespot",
        "accuracy %": found["mean"],
        "std": found["std"],
        "validation %": over_seeds([100 * run["validation"] for run in runs])["mean"],
        "reached": f"{found['mean'] >= 100 * GOALS[part]} (goal {100 * GOALS[part]:g} %)",
        **seconds_of(runs),
        "epochs": OURS[part]["epochs"],
        "weights": runs[0]["parameters"],
        "recipe": ", ".join(f"{name} {value}" for name, value in OURS[part].items()),
    }


def peer_row(part: str, name: str, runs: list[dict[str, Any]], ours: float) -> dict[str, Any]:
    row = {
        "part": part,
        "contestant": name,
        "accuracy %": over_seeds([100 * run["accuracy"] for run in runs])["mean"],
        "reached": f"{sum(run['reached'] for run in runs)} of {len(runs)}",
        **seconds_of(runs),
        "epochs": ", ".join(str(run["epochs"]) for run in runs),
    }
    return row | {"ours takes 1/": row["median s"] / ours}


def seconds_of(runs: list[dict[str, Any]]) -> Mapping[str, Any]:
    return {f"{name} s": value for name, value in spread([run["seconds"] for run in runs]).items() if name != "runs"}


if __name__ == "__main__":
    main()
