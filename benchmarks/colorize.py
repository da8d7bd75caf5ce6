"""Colorization of photographs: what each method gains over gray answers, alone and with ten known pixels.

Learned from scenes6: `--images` photographs of each of six kinds and 25 for validation, tested on 50 others of each
kind, at 128 x 128 pixels, with a head on the maps of EfficientNet-Lite0 (`--start probe`). AuC is the area under the
curve of the color error up to 150 (Zhang et al. 2016, https://arxiv.org/abs/1603.08511) at that size; the rebalanced
one weights each pixel by the rarity of its true color among the training images (lambda 0.5, sigma 5, floor 1e-5).
A classifier of the six kinds, which learned from the true images, sees the test images in true colors, in gray and
colorized ("kinds right"). Part "folds": every image of scenes6 is tested once, by one of six networks (their seeds are
0 to 5) that did not see it. Part "cifar10": the same measures on CIFAR-10, learned from scratch for `--minutes`.
"""

import os
import random
import shutil
import subprocess
import sys
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from _common import data_folder, finish, kept, parse
from _training import cifar10, clean_place, load_at_start, unpack
from PIL import Image

import eyespot
from eyespot.tasks.task import Hint

if TYPE_CHECKING:
    from eyespot.model import Model
    from eyespot.sources.source import Part, Source
    from eyespot.training.run import Run

LENGTH = "long"
METHODS = ("regression", "classification", "rebalanced")
VALIDATED, TESTED = 25, 50
"""Images of each kind; `--images` more are learned from."""
FOLDS = 6
HINTS = 10
CIFAR10_VALIDATED = 1_000


def main() -> None:
    options = {"parts": "scenes6,folds,cifar10", "seeds": 2, "methods": ",".join(METHODS), "images": 225}
    arguments = parse(__doc__, {**options, "minutes": 10.0, "keep": ""})
    file = Path(arguments.keep) if arguments.keep else None
    settings: dict[str, Any] = {"load at start": load_at_start()}
    rows: list[dict[str, Any]] = []
    with clean_place() as place:
        for part in arguments.parts.split(","):
            open_part, measure = PARTS[part]
            source = open_part(place, arguments)
            settings[part] = source.describe()
            seeds = FOLDS if part == "folds" else arguments.seeds
            for method, seed in product(arguments.methods.split(","), range(seeds)):
                key = {"part": part, "method": method, "seed": seed}
                key |= {"minutes": arguments.minutes} if part == "cifar10" else {"images": arguments.images}
                found = kept(file, key, partial(measure, source, place, method, seed, arguments))
                rows += [{"part": part, **row} for row in found]
    finish(__file__, arguments, settings, rows)


def open_scenes(place: Path, arguments: Any) -> "Source":
    return eyespot.open_source(lay_out(data_folder() / "scenes6", place / "scenes", arguments.images))


def open_cifar10(place: Path, arguments: Any) -> "Source":
    return cifar10(CIFAR10_VALIDATED)


def lay_out(data: Path, folder: Path, trained: int, fold: int = 0) -> Path:
    """Three folders, one for each part, in each of which there are all kinds of scenes, `trained` for training.

    The test sets of the folds have no image in common.
    """
    unpack(data / "scenes128.zip", folder.with_name("unpacked"))
    parts = {"test": TESTED, "validation": VALIDATED, "train": trained}
    for kind in sorted(folder.with_name("unpacked").iterdir()):
        images = sorted(kind.iterdir())
        random.Random(0).shuffle(images)
        images = images[len(images) - fold * TESTED :] + images[: len(images) - fold * TESTED]
        for part, count in parts.items():
            (folder / part / kind.name).mkdir(parents=True)
            for _ in range(count):
                shutil.move(images.pop(), folder / part / kind.name)
    return folder


def measure_scenes(scenes: "Source", place: Path, method: str, seed: int, arguments: Any) -> list[dict[str, Any]]:
    """What one trained network gains on the test images over gray answers."""
    task = f"colorize:method={method}"
    run = eyespot.train(scenes, out=place / f"{method}-{seed}", task=task, start="probe", seed=seed)
    seconds, memory = colorize_photo(run.folder / "model.safetensors", place)
    return [
        {
            **gains(run, method, seed, scenes),
            "10 hints dB": gain_of_hints(run.model, scenes.test),
            **kinds_right(run.model, scenes, place),
            "12 MP processor s": seconds,
            "12 MP MB": memory,
        }
    ]


