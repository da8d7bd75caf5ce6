"""Denoising without clean images: noisy targets within 0.1 dB of clean ones, and the loss that suits the noise.

Learned from Train400 for `--steps` steps each by a `--network` of `--size`, tested on Set12, BSD68 and Kodak24 (all in
gray) with noise that follows from each image's content alone and is not clipped. Parts: "targets" (clean and noisy ones
by l2, for Gaussian noise of sigma 25, Poisson noise of 30 counts and Bernoulli noise of one half), "text" over a
quarter of the pixels (l1 and l2), "impulse" noise in 70 % of the pixels (annealed l0), and "range" (one model for sigma
5 to 50, measured at 25, and one for 25). Lehtinen et al. 2018 (https://arxiv.org/abs/1803.04189) learned from 50,000
images for 300,000 steps.
"""

import csv
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, cast

from _common import data_folder, finish, kept, parse
from _training import clean_place, load_at_start, unpack

import eyespot

if TYPE_CHECKING:
    from eyespot.sources.source import Source

LENGTH = "long"
SETS = ("Set12", "BSD68", "Kodak24")
TARGETS = ("gaussian,sigma=25", "poisson,peak=30", "bernoulli,share=0.5")
TEXT = "text,share=0.25,targets=noisy"
PARTS: dict[str, tuple[str, ...]] = {
    "targets": tuple(f"{noise},distance=l2,targets={each}" for noise in TARGETS for each in ("clean", "noisy")),
    "text": (f"{TEXT},distance=l1", f"{TEXT},distance=l2"),
    "impulse": ("impulse,share=0.7,targets=noisy,distance=l0",),
    "range": ("gaussian,sigma=25", "gaussian,sigma=50,sigma_from=5"),
}
SIDES = {"denoiser": 40, "unet": 64}
"""Pixels a side of a training crop: the U-Net halves it five times."""
AREA = 180 * 180
"""Pixels of a training image, which gives that many crops in an epoch."""
MEASURED_AT = 25.0
"""The deviation that a model of a range of deviations is measured at."""


def main() -> None:
    options = {"parts": ",".join(PARTS), "sets": ",".join(SETS), "seeds": 3, "steps": 1000, "batch": 16}
    arguments = parse(__doc__, {**options, "network": "denoiser", "size": "small", "keep": ""})
    file = Path(arguments.keep) if arguments.keep else None
    settings: dict[str, Any] = {"load at start": load_at_start()}
    rows: list[dict[str, Any]] = []
    with clean_place() as place:
        sets = arguments.sets.split(",")
        images = eyespot.open_source(lay_out(data_folder() / "denoise", place / "images", sets))
        settings["source"] = images.describe()
        for part in arguments.parts.split(","):
            for noise, seed in product(PARTS[part], range(arguments.seeds if part == "targets" else 1)):
                key = {"noise": noise, "seed": seed, "sets": arguments.sets}
                key |= {name: getattr(arguments, name) for name in ("steps", "batch", "network", "size")}
                found = kept(file, key, partial(measure, images, place, noise, seed, arguments))
                rows += [{"part": part, **row} for row in found]
    finish(__file__, arguments, settings, rows)


def lay_out(data: Path, folder: Path, sets: Sequence[str]) -> Path:
    """A folder with Train400 under `train/`, and the images of some sets under `test/`, named by their set."""
    unpacked = folder.with_name("unpacked")
    for archive in ("train400_gray180.zip", "test_gray.zip", "test_color.zip"):
        unpack(data / archive, unpacked)
    (folder / "test").mkdir(parents=True)
    (unpacked / "Train400").rename(folder / "train")
    for name in sets:
        for image in sorted((unpacked / name).iterdir()):
            image.rename(folder / "test" / f"{name}-{image.name}")
    return folder


def measure(images: "Source", place: Path, noise: str, seed: int, arguments: Any) -> list[dict[str, Any]]:
    """Mean PSNR of each set after one training, and the processor seconds of the training with its evaluation."""
    start, side = time.process_time(), SIDES[arguments.network]
    run = eyespot.train(
        images,
        out=place / f"{noise}-{seed}".replace(",", "-"),
        task=f"denoise:noise={noise}",
        network=arguments.network,
        size=arguments.size,
        input=f"{side}x{side}x1",
        batch=arguments.batch,
        epochs=arguments.steps * arguments.batch / (round(AREA / side**2) * len(images.train)),
        seed=seed,
    )
    seconds = time.process_time() - start
    with (run.folder / "predictions.csv").open(newline="") as opened:
        table: list[dict[str, Any]] = list(csv.DictReader(opened))
    if "sigma_from" in noise:
        task = replace(cast(Any, run.model.task), sigma=MEASURED_AT, sigma_from=None)
        table = replace(run.model, task=task).evaluate(images.test).table
    return [{"noise": noise, "seed": seed, **means(table), "processor s": seconds}]


def means(table: list[dict[str, Any]]) -> dict[str, float]:
    """For each set the mean PSNR of the answers, and over all images that of the noisy ones, in dB."""
    names = sorted({Path(row["image"]).name.partition("-")[0] for row in table})
    found = {
        f"{name} dB": fmean(float(row["psnr"]) for row in table if Path(row["image"]).name.startswith(name))
        for name in names
    }
    return {**found, "noisy dB": fmean(float(row["psnr_noisy"]) for row in table)}


if __name__ == "__main__":
    main()
