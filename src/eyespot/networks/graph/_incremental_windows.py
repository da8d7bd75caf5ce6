"""Windows of changed maps: the extent of a change, and batching of windows of many patches.

Maps are stored as cells: one row of C numbers per position, so that gathering copies contiguous memory.
Shapes: P patches, C channels, H height, W width, h and w height and width of a window.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .receptive_fields import taps
from .record import Call

WHOLE_FROM = 0.7
"""A window that covers this fraction of its map is no longer worth gathering."""

POINTWISE = ("relu", "tanh", "elementwise", "dropout", "identity", "batch_norm", "local_response_norm")
JOINING = ("add", "subtract", "multiply", "divide", "concatenate")
WINDOWED = ("conv", "max_pool", "average_pool")
MOVING = ("pad", "slice", "upsample")
"""Operations that only move values: padding of any kind, slicing, nearest-neighbor resampling."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Place:
    """Position of a window in a map for each patch: rows from `top` (P,), columns from `left` (P,); inside the map."""

    top: Tensor
    left: Tensor
    height: int
    width: int

    @property
    def area(self) -> int:
        """Number of positions in the window."""
        return self.height * self.width


@dataclass(frozen=True, kw_only=True, eq=False)
class Window:
    """Changes in one map: new values (P, h, w, C) at a position for each patch."""

    place: Place
    cells: Tensor


State = Window | Tensor | None
"""A map for each patch: changed in a window, changed anywhere (P, C, H, W), or unchanged."""


def reached(call: Call, inputs: Sequence[Call], states: Sequence[State]) -> Place | None:
    """Window in which the output of a call changes; None if its whole map must be computed."""
    windows = [state.place for state in states if isinstance(state, Window)]
    if not windows or any(isinstance(state, Tensor) for state in states) or not _keeps_places(call, inputs):
        return None
    place = _union(windows)
    if call.kind in MOVING:
        return _moved_place(call, inputs[0], place)
    if call.kind in WINDOWED:
        top, height = _readers(call, 0, place.top, place.height)
        left, width = _readers(call, 1, place.left, place.width)
        place = Place(top=top, left=left, height=height, width=width)
    return place if place.area < WHOLE_FROM * call.shape[1] * call.shape[2] else None


def _keeps_places(call: Call, inputs: Sequence[Call]) -> bool:
    """Return whether each output position only reads its own window of the inputs, by a rule known here."""
    if len(call.shape) != 3 or call.kind not in (*POINTWISE, *JOINING, *WINDOWED, *MOVING):
        return False
    if call.kind in WINDOWED:
        return True
    if call.kind in MOVING:
        return moved_rows(call, inputs[0], 0) is not None and moved_rows(call, inputs[0], 1) is not None
    same = all(source.shape[1:] == call.shape[1:] for source in inputs)
    plain = all(not _spreads(role, weight) for role, weight in call.weights.items())
    return same and (call.kind == "batch_norm" or plain) and call.settings.get("dim", 1) == 1


def _spreads(role: str, weight: Tensor) -> bool:
    """Return whether a constant varies with the position."""
    return weight.numel() > 1 and role != "weight" and (weight.dim() < 3 or weight.shape[-2:] != (1, 1))


def _union(places: Sequence[Place]) -> Place:
    """The smallest windows that contain those of all inputs."""
    if len(places) == 1:
        return places[0]
    top = torch.stack([place.top for place in places]).amin(0)
    left = torch.stack([place.left for place in places]).amin(0)
    bottom = torch.stack([place.top + place.height for place in places]).amax(0)
    right = torch.stack([place.left + place.width for place in places]).amax(0)
    height, width = int((bottom - top).max()), int((right - left).max())
    lowest, rightmost = int(bottom.max()) - height, int(right.max()) - width
    return Place(top=top.clamp(max=lowest), left=left.clamp(max=rightmost), height=height, width=width)


def moved_rows(call: Call, source: Call, axis: int) -> Tensor | None:
    """Source row (axis 0) or column (axis 1) of each output row or column; -1 for a constant."""
    channels_stay = call.shape[0] == source.shape[0] and not any(call.settings.get("pad", ())[4:])
    kept = channels_stay and call.settings.get("mode", "nearest") not in ("bilinear", "bicubic")
    reads = taps(call.kind, call.settings, 0, source.output.shape, call.output.shape, axis - 2) if kept else None
    return torch.from_numpy(reads[:, 0]) if reads is not None and reads.shape[1] == 1 else None


def _moved_place(call: Call, source: Call, place: Place) -> Place | None:
    top, height = _where(moved_rows(call, source, 0), place.top, place.height)
    left, width = _where(moved_rows(call, source, 1), place.left, place.width)
    place = Place(top=top, left=left, height=height, width=width)
    return place if place.area < WHOLE_FROM * call.shape[1] * call.shape[2] else None


def _where(rows: Tensor | None, first: Tensor, length: int) -> tuple[Tensor, int]:
    """Start (P,) and common length of the output rows that copy one of the input rows [first, first + length)."""
    assert rows is not None
    hit = ((rows >= first[:, None]) & (rows < first[:, None] + length)).int()
    start, last = hit.argmax(1), len(rows) - 1 - hit.flip(1).argmax(1)
    some = hit.any(1)
    common = max(1, int(((last - start + 1) * some).max()))
    return (start * some).clamp(max=len(rows) - common), common


