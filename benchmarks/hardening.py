"""What `--robust` gains and what it costs: accuracy on untouched digits beside accuracy under attack and under noise.

The 5,000 bundled digits, 1,000 of them for the test, three seeds. The attack is PGD with 20 steps, none of its values
further than `size` from the original, on the first 300 test digits; the noise is Gaussian, added to all 1,000. Nothing
is chosen on them.
"""

from typing import Any

import torch
from _common import finish, over_seeds, parse
from _training import clean_place, load_at_start

import eyespot
from eyespot.model import Model
from eyespot.samples import load_samples, to_pixels
from eyespot.sources.source import Part
from eyespot.training._adversarial import Hardening, adversarial_evaluation

LENGTH = "long"
CHOICES = (None, "noise:size=0.3", "adversarial", "adversarial:size=0.1")
SIZES = (8 / 255, 0.1)
NOISE = 0.3
COLUMNS = ("untouched %", "PGD 8/255 %", "PGD 0.1 %", f"noise {NOISE} %")


def main() -> None:
    arguments = parse(__doc__, {"seeds": 3, "epochs": 0.0})
    settings = {"load at start": load_at_start()}
    with clean_place() as place:
        digits = eyespot.open_source("bundled:mnist5k")
        rows = []
        for robust in CHOICES:
            found = []
            for seed in range(arguments.seeds):
                epochs = arguments.epochs or None
                run = eyespot.train(digits, out=place / f"{robust}-{seed}", robust=robust, seed=seed, epochs=epochs)
                found.append(figures(run.model, digits.test))
            rows += [{"robust": robust or "no", **row} for row in summed(found)]
    finish(__file__, arguments, settings, rows)


def figures(model: Model, part: Part) -> dict[str, float]:
    """Shares of right answers in percent."""
    under = [
        adversarial_evaluation(model, part, Hardening(by="adversarial", size=size))["robust"]["share"] for size in SIZES
    ]
    values = (right(model, part, 0.0), *under, right(model, part, NOISE))
    return dict(zip(COLUMNS, (100 * value for value in values), strict=True))


@torch.no_grad()
def right(model: Model, part: Part, noise: float) -> float:
    """The share of right answers with some noise added."""
    samples = load_samples(part, model.task, model.images)
    generator = torch.Generator().manual_seed(0)
    hits = 0
    for batch in samples.batches(250):
        pixels = to_pixels(batch.x)
        pixels = (pixels + noise * torch.randn(pixels.shape, generator=generator)).clamp(0, 1)
        hits += int((model.outputs(pixels).argmax(1) == batch.target).sum())
    return hits / len(part)


def summed(found: list[dict[str, float]]) -> list[dict[str, Any]]:
    """Mean and deviation over the seeds."""
    spread = {name: over_seeds([row[name] for row in found]) for name in COLUMNS}
    return [{"": kind, **{name: spread[name][kind] for name in COLUMNS}} for kind in ("mean", "std")]


if __name__ == "__main__":
    main()
