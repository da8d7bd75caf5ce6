"""The size and colors that a network takes, and the affine maps between image coordinates.

Shapes: N images, C channels, H height, W width.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import ImageError
from .value_range import Range, check_range

FITS = ("crop", "stretch", "pad", "native")


@dataclass(frozen=True, kw_only=True)
class ImageSpec:
    """The network input: size, colors and scaling of values.

    `fit` decides about images of another aspect ratio: "crop" scales the short side and crops the center, "stretch"
    scales both sides, "pad" scales the long side and adds gray bars along the short one, "native" keeps the size
    (`height` and `width` are then the size of training crops).
    The network input is `(pixel / 255 - mean) / std`, with a mean and a standard deviation per channel. `value_range`
    is mapped to 0 and 255 in images of more than 8 bits; by default it follows from the type (0 to 65,535, floats 0
    to 1).
    """

    height: int
    width: int
    channels: int
    fit: str = "crop"
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    value_range: Range | None = None

    def __post_init__(self) -> None:
        if min(self.height, self.width) < 1 or max(self.height, self.width) > 8192:
            raise ImageError(f"Images of {self.height}x{self.width} pixels: each side must lie between 1 and 8192.")
        if self.channels not in (1, 3):
            raise ImageError(f"Images of {self.channels} channels: give 1 for gray or 3 for color.")
        if self.fit not in FITS:
            raise ImageError(f"fit is '{self.fit}'; expected one of {', '.join(FITS)}.")
        if self.value_range is not None:
            check_range(self.value_range)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape (C, H, W) of one image at the network input."""
        return self.channels, self.height, self.width


@dataclass(frozen=True, kw_only=True, eq=False)
class Frame:
    """The affine map from the coordinates of an original image to those of the network input, or N such maps.

    Coordinates are continuous, x to the right from 0 to the width and y down from 0 to the height: pixel i covers
    [i, i + 1] and its center is at i + 0.5. `original` (..., 2) and `size` (..., 2) are the height and width before
    and after; `matrix` (..., 2, 3), with N in front for N images, maps (x, y, 1) to (x, y).

    >>> frame = frame_of((40, 60), ImageSpec(height=20, width=20, channels=3))
    >>> frame.apply([30.0, 20.0]).tolist()
    [10.0, 10.0]
    >>> frame.inverse().apply([0.0, 0.0]).tolist()
    [10.0, 0.0]
    """

    original: np.ndarray
    size: np.ndarray
    matrix: np.ndarray

    def __getitem__(self, rows: Any) -> "Frame":
        """The frames of some of the N images, or of one."""
        return Frame(original=self.original[rows], size=self.size[rows], matrix=self.matrix[rows])

    @property
    def mirrors(self) -> np.ndarray:
        """Whether left and right are swapped (...,): the determinant is negative."""
        return np.linalg.det(self.matrix[..., :2]) < 0

    def then(self, after: "Frame") -> "Frame":
        """The composition: this map, then `after`; N frames if one of the two has N."""
        linear = after.matrix[..., :2] @ self.matrix[..., :2]
        offset = after.matrix[..., :2] @ self.matrix[..., 2:] + after.matrix[..., 2:]
        sides = (*linear.shape[:-2], 2)
        return Frame(
            original=np.broadcast_to(self.original, sides),
            size=np.broadcast_to(after.size, sides),
            matrix=np.concatenate([linear, offset], axis=-1),
        )

    def inverse(self) -> "Frame":
        """The inverse map, from the network input to the original image."""
        linear = np.linalg.inv(self.matrix[..., :2])
        matrix = np.concatenate([linear, -linear @ self.matrix[..., 2:]], axis=-1)
        return Frame(original=self.size, size=self.original, matrix=matrix)

    def apply(self, points: Any) -> Any:
        """Map points (..., 2) of x and y, arrays or tensors; (N, ..., 2) for N frames. NaN stays NaN."""
        return _affine(points, self.matrix[..., :2], self.matrix[..., 2])

    def apply_boxes(self, boxes: Any) -> Any:
        """Map boxes (..., 4) of x1, y1, x2, y2, arrays or tensors, to the bounding boxes of the results. NaN stays NaN.

        For N frames, boxes are (N, ..., 4).
        """
        # Interval arithmetic: a negative factor swaps lower and upper bounds.
        linear, offset = self.matrix[..., :2], self.matrix[..., 2]
        up, down = np.maximum(linear, 0), np.minimum(linear, 0)
        bounds = np.concatenate([np.concatenate([up, down], axis=-1), np.concatenate([down, up], axis=-1)], axis=-2)
        return _affine(boxes, bounds, np.concatenate([offset, offset], axis=-1))


