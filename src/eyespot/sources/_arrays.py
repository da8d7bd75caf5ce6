"""Arrays of images, passed in Python or read from a `.npz` file."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import ImageError, SourceError
from ..images import ImageSpec, read_pixels
from ..pixel_arrays import CHANNELS, channels_last, first_are_channels, is_tensor, to_numpy
from ..value_range import Range, bounds_of, choose_range, describe_range, to_bytes
from ._collection import ArrayRows, Collection, Numbered
from .assemble import assemble
from .source import PARTS, Source

PAIRS = (
    ("x_train", "y_train", "train"),
    ("x_val", "y_val", "validation"),
    ("x_test", "y_test", "test"),
    ("x", "y", ""),
)
"""Names of images and targets in a `.npz` file or a dictionary, with their part."""

MOST_CLASSES = 100
"""Integers in floating point with at most this many distinct values may be class numbers."""

SEEN = 2000
"""Number of images, evenly spaced in an array, that determine its value range."""

NATIVE = ImageSpec(height=1, width=1, channels=3, fit="native")
"""8-bit Pillow images in their own size, read like files: transparency is blended with white."""

Stack = np.ndarray | list[np.ndarray]
"""Images (N, H, W, C) of one size, or a list of images (H, W, C)."""


def from_arrays(
    name: str,
    kind: str,
    images: np.ndarray | Sequence[np.ndarray],
    values: Sequence[dict[str, str]],
    split: Sequence[str] | None = None,
    paired: np.ndarray | Sequence[np.ndarray] | None = None,
) -> Source:
    """Make a source from images in memory.

    `images` is (N, H, W, C) or (N, H, W), or a list of arrays (H, W, C); `values` has the annotations of each
    ("label", "number", ...); `split` is the part of each ("train", "validation" or "test"), computed from the
    content by default; `paired` has paired images.

    >>> import numpy as np
    >>> pictures = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 1), dtype=np.uint8)
    >>> source = from_arrays("noise", "arrays", pictures, [{"label": str(i % 2)} for i in range(60)])
    >>> len(source)
    60
    """
    if len(images) != len(values):
        raise SourceError(f"{name}: {len(images)} images, but values for {len(values)}; give as many as images.")
    if paired is not None and len(paired) != len(images):
        raise SourceError(f"{name}: {len(images)} images, but {len(paired)} paired images; give one for each image.")
    if split is not None:
        values = with_split(values, split)
    stacks = [stacked(given, name) for given in (images, paired) if given is not None]
    stacks, value_range, notes = scaled(stacks, name, None)
    rows = ArrayRows(stacks[0], values, Numbered(name, len(images)), stacks[1] if len(stacks) > 1 else None)
    return assemble(Collection(name=name, kind=kind, rows=rows, value_range=value_range, notes=notes))


def stacked(given: Any, name: str) -> Stack:
    """Convert images of any type to one array (N, H, W, C), or a list of arrays (H, W, C) if their sizes differ.

    Raises `SourceError`, which describes the input, for anything else.
    """
    if isinstance(given, list | tuple) and given and not np.isscalar(given[0]) and not isinstance(given[0], str):
        given = [_element(each, f"{name} {number}") for number, each in enumerate(given)]
        if len({each.shape for each in given}) > 1 or len({each.dtype for each in given}) > 1:
            return given
    try:
        images = to_numpy(given)
    except ImageError as error:
        raise SourceError(f"{name}: {error}") from error
    if images.dtype == object and len(images) and hasattr(images.flat[0], "shape"):
        return stacked(list(images), name)
    if not (np.issubdtype(images.dtype, np.number) or images.dtype == np.bool_) or np.iscomplexobj(images):
        raise SourceError(
            f"{name}: images of type {images.dtype} and shape {images.shape}; expected numbers. For the names of "
            "files, give a table with the columns path and label, or their folder."
        )
    if images.ndim == 2:
        raise SourceError(f"{name}: {_flat(images.shape)}")
    if images.ndim == 3:
        return images[..., None]
    if images.ndim == 4 and images.size and first_are_channels(images.shape[1:], is_tensor(given)):
        return np.ascontiguousarray(images.transpose(0, 2, 3, 1))
    if images.ndim != 4 or not images.size or images.shape[3] not in CHANNELS:
        raise SourceError(
            f"{name}: images of shape {images.shape}; expected (N, H, W), (N, H, W, C) or (N, C, H, W) with C = 1 or 3."
        )
    return images


def _element(given: Any, name: str) -> np.ndarray:
    """One image of a list as (H, W, C): an array, a tensor or a Pillow image."""
    try:
        if hasattr(given, "mode") and not (given.mode.startswith("I") or given.mode == "F"):
            return read_pixels(given, NATIVE, name)
        return channels_last(to_numpy(given), is_tensor(given))
    except ImageError as error:
        raise SourceError(f"{name}: {error}") from error


def _flat(shape: tuple[int, ...]) -> str:
    """Advice for images (N, F) that are rows of a table."""
    for channels in (1, 3):
        side = round((shape[1] / channels) ** 0.5)
        if side > 1 and side * side * channels == shape[1]:
            size = f"{side}, {side}" + (f", {channels}" if channels > 1 else "")
            return f"each image is a row of {shape[1]} numbers; reshape them: x.reshape(-1, {size})."
    return f"images of shape {shape} are rows of {shape[1]} numbers; reshape them to (N, H, W) or (N, H, W, C)."


def scaled(stacks: Sequence[Stack], name: str, given: Range | None) -> tuple[list[Stack], Range | None, list[str]]:
    """Images as uint8 with a common value range; the range and a note if not all were uint8."""
    arrays = [array for stack in stacks for array in (stack if isinstance(stack, list) else [stack])]
    wide = [array for array in arrays if array.dtype != np.uint8]
    if not wide:
        return list(stacks), None, []
    bounds = np.array([bounds_of(image) for array in wide for image in _some(array)]).reshape(-1, 2)
    chosen = given or _array_range(wide, bounds)
    if chosen is None:
        raise SourceError(f"{name}: its images hold no finite value (nan); replace them.")

    def scale(array: np.ndarray) -> np.ndarray:
        return array if array.dtype == np.uint8 else to_bytes(array, chosen)

    done = [[scale(each) for each in stack] if isinstance(stack, list) else scale(stack) for stack in stacks]
    if chosen in ((0, 1), (0, 255)):  # the ranges of their types
        return done, None, []
    return done, chosen, [f"arrays of type {wide[0].dtype}: " + describe_range(chosen, bounds)]


def _array_range(wide: Sequence[np.ndarray], bounds: np.ndarray) -> Range | None:
    """The range of arrays: 0 to 1 for bool, bytes for integers up to 255, otherwise the same rule as for files."""
    if all(array.dtype == np.bool_ for array in wide):
        return 0.0, 1.0
    whole = all(np.issubdtype(array.dtype, np.integer) and array.dtype != np.uint16 for array in wide)
    if whole and bounds.min() >= 0 and 1 < bounds.max() <= 255:
        return 0.0, 255.0
    return choose_range(bounds)


def _some(array: np.ndarray) -> np.ndarray:
    """Up to `SEEN` images of a stack as float64 (n, H, W, C); a single image as (1, H, W, C)."""
    images = array if array.ndim == 4 else array[None]
    return images[:: max(1, len(images) // SEEN)].astype(np.float64)


def with_split(values: Sequence[dict[str, str]], split: Sequence[str]) -> list[dict[str, str]]:
    """Assign each image to its part."""
    if len(split) != len(values):
        raise SourceError(f"The split names {len(split)} parts for {len(values)} images; give one for each image.")
    if unknown := set(split) - set(PARTS):
        raise SourceError(f"The split holds {sorted(unknown)}; expected {', '.join(PARTS)}.")
    return [{**each, "split": part} for each, part in zip(values, split, strict=True)]


def read_arrays(given: Any, name: str, kind: str = "arrays", value_range: Range | None = None) -> Collection:
    """Collect images and targets from `x_train`, `y_train`, `x_test`, `y_test` (or `x`, `y`), by name or as a tuple.

    `value_range` replaces the computed range for images of more than 8 bits.
    """
    arrays = _named(given, name)
    present = [(x, y, part) for x, y, part in PAIRS if x in arrays]
    if not present:
        raise SourceError(f"{name}: holds {', '.join(arrays) or 'nothing'}; expected x_train and y_train (or x and y).")
    stacks, chosen, notes = scaled([stacked(arrays[x], f"{name} {x}") for x, _, _ in present], name, value_range)
    counts = [len(images) for images in stacks]
    answers = [_answers(arrays.get(y), count, f"{name} {y}") for (_, y, _), count in zip(present, counts, strict=True)]
    columns = _columns([each for each in answers if each is not None])
    values, where = [], []
    for (x, _, part), count, given_answers in zip(present, counts, answers, strict=True):
        values += _values(given_answers, count, part, columns)
        where += [f"{name} {x} {number}" for number in range(count)]
    rows = ArrayRows(_joined(stacks, name), values, where)
    return Collection(name=name, kind=kind, rows=rows, value_range=chosen, notes=notes)


def _named(given: Any, name: str) -> Mapping[str, Any]:
    if isinstance(given, Mapping):
        return given
    if not isinstance(given, list | tuple):
        what = f"an array of shape {given.shape}" if hasattr(given, "shape") else f"a {type(given).__name__}"
        raise SourceError(
            f"{name}: {what} is not a source; expected a folder, a table, (x, y) or (x_train, y_train, x_test, y_test)."
        )
    if len(given) == 2 and all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in given):
        given = (*given[0], *given[1])
    if len(given) not in (2, 4):
        raise SourceError(f"{name}: {len(given)} arrays; expected (x, y) or (x_train, y_train, x_test, y_test).")
    _check_order(given, name)
    names = ("x", "y") if len(given) == 2 else ("x_train", "y_train", "x_test", "y_test")
    return dict(zip(names, given, strict=True))


def _check_order(given: Sequence[Any], name: str) -> None:
    """Detect images and targets in another order, such as that of scikit-learn's `train_test_split`."""
    kinds = "".join("x" if _looks_like_images(each) else "y" for each in given)
    if kinds == "xxyy":
        raise SourceError(
            f"{name}: this is the order x_train, x_test, y_train, y_test, in which train_test_split returns them; "
            "expected (x_train, y_train, x_test, y_test)."
        )
    if kinds in ("yx", "yxyx", "yyxx"):
        raise SourceError(f"{name}: the answers come before the images; expected (x, y): images first.")


