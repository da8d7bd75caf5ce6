"""IDX files: packed or not, with their labels beside them, damaged ones named."""

import gzip
import struct
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as arrays

from eyespot.errors import SourceError
from eyespot.sources import open_source
from eyespot.sources._idx import read_idx
from eyespot.sources.source import short_side


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def write_set(folder: Path, name: str, count: int, packed: bool = False) -> None:
    random = np.random.default_rng(count)
    images, labels = random.integers(0, 256, (count, 9, 7), dtype=np.uint8), np.arange(count, dtype=np.uint8) % 3
    for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
        data = idx(array)
        file = folder / f"{name}-{kind}-ubyte{'.gz' if packed else ''}"
        file.write_bytes(gzip.compress(data) if packed else data)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("folder", ["", "raw"])
def test_the_mnist_family_is_read_from_its_folder(tmp_path: Path, packed: bool, folder: str) -> None:
    (tmp_path / folder).mkdir(exist_ok=True)
    write_set(tmp_path / folder, "train", 60, packed)
    write_set(tmp_path / folder, "t10k", 12, packed)
    source = open_source(tmp_path)
    assert source.kind == "IDX files" and len(source.test) == 12 and len(source) == 72
    assert source.test.rows[5].values == {"label": "2", "split": "test"}
    assert source.test.rows[5].name.endswith("image 5")
    assert short_side(source) == 7


def test_one_file_is_divided_by_hash(tmp_path: Path) -> None:
    write_set(tmp_path, "train", 60)
    source = open_source(tmp_path / "train-images-idx3-ubyte")
    assert len(source) == 60 and all(len(part) >= 3 for part in source.parts)


def test_an_unpacked_file_is_taken_before_a_packed_one(tmp_path: Path) -> None:
    write_set(tmp_path, "train", 60)
    write_set(tmp_path, "train", 60, packed=True)
    assert len(open_source(tmp_path)) == 60


@given(array=arrays.arrays(np.uint8, arrays.array_shapes(min_dims=1, max_dims=4, max_side=5)))
@settings(max_examples=50, deadline=None)
def test_what_is_written_is_read(array: np.ndarray) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "x-idx-ubyte"
        file.write_bytes(idx(array))
        np.testing.assert_array_equal(read_idx(file), array)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is not an IDX file"),
        (b"junk and more", "is not an IDX file"),
        (bytes([0, 0, 13, 1, 0, 0, 0, 1, 0, 0, 0, 0]), "IDX type 0xd"),
        (bytes([0, 0, 8, 3]) + b"\xff" * 12, "specifies the shape"),
        (bytes([0, 0, 8, 3]) + b"\0" * 5, "specifies the shape"),
        (idx(np.zeros((2, 3), np.uint8))[:-1], "holds 5 values, its header specifies 6"),
        (idx(np.zeros((2, 3), np.uint8)) + b"x", "holds 7 values, its header specifies 6"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, data: bytes, message: str) -> None:
    file = tmp_path / "train-images-idx3-ubyte"
    file.write_bytes(data)
    with pytest.raises(SourceError, match=message) as error:
        read_idx(file)
    assert str(file) in str(error.value)


def test_a_damaged_gzip_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "train-images-idx3-ubyte.gz"
    file.write_bytes(gzip.compress(idx(np.zeros((20, 9, 9), np.uint8)))[:-12])
    with pytest.raises(SourceError, match="copy it again"):
        read_idx(file)


def test_missing_or_too_few_labels_are_named(tmp_path: Path) -> None:
    write_set(tmp_path, "train", 60)
    labels = tmp_path / "train-labels-idx1-ubyte"
    labels.write_bytes(idx(np.zeros(3, np.uint8)))
    with pytest.raises(SourceError, match="expected as many of each"):
        open_source(tmp_path)
    labels.unlink()
    with pytest.raises(SourceError, match="train-labels-idx1-ubyte"):
        open_source(tmp_path)


def test_the_real_mnist_has_60000_and_10000(data: Path) -> None:
    source = open_source(data / "MNIST")
    assert len(source.train) + len(source.validation) == 60_000 and len(source.test) == 10_000
    assert source.test.rows[0].values["label"] == "7"
    assert abs(len(source.validation) / 60_000 - 0.15) < 0.01
