"""IDX files, the format of the MNIST family: a short header and the numbers, often compressed with gzip.

Format: http://yann.lecun.com/exdb/mnist/ (two zero bytes, type, number of dimensions, each dimension as 4 bytes).
"""

import gzip
import math
import re
import zlib
from pathlib import Path

import numpy as np

from ..errors import SourceError
from ._collection import ArrayRows, Collection

IMAGES = re.compile(r"(?P<set>.*?)[-_.]?images[-_.]idx[34]-ubyte(\.gz)?$", re.IGNORECASE)
UNSIGNED_BYTE = 8
MAX_VALUES = 1 << 34


def image_files(folder: Path) -> list[Path]:
    """The IDX image files in a folder or in its `raw/`; an uncompressed file is preferred to a compressed one."""
    for place in (folder, folder / "raw"):
        if place.is_dir():
            names = sorted(file for file in place.iterdir() if IMAGES.match(file.name))
            files = {file.name.removesuffix(".gz"): file for file in reversed(names)}
            if files:
                return [files[name] for name in sorted(files)]
    return []


def read_idx_files(files: list[Path], root: Path) -> Collection:
    """Collect the images of IDX files with the label files next to them."""
    stacks, values, where = [], [], []
    for file in files:
        images, labels = read_idx(file), read_idx(_labels_of(file))
        images = images[..., None] if images.ndim == 3 else images
        if images.ndim != 4 or images.shape[3] not in (1, 3) or len(labels) != len(images):
            raise SourceError(f"{file}: images {images.shape} with labels {labels.shape}; expected as many of each.")
        part = _part(file) if len(files) > 1 else ""
        shared = [{"label": str(label), **({"split": part} if part else {})} for label in range(256)]
        stacks.append(images)
        values += [shared[label] for label in labels.ravel().tolist()]
        where += [f"{file.name} image {number}" for number in range(len(images))]
    if len({stack.shape[1:] for stack in stacks}) > 1:
        raise SourceError(f"{root}: the IDX files hold images of different sizes; give one of the files.")
    return Collection(
        name=root.name or str(root.resolve()), kind="IDX files", rows=ArrayRows(_join(stacks), values, where), root=root
    )


def read_idx(file: Path) -> np.ndarray:
    """The values of one IDX file as uint8, in the shape of its header."""
    try:
        with (gzip.open if file.suffix == ".gz" else open)(file, "rb") as stream:
            header = stream.read(4)
            if len(header) < 4 or header[:2] != b"\0\0" or not 1 <= header[3] <= 4:
                raise SourceError(f"{file}: is not an IDX file.")
            if header[2] != UNSIGNED_BYTE:
                raise SourceError(f"{file}: holds values of IDX type {header[2]:#x}; expected 0x8, unsigned bytes.")
            sizes = stream.read(4 * header[3]).ljust(4 * header[3], b"\0")
            shape = [int.from_bytes(sizes[place : place + 4], "big") for place in range(0, len(sizes), 4)]
            count = math.prod(shape)
            if not 0 < count <= MAX_VALUES:
                raise SourceError(f"{file}: its header specifies the shape {shape}; the file is damaged.")
            data = stream.read(count + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"{file}: cannot be read ({error}); copy it again.") from error
    if len(data) != count:
        raise SourceError(f"{file}: holds {len(data)} values, its header specifies {count}; copy it again.")
    return np.frombuffer(data, np.uint8).reshape(shape)


def _labels_of(file: Path) -> Path:
    name = re.sub(r"images([-_.])idx[34]", r"labels\1idx1", file.name)
    plain = file.with_name(name.removesuffix(".gz"))
    for labels in (plain, plain.with_name(plain.name + ".gz")):
        if labels.is_file():
            return labels
    raise SourceError(f"{file}: the labels '{plain.name}' (or .gz) are missing beside it.")


def _part(file: Path) -> str:
    name = file.name.lower()
    return "test" if "test" in name or "t10k" in name else "validation" if "val" in name else "train"


def _join(stacks: list[np.ndarray]) -> np.ndarray:
    return stacks[0] if len(stacks) == 1 else np.concatenate(stacks)