def _looks_like_images(given: Any) -> bool:
    """Whether this has three axes or more, or is a list of arrays or images."""
    if hasattr(given, "shape"):
        return len(given.shape) >= 3
    return (
        isinstance(given, list | tuple)
        and len(given) > 0
        and (hasattr(given[0], "mode") or len(getattr(given[0], "shape", ())) >= 2)
    )


def _joined(stacks: list[Any], name: str) -> Any:
    if len(stacks) == 1:
        return stacks[0]
    if any(isinstance(stack, list) for stack in stacks):
        return [image for stack in stacks for image in stack]
    if len({stack.shape[1:] for stack in stacks}) > 1:
        raise SourceError(
            f"{name}: images of different shapes {[stack.shape[1:] for stack in stacks]}; make them equal."
        )
    return np.concatenate(stacks)


def _answers(answers: Any, count: int, name: str) -> np.ndarray | None:
    """One target for each image (N,); raises `SourceError` for anything else."""
    if answers is None:
        return None
    if isinstance(answers, list | tuple) and any(isinstance(each, list | tuple | set) for each in answers):
        raise SourceError(
            f"{name}: some answers are lists; expected one label or number. For several tags, give a table with a "
            "column 'tags'."
        )
    answers = to_numpy(answers)
    if answers.ndim == 2 and len(answers) == count and answers.shape[1] > 1:
        raise SourceError(f"{name}: {_one_hot(answers)}")
    if answers.size != count:
        raise SourceError(f"{name}: {answers.size} answers for {count} images; give one for each.")
    return answers.ravel()


