"""A creative adversarial network makes images that fit no style better than a GAN, without losing quality.

Parts: "fashion" trains on Fashion-MNIST with its classes as styles, 32x32, for each creativity and seed, equal steps,
and compares `--samples` generated images with as many test images. Recall is that of the features and that of 16x16
pixels. H is the mean entropy of the styles under a classifier fitted on test images only, relative to log K; its
accuracy and calibration error stand beside it.
Claims: KID <= 0.10 and recall >= 0.60 with creativity 0; with creativity, H at least 0.07 above that, KID <= 0.20,
recall >= 0.45, entropy of all samples' styles together >= 0.96, every class >= 3 % of the samples, and a KID below that
of images of equal H that mix the pixels of two samples of the GAN. "paintings" trains on paintings of four styles at
64x64 for `--minutes` and reports KID and the memorization check. Trainings are kept in `--place`, if given, and an
interrupted one goes on.
"""

import json
import os
import shutil
import signal
from argparse import Namespace
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _common import data_folder, finish, kept, parse
from _training import clean_place, load_at_start, unpack

import eyespot
from eyespot.findings import Evaluation
from eyespot.generated import SEED, Judge, compare, judge_of
from eyespot.images import ImageSpec
from eyespot.sources.source import Source
from eyespot.tasks._generate import Generate
from eyespot.training.run import Run, Show

LENGTH = "long"
BATCH = 64
MIXED = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5)
"""Shares of the pixels that come from another sample, for the control."""
FIGURES = ("recall", "pixel_recall", "style_entropy", "style_entropy_real", "marginal_entropy", "rarest_style")
CLASSIFIER = ("classifier_accuracy", "classifier_error")
COPIES = ("copies", "nearest", "nearest_held_out")


def main() -> None:
    options = {"parts": "fashion,paintings", "creativity": "0,0.1,0.3,1", "seeds": 2, "steps": 3000, "samples": 2000}
    arguments = parse(__doc__, {**options, "minutes": 60.0, "place": ""})
    settings = {"load at start": load_at_start()}
    if arguments.place:
        rows = measured(arguments, Path(arguments.place))
    else:
        with clean_place() as place:
            rows = measured(arguments, place)
    finish(__file__, arguments, settings, rows)


def measured(arguments: Namespace, place: Path) -> list[dict[str, Any]]:
    """A row for each training, and for each share of mixed pixels."""
    rows: list[dict[str, Any]] = []
    if "fashion" in arguments.parts:
        for seed in range(arguments.seeds):
            for creativity in arguments.creativity.split(","):
                key = {"creativity": creativity, "seed": seed, "steps": arguments.steps, "samples": arguments.samples}
                rows += kept(place / "kept.jsonl", key, partial(fashion, creativity, seed, arguments, place))
    if "paintings" in arguments.parts:
        key = {"paintings": arguments.minutes}
        rows += kept(place / "kept.jsonl", key, lambda: paintings(arguments.minutes, place))
    return rows


def fashion(creativity: str, seed: int, arguments: Namespace, place: Path) -> list[dict[str, Any]]:
    """The figures of one training on Fashion-MNIST; those of mixed pixels after a plain GAN."""
    source = eyespot.open_source(data_folder() / "FashionMNIST")
    out = place / f"fashion-{creativity}-{seed}"
    if float(creativity) and not out.exists():
        shutil.copytree(shared_phase(source, seed, arguments, place), out)
        rewrite(out / "recipe.json", creativity)
    run = trained(source, out, creativity, seed, arguments.steps)
    judge = partial(compare, run.model.task, judge=judged_by(source, run.model.images, arguments.samples))
    made = (run.model.sample(SEED, arguments.samples) * 255).round() / 255
    row = {"part": "fashion", "images": f"creativity {creativity}", "seed": seed, "steps": run.model.made["step"]}
    rows = [row | figures(judge(made), (*FIGURES, *CLASSIFIER))]
    if float(creativity) == 0:
        rows += [row | {"images": f"pixels mixed, {share:.0%}"} | figures(judge(mix(made, share))) for share in MIXED]
    return rows


JUDGES: dict[int, Judge] = {}


def judged_by(source: Source, images: ImageSpec, samples: int) -> Judge:
    """The judge of all trainings, which is fitted once."""
    if samples not in JUDGES:
        JUDGES[samples] = judge_of(source.test, images, samples)
    return JUDGES[samples]


def trained(source: Source, out: Path, creativity: str, seed: int, steps: int, show: Show | None = None) -> Run:
    return eyespot.train(
        source,
        out=out,
        task=f"generate:creativity={creativity}",
        input="32x32x1",
        batch=BATCH,
        epochs=steps * BATCH / len(source.train),
        seed=seed,
        precision="float32",
        show=show,
    )


def shared_phase(source: Source, seed: int, arguments: Namespace, place: Path) -> Path:
    """A training with creativity 1, stopped at the end of the phase without creativity.

    Up to there, trainings that differ in nothing but a creativity above 0 have the same bits.
    """
    out, last = place / f"fashion-shared-{seed}", 0.97 * Generate().gan_phase * arguments.steps

    def stop_at_the_end(entry: dict[str, Any]) -> None:
        if entry.get("step", 0) >= last:
            os.kill(os.getpid(), signal.SIGTERM)

    with suppress(KeyboardInterrupt):
        if not (out / "stopped").exists():
            trained(source, out, "1", seed, arguments.steps, stop_at_the_end)
    (out / "stopped").touch()
    return out


def rewrite(recipe: Path, creativity: str) -> None:
    """Set the creativity of a training that has not used it yet."""
    stored = json.loads(recipe.read_text())
    stored["options"]["task"] = f"generate:creativity={creativity}"
    stored["task"]["creativity"] = float(creativity)
    recipe.write_text(json.dumps(stored))


def mix(images: torch.Tensor, share: float) -> torch.Tensor:
    """Images (N, C, H, W) in which a share of the pixels, drawn at random, is that of the next image."""
    drawn = np.random.default_rng(0).random((len(images), 1, *images.shape[2:])) < share
    return torch.where(torch.from_numpy(drawn), images.roll(1, 0), images)


def figures(found: Evaluation, names: tuple[str, ...] = FIGURES) -> dict[str, float]:
    """KID with its standard error, and further figures."""
    return {
        "KID": found.score,
        "standard error": found.details["kid_standard_error"],
        **{name.replace("_", " "): found.details[name] for name in names},
    }


def paintings(minutes: float, place: Path) -> list[dict[str, Any]]:
    """The figures of one training on paintings."""
    if not (place / "paintings").exists():
        unpack(data_folder() / "paintings4" / "paintings96.zip", place / "paintings")
    run = eyespot.train(
        place / "paintings", out=place / "paintings-run", task="generate", input="64x64x3", minutes=minutes
    )
    row = {"part": "paintings", "images": f"{minutes:g} minutes", "steps": run.model.made["step"]}
    return [
        row
        | {"KID": run.result["score"]}
        | {name: run.result["details"][name] for name in (*FIGURES, *CLASSIFIER, *COPIES)}
    ]


if __name__ == "__main__":
    main()
