"""Run inside the environment of the peers: torchvision's SSDLite learns to detect objects for a given time.

`python detection.py DATA.json OUT.json SECONDS SEED`: DATA holds the number of `classes`, `train`: a list of files with
their boxes (label, x1, y1, x2, y2), and `test`: a list of files. OUT holds the boxes of each of these (label, score,
x1, y1, x2, y2). The weights of its backbone would have to be fetched from the internet, so that all of them start at
random. SECONDS is the time of the processor, of one thread.
"""

import json
import random
import sys
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from eyespot.tasks.detect._boxes import suppress

BATCH = 8
RATE = 1e-3


def main() -> None:
    data, seconds, seed = json.loads(Path(sys.argv[1]).read_text()), float(sys.argv[3]), int(sys.argv[4])
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    replace_operators()
    from torchvision.models.detection import ssdlite320_mobilenet_v3_large

    network = ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=data["classes"] + 1)
    steps = learn(network, [(read(file), boxes) for file, boxes in data["train"]], seconds, random.Random(seed))
    network.eval()
    with torch.no_grad():
        found = [listed(network([read(file)])[0]) for file in data["test"]]
    Path(sys.argv[2]).write_text(json.dumps({"steps": steps, "found": found}))


def replace_operators() -> None:
    """Non-maximum suppression in Python: the wheel's compiled operators are for CUDA and cannot be loaded here."""
    for name in ("nms", "qnms"):
        torch.library.define(f"torchvision::{name}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    from torchvision.ops import boxes

    boxes.nms = suppress


def read(file: str) -> torch.Tensor:
    """The image (3, H, W) in [0, 1]."""
    with Image.open(file) as image:
        return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1) / 255


def learn(network: torch.nn.Module, samples: list, seconds: float, chance: random.Random) -> int:
    """Train with AdamW, the rate falling to zero by a cosine over the time; returns the number of steps."""
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.05)
    network.train()
    start, steps = time.process_time(), 0
    while (done := (time.process_time() - start) / seconds) < 1:
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, (steps + 1) / 20) * (1 + np.cos(np.pi * done)) / 2
        images, targets = zip(*(mirrored(*each, chance) for each in chance.sample(samples, BATCH)), strict=True)
        optimizer.zero_grad()
        sum(network(list(images), list(targets)).values()).backward()
        optimizer.step()
        steps += 1
    return steps


def mirrored(image: torch.Tensor, boxes: list, chance: random.Random) -> tuple[torch.Tensor, dict]:
    """The image and its boxes, mirrored along each axis or not."""
    _, height, width = image.shape
    table = torch.tensor(boxes, dtype=torch.float32).reshape(-1, 5)
    corners = table[:, 1:].clone()
    for axis, (side, low, high) in {2: (width, 0, 2), 1: (height, 1, 3)}.items():
        if chance.random() < 0.5:
            image = image.flip(axis)
            corners[:, [low, high]] = side - corners[:, [high, low]]
    return image, {"boxes": corners, "labels": table[:, 0].long() + 1}


def listed(answer: dict) -> list[list[float]]:
    """Label, score and corners of each box."""
    rows = zip(answer["labels"].tolist(), answer["scores"].tolist(), answer["boxes"].tolist(), strict=True)
    return [[label - 1, score, *box] for label, score, box in rows]


if __name__ == "__main__":
    main()