def identity_frame(size: Any) -> Frame:
    """The identity map for images of height and width `size` (..., 2)."""
    size = np.asarray(size)
    return Frame(original=size, size=size, matrix=np.broadcast_to(np.eye(2, 3), (*size.shape[:-1], 2, 3)))


def frame_of(size: Any, spec: ImageSpec) -> Frame:
    """The map that `read_pixels` applies to upright images of height and width `size`, (2,) or (N, 2).

    A JPEG file much larger than `spec` is decoded at a reduced size, which is rounded up: its pixels may deviate from
    the map by up to half a pixel.
    """
    original = np.asarray(size)[..., :2]
    if spec.fit == "native":
        return identity_frame(original)
    box, region = placement(original, spec)
    scale = (region[..., 2:] - region[..., :2]) / (box[..., 2:] - box[..., :2])
    matrix = np.zeros((*original.shape[:-1], 2, 3))
    matrix[..., [0, 1], [0, 1]] = scale
    matrix[..., 2] = region[..., :2] - box[..., :2] * scale
    sides = np.broadcast_to([spec.height, spec.width], original.shape)
    return Frame(original=original, size=sides, matrix=matrix)


def placement(size: np.ndarray, spec: ImageSpec) -> tuple[np.ndarray, np.ndarray]:
    """The source box in images of height and width `size` (..., 2), and the target box in the network input.

    Both are (..., 4): left, top, right, bottom; the target has integer values.
    """
    sides, target = size[..., ::-1].astype(float), np.array([spec.width, spec.height], float)
    region = np.concatenate([np.zeros_like(sides), np.broadcast_to(target, sides.shape)], axis=-1)
    if spec.fit == "crop":
        return _middle(sides, target * (sides / target).min(axis=-1, keepdims=True)), region
    if spec.fit == "pad":
        inside = np.clip(np.rint(sides * (target / sides).min(axis=-1, keepdims=True)), 1, target)
        begin = (target - inside) // 2
        region = np.concatenate([begin, begin + inside], axis=-1)
    return np.concatenate([np.zeros_like(sides), sides], axis=-1), region


def _middle(sides: np.ndarray, length: np.ndarray) -> np.ndarray:
    """First and last coordinate of a centered part of `length` of each side; 116 / 224 * 224 is more than 116."""
    begin = np.maximum(0.0, (sides - length) / 2)
    return np.concatenate([begin, np.minimum(sides, begin + length)], axis=-1)


def _affine(values: Any, linear: np.ndarray, offset: np.ndarray) -> Any:
    """linear @ value + offset for values (..., D); for N maps (N, D, D), values are (N, ..., D)."""
    if hasattr(values, "new_tensor"):  # a tensor of PyTorch, which this module does not import
        linear, offset = values.new_tensor(linear), values.new_tensor(offset)
    else:
        values = np.asarray(values, float)
    if linear.ndim == 2:
        return values @ linear.swapaxes(-1, -2) + offset
    flat = values.reshape(len(values), math.prod(values.shape[1:-1]), values.shape[-1])
    return (flat @ linear.swapaxes(-1, -2) + offset[:, None]).reshape(values.shape)
