"""Crafted noise on MNIST: small noise fools every image, with less distortion than in the paper and than peers find.

Claims, on the networks of Szegedy et al. (2013): no accuracy is left on the attacked images, at a mean distortion not
above the paper's. The paper does not say over what its weight decay sums; ours was set by the error on 5,000 training
images held out for that: half a point above the paper's test error, as it lies for the network with hardly any decay.
At no more gradient calls, and after 8-bit rounding, the median length of our L-BFGS noise is not
above that of the Carlini-Wagner L2 of foolbox and ART, that of our minimum-norm attack not above that of foolbox's
L2FMN and DDN, in no more time than the better of each pair. Peers' noise is rounded plainly, and also by our own
rounding, which tries again and pushes on: what stands in the table is the better for them.
Parts: paper, peers, transfer.
"""

import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from _common import data_folder, finish, kept, over_seeds, parse
from peers.environment import HERE, peer_python
from torch import Tensor, nn

from eyespot.attacks import attack_many, choose
from eyespot.attacks._quantization import rounded, smallest
from eyespot.attacks._transfer import transfer
from eyespot.attacks._victim import Victim
from eyespot.images import ImageSpec
from eyespot.model import Model, wrap
from eyespot.samples import to_batch
from eyespot.tasks._classify import Classify
from eyespot.tasks.criterion import Misclassification

LENGTH = "long"
DIGITS = Classify(classes=tuple("0123456789"))
GRAY = ImageSpec(height=28, width=28, channels=1)


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A network of the paper: hidden layers, our weight decay per layer, its test error and mean distortion there."""

    hidden: tuple[int, ...]
    decay: tuple[float, ...]
    error: float
    distortion: float


PAPER = {
    "FC10, decay 1e-4": Paper(hidden=(), decay=(1e-4,), error=0.074, distortion=0.062),
    "FC10, decay 1e-2": Paper(hidden=(), decay=(0.05,), error=0.094, distortion=0.1),
    "FC10, decay 1": Paper(hidden=(), decay=(3.0,), error=0.2, distortion=0.14),
    "FC100-100-10": Paper(hidden=(100, 100), decay=(2e-3, 2e-3, 2e-4), error=0.0164, distortion=0.058),
    "FC200-200-10": Paper(hidden=(200, 200), decay=(2e-3, 2e-3, 2e-4), error=0.0154, distortion=0.065),
}


def main() -> None:
    options = {
        "parts": "paper,peers,transfer",
        "images": 200,
        "gradients": 900,
        "epochs": 80,
        "threads": 2,
        "repeats": 3,
        "seeds": 3,
        "networks": "all",
        "folder": "",
    }
    arguments = parse(__doc__, options)
    torch.set_num_threads(arguments.threads)
    train, test = digits()
    settings = {name: getattr(arguments, name) for name in options if name not in ("parts", "networks", "folder")}
    file = Path(arguments.folder, "crafted_noise.jsonl") if arguments.folder else None
    chosen = [name for name in PAPER if arguments.networks == "all" or name in arguments.networks.split("; ")]
    rows = []
    for part in arguments.parts.split(","):
        for name in chosen if part in ONE_BY_ONE else [""]:
            key = {"part": part, "network": name, **settings}
            work = partial(PARTS[part], [name] if name else chosen, train, test, arguments)
            rows += [{"part": part, **row} for row in kept(file, key, work)]
    finish(__file__, arguments, {"parts": arguments.parts, "networks": arguments.networks, **settings}, rows)


@cache
def network(name: str, epochs: int, seed: int = 0) -> Model:
    """A trained network of the paper."""
    return trained(PAPER[name], digits()[0], epochs, seed)


Digits = tuple[Tensor, Tensor]


@cache
def digits() -> tuple[Digits, Digits]:
    """Images (N, 1, 28, 28) and labels (N,) of the 60,000 and of the 10,000."""
    import gzip

    folder = data_folder() / "MNIST" / "raw"

    def read(name: str) -> np.ndarray:
        data = gzip.decompress((folder / f"{name}.gz").read_bytes())
        shape = np.frombuffer(data, ">i4", data[3], 4)
        return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(shape)

    pairs = [
        (
            to_batch(read(f"{part}-images-idx3-ubyte")[..., None]),
            torch.from_numpy(read(f"{part}-labels-idx1-ubyte").astype(np.int64)),
        )
        for part in ("train", "t10k")
    ]
    return pairs[0], pairs[1]


def trained(paper: Paper, train: Digits, epochs: int, seed: int = 0) -> Model:
    """Dense layers with sigmoids between, and the paper's decay: the sum of squares of a layer over its units."""
    torch.manual_seed(seed)
    sizes = (784, *paper.hidden, 10)
    layers: list[nn.Module] = [nn.Flatten()]
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.Sigmoid()]
    network = nn.Sequential(*layers[:-1])
    dense = [layer for layer in network if isinstance(layer, nn.Linear)]
    images, labels = train
    steps = len(images) // 256 * (epochs if paper.hidden else max(1, epochs // 4))
    optimizer = torch.optim.Adam(network.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.006, total_steps=steps)
    for _ in range(steps):
        rows = torch.randint(len(images), (256,))
        decay = sum(
            rate * layer.weight.square().sum() / layer.out_features
            for rate, layer in zip(paper.decay, dense, strict=True)
        )
        loss = F.cross_entropy(network(images[rows]), labels[rows]) + decay
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return wrap(network.requires_grad_(False), DIGITS, GRAY)


