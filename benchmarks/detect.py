"""Objects and points found by a head on a trained network: accuracy, and the time that learning takes.

Claims, on two cores, three seeds each: on the 364 images of blood cells of BCCD, `detect` with `--start probe` has AP50
of at least 0.87 on the test part within 5 minutes, and with `--start finetune` at least 0.91, and AP 0.56, within 30
minutes; the AP of every head is at least 0.98 on drawn squares and disks (`shapes`), and `pretrained:yolox-nano`, of
which `--weights-file` names the file, answers photos of COCO (`coco`); an image of 640x480 takes at most 60 ms on one
thread, from the file to the boxes (`time`); torchvision's SSDLite, which learns from random weights for as long as
`--start probe` takes (`--peer-seconds` of the processor, `ssdlite`), has a lower AP50; `locate` has an F1 of at least
0.80 within 6 pixels on the nuclei of the Data Science Bowl 2018 within 20 minutes. `seconds` counts the whole call with
an empty cache by the clock, `processor s` the time of all cores: where other programs run, only the latter can be
compared. Reported: seven kinds of animals in an aquarium (`aquarium`; some images of both parts are of one video).
Parts: bccd, aquarium, ssdlite, nuclei, shapes, coco, time.
"""

import json
import shutil
import statistics
import subprocess
import time
from argparse import Namespace
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import gettempdir
from typing import Any, cast

import torch
from _common import data_folder, finish, kept, parse
from _training import clean_place, load_at_start, unpack
from peers.environment import HERE, peer_python
from torch import Tensor

import eyespot
from eyespot.images import ImageSpec
from eyespot.model import Model, evaluate_outputs
from eyespot.networks import build
from eyespot.sources.source import Source, join_parts
from eyespot.tasks.detect import Detect

LENGTH = "long"
ANSWERS = 20
AUGMENTATION = {"bccd": "microscopy", "aquarium": None, "nuclei": None}
"""`nuclei` keeps the default, as all earlier figures."""
PROPOSALS = (10, 50, 300, 1000)
"""Boxes of an image that non-maximum suppression considers: 50 of 300 keep 96 % of the AP in Huang et al. (2017)."""


def main() -> None:
    options = {
        "parts": "bccd,aquarium,ssdlite,nuclei,shapes,coco,time",
        "starts": "probe,finetune",
        "heads": "anchor-free,yolox,ssd,two-stage,position-sensitive",
        "seeds": 3,
        "first-seed": 0,
        "folder": "",
        "weights-file": "",
        "peer-seconds": 300.0,
    }
    arguments = parse(__doc__, options)
    settings = {"load at start": load_at_start(), **{name: getattr(arguments, name) for name in ("parts", "starts")}}
    with clean_place() as place:
        rows = list(figures(arguments, place))
    finish(__file__, arguments, settings, rows)


def figures(arguments: Namespace, place: Path) -> Iterator[dict[str, Any]]:
    """A row for each training."""
    file = Path(arguments.folder, "detect.jsonl") if arguments.folder else None
    for part in arguments.parts.split(","):
        if part in OTHERS:
            for key in ({"part": part, **each} for each in OTHERS[part][0](arguments)):
                yield from ({**key, **row} for row in kept(file, key, partial(OTHERS[part][1], arguments, place, key)))
            continue
        source = {"bccd": blood_cells, "aquarium": aquarium, "nuclei": nuclei}[part](place)
        for start in arguments.starts.split(","):
            for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
                key = {"part": part, "start": start, "seed": seed}
                rows = kept(file, key, partial(training, source, place, part, start, seed))
                yield from ({**key, **row} for row in rows)


def blood_cells(place: Path) -> Source:
    """Pascal VOC annotations: 205 training, 87 validation and 72 test images."""
    return eyespot.open_source(unpack(data_folder() / "bccd" / "BCCD.zip", place / "bccd"))


def aquarium(place: Path) -> Source:
    """A table with a box a line: 224 training images, some of them for validation, and 64 test images."""
    folder = data_folder() / "aquarium"
    table = Path(unpack(folder / "aquarium384.zip", place / "aquarium"), "boxes.csv")
    lines = (folder / "boxes.csv").read_text().splitlines()[1:]
    rows = [f"{line},{line.partition('/')[0]}" for line in lines]
    table.write_text("\n".join(["path,label,x1,y1,x2,y2,split", *rows]))
    return eyespot.open_source(table)


def nuclei(place: Path) -> Source:
    """A table with a point a line: 136 training images, some of them for validation, and 34 test images."""
    folder = data_folder() / "nuclei_dsb2018"
    root = unpack(folder / "nuclei256.zip", place / "nuclei")
    table = shutil.copy(folder / "nuclei.csv", root)
    columns = {"path": "{split}/images/{image}.webp", "x": "cx", "y": "cy"}
    return eyespot.open_source(table, columns=columns)


def training(source: Source, place: Path, part: str, start: str, seed: int) -> list[dict[str, Any]]:
    """One training from an empty cache."""
    shutil.rmtree(place / "cache", ignore_errors=True)
    task = "locate:radius=6" if part == "nuclei" else "detect"
    began, busy = time.perf_counter(), time.process_time()
    out = place / f"{part}-{start}-{seed}"
    run = eyespot.train(source, task=task, start=start, seed=seed, augment=AUGMENTATION[part], out=out)
    taken = {"seconds": time.perf_counter() - began, "processor s": time.process_time() - busy}
    names = ("precision", "recall", "mean_absolute_count_error") if part == "nuclei" else ("AP", "AP75")
    details = {name: run.result["details"][name] for name in names}
    found = {"score": run.result["score"], "interval": run.result["interval"], **details, **taken}
    return [{"metric": run.result["metric"], "tuned": run.result["start"].get("tuned"), **found}]


