"""Images that are arrays already: handed over in Python, or in a `.npz` file."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import SourceError
from .assemble import assemble
from .collection import ArrayRows, Collection, Numbered
from .source import PARTS, Source

PAIRS = (
    ("x_train", "y_train", "train"),
    ("x_val", "y_val", "validation"),
    ("x_test", "y_test", "test"),
    ("x", "y", ""),
)
"""The names that images and answers carry in a `.npz` file or a dictionary, and the part that they stand for."""


MOST_CLASSES = 100
"""Whole numbers in floating point with at most so many different values may stand for classes."""


def from_arrays(
    name: str,
    kind: str,
    images: np.ndarray | Sequence[np.ndarray],
    values: Sequence[dict[str, str]],
    split: Sequence[str] | None = None,
    paired: np.ndarray | Sequence[np.ndarray] | None = None,
) -> Source:
    """Make a source of images that are in memory.

    `images` is uint8 (N, H, W, C) or (N, H, W), or a list of arrays (H, W, C); `values` says of each what is known
    ("label", "number", ...); `split` names the part of each ("train", "validation" or "test"), and is made from the
    content where it is missing; `paired` holds paired images.

    >>> import numpy as np
    >>> pictures = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 1), dtype=np.uint8)
    >>> source = from_arrays("noise", "arrays", pictures, [{"label": str(i % 2)} for i in range(60)])
    >>> len(source)
    60
    """
    if len(images) != len(values):
        raise SourceError(f"{name}: {len(images)} images, but values for {len(values)}; give as many as images.")
    if split is not None:
        values = with_split(values, split)
    rows = ArrayRows(
        stacked(images, name), values, Numbered(name, len(images)), None if paired is None else stacked(paired, name)
    )
    return assemble(Collection(name=name, kind=kind, rows=rows))


def stacked(images: np.ndarray | Sequence[np.ndarray], name: str) -> np.ndarray | Sequence[np.ndarray]:
    """Images as uint8 (N, H, W, C) where they are one array; real numbers from 0 to 1 are scaled to 0 to 255."""
    if not isinstance(images, np.ndarray):
        return images
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or images.shape[3] not in (1, 3, 4):
        raise SourceError(
            f"{name}: images of shape {images.shape}; expected (N, H, W) or (N, H, W, C) with C = 1 or 3."
        )
    if images.dtype == np.uint8:
        return images
    return _bytes(images, name)


def _bytes(images: np.ndarray, name: str) -> np.ndarray:
    whole = np.issubdtype(images.dtype, np.integer) or images.dtype == np.bool_
    if not (whole or np.issubdtype(images.dtype, np.floating)) or not images.size:
        raise SourceError(f"{name}: images of type {images.dtype} and shape {images.shape}; expected numbers.")
    low, high = float(images.min()), float(images.max())
    top = 255 if whole and images.dtype != np.bool_ else 1
    if not (low >= 0 and high <= top):
        raise SourceError(
            f"{name}: {images.dtype} values from {low:g} to {high:g}; expected 0 to {top} (or give uint8)."
        )
    return np.rint(images * (255 / top)).astype(np.uint8)


def with_split(values: Sequence[dict[str, str]], split: Sequence[str]) -> list[dict[str, str]]:
    """Say of each image to which part it belongs."""
    if len(split) != len(values):
        raise SourceError(f"The split names {len(split)} parts for {len(values)} images; give one for each image.")
    if unknown := set(split) - set(PARTS):
        raise SourceError(f"The split holds {sorted(unknown)}; expected {', '.join(PARTS)}.")
    return [{**each, "split": part} for each, part in zip(values, split, strict=True)]


def read_arrays(given: Mapping[str, Any] | Sequence[Any], name: str, kind: str = "arrays") -> Collection:
    """Collect images and answers from `x_train`, `y_train`, `x_test`, `y_test` (or `x`, `y`), named or as a tuple."""
    arrays = _named(given, name)
    found = [(x, y, part) for x, y, part in PAIRS if x in arrays]
    if not found:
        raise SourceError(f"{name}: holds {', '.join(arrays) or 'nothing'}; expected x_train and y_train (or x and y).")
    stacks, values, where = [], [], []
    for x, y, part in found:
        images = stacked(np.asarray(arrays[x]), f"{name} {x}")
        stacks.append(images)
        values += _values(arrays.get(y), len(images), part, f"{name} {y}")
        where += [f"{name} {x} {number}" for number in range(len(images))]
    return Collection(name=name, kind=kind, rows=ArrayRows(_joined(stacks, name), values, where))


def _named(given: Mapping[str, Any] | Sequence[Any], name: str) -> Mapping[str, Any]:
    if isinstance(given, Mapping):
        return given
    if len(given) == 2 and all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in given):
        given = (*given[0], *given[1])
    if len(given) not in (2, 4):
        raise SourceError(f"{name}: {len(given)} arrays; expected (x, y) or (x_train, y_train, x_test, y_test).")
    names = ("x", "y") if len(given) == 2 else ("x_train", "y_train", "x_test", "y_test")
    return dict(zip(names, given, strict=True))


def _joined(stacks: list[Any], name: str) -> np.ndarray:
    if len(stacks) == 1:
        return stacks[0]
    if len({stack.shape[1:] for stack in stacks}) > 1:
        raise SourceError(
            f"{name}: images of different shapes {[stack.shape[1:] for stack in stacks]}; make them equal."
        )
    return np.concatenate(stacks)


def _values(answers: Any, count: int, part: str, name: str) -> list[dict[str, str]]:
    """One dictionary for each image; images with the same answer share one. Real numbers go to "number".

    Whole numbers in floating point that repeat could be both, and the task must be named.
    """
    base = {"split": part} if part else {}
    if answers is None:
        return [base] * count
    answers = np.asarray(answers)
    if answers.size != count:
        raise SourceError(f"{name}: {answers.size} answers for {count} images; give one for each.")
    texts = [str(answer) for answer in answers.ravel().tolist()]
    columns = _columns(answers)
    shared = {text: {**dict.fromkeys(columns, text), **base} for text in set(texts)}
    return [shared[text] for text in texts]


def _columns(answers: np.ndarray) -> tuple[str, ...]:
    """What answers may be: real numbers are numbers; a few whole ones, again and again, may be labels just as well."""
    if not np.issubdtype(answers.dtype, np.floating):
        return ("label",)
    known = answers[np.isfinite(answers)]
    different = np.unique(known)
    repeated = len(different) <= min(MOST_CLASSES, len(known) // 2)
    return ("label", "number") if repeated and np.array_equal(different, np.rint(different)) else ("number",)
