"""Mirror, rotate, zoom and shift batches of images: the only code that moves pixels of decoded images.

Augmentation, corruptions and invariance tests specify the motion as a `Frame`; `warp` and `shift_whole_pixels`
apply it. Shapes: N images, C channels, H height, W width.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..images import Frame


def motion(
    size: tuple[int, int],
    *,
    flip: np.ndarray | bool = False,
    rotate: np.ndarray | float = 0.0,
    zoom: np.ndarray | float = 1.0,
    shift: np.ndarray | tuple[float, float] = (0.0, 0.0),
) -> Frame:
    """Mirror horizontally, then rotate and zoom about the center, then shift: N frames if one argument has N values.

    `size` is (H, W), `rotate` degrees counterclockwise, `zoom` a factor, and `shift` (..., 2) pixels down and to the
    right.

    >>> motion((10, 20), flip=True, shift=(0, 3)).apply([1.0, 5.0]).tolist()
    [22.0, 5.0]
    """
    height, width = size
    turn = np.deg2rad(np.asarray(rotate, float))
    mirror = 1.0 - 2.0 * np.asarray(flip)
    cosine, sine, mirror = np.broadcast_arrays(zoom * np.cos(turn), zoom * np.sin(turn), mirror)
    # y points down, so that a counterclockwise rotation moves a point on the right to the top: to a smaller y.
    rows = np.stack([mirror * cosine, sine, -mirror * sine, cosine], axis=-1)
    linear = rows.reshape(*cosine.shape, 2, 2)
    middle = np.array([width / 2, height / 2])
    offset = middle - linear @ middle + np.asarray(shift, float)[..., ::-1]
    linear = np.broadcast_to(linear, (*offset.shape[:-1], 2, 2))
    sides = np.broadcast_to(np.array(size), offset.shape)
    return Frame(original=sides, size=sides, matrix=np.concatenate([linear, offset[..., None]], axis=-1))


def warp(images: Tensor, frames: Frame, border: str = "reflection") -> Tensor:
    """Move float images (N, C, H, W) by N frames with one bilinear interpolation.

    `border` is the padding mode: "reflection" or "border" (the edge repeated).
    """
    height, width = (int(side) for side in frames.size[0])
    # The grid contains the source position of each output pixel, in coordinates from -1 to 1 on both axes.
    back = _centered(height, width).inverse().then(frames.inverse()).then(_centered(*images.shape[2:]))
    (a, b, left), (c, d, top) = torch.from_numpy(back.matrix).float().permute(1, 2, 0)[..., None]
    x, y = _middles(width), _middles(height)
    # As complex numbers x + iy, each the sum of a row's and a column's, they take less than a tenth of F.affine_grid.
    across = torch.complex(a * x + left, c * x + top)
    down = torch.complex(b * y, d * y)
    grid = torch.view_as_real(across[:, None, :] + down[:, :, None])
    return F.grid_sample(images, grid, mode="bilinear", padding_mode=border, align_corners=False)


def shift_whole_pixels(images: tuple[Tensor, ...], frames: Frame) -> tuple[Tensor, ...]:
    """Move images (N, C, H, W) of any dtype by N frames that only mirror, turn upside down and shift by whole pixels.

    Without interpolation; the border is filled by reflection. Several images of a sample move alike.
    """
    height, width = images[0].shape[2:]
    reverse = torch.from_numpy(np.stack([frames.matrix[:, 1, 1], frames.matrix[:, 0, 0]], axis=1) < 0)
    offset = torch.from_numpy(frames.matrix[:, ::-1, 2].copy()).round().int()
    places = _places(reverse, (offset - torch.tensor([height, width]) * reverse).int(), height, width)
    return tuple(_gathered(image, places) for image in images)


def _centered(height: int, width: int) -> Frame:
    """Frame from pixels to coordinates from -1 to 1, as in PyTorch's grids."""
    matrix = np.array([[2 / width, 0.0, -1.0], [0.0, 2 / height, -1.0]])
    return Frame(original=np.array([height, width]), size=np.array([2, 2]), matrix=matrix)


def _middles(side: int) -> Tensor:
    """Centers of the pixels along one side, scaled to -1 to 1."""
    return (2 * torch.arange(side) + 1) / side - 1


def _places(reverse: Tensor, pixels: Tensor, height: int, width: int) -> Tensor:
    """Source index of each pixel of the mirrored and shifted images, among all pixels of the batch.

    Rows and columns are in reverse order where `reverse` (N, 2) says so, then each image is shifted by whole `pixels`
    (N, 2), down and to the right. int32 (a batch has fewer than 2^31 pixels)
    makes creating and reading the indices faster.
    """
    rows = _reflected(torch.arange(height, dtype=torch.int32) - pixels[:, :1])
    columns = _reflected(torch.arange(width, dtype=torch.int32) - pixels[:, 1:])
    rows = torch.where(reverse[:, :1], height - 1 - rows, rows)
    columns = torch.where(reverse[:, 1:], width - 1 - columns, columns)
    first = torch.arange(len(pixels), dtype=torch.int32) * (height * width)
    return (first[:, None, None] + rows[:, :, None] * width + columns[:, None, :]).flatten()


def _reflected(places: Tensor) -> Tensor:
    """Reflect indices (N, S) beyond the ends of a side of S pixels about the last pixels."""
    last = places.shape[1] - 1
    return last - (last - places.abs()).abs()


def _gathered(images: Tensor, places: Tensor) -> Tensor:
    """The pixels at `places` as images of the same shape: all channels of a pixel at once, as they are stored."""
    count, channels, height, width = images.shape
    pixels = images.permute(0, 2, 3, 1).reshape(-1, channels)
    return pixels.index_select(0, places).view(count, height, width, channels).permute(0, 3, 1, 2)
