"""Networks of other programs answer as in ONNX Runtime, and every verb accepts them.

The files in `--files` are written in environments of their own, without eyespot:

    python -m venv tv && tv/bin/pip install torch torchvision onnx onnxscript
    tv/bin/python benchmarks/foreign/torchvision_networks.py FILES
    python -m venv keras && keras/bin/pip install tensorflow-cpu tf2onnx
    keras/bin/python benchmarks/foreign/keras_networks.py FILES

Each is compared with ONNX Runtime on 16 images; then every verb is run on photos of ants and bees as a user would.
"""

import argparse
import contextlib
import io
import sys
from pathlib import Path
from typing import Any

import torch
from _common import data_folder, finish, parse
from _training import clean_place, unpack

from eyespot.cli._app import run
from eyespot.exporting import check_graph

LENGTH = "short"
VERBS = "import,predict,evaluate,explain,attack,measure,export,page,fine-tune"
"""The first one writes the model that the others take."""
SCALES = {"keras": ("0.5", "0.5"), "": ("0.485,0.456,0.406", "0.229,0.224,0.225")}


def main() -> None:
    arguments = parse(__doc__, {"files": "", "verbs": VERBS})
    torch.set_num_threads(1)
    if not arguments.files:
        sys.exit("--files is missing: the folder with the ONNX files; see the top of this script.")
    with clean_place() as place:
        photos = unpack(data_folder() / "hymenoptera" / "hymenoptera_160.zip", place / "photos")
        files, chosen = sorted(Path(arguments.files).glob("*.onnx")), arguments.verbs.split(",")
        rows = [row_of(file, photos, place / file.stem, chosen) for file in files]
    finish(__file__, argparse.Namespace(json=arguments.json), {"images": 16, "threads": 1}, rows)


def row_of(file: Path, photos: Path, place: Path, chosen: list[str]) -> dict[str, Any]:
    """One file: its largest difference, and which of the chosen verbs succeeded."""
    place.mkdir()
    labels, model, photo = place / "labels.txt", place / "model.safetensors", next(photos.rglob("*.webp"))
    labels.write_text("ants\nbees\n")
    mean, std = SCALES["keras" if file.stem.startswith("keras") else ""]
    took = ["import", file, "--labels", labels, "--mean", mean, "--std", std, "--out", model]
    verbs = {
        "import": took,
        "predict": ["predict", model, photo],
        "evaluate": ["evaluate", model, photos],
        "explain": ["explain", model, photo, "--by", "occlusion", "--out", place / "why.png"],
        "attack": ["attack", model, photos, "--by", "fgsm", "--count", "4", "--out", place / "attack"],
        "measure": ["measure", model, "--seconds", "0.2"],
        "export": ["export", model, "--onnx", place / "again.onnx"],
        "page": ["export", model, "--page", place / "page.html", "--images", photo],
        "fine-tune": [
            "train",
            photos,
            "--start",
            "finetune",
            "--weights",
            model,
            "--epochs",
            "0.1",
            "--out",
            place / "run",
        ],
    }
    row: dict[str, Any] = {"file": file.stem, "largest difference": check_graph(file, [0.5], [0.25])}
    print(row, file=sys.stderr, flush=True)
    for name, words in verbs.items():
        if name not in chosen:
            continue
        with contextlib.redirect_stdout(io.StringIO()):
            row[name] = run([str(word) for word in words]) == 0
        print(file.stem, name, row[name], file=sys.stderr, flush=True)
    return row


if __name__ == "__main__":
    main()
