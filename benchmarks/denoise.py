"""Denoising: at least 8.6 dB gained on Set12 at sigma 25 after at most 10 minutes of training, BM3D beside it.

Learned from Train400, 400 gray pictures of 180 x 180 pixels that have nothing in common with Set12. The noise on each
picture of Set12 follows from the picture's content alone, is not clipped or rounded, and is the same for all
contestants. BM3D (Dabov et al. 2007, the package `bm3d`, its standard profile) is told sigma; so is, by its training,
the network. Figures of others are the means over Set12 that Zhang et al. 2017 (https://arxiv.org/abs/1608.03981,
table 3) published, for other noise of the same sigma. The crop was chosen on validation pictures of Train400.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from _block_matching import block_matching
from _common import data_folder, finish, parse
from _training import clean_place, load_at_start, recipe_of, train_seeds, unpack, with_spread

import eyespot

if TYPE_CHECKING:
    from eyespot.model import Model
    from eyespot.sources.source import Part
    from eyespot.training.run import Run

LENGTH = "long"
SIGMA = 25
PUBLISHED = {"BM3D": 29.97, "TNRD": 30.06, "DnCNN-S": 30.44}
"""Mean PSNR in dB over Set12 at sigma 25, as published."""


def main() -> None:
    arguments = parse(__doc__, {"seeds": 3, "minutes": 2.5, "input": "40x40x1", "batch": 16, "size": "small"})
    settings: dict = {"load at start": load_at_start(), "sigma": SIGMA}
    with clean_place() as place:
        pictures = eyespot.open_source(lay_out(data_folder() / "denoise", place / "pictures"))
        runs = train_seeds(
            arguments.seeds,
            lambda seed: eyespot.train(
                pictures,
                out=place / str(seed),
                task=f"denoise:sigma={SIGMA}",
                input=arguments.input,
                minutes=arguments.minutes,
                batch=arguments.batch,
                size=arguments.size,
                seed=seed,
            ),
        )
        settings |= {"source": pictures.describe(), "recipe": recipe_of(runs[0][0])}
        ours = with_spread([row_of(seed, run, pictures.test) for seed, (run, _) in enumerate(runs)], COLUMNS)
        theirs = bm3d_row(runs[0][0].model, pictures.test)
    finish(__file__, arguments, settings, [*ours, theirs, *published_rows()])


COLUMNS = ("PSNR dB", "gain dB", "SSIM", "validation gain dB", "training s", "denoising s")


def lay_out(data: Path, folder: Path) -> Path:
    """A folder with Train400 under `train/` and Set12 under `test/`."""
    unpacked = folder.with_name("unpacked")
    folder.mkdir()
    for archive in ("train400_gray180.zip", "test_gray.zip"):
        unpack(data / archive, unpacked)
    (unpacked / "Train400").rename(folder / "train")
    (unpacked / "Set12").rename(folder / "test")
    return folder


def row_of(seed: int, run: "Run", test: "Part") -> dict[str, Any]:
    """What one trained network gains on the test pictures, and how long it took to learn and to denoise them."""
    model, start = run.model, time.perf_counter()
    details = model.evaluate(test).details
    seconds = time.perf_counter() - start
    return {
        "contestant": "eyespot",
        "seed": seed,
        "PSNR dB": details["psnr"],
        "gain dB": details["gain"],
        "SSIM": details["ssim"],
        "validation gain dB": run.log[-1]["validation"]["gain"],
        "training s": run.result["seconds"],
        "denoising s": seconds,
    }


def bm3d_row(model: "Model", test: "Part") -> dict[str, Any]:
    """What BM3D gains on the same noisy pictures, measured by the same task."""
    import torch

    from eyespot.model import evaluation
    from eyespot.samples import load_samples, make_problem

    samples = load_samples(test, model.task, model.images)
    targets = [make_problem(model.task, decoded).target for decoded in samples.batches(1)]
    answers, seconds = block_matching([target[0, 1, 0].numpy() for target in targets], [SIGMA / 255] * len(targets))
    table = [
        row
        for answer, target in zip(answers, targets, strict=True)
        for row in model.task.to_rows(torch.from_numpy(answer).float()[None, None], target)
    ]
    details = evaluation(model.task, table).details
    figures = {"PSNR dB": details["psnr"], "gain dB": details["gain"], "SSIM": details["ssim"]}
    return {"contestant": "BM3D, same noise", **figures, "denoising s": seconds}


def published_rows() -> Sequence[dict[str, Any]]:
    return [{"contestant": f"{name}, as published", "PSNR dB": ratio} for name, ratio in PUBLISHED.items()]


if __name__ == "__main__":
    main()
