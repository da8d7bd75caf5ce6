"""Others train on Fashion-MNIST until an epoch ends with 90 % of the test images right; prints one JSON line.

`python fashion.py CONTESTANT DATA SEED MOST_EPOCHS`, in an environment that has Keras and TensorFlow. Seconds are those
of training alone: reading the images and looking at the test images are not counted, which favors the contestants,
and so does stopping where the test images say so.
"""

import gzip
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

GOAL = 0.90


def images(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training images (60000, 28, 28) from 0 to 1 and labels, then the test images and theirs."""

    def read(name: str, skip: int) -> np.ndarray:
        return np.frombuffer(gzip.decompress((folder / f"{name}.gz").read_bytes()), np.uint8, offset=skip)

    def pictures(part: str) -> np.ndarray:
        return read(f"{part}-images-idx3-ubyte", 16).reshape(-1, 28, 28).astype("float32") / 255

    def labels(part: str) -> np.ndarray:
        return read(f"{part}-labels-idx1-ubyte", 8).astype("int64")

    return pictures("train"), labels("train"), pictures("t10k"), labels("t10k")


def keras_convnet(folder: Path, seed: int) -> Iterator[tuple[float, float]]:
    """The network and settings of Keras' example "Simple MNIST convnet": Adam, batches of 128, 10 % for validation."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras

    keras.utils.set_random_seed(seed)
    x, y, test_x, test_y = images(folder)
    x, test_x = x[..., None], test_x[..., None]
    y, test_y = keras.utils.to_categorical(y, 10), keras.utils.to_categorical(test_y, 10)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    while True:
        start = time.perf_counter()
        model.fit(x, y, batch_size=128, epochs=1, validation_split=0.1, verbose=0)
        yield time.perf_counter() - start, float(model.evaluate(test_x, test_y, batch_size=512, verbose=0)[1])


def pytorch_tutorial(folder: Path, seed: int) -> Iterator[tuple[float, float]]:
    """The network and settings of PyTorch's tutorial "Training with PyTorch": SGD with momentum, batches of 4."""
    from torch import nn, optim

    network = nn.Sequential(
        *(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
        *(nn.Linear(256, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
    )
    optimizer = optim.SGD(network.parameters(), lr=0.001, momentum=0.9)
    return _plain_loop(network, optimizer, 4, folder, seed)


def _plain_loop(network, optimizer, batch: int, folder: Path, seed: int) -> Iterator[tuple[float, float]]:
    import torch
    from torch.nn.functional import cross_entropy
    from torch.utils.data import DataLoader, TensorDataset

    torch.manual_seed(seed)
    for layer in network.modules():
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    x, y, test_x, test_y = (torch.from_numpy(array) for array in images(folder))
    x, test_x = (x[:, None] - 0.5) / 0.5, (test_x[:, None] - 0.5) / 0.5
    loader = DataLoader(TensorDataset(x, y), batch_size=batch, shuffle=True)
    while True:
        start = time.perf_counter()
        network.train()
        for inputs, labels in loader:
            optimizer.zero_grad()
            cross_entropy(network(inputs), labels).backward()
            optimizer.step()
        seconds = time.perf_counter() - start
        network.eval()
        with torch.no_grad():
            answers = torch.cat([network(some).argmax(1) for some in test_x.split(500)])
        yield seconds, float((answers == test_y).float().mean())


CONTESTANTS: dict[str, Callable[[Path, int], Iterator[tuple[float, float]]]] = {
    "keras_convnet": keras_convnet,
    "pytorch_tutorial": pytorch_tutorial,
}


def main() -> None:
    name, folder, seed, most = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    total, best = 0.0, 0.0
    for epoch, (seconds, accuracy) in enumerate(CONTESTANTS[name](folder, seed), 1):
        total, best = total + seconds, max(best, accuracy)
        print(f"{name} seed {seed} epoch {epoch}: {accuracy:.4f} after {total:.1f} s", file=sys.stderr, flush=True)
        if accuracy >= GOAL or epoch == most:
            break
    print(json.dumps({"reached": best >= GOAL, "epochs": epoch, "seconds": total, "accuracy": accuracy}))


if __name__ == "__main__":
    main()
