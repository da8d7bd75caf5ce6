"""Several processes end with the weights of one: on one machine, on two, after one was killed, and gone on with alone.

A batch is computed in two micro-batches (`--micro-batches 2`) by one process or by two; summed in order. So
the weights after 100 steps in float32 with GroupNorm must agree to 1e-5 (they agree to the last bit), and the tables of
predictions to the letter. Two machines are two network namespaces where that is allowed, else two agents of torchrun on
the loopback; each has a cache of its own. Every image is counted whenever it is decoded. The last row is one process
that computes whole batches: what rounding alone does.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from _common import finish, parse
from _many import COUNTED, Machine, finished, machines, port
from safetensors.torch import load_file

from eyespot.images import write_png
from eyespot.sources.synthetic import shapes

LENGTH = "long"
BATCH = 32


def main() -> None:
    arguments = parse(__doc__, {"steps": 100, "images": 480, "norm": "group", "size": "tiny"})
    with TemporaryDirectory(prefix="eyespot-benchmark-") as place, machines(Path(place)) as (alone, pair):
        folder = pictures(Path(place, "pictures"), arguments.images)
        training = Training(Path(place), folder, arguments)
        rows = [
            training.row("1 process", training.started("one", alone)),
            training.row("2 processes", training.started("two", alone, processes=2)),
            training.row(f"2 machines x 1 process ({pair[0].kind})", training.on_both("far", pair)),
            training.row("2 processes, one killed, started again by torchrun", training.killed("killed", alone)),
            training.row("begun with 2, both killed, gone on with 1", training.moved("moved", alone)),
            training.row("1 process, whole batches", training.started("whole", alone, micro_batches=1)),
        ]
    settings = {name: getattr(arguments, name) for name in ("steps", "images", "norm", "size")}
    finish(__file__, arguments, {**settings, "batch": BATCH, "precision": "float32"}, rows)


def pictures(folder: Path, count: int) -> Path:
    """Drawn shapes of 32x32 pixels, in a folder for each class."""
    for number, row in enumerate(shapes(count, seed=0).rows):
        path = folder / row.values["label"] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_png(np.asarray(row.picture), path)
    time.sleep(4)  # files that are younger could still change, and are looked at again
    return folder


class Training:
    """The same training again and again, started in several ways, and what came of each."""

    def __init__(self, place: Path, source: Path, arguments: Any) -> None:
        self.place, self.source, self.arguments = place, source, arguments

    def command(self, name: str, micro_batches: int = 2) -> list[str]:
        epochs = self.arguments.steps * BATCH / self._learned()
        choices = {
            "size": self.arguments.size,
            "norm": self.arguments.norm,
            "micro_batches": micro_batches,
            "batch": BATCH,
        }
        choices |= {"precision": "float32", "epochs": epochs, "out": self.place / name}
        options = [part for key, value in choices.items() for part in (f"--{key}", str(value))]
        return ["train", str(self.source), *options, "--json"]

    def _learned(self) -> int:
        import eyespot

        return len(eyespot.open_source(self.source).train)

    def started(self, name: str, machine: Machine, processes: int = 1, micro_batches: int = 2) -> Path:
        finished(machine.start(self.command(name, micro_batches), processes))
        return self.place / name

    def on_both(self, name: str, pair: Sequence[Machine]) -> Path:
        meeting = f"{pair[0].address}:{port()}"
        agents = [machine.start(self.command(name), 1, meeting, rank) for rank, machine in enumerate(pair)]
        for agent in agents:
            finished(agent)
        return self.place / name

    def killed(self, name: str, machine: Machine) -> Path:
        """One of two processes is killed half way; torchrun starts both again."""
        agent = machine.start(self.command(name), 2, restarts=1)
        self._wait_for_half(name, agent)
        os.kill(process_of_rank(agent.pid, 1), signal.SIGKILL)
        finished(agent)
        return self.place / name

    def moved(self, name: str, machine: Machine) -> Path:
        """Both processes are killed half way; one process goes on."""
        agent = machine.start(self.command(name), 2)
        self._wait_for_half(name, agent)
        for rank in (0, 1):
            os.kill(process_of_rank(agent.pid, rank), signal.SIGKILL)
        agent.wait()
        return self.started(name, machine)

    def _wait_for_half(self, name: str, agent: subprocess.Popen) -> None:
        log = self.place / name / "log.jsonl"
        while not (log.exists() and f'"step": {self.arguments.steps // 2}' in log.read_text()):
            assert agent.poll() is None, "it ended before it could be killed"
            time.sleep(0.005)

    def row(self, name: str, run: Path) -> dict[str, Any]:
        first = self.place / "one"
        result = json.loads((run / "result.json").read_text())
        weights, wanted = load_file(run / "model.safetensors"), load_file(first / "model.safetensors")
        apart = max(float((weights[key].double() - wanted[key].double()).abs().max()) for key in wanted)
        print(f"{name}: {apart:.3g}", file=sys.stderr, flush=True)
        return {
            "how": name,
            "largest difference of a weight": apart,
            "same bits": all(torch.equal(weights[key], wanted[key]) for key in wanted),
            "same table": (run / "predictions.csv").read_bytes() == (first / "predictions.csv").read_bytes(),
            "test images": result["count"],
            "right": round(result["score"] * result["count"]),
            "resumed from": result["resumed_from"],
            "looked at and decoded on each machine": most_decoded(self.place),
            "training s": result["seconds"],
        }


def most_decoded(place: Path) -> str:
    """How often a machine has looked at an image, and decoded it for training, at most, since this was asked last."""
    most = {"first look": 0, "training": 0}
    for file in place.glob(f"cache-*/{COUNTED}"):
        for line, count in Counter(file.read_text().splitlines()).items():
            purpose = next(purpose for purpose in most if line.startswith(purpose))
            most[purpose] = max(most[purpose], count)
        file.unlink()
    return f"{most['first look']} and {most['training']}"


def process_of_rank(agent: int, rank: int) -> int:
    """The process of a rank among the children of a torchrun."""
    for child in Path(f"/proc/{agent}/task/{agent}/children").read_text().split():
        if f"RANK={rank}".encode() in Path(f"/proc/{child}/environ").read_bytes().split(b"\0"):
            return int(child)
    raise LookupError(f"torchrun {agent} has no process of rank {rank}")


if __name__ == "__main__":
    main()
