"""The text format of the USPS zip-code digits (LeCun et al. 1989): each line contains a digit and 256 values."""

import gzip
import zlib
from pathlib import Path

import numpy as np

from ..errors import SourceError
from ._collection import ArrayRows, Collection

SIDE = 16
LINE = 1 + SIDE * SIDE
MAX_TEXT = 1 << 28
PARTS_BY_NAME = {"zip.train": "train", "zip.test": "test"}


def zip_code_files(folder: Path) -> list[Path]:
    """The files `zip.train` and `zip.test` in a folder, compressed with gzip or not."""
    named = [(folder / name, folder / f"{name}.gz") for name in PARTS_BY_NAME]
    return [next(file for file in pair if file.is_file()) for pair in named if any(file.is_file() for file in pair)]


def is_zip_code_file(file: Path) -> bool:
    """Return whether a file has one of the two names."""
    return file.name.removesuffix(".gz") in PARTS_BY_NAME


def read_zip_codes(files: list[Path], root: Path) -> Collection:
    """Collect the digits; -1 (background) becomes 0 and 1 (ink) becomes 255."""
    stacks, values, where = [], [], []
    for file in files:
        table = _numbers(file)
        part = {"split": PARTS_BY_NAME[file.name.removesuffix(".gz")]} if len(files) > 1 else {}
        shared = [{"label": str(digit), **part} for digit in range(10)]
        stacks.append(np.rint((table[:, 1:] + 1) * 127.5).astype(np.uint8).reshape(-1, SIDE, SIDE, 1))
        values += [shared[digit] for digit in table[:, 0].astype(int).tolist()]
        where += [f"{file.name} line {number}" for number in range(1, len(table) + 1)]
    rows = ArrayRows(np.concatenate(stacks), values, where)
    return Collection(name=root.name or str(root.resolve()), kind="USPS zip-code digits", rows=rows, root=root)


def _numbers(file: Path) -> np.ndarray:
    try:
        with (gzip.open if file.suffix == ".gz" else open)(file, "rt", encoding="ascii") as stream:
            numbers = np.array(stream.read(MAX_TEXT).split(), np.float32)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise SourceError(f"{file}: cannot be read as USPS zip-code digits ({error}); copy it again.") from error
    table = numbers[: len(numbers) // LINE * LINE].reshape(-1, LINE)
    whole = len(table) > 0 and table.size == numbers.size
    if not whole or not np.abs(table[:, 1:]).max() <= 1 or not np.isin(table[:, 0], range(10)).all():
        raise SourceError(f"{file}: expected a digit from 0 to 9 and 256 values from -1 to 1 on each line.")
    return table
