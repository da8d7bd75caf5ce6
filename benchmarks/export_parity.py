"""An exported file answers as the model: the same label on 200 images of odd sizes, probabilities within 1e-4.

The images are photos of ants and bees, cut to odd sizes and scaled. `residual` and `tinyvgg` learn them for one epoch
(which is enough to have answers that differ), `efficientnet-lite0` is the probe of the pretrained weights. Beside it
the processor time of one answer, from uint8 pixels to probabilities and of the network alone, in eyespot and in
onnxruntime, in turns and with one thread: other programs change it less than the time that passes.
"""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _common import data_folder, finish, in_turns, parse
from _training import clean_place, unpack
from PIL import Image

import eyespot
from eyespot.exporting import ExportedModel, export_onnx, load_onnx
from eyespot.model import Model

LENGTH = "short"
IMAGES, REPEATS = 200, 41
NETWORKS = {
    "residual": {"start": "scratch"},
    "tinyvgg": {"start": "scratch", "fit": "crop"},
    "tinyvgg, stretched": {"start": "scratch", "fit": "stretch"},
    "efficientnet-lite0": {"start": "probe"},
}


def main() -> None:
    arguments = parse(__doc__, {"networks": "residual;tinyvgg;tinyvgg, stretched;efficientnet-lite0"})
    torch.set_num_threads(1)
    with clean_place() as place:
        photos = unpack(data_folder() / "hymenoptera" / "hymenoptera_160.zip", place / "photos")
        images = list(odd_images(photos))
        rows = [row_of(name, photos, images, place) for name in arguments.networks.split(";")]
    finish(__file__, arguments, {"images": IMAGES, "threads": 1}, rows)


def odd_images(photos: Path) -> Iterator[np.ndarray]:
    """Photos scaled to sizes from 31 to 1,531 pixels a side, each side by itself: uint8 (H, W, 3)."""
    random, files = np.random.default_rng(0), sorted(photos.rglob("*.webp"))
    for number in range(IMAGES):
        width, height = np.exp(random.uniform(np.log(31), np.log(1531), 2)).astype(int) | 1
        with Image.open(files[number * len(files) // IMAGES]) as image:
            yield np.asarray(image.convert("RGB").resize((int(width), int(height))))


def row_of(name: str, photos: Path, images: list[np.ndarray], place: Path) -> dict[str, Any]:
    """One network: how its file agrees with it, and how fast both are."""
    source = eyespot.open_source(photos)
    network = name.partition(",")[0]
    run = eyespot.train(source, task="classify", out=place / name, network=network, epochs=1, **NETWORKS[name])
    model = run.model
    file = load_onnx(export_onnx(model, place / f"{name}.onnx").path)
    same, largest = compared(model, file, images)
    return {
        "network": name,
        "same label": f"{same} of {len(images)}",
        "largest difference": largest,
        **timed(model, file),
    }


def compared(model: Model, file: ExportedModel, images: list[np.ndarray]) -> tuple[int, float]:
    """How often the labels agree, and the largest difference of a probability; the file takes the original pixels."""
    same, largest = 0, 0.0
    for image in images:
        expected = model.predict(image)
        [found] = file.session.run(image[None])["answer"]
        same += file.task.labels[int(found.argmax())] == expected["label"]
        largest = max(largest, float(np.abs(found - list(expected["probabilities"].values())).max()))
    return same, largest


def timed(model: Model, file: ExportedModel) -> dict[str, Any]:
    """Median milliseconds of one photo of 375 x 500, and of the network alone, in turns."""
    image = np.random.default_rng(0).integers(0, 256, (375, 500, 3), dtype=np.uint8)
    own = model.read(image)
    small = np.rint(own.numpy() * 255).astype(np.uint8).transpose(0, 2, 3, 1)
    contestants = {
        "eyespot ms": partial(seconds, lambda: model.predict(image)),
        "onnxruntime ms": partial(seconds, lambda: file.session.run(image[None])),
        "torch, own size ms": partial(seconds, lambda: answer(model, own)),
        "onnxruntime, own size ms": partial(seconds, lambda: file.session.run(small)),
    }
    for work in contestants.values():
        work()  # the first calls allocate memory
    found = in_turns(contestants, repeats=REPEATS)
    times = {name: float(np.median(values)) * 1000 for name, values in found.items()}
    return {
        **times,
        "as fast": times["onnxruntime ms"] <= times["eyespot ms"],
        "network as fast": times["onnxruntime, own size ms"] <= times["torch, own size ms"],
    }


@torch.no_grad()
def answer(model: Model, pixels: torch.Tensor) -> None:
    model.module()(pixels)


def seconds(work: Any) -> float:
    began = time.thread_time()
    work()
    return time.thread_time() - began


if __name__ == "__main__":
    main()