def measure_fold(scenes: "Source", place: Path, method: str, fold: int, arguments: Any) -> list[dict[str, Any]]:
    """The gains on the test images of one fold."""
    folder = place / f"fold-{fold}"
    if not folder.exists():
        lay_out(data_folder() / "scenes6", folder / "scenes", arguments.images, fold)
    source, task = eyespot.open_source(folder / "scenes"), f"colorize:method={method}"
    return [
        gains(eyespot.train(source, out=folder / method, task=task, start="probe", seed=fold), method, fold, source)
    ]


def measure_cifar10(source: "Source", place: Path, method: str, seed: int, arguments: Any) -> list[dict[str, Any]]:
    """The same for images of 32 x 32 pixels, which have a color for every 4 x 4."""
    task, out = f"colorize:method={method},stride=4", place / f"cifar10-{method}-{seed}"
    run = eyespot.train(source, out=out, task=task, start="scratch", seed=seed, minutes=arguments.minutes)
    return [gains(run, method, seed, source)]


def gains(run: "Run", method: str, seed: int, source: "Source") -> dict[str, Any]:
    """The figures of the test images beside those of gray answers."""
    found = run.model.evaluate(source.test).details
    low, high = found["gain_interval"]
    return {
        "method": method,
        "seed": seed,
        "AuC %": 100 * found["auc"],
        "gray AuC %": 100 * found["auc_gray"],
        "gain": 100 * found["gain"],
        "95 % interval": f"{100 * low:.2f} to {100 * high:.2f}",
        "PSNR dB": found["psnr"],
        "gain dB": found["psnr_gain"],
        "rebalanced AuC gain": 100 * (found["auc_rebalanced"] - found["auc_rebalanced_gray"]),
        "colorfulness": found["colorfulness"],
        "of the truth": found["colorfulness"] / found["colorfulness_true"],
        "training s": run.result["seconds"],
    }


def kinds_right(model: "Model", scenes: "Source", place: Path) -> dict[str, float]:
    """Shares of the test images whose kind a classifier finds: in true colors, in gray, and colorized."""
    if not (place / "judge").exists():
        eyespot.train(scenes, out=place / "judge", task="classify", start="probe")
    judge = eyespot.load(place / "judge" / "model.safetensors")
    right = {"true": 0, "gray": 0, "colorized": 0}
    for row in scenes.test.rows:
        pixels = model.read(row.picture)
        with torch.no_grad():
            answer = model.task.answer_image(model.outputs(pixels), pixels)
        assert answer is not None
        gray = (pixels * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True).expand_as(pixels)
        for name, one in zip(right, (pixels, gray, answer), strict=True):
            picture = (one[0] * 255).round().byte().permute(1, 2, 0).numpy()
            right[name] += judge.predict(picture)["label"] == row.values["label"]
    return {f"kinds right, {name}": count / len(scenes.test) for name, count in right.items()}


def gain_of_hints(model: "Model", test: "Part") -> float:
    """Mean gain in PSNR by the true colors of ten random pixels over the automatic answer, untrained."""
    gains = []
    for key, row in zip(test.keys, test.rows, strict=True):
        pixels = model.read(row.picture)
        picture = (pixels[0] * 255).round().byte().permute(1, 2, 0).numpy()
        places = np.random.default_rng(int(key)).integers(0, picture.shape[:2], (HINTS, 2)).tolist()
        hints = [Hint(row=y, column=x, color=tuple(picture[y, x].tolist())) for y, x in places]
        with torch.no_grad():
            output = model.outputs(pixels)
            made = [model.task.answer_image(output, pixels, given) for given in ((), hints)]
        errors = [(one - pixels).square().mean() for one in made if one is not None]
        gains.append(10 * torch.log10(errors[0] / errors[1]).item())
    return sum(gains) / len(gains)


def colorize_photo(model: Path, place: Path) -> tuple[float, float]:
    """Processor seconds and peak memory in MB of `eyespot predict` for one gray photo of 12 megapixels, all in all.

    Processor time depends little on what else the machine does.
    """
    photo = place / "photo.jpg"
    scene = next((place / "scenes" / "test").rglob("*.webp"))
    Image.open(scene).convert("L").resize((4000, 3000), Image.Resampling.BICUBIC).save(photo)
    command = [sys.executable, "-m", "eyespot", "predict", str(model), str(photo), "--out", str(place / "colored")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit("The photo of 12 megapixels could not be colorized.")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


PARTS = {
    "scenes6": (open_scenes, measure_scenes),
    "folds": (open_scenes, measure_fold),
    "cifar10": (open_cifar10, measure_cifar10),
}


if __name__ == "__main__":
    main()