def error_of(model: Model, images: Tensor, labels: Tensor) -> float:
    return float((model.outputs(images).argmax(1) != labels).float().mean())


def rightly_read(model: Model, test: Digits, count: int) -> Digits:
    """The first images of the test set that the model gets right."""
    images, labels = test
    rows = (model.outputs(images).argmax(1) == labels).nonzero()[:count, 0]
    return images[rows], labels[rows]


def as_in_the_paper(names: list[str], train: Digits, test: Digits, arguments: Any) -> list[dict]:
    """Accuracy left and mean distortion for each network, over seeds, beside the paper's."""
    rows = []
    for name in names:
        found = [fooled(network(name, arguments.epochs, seed), test, arguments) for seed in range(arguments.seeds)]
        over = {column: over_seeds([row[column] for row in found]) for column in found[0]}
        error, size = over["test error"], over["mean distortion"]
        rows.append(
            {
                "network": name,
                "seeds": arguments.seeds,
                "test error": error["mean"],
                "± of it": error["std"],
                "paper's test error": PAPER[name].error,
                "images": arguments.images,
                "accuracy left": max(over["accuracy left"]["values"]),
                "mean distortion": size["mean"],
                "± of the mean": size["std"],
                "paper's distortion": PAPER[name].distortion,
                "gradients": over["gradients"]["mean"],
                "seconds": over["seconds"]["mean"],
            }
        )
    return rows


def fooled(model: Model, test: Digits, arguments: Any) -> dict[str, float]:
    """What crafted noise does to one network."""
    images, labels = rightly_read(model, test, arguments.images)
    settings = choose("crafted-noise", steps=arguments.gradients)
    found = attack_many(model, images, "crafted-noise", truths=labels.tolist(), settings=settings)
    sizes = [one.distortion for one in found if one.outcome == "fooled"]
    return {
        "test error": error_of(model, *test),
        "accuracy left": 1 - len(sizes) / len(found),
        "mean distortion": float(np.mean(sizes)),
        "gradients": float(np.mean([one.gradients for one in found])),
        "seconds": sum(one.seconds for one in found),
    }


def beside_peers(names: list[str], train: Digits, test: Digits, arguments: Any) -> list[dict]:
    """Median length after rounding and seconds, ours and peers', on each network."""
    python = peer_python("attacks", Path(gettempdir()) / "eyespot-peers")
    rows = []
    for name in names:
        model = network(name, arguments.epochs)
        images, labels = rightly_read(model, test, arguments.images)
        for turn in range(arguments.repeats):
            contestants = {**theirs(python, model, images, labels, arguments), **ours(model, images, labels, arguments)}
            for who, (made, seconds) in contestants.items():
                rows.append({"network": name, "attack": who, "turn": turn, "seconds": seconds})
                rows[-1] |= judged(model, images, labels, made)
    return summed_up(rows)


def ours(model: Model, images: Tensor, labels: Tensor, arguments: Any) -> dict[str, tuple[Tensor, float]]:
    found = {}
    for by in ("crafted-noise", "minimum-noise"):
        start = time.perf_counter()
        attacks = attack_many(
            model,
            images,
            by,
            truths=labels.tolist(),
            settings=choose(by, steps=arguments.gradients),
        )
        seconds = time.perf_counter() - start
        assert max(one.gradients for one in attacks) <= arguments.gradients
        found[f"eyespot {by}"] = (to_batch(np.stack([one.fooled for one in attacks])), seconds)
    return found