def _one_hot(answers: np.ndarray) -> str:
    shape = f"{answers.shape[1]} answers for each image"
    if np.isin(answers, (0, 1)).all() and (answers.astype(int).sum(axis=1) == 1).all():
        return f"{shape}, one of them 1, is one-hot encoding; give the number of the class: y.argmax(1)."
    return f"{shape}; expected one label or number. For several tags, give a table with a column 'tags'."


def _columns(answers: Sequence[np.ndarray]) -> tuple[str, ...]:
    """The possible columns of targets: real numbers are numbers; a few repeated integers may also be labels.

    Repeated integers in floating point could be both, and the user must name the task.
    """
    if not answers or not all(np.issubdtype(each.dtype, np.floating) for each in answers):
        return ("label",)
    every = np.concatenate(answers)
    known = every[np.isfinite(every)]
    different = np.unique(known)
    repeated = len(different) <= min(MOST_CLASSES, len(known) // 2)
    return ("label", "number") if repeated and np.array_equal(different, np.rint(different)) else ("number",)


def _values(answers: np.ndarray | None, count: int, part: str, columns: Sequence[str]) -> list[dict[str, str]]:
    """One dictionary for each image; images with the same target share one. The label 1.0 becomes 1."""
    base = {"split": part} if part else {}
    if answers is None:
        return [base] * count
    plain = answers.tolist()
    shared = {value: {column: _text(value, column) for column in columns} | base for value in set(plain)}
    return [shared[value] for value in plain]


def _text(value: Any, column: str) -> str:
    whole = column == "label" and isinstance(value, float) and value.is_integer()
    return str(int(value)) if whole else str(value)