def ssdlite(arguments: Namespace, place: Path, key: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What torchvision's SSDLite finds on the test images, by the metrics of eyespot."""
    source = blood_cells(place)
    task = Detect().prepare(source.train.rows)
    files = {"data": place / "ssdlite.json", "found": place / "ssdlite-found.json"}
    train = [(str(row.picture), [[box[4], *box[:4]] for box in task.read(row)]) for row in source.train.rows]
    test = [str(row.picture) for row in source.test.rows]
    files["data"].write_text(json.dumps({"classes": len(task.classes), "train": train, "test": test}))
    python = peer_python("detection", Path(gettempdir(), "eyespot-peers-detection"))
    script = [str(python), str(HERE / "detection.py"), *map(str, files.values())]
    subprocess.run([*script, str(key["peer seconds"]), str(key["seed"])], check=True)
    answer = json.loads(files["found"].read_text())
    score, interval, details = task.evaluate(list(peer_rows(task, source, answer["found"])))
    return [{"AP50": score, "interval": interval, "AP": details["AP"], "steps": answer["steps"]}]


def peer_rows(task: Detect, source: Source, found: list[list[list[float]]]) -> Iterator[dict[str, Any]]:
    """The rows that `task.evaluate` takes: objects and detections of each test image."""
    for row, boxes in zip(source.test.rows, found, strict=True):
        objects = [{"label": task.classes[int(box[4])], "box": box[:4]} for box in task.read(row)]
        listed = [{"label": task.classes[int(one[0])], "score": one[1], "box": one[2:]} for one in boxes]
        yield {"target": objects, "boxes": listed}


def shapes(arguments: Namespace, place: Path, key: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One training on drawn objects, and the time of an answer from pixels to boxes."""
    began = time.process_time()
    out = place / "-".join(map(str, key.values()))
    task = f"detect:head={key['head']}"
    run = eyespot.train("synthetic:objects", task=task, start="scratch", seed=key["seed"], out=out)
    taken = time.process_time() - began
    picture = eyespot.open_source("synthetic:objects").test.rows[0].picture
    answer = answer_times(run.model, picture)
    return [{"AP50": run.result["score"], "AP": run.result["details"]["AP"], "processor s": taken, **answer}]


def answer_times(model: Model, picture: Any) -> dict[str, float]:
    """Median milliseconds of one answer on one thread, by the clock and of the processor."""
    torch.set_num_threads(1)
    model.predict(picture)
    clock, busy = [], []
    for _ in range(ANSWERS):
        began = time.perf_counter(), time.process_time()
        model.predict(picture)
        clock.append(time.perf_counter() - began[0])
        busy.append(time.process_time() - began[1])
    return {"ms": 1000 * statistics.median(clock), "processor ms": 1000 * statistics.median(busy)}


def coco(arguments: Namespace, place: Path, key: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The published detector, from a file that the user has, on 126 photos that it was trained on; by proposals."""
    root = unpack(data_folder() / "coco128" / "coco128_train.zip", place / "coco")
    lines = (data_folder() / "coco128" / "boxes.csv").read_text().splitlines()[1:]
    table = place / "coco" / "boxes.csv"
    images = (root / "images" if (root / "images").is_dir() else root).relative_to(place / "coco")
    table.write_text("\n".join(["path,label,x1,y1,x2,y2", *(f"{images / line}" for line in lines)]))
    file = arguments.weights_file or data_folder() / "yolox_nano" / "yolox_nano.onnx"
    model = eyespot.load(f"pretrained:{file}")
    source = eyespot.open_source(table)
    part = join_parts([source.train, source.validation, source.test], "all")
    picture, outputs, rows = sorted((place / "coco").rglob("*.webp"))[0], list[Any](), []
    for count in PROPOSALS:
        task = replace(cast(Detect, model.task), candidates=count)
        known = iter(list(outputs))  # the network computes its outputs once, for the first count

        def compute(pixels: Tensor, known: Iterator[Any] = known) -> Any:
            if (found := next(known, None)) is None:
                outputs.append(found := model.outputs(pixels))
            return found

        with torch.no_grad():
            found = evaluate_outputs(compute, task, model.images, part)
        times = answer_times(replace(model, task=task), picture)
        rows.append({"proposals": count, "AP50": found.score, "AP": found.details["AP"], **times})
    return rows


def answering(arguments: Namespace, place: Path, key: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The time of an answer for a photo of 640x480 by untrained heads on the pretrained network, which find nothing."""
    rows = blood_cells(place).train.rows[:8]
    task = Detect(threshold=0.99).prepare(rows)
    torch.manual_seed(0)
    network = build("efficientnet-lite0", (3, 312, 416), task.outputs(3))
    images = ImageSpec(height=312, width=416, channels=3, fit="pad")
    model = Model(network=network.eval(), task=task, images=images, made={})
    return [answer_times(model, rows[0].picture)]


OTHERS = {
    "ssdlite": (
        lambda arguments: [{"seed": seed, "peer seconds": arguments.peer_seconds} for seed in range(arguments.seeds)],
        ssdlite,
    ),
    "shapes": (
        lambda arguments: [
            {"head": head, "seed": seed} for head in arguments.heads.split(",") for seed in range(arguments.seeds)
        ],
        shapes,
    ),
    "coco": (lambda arguments: [{}], coco),
    "time": (lambda arguments: [{}], answering),
}
"""Parts that are not trainings from different starts: their rows, and what computes one."""


if __name__ == "__main__":
    main()
