"""Exact receptive fields through every layer: the pixels that affect a value.

All fields are computed from `taps`: for one axis of one operation, the input rows that each output row reads.
Shapes: N images, C channels, H height, W width.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

HEIGHT, WIDTH = -2, -1
OUTSIDE = -1
"""A tap that reads padding instead of an input row."""

_WINDOWED = ("conv", "max_pool", "average_pool")
_ARITHMETIC = ("add", "subtract", "multiply", "divide")
_POINTWISE = (
    *("identity", "relu", "tanh", "elementwise", "dropout", "batch_norm", "local_response_norm", "concatenate"),
    *_ARITHMETIC,
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Field:
    """The receptive fields of all positions of one call.

    `rows` (H, 2) and `columns` (W, 2) are the first and the last image row and column that affect a position, clipped
    to the image; first > last means none. A call without positions (N, F) has one row and column. `size`, `jump` and
    `start` (height, width each) are the size of a field away from the border, the distance between neighboring fields
    and the start of the first one; None if fields are not regular.
    """

    rows: np.ndarray
    columns: np.ndarray
    size: tuple[int, int] | None = None
    jump: tuple[int, int] | None = None
    start: tuple[int, int] | None = None

    def box(self, row: int, column: int) -> tuple[int, int, int, int]:
        """(top, left, bottom, right) of the image region that affects this position; bottom and right are exclusive."""
        (top, bottom), (left, right) = self.rows[row], self.columns[column]
        return int(top), int(left), max(int(bottom) + 1, int(top)), max(int(right) + 1, int(left))


def field_of_image(shape: Sequence[int]) -> Field:
    """Each pixel of images (N, C, H, W) depends on itself."""
    rows, columns = (np.repeat(np.arange(side)[:, None], 2, 1) for side in shape[-2:])
    return Field(rows=rows, columns=columns, size=(1, 1), jump=(1, 1), start=(0, 0))


def field_of_call(
    kind: str, settings: dict[str, Any], inputs: Sequence[tuple[Sequence[int], Field | None]], shape: Sequence[int]
) -> Field | None:
    """The fields after one call, from shape and field of each of its inputs; None if unknown."""
    known = [(before, field) for before, field in inputs if field is not None]
    if kind == "opaque" or len(known) < len(inputs) or not known:
        return None
    if len(shape) < 4:
        return _whole([field for _, field in known])
    sides = []
    for axis in (HEIGHT, WIDTH):
        spans = []
        for operand, (before, field) in enumerate(known):
            reads = taps(kind, settings, operand, before, shape, axis)
            if reads is None:
                return None
            spans.append(_through(reads, field.rows if axis == HEIGHT else field.columns))
        sides.append(np.stack([np.min([s[:, 0] for s in spans], 0), np.max([s[:, 1] for s in spans], 0)], 1))
    return Field(rows=sides[0], columns=sides[1], **_regular(kind, settings, known, shape))


def _whole(fields: Sequence[Field]) -> Field:
    """A single position that depends on everything that any input position depends on."""
    rows = np.array([[min(f.rows[:, 0].min() for f in fields), max(f.rows[:, 1].max() for f in fields)]])
    columns = np.array([[min(f.columns[:, 0].min() for f in fields), max(f.columns[:, 1].max() for f in fields)]])
    return Field(rows=rows, columns=columns)


def _through(reads: np.ndarray, span: np.ndarray) -> np.ndarray:
    """Union of the spans (first, last) of all input rows that each output row reads."""
    inside = reads != OUTSIDE
    first = np.where(inside, span[reads, 0], np.iinfo(np.int64).max // 2).min(1)
    last = np.where(inside, span[reads, 1], -1).max(1)
    return np.stack([first, last], 1)


def _regular(
    kind: str, settings: dict[str, Any], inputs: Sequence[tuple[Sequence[int], Field]], shape: Sequence[int]
) -> dict[str, Any]:
    """size, jump and start, if all inputs have them and the operation keeps them regular."""
    fields = [field for _, field in inputs]
    if any(field.size is None for field in fields) or len({field.jump for field in fields}) > 1:
        return {}
    if kind not in (*_WINDOWED, *_POINTWISE) or any(
        tuple(b[-2:]) != tuple(shape[-2:]) for b, _ in inputs if len(fields) > 1
    ):
        return {}
    jump = fields[0].jump or (1, 1)
    start = tuple(min((f.start or (0, 0))[axis] for f in fields) for axis in (0, 1))
    end = tuple(max((f.start or (0, 0))[axis] + (f.size or (0, 0))[axis] for f in fields) for axis in (0, 1))
    size = tuple(e - s for s, e in zip(start, end, strict=True))
    if kind in _WINDOWED:
        reach = [d * (k - 1) for d, k in zip(settings["dilation"], settings["kernel"], strict=True)]
        size = tuple(s + r * j for s, r, j in zip(size, reach, jump, strict=True))
        start = tuple(s - p * j for s, p, j in zip(start, settings["padding"], jump, strict=True))
        jump = tuple(j * stride for j, stride in zip(jump, settings["stride"], strict=True))
    return {"size": size, "jump": jump, "start": start}


def taps(
    kind: str, settings: dict[str, Any], operand: int, before: Sequence[int], after: Sequence[int], axis: int
) -> np.ndarray | None:
    """The rows of input number `operand` that each output row reads along `axis` (HEIGHT or WIDTH).

    `before` and `after` are the shapes of input and output. Returns integers (rows after, taps), OUTSIDE for taps on
    padding; None if the operation mixes rows, or is unknown.

    >>> pool = {"kernel": (2, 2), "stride": (2, 2), "padding": (0, 0), "dilation": (1, 1)}
    >>> taps("max_pool", pool, 0, (1, 1, 5, 5), (1, 1, 2, 2), HEIGHT)
    array([[0, 1],
           [2, 3]])
    """
    if len(before) < 4 or len(after) < 4:
        return None
    source, rows = before[axis], np.arange(after[axis])
    if kind in _WINDOWED:
        return _window_taps(settings, axis, source, rows)
    if kind in _POINTWISE:
        return _pointwise_taps(kind, settings, source, rows)
    find = _TAPS.get(kind)
    return None if find is None else find(settings, axis, before, after)


def _window_taps(settings: dict[str, Any], axis: int, source: int, rows: np.ndarray) -> np.ndarray:
    kernel, stride = settings["kernel"][axis], settings["stride"][axis]
    first = rows * stride - settings["padding"][axis]
    reads = first[:, None] + np.arange(kernel)[None] * settings["dilation"][axis]
    return np.where((reads >= 0) & (reads < source), reads, OUTSIDE)


def _pointwise_taps(kind: str, settings: dict[str, Any], source: int, rows: np.ndarray) -> np.ndarray | None:
    if kind == "concatenate" and settings["dim"] != 1:
        return None
    if source == len(rows):
        return rows[:, None]
    return np.zeros((len(rows), 1), int) if source == 1 else None


def _transposed_taps(settings: dict[str, Any], axis: int, before: Sequence[int], after: Sequence[int]) -> np.ndarray:
    """Output row o reads input row i through weight t if o + padding = i * stride + t * dilation."""
    far = np.arange(after[axis])[:, None] + settings["padding"][axis]
    far = far - np.arange(settings["kernel"][axis])[None] * settings["dilation"][axis]
    reads = far // settings["stride"][axis]
    fits = (far % settings["stride"][axis] == 0) & (reads >= 0) & (reads < before[axis])
    return np.where(fits, reads, OUTSIDE)


def _adaptive_taps(_settings: dict[str, Any], axis: int, before: Sequence[int], after: Sequence[int]) -> np.ndarray:
    """PyTorch's windows: from floor(i n / m) to ceil((i + 1) n / m)."""
    source, count = before[axis], after[axis]
    first = np.arange(count) * source // count
    last = -(-(np.arange(count) + 1) * source // count)
    reads = first[:, None] + np.arange((last - first).max())[None]
    return np.where(reads < last[:, None], reads, OUTSIDE)


def _upsample_taps(settings: dict[str, Any], axis: int, before: Sequence[int], after: Sequence[int]) -> np.ndarray:
    """Determined empirically: each row of a unit matrix is resampled as a separate channel."""
    aligned = settings["align_corners"] if settings["mode"] in ("bilinear", "bicubic") else None
    unit = torch.eye(before[axis], dtype=torch.float64)[None, :, :, None].expand(-1, -1, -1, 2)
    reached = F.interpolate(unit, size=(after[axis], 2), mode=settings["mode"], align_corners=aligned)[0, :, :, 0] != 0
    return _packed(reached.T.numpy())


def _packed(reads: np.ndarray) -> np.ndarray:
    """Convert a boolean table (rows after, rows before) to taps."""
    width = max(1, int(reads.sum(1).max()))
    order = np.argsort(~reads, axis=1, kind="stable")[:, :width]
    return np.where(np.take_along_axis(reads, order, 1), order, OUTSIDE)


def _pad_taps(settings: dict[str, Any], axis: int, before: Sequence[int], after: Sequence[int]) -> np.ndarray:
    """Determined by padding the row numbers themselves."""
    place = 2 * (WIDTH - axis)
    low, high = (*settings["pad"], 0, 0, 0, 0)[place : place + 2]
    kept = torch.arange(max(0, -low), before[axis] - max(0, -high), dtype=torch.float64)[None, None]
    mode = settings["mode"]
    value = OUTSIDE if mode == "constant" else None
    padded = F.pad(kept, (max(0, low), max(0, high)), mode=mode, value=value)
    assert padded.shape[-1] == after[axis]
    return padded[0, 0].numpy().astype(int)[:, None]


def _slice_taps(settings: dict[str, Any], axis: int, before: Sequence[int], _after: Sequence[int]) -> np.ndarray:
    return np.arange(before[axis])[slice(*settings["ranges"][axis])][:, None]


def _reshape_taps(
    _settings: dict[str, Any], axis: int, before: Sequence[int], after: Sequence[int]
) -> np.ndarray | None:
    """Rows and columns are unchanged if both keep their size; otherwise no position is known."""
    return np.arange(after[axis])[:, None] if tuple(before[-2:]) == tuple(after[-2:]) else None


def _permute_taps(
    settings: dict[str, Any], axis: int, before: Sequence[int], after: Sequence[int]
) -> np.ndarray | None:
    rank = len(after)
    return (
        np.arange(after[axis])[:, None]
        if settings["dims"][-2:] == (rank - 2, rank - 1) and len(before) == rank
        else None
    )


def _shuffle_taps(settings: dict[str, Any], axis: int, _before: Sequence[int], after: Sequence[int]) -> np.ndarray:
    return (np.arange(after[axis]) // settings["factor"])[:, None]


def _unshuffle_taps(settings: dict[str, Any], axis: int, _before: Sequence[int], after: Sequence[int]) -> np.ndarray:
    return np.arange(after[axis])[:, None] * settings["factor"] + np.arange(settings["factor"])[None]


# A statistic over the map (group norm, softmax, mean) reads every row, so the receptive field is the whole image.
def _all_taps(_settings: dict[str, Any], axis: int, before: Sequence[int], after: Sequence[int]) -> np.ndarray:
    return np.repeat(np.arange(before[axis])[None], after[axis], 0)


def _softmax_taps(settings: dict[str, Any], axis: int, before: Sequence[int], after: Sequence[int]) -> np.ndarray:
    rows = np.arange(after[axis])[:, None]
    return rows if settings["dim"] % len(after) != len(after) + axis else _all_taps(settings, axis, before, after)


def _reduced_taps(
    settings: dict[str, Any], axis: int, before: Sequence[int], after: Sequence[int]
) -> np.ndarray | None:
    if not settings["keep"]:
        return None
    reduced = len(before) + axis in settings["dims"]
    return _all_taps(settings, axis, before, after) if reduced else np.arange(after[axis])[:, None]


_TAPS = {
    "conv_transposed": _transposed_taps,
    "adaptive_average_pool": _adaptive_taps,
    "adaptive_max_pool": _adaptive_taps,
    "upsample": _upsample_taps,
    "pad": _pad_taps,
    "slice": _slice_taps,
    "reshape": _reshape_taps,
    "permute": _permute_taps,
    "pixel_shuffle": _shuffle_taps,
    "pixel_unshuffle": _unshuffle_taps,
    "softmax": _softmax_taps,
    "log_softmax": _softmax_taps,
    "mean": _reduced_taps,
    "sum": _reduced_taps,
    "maximum": _reduced_taps,
    "group_norm": _all_taps,
}