def _readers(call: Call, axis: int, first: Tensor, length: int) -> tuple[Tensor, int]:
    """Start (P,) and common length of the output rows that read the input rows [first, first + length)."""
    stride, padding = call.settings["stride"][axis], call.settings["padding"][axis]
    reach = call.settings["dilation"][axis] * (call.settings["kernel"][axis] - 1)
    count = call.shape[1 + axis]
    start = (-((reach - padding - first) // stride)).clamp(0, count - 1)
    last = ((first + length - 1 + padding) // stride).clamp(0, count - 1)
    common = max(1, int((last - start).max()) + 1)
    return start.clamp(max=count - common), common


def before(call: Call, place: Place) -> Place:
    """The window of the padded input that an output window reads; `top` and `left` include the padding."""
    (sh, sw), (kh, kw), (dh, dw) = (call.settings[name] for name in ("stride", "kernel", "dilation"))
    height, width = (place.height - 1) * sh + dh * (kh - 1) + 1, (place.width - 1) * sw + dw * (kw - 1) + 1
    return Place(top=place.top * sh, left=place.left * sw, height=height, width=width)


def padded_cells(x: Tensor, call: Call | None) -> Tensor:
    """A map (1, C, H, W) as cells (H', W', C), padded for `call` as far as any window reaches."""
    if call is None or call.kind not in WINDOWED:
        return x[0].permute(1, 2, 0).contiguous()
    whole = Place(top=torch.zeros(1), left=torch.zeros(1), height=call.shape[1], width=call.shape[2])
    extent, (ph, pw) = before(call, whole), call.settings["padding"]
    below, right = extent.height - ph - x.shape[2], extent.width - pw - x.shape[3]
    fill = float("-inf") if call.kind == "max_pool" else 0.0
    return F.pad(x, (pw, right, ph, below), value=fill)[0].permute(1, 2, 0).contiguous()


def gather(base: Tensor, place: Place, state: Window | None, padding: tuple[int, int] = (0, 0)) -> Tensor:
    """Cells (P, h, w, C) of a window in `base` (H', W', C), overlaid with the changes.

    `place` is relative to the corner of `base`, the window of `state` to the corner of the map without `padding`.
    """
    return gather_rows(base, *rows_and_columns(place), state, padding)


def rows_and_columns(place: Place) -> tuple[Tensor, Tensor]:
    """Indices of the rows (P, h) and columns (P, w) of a window."""
    return place.top[:, None] + torch.arange(place.height), place.left[:, None] + torch.arange(place.width)


def gather_rows(
    base: Tensor, rows: Tensor, columns: Tensor, state: Window | None, padding: tuple[int, int] = (0, 0)
) -> Tensor:
    """Like `gather`, for any rows (P, h) and columns (P, w) of `base`."""
    height, width, channels = base.shape
    source = base.reshape(height * width, channels)
    index = (rows * width)[:, :, None] + columns[:, None, :]
    if state is not None:
        over = state.place
        down = rows - (over.top + padding[0])[:, None]
        along = columns - (over.left + padding[1])[:, None]
        inside = ((down >= 0) & (down < over.height))[:, :, None] & ((along >= 0) & (along < over.width))[:, None, :]
        first = height * width + torch.arange(len(rows))[:, None] * over.area
        changed = (first + down * over.width)[:, :, None] + along[:, None, :]
        index = torch.where(inside, changed, index)
        source = torch.cat([source, state.cells.reshape(-1, channels)])
    return source.index_select(0, index.flatten()).view(*index.shape, channels)


def whole(x: Tensor, state: State, patches: int) -> Tensor:
    """The map (P, C, H, W) of every patch, from the map `x` (1, C, H, W) of the unchanged image and the changes."""
    if state is None:
        return x.expand(patches, *x.shape[1:])
    if isinstance(state, Tensor):
        return state
    zeros = torch.zeros(patches, dtype=torch.long)
    everything = Place(top=zeros, left=zeros, height=x.shape[2], width=x.shape[3])
    return gather(padded_cells(x, None), everything, state).permute(0, 3, 1, 2)


def divisors(call: Call, x: Tensor) -> Tensor:
    """Divisor of an average pooling at each output position: (1, 1, H, W)."""
    assert call.run is not None
    ones = torch.ones_like(x[:, :1])
    extent = padded_cells(ones, call).permute(2, 0, 1)[None]
    counts = F.avg_pool2d(extent, call.settings["kernel"], call.settings["stride"], divisor_override=1)
    return counts / call.run(ones).clamp(min=torch.finfo(x.dtype).tiny)


def compute_window(call: Call, x: Tensor) -> Tensor:
    """A convolution, maximum or sum over windows, of inputs (P, C, h', w') that include their padding."""
    settings = call.settings
    if call.kind == "conv":
        weight, bias = call.weights["weight"], call.weights.get("bias")
        return F.conv2d(x, weight, bias, settings["stride"], 0, settings["dilation"], settings["groups"])
    if call.kind == "max_pool":
        return F.max_pool2d(x, settings["kernel"], settings["stride"], 0, settings["dilation"])
    return F.avg_pool2d(x, settings["kernel"], settings["stride"], divisor_override=1)
