"""Arrays that stand for images: NumPy arrays and torch tensors of any type and channel order, as uint8 (H, W, C).

What is unambiguous is accepted; for the rest the error states what was understood. Shapes: N images, H height,
W width, C channels.
"""

from typing import Any

import numpy as np

from .errors import ImageError
from .value_range import LEAST_USED, Range, bounds_of, check_inside, to_bytes

CHANNELS = (1, 3, 4)
FIRST_CHANNELS = (1, 3)
EXPECTED = "uint8 values 0 to 255 or float values 0 to 1, of shape (H, W), (H, W, C) or (C, H, W) with C = 1 or 3"


def is_tensor(given: Any) -> bool:
    """Tell whether this is a torch tensor, without importing torch."""
    return type(given).__module__.partition(".")[0] == "torch" and hasattr(given, "detach")


def to_numpy(given: Any) -> np.ndarray:
    """A torch tensor, a pandas Series or DataFrame or a list as a NumPy array.

    Raises `ImageError` where it is none, such as a list of arrays of different shapes.
    """
    if is_tensor(given):
        given = given.detach().cpu()
        given = given.float() if str(given.dtype) in ("torch.bfloat16", "torch.float16") else given
    try:
        return np.asarray(given)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ImageError(f"A {type(given).__name__} cannot be used as an array ({error}).") from error


def channels_last(array: np.ndarray, channels_first: bool = False) -> np.ndarray:
    """One image (H, W), (H, W, C) or (C, H, W), or a batch of one, as (H, W, C).

    Where both orders are possible, `channels_first` (the convention of torch) decides.
    """
    shape = array.shape
    if array.ndim == 4 and shape[0] == 1:
        array = array[0]
    if array.ndim == 4:
        raise ImageError(f"An array of shape {shape} is {shape[0]} images; give one at a time.")
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or not array.size or not _has_channels(array.shape):
        raise ImageError(f"An array of shape {shape} is not an image; expected {EXPECTED}.")
    return array.transpose(1, 2, 0) if first_are_channels(array.shape, channels_first) else array


def first_are_channels(shape: tuple[int, ...], channels_first: bool) -> bool:
    """Tell whether an image of this shape (three numbers) is (C, H, W)."""
    return shape[0] in FIRST_CHANNELS and (channels_first or shape[2] not in CHANNELS)


def _has_channels(shape: tuple[int, ...]) -> bool:
    return shape[0] in FIRST_CHANNELS or shape[2] in CHANNELS


def array_range(array: np.ndarray) -> Range | None:
    """The range that the type of an array implies: None for uint8, 0 to 1 for bool, float, 0 to 65,535 for uint16.

    Raises `ImageError` where its values contradict that: then a value range must be given.
    """
    kind, low, high = array.dtype, *bounds_of(array.astype(np.float64, copy=False).ravel())
    if kind == np.uint8:
        return None
    if kind == np.bool_:
        return 0, 1
    found = f"{kind} values from {low:g} to {high:g}"
    if np.issubdtype(kind, np.floating):
        if np.isnan(low) or (low >= 0 and high <= 1):
            return 0, 1
        raise ImageError(f"{found}: expected 0 to 1, or uint8 values 0 to 255 (such as array.astype('uint8')).")
    if kind == np.uint16 and high >= LEAST_USED * 65535:  # less may be 10 or 12 bits of a camera
        return 0, 65535
    if kind != np.uint16 and low >= 0 and high <= 255:
        return 0, 255
    raise ImageError(f"{found}: expected uint8 values 0 to 255; their value range is not known.")


def as_image(given: Any, value_range: Range | None = None) -> np.ndarray:
    """One array or tensor as uint8 (H, W, C); values of more than 8 bits are scaled from `value_range`.

    >>> as_image(np.full((3, 8, 6), 0.5)).shape
    (8, 6, 3)
    """
    array = to_numpy(given)
    if not (np.issubdtype(array.dtype, np.number) or array.dtype == np.bool_) or np.iscomplexobj(array):
        raise ImageError(f"An array of type {array.dtype} is not an image; expected {EXPECTED}.")
    array = channels_last(array, is_tensor(given))
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    if value_range is None or array.dtype == np.bool_:
        return to_bytes(array, array_range(array) or (0, 255))
    check_inside(array, value_range)
    return to_bytes(array, value_range)