def theirs(
    python: Path, model: Model, images: Tensor, labels: Tensor, arguments: Any
) -> dict[str, tuple[Tensor, float]]:
    dense = [layer for layer in model.network.modules() if isinstance(layer, nn.Linear)]
    weights = {f"weight{place}": layer.weight.numpy() for place, layer in enumerate(dense)}
    biases = {f"bias{place}": layer.bias.numpy() for place, layer in enumerate(dense)}
    budget = {"gradients": arguments.gradients, "threads": arguments.threads}
    with TemporaryDirectory() as folder:
        given, made = Path(folder, "given.npz"), Path(folder, "made.npz")
        np.savez(given, images=images.numpy(), labels=labels.numpy(), **weights, **biases, **budget)
        subprocess.run([str(python), str(HERE / "attacks.py"), str(given), str(made)], check=True, stdout=sys.stderr)
        found = np.load(made)
        names = [name for name in found.files if not name.endswith(" seconds")]
        return {name: (torch.from_numpy(found[name]).float(), float(found[f"{name} seconds"])) for name in names}


def judged(model: Model, images: Tensor, labels: Tensor, made: Tensor) -> dict[str, Any]:
    """Accuracy left and median length, after plain rounding or our own, whichever is better."""
    watched = Victim(model, Misclassification(labels=labels), len(images))
    best: dict[str, Any] = {}
    for pixels in (rounded(made), smallest(watched, images, made)):
        lengths = (pixels - images).flatten(1).norm(dim=1)
        right = model.outputs(pixels).argmax(1) == labels
        lengths[right] = torch.inf
        found = {"accuracy left": float(right.float().mean()), "median length": float(lengths.median())}
        best = min((best, found), key=lambda one: one["median length"]) if best else found
    return {**best, "median length": best["median length"] if np.isfinite(best["median length"]) else None}


def summed_up(rows: list[dict]) -> list[dict]:
    """Over the turns: the attack's figures, and the median of its seconds with the range."""
    summed: dict[tuple[str, str], list[dict]] = {}
    for row in rows:
        summed.setdefault((row["network"], row["attack"]), []).append(row)
    results = []
    for turns in summed.values():
        seconds = sorted(row["seconds"] for row in turns)
        kept = {name: value for name, value in turns[0].items() if name not in ("turn", "seconds")}
        results.append(
            {**kept, "seconds": seconds[len(seconds) // 2], "least seconds": seconds[0], "most seconds": seconds[-1]}
        )
    return results


def carried_over(names: list[str], train: Digits, test: Digits, arguments: Any) -> list[dict]:
    """Error of each network on noise made for another; on disjoint halves of the training images too, and magnified."""
    models = {name: network(name, arguments.epochs) for name in names}
    images, labels = train
    half = len(images) // 2
    wide = Paper(hidden=(123, 456), decay=(1e-5, 1e-5, 1e-6), error=0.0, distortion=0.0)
    halves = {
        "FC100-100-10, first half": trained(PAPER["FC100-100-10"], (images[:half], labels[:half]), arguments.epochs),
        "FC123-456-10, first half": trained(wide, (images[:half], labels[:half]), arguments.epochs),
        "FC100-100-10, second half": trained(
            PAPER["FC100-100-10"], (images[half:], labels[half:]), arguments.epochs, 1
        ),
    }
    pixels = (test[0][: arguments.images] * 255).round().byte().permute(0, 2, 3, 1).numpy()
    truths = [str(label) for label in test[1][: arguments.images].tolist()]
    rows = []
    for group, magnified in ((models, None), (halves, None), (halves, 0.1)):
        cells = transfer(group, list(pixels), truths, "crafted-noise", choose("crafted-noise"), magnified)
        for cell in cells:
            rows.append(
                {
                    "made for": cell.made_for,
                    "shown to": cell.shown_to,
                    "magnified to": magnified,
                    "distortion": cell.distortion,
                    "error": cell.wrong,
                    "interval": list(cell.interval),
                    "images": cell.count,
                }
            )
    return rows


PARTS = {"paper": as_in_the_paper, "peers": beside_peers, "transfer": carried_over}
ONE_BY_ONE = ("paper", "peers")

if __name__ == "__main__":
    main()
