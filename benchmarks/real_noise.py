"""Real camera noise (PolyU pairs): what is gained over the noisy image, and what BM3D gains with an estimated sigma.

67 pairs of 512 x 512 pixels from 20 scenes (Xu et al. 2018, https://arxiv.org/abs/1804.02603): noisy and clean JPEG
images, where clean is the mean of some 500 shots. Every fourth scene is for testing, so that no scene was seen before.
BM3D gets the deviation that eyespot estimates of each image, the same for all three colors. No target: reported.
"""

import csv
import time
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from _block_matching import block_matching
from _common import data_folder, finish, parse
from _training import clean_place, load_at_start, unpack

import eyespot

if TYPE_CHECKING:
    from eyespot.model import Model
    from eyespot.sources.source import Part

LENGTH = "long"
SIDE = 64


def main() -> None:
    arguments = parse(__doc__, {"seeds": 1, "steps": 1000, "batch": 8})
    settings: dict[str, Any] = {"load at start": load_at_start()}
    rows: list[dict[str, Any]] = []
    with clean_place() as place:
        pairs = eyespot.open_source(table_of(unpack(data_folder() / "real_noise" / "polyu512.zip", place / "polyu")))
        settings["source"] = pairs.describe()
        for seed in range(arguments.seeds):
            start = time.process_time()
            run = eyespot.train(
                pairs,
                out=place / str(seed),
                task="denoise",
                network="denoiser",
                input=f"{SIDE}x{SIDE}x3",
                batch=arguments.batch,
                epochs=arguments.steps * arguments.batch / (len(pairs.train) * (512 // SIDE) ** 2),
                seed=seed,
            )
            details = run.model.evaluate(pairs.test).details
            figures = {"seed": seed, "PSNR dB": details["psnr"], "gain dB": details["gain"]}
            rows.append({"contestant": "eyespot", **figures, "processor s": time.process_time() - start})
            if not seed:
                rows += block_matching_row(run.model, pairs.test)
    finish(__file__, arguments, settings, rows)


def table_of(folder: Path) -> Path:
    """A table of the pairs with their parts; a scene is a name without its last number."""
    names = sorted(file.name for file in (folder / "noisy").iterdir())
    scenes = sorted({name.rpartition("_")[0] for name in names})
    parts = {scene: ("test", "train", "validation", "train")[place % 4] for place, scene in enumerate(scenes)}
    with (folder / "pairs.csv").open("w", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(["path", "paired", "split"])
        writer.writerows([f"noisy/{name}", f"clean/{name}", parts[name.rpartition("_")[0]]] for name in names)
    return folder / "pairs.csv"


def block_matching_row(model: "Model", test: "Part") -> list[dict[str, Any]]:
    """What BM3D gains on the same images, measured by the same task."""
    import torch

    from eyespot.model import evaluation
    from eyespot.samples import load_samples, make_problem
    from eyespot.tasks.noise import noise_level

    samples = load_samples(test, model.task, model.images)
    targets = [make_problem(model.task, decoded).target for decoded in samples.batches(1)]
    sigmas = [float(noise_level(target[:, 1])[0]) for target in targets]
    noisy = [target[0, 1].permute(1, 2, 0).numpy() for target in targets]
    answers, seconds = block_matching(noisy, [sigma / 255 for sigma in sigmas])
    table: list[dict[str, Any]] = []
    for answer, target in zip(answers, targets, strict=True):
        table += model.task.to_rows(torch.from_numpy(answer).float().permute(2, 0, 1)[None], target)
    details = evaluation(model.task, table).details
    figures = {"PSNR dB": details["psnr"], "gain dB": details["gain"], "estimated sigma": fmean(sigmas)}
    return [{"contestant": "BM3D", **figures, "seconds": seconds}]


if __name__ == "__main__":
    main()
