"""A source, and a training, small enough to be run many times in a test."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from eyespot.sources._arrays import from_arrays
from eyespot.sources.source import Source

TEXT = "conv 4@3x3 same, relu, maxpool 2, flatten, dropout 0.2, dense"


def stripes(count: int, seed: int = 0) -> tuple[np.ndarray, list[dict[str, str]]]:
    """Noisy 8x8 images with a bright stripe that lies or stands."""
    random = np.random.default_rng(seed)
    images = random.integers(0, 120, (count, 8, 8, 1), dtype=np.uint8)
    for number in range(count):
        place = random.integers(1, 7)
        if number % 2:
            images[number, place] += 130
        else:
            images[number, :, place] += 130
    return images, [{"label": ("standing", "lying")[number % 2]} for number in range(count)]


@pytest.fixture
def source() -> Source:
    images, values = stripes(101)
    split = ["train"] * 61 + ["validation"] * 17 + ["test"] * 23
    return from_arrays("stripes", "arrays", images, values, split)


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("EYESPOT_CACHE", str(folder))
    return folder


@pytest.fixture(autouse=True)
def every_epoch_is_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    """All epochs of so small a training end before a second is over."""
    monkeypatch.setattr("eyespot.training._loop.SAVED_EPOCH", 0.0)


@pytest.fixture
def trained_run(source: Source, tmp_path: Path) -> Callable:
    """Train the stripes in a folder, with a few wishes of the test's own."""
    from eyespot.training.options import TrainOptions
    from eyespot.training.run import run_training

    def train(folder: str = "run", show: Callable = lambda entry: None, **options: object):
        asked = {"network": TEXT, "epochs": 3, "batch": 8, "precision": "float32", "augment": "none", **options}
        return run_training(source, TrainOptions(**asked), tmp_path / folder, show)

    return train
