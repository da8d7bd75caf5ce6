"""A cache folder of its own for each test, and pictures that look like photographs."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from eyespot.images import ImageSpec, encode_png, read_pixels

Photo = Callable[..., np.ndarray]


@pytest.fixture(autouse=True)
def cache_of_its_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("EYESPOT_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def photo() -> Photo:
    """Smooth colors that follow from a seed: no two seeds resemble each other."""

    def make(seed: int, height: int = 60, width: int = 80) -> np.ndarray:
        coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
        return read_pixels(coarse, ImageSpec(height=height, width=width, channels=3, fit="stretch"))

    return make


@pytest.fixture
def class_folder(tmp_path: Path, photo: Photo) -> Callable[..., Path]:
    """Writes a folder with a folder for each class: `class_folder(cat=10, dog=12)`."""

    def make(root: str = "pets", **counts: int) -> Path:
        seed = 0
        for name, count in counts.items():
            folder = tmp_path / root / name
            folder.mkdir(parents=True, exist_ok=True)
            for number in range(count):
                seed += 1
                (folder / f"{number:03}.png").write_bytes(encode_png(photo(seed, 24, 24)))
        return tmp_path / root

    return make
